"""An older store is refused although the file that would have shown it is gone; and keys of another log are."""
import json
import shutil
import unittest

from harness import DETECTED, ML1, Ledger, case, main, run


class RolledBack(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        server = self.ledger.serve()
        self.ledger.found(server)
        server.stop()
        self.older = self.ledger.folder / "older"
        shutil.copytree(self.ledger.data / "store", self.older)
        self.append()

    def append(self):
        """One more entry; the signed checkpoint."""
        server = self.ledger.serve()
        client = server.client(ML1)
        answer = client.post(self.ledger.signatories[ML1].statement("case.detected", case(), DETECTED))
        self.assertEqual(answer.status, 201, answer)
        client.close()
        checkpoint = server.get("/log/checkpoint").body
        self.assertEqual(server.stop(), 0)
        return checkpoint

    def refused(self):
        """What a start says; it must not serve."""
        done = run("serve", "--data", self.ledger.data, "--listen", "127.0.0.1:0", "--json", ok=None, timeout=20)
        self.assertNotEqual(done.returncode, 0, "it serves")
        self.assertEqual(done.stdout, "")
        return json.loads(next(line for line in done.stderr.splitlines() if line.startswith("{")))["error"]

    def test_without_head(self):
        head = self.ledger.data / "head"
        whole = head.read_bytes()
        shutil.rmtree(self.ledger.data / "store")
        shutil.copytree(self.older, self.ledger.data / "store")
        self.assertEqual(self.refused()["rule"], "self-check-head")
        for name, lose in (("missing", head.unlink), ("empty", lambda: head.write_bytes(b"")),
                           ("damaged", lambda: head.write_bytes(whole[::-1]))):
            with self.subTest(name):
                head.write_bytes(whole)
                lose()
                error = self.refused()
                self.assertEqual((error["rule"], error["field"]), ("self-check-head", "head"), error)
                self.assertIn(f"head is {name}", error["message"])
                self.assertIn("relais rebuild", error["accepted"])
                self.assertEqual(run("verify", "--data", self.ledger.data, ok=None).returncode, 1)

    def test_a_lost_head_is_made_anew_by_name(self):
        (self.ledger.data / "head").unlink()
        size_root = self.refused()["accepted"].split("--head ")[1].split(",")[0]
        wrong = run("rebuild", "--data", self.ledger.data, "--head", "3:" + size_root.split(":")[1], ok=None)
        self.assertEqual(wrong.returncode, 1, wrong)
        self.assertIn(size_root, wrong.stderr)
        done = run("rebuild", "--data", self.ledger.data, "--head", size_root)
        self.assertIn("Given up", done.stdout)
        self.assertIn(size_root.replace(":", "\n"), done.stdout, "the checkpoint that is taken as true is printed")
        self.ledger.verify()
        again = run("rebuild", "--data", self.ledger.data, "--head", size_root, ok=None)
        self.assertIn("head-holds", again.stderr)
        self.append()

    def test_keys_of_another_log(self):
        for name, rule in (("system.jwk", "self-check-system-key"), ("log.jwk", "self-check-log-key")):
            key = self.ledger.data / "keys" / name
            kept = key.read_bytes()
            for how in ("another", "missing"):
                with self.subTest(f"{name} is {how}"):
                    key.unlink()
                    if how == "another":
                        run("key", "new", "--out", key)
                    error = self.refused()
                    self.assertIn(name, error["message"])
                    self.assertEqual(error["field"], "keys/" + name)
                    self.assertTrue(error["accepted"])
                    if how == "another":
                        self.assertEqual(error["rule"], rule)
                key.unlink(missing_ok=True)
                key.write_bytes(kept)
                key.chmod(0o600)
        vkey = self.ledger.data / "log.vkey"
        kept = vkey.read_text().strip()
        vkey.write_text("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n")
        error = self.refused()
        self.assertEqual((error["rule"], error["field"], error["accepted"]), ("self-check-log-key", "log.vkey", kept))


if __name__ == "__main__":
    main()
