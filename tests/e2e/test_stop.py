"""SIGTERM under load loses nothing that was acknowledged, and a start checks what it finds."""
import time
import unittest

import harness
from harness import ANALYST, DETECTED, ML1, Ledger, case, main, run
from load import Load, check_duplicates, check_receipts


class Stop(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.server = self.ledger.serve()
        self.addCleanup(lambda: self.server.stop())
        self.ledger.found(self.server)

    def test_sigterm_under_load(self):
        with Load(self.server) as load:
            while load.count() < 200 and not load.unexpected:
                time.sleep(0.01)
            self.assertEqual(self.server.stop(), 0, self.server.errors())
        self.assertEqual(load.unexpected, [], f"RELAIS_SEED={harness.SEED}")
        self.assertGreaterEqual(len(load.acknowledged), 200)
        self.server = self.ledger.serve()
        size = self.server.size()
        analyst = self.server.client(ANALYST)
        check_receipts(self, load.acknowledged, analyst, size, self.ledger.vkey)
        check_duplicates(self, load.acknowledged, self.server)
        self.assertEqual(self.server.size(), size)
        self.assertEqual(self.server.get("/readyz").status, 200)
        analyst.close()
        self.assertEqual(self.server.stop(), 0)
        self.ledger.verify()

    def test_a_request_under_way_is_answered(self):
        """The body is complete only after SIGTERM: it is answered, with a receipt or a refusal, and not cut off."""
        statement = self.ledger.signatories[ML1].statement("case.detected", case(), DETECTED).encode()
        with self.server.socket() as s:
            s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/sd-jwt\r\nContent-Length: %d\r\n\r\n"
                      % len(statement) + statement[:-10])
            time.sleep(0.3)
            self.server.process.terminate()
            time.sleep(0.2)
            s.sendall(statement[-10:])
            answer = b""
            while chunk := s.recv(65_536):
                answer += chunk
        self.assertIn(answer[:12], (b"HTTP/1.1 201", b"HTTP/1.1 503"), answer)
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        accepted = answer.startswith(b"HTTP/1.1 201")
        self.server = self.ledger.serve()
        client = self.server.client()
        self.assertEqual(client.post(statement).status, 200 if accepted else 201)
        client.close()

    def test_idle_connections_do_not_hold_a_stop(self):
        with self.server.socket(), self.server.socket() as half:
            half.sendall(b"GET /livez HT")
            started = time.monotonic()
            self.assertEqual(self.server.stop(), 0, self.server.errors())
            self.assertLess(time.monotonic() - started, 25)

    def test_streams_do_not_hold_a_stop(self):
        """Who follows events is let go at once, at the end of an event."""
        token = self.ledger.signatories[ML1].token(self.ledger.origin)
        with self.server.socket() as s:
            s.sendall(f"GET /v1/events/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            received = s.recv(65_536)
            self.assertTrue(received.startswith(b"HTTP/1.1 200"), received)
            started = time.monotonic()
            self.assertEqual(self.server.stop(), 0, self.server.errors())
            self.assertLess(time.monotonic() - started, 8)
            while chunk := s.recv(65_536):
                received += chunk

    def test_one_server_a_folder(self):
        second = run("serve", "--data", self.ledger.data, "--listen", "127.0.0.1:0", ok=None)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("store-locked", second.stderr)
        self.assertEqual(self.server.get("/readyz").status, 200)

    def test_a_start_refuses_a_folder_that_is_none(self):
        nothing = self.ledger.folder / "nothing"
        done = run("serve", "--data", nothing, "--listen", "127.0.0.1:0", ok=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse(nothing.exists())

    def test_a_start_refuses_another_log_key(self):
        """With another key the log would be forked; the server does not start."""
        self.assertEqual(self.server.stop(), 0)
        log_key = self.ledger.data / "keys/log.jwk"
        kept = log_key.read_bytes()
        log_key.unlink()
        run("key", "new", "--out", log_key)
        done = run("serve", "--data", self.ledger.data, "--listen", "127.0.0.1:0", ok=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("self-check-log-key", done.stderr)
        log_key.write_bytes(kept)
        self.server = self.ledger.serve()
        self.assertEqual(self.server.get("/readyz").status, 200)


if __name__ == "__main__":
    main()
