"""A host that lies to its clients: what it gives as a receipt, what it says to a terminal, which history it shows, and what is
appended to a true statement."""
import json
import re
import subprocess
import threading
import unittest
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from harness import DETECTED, ML1, ROOT, Ledger, LedgerTest, Server, case, copy_ledger, disclosure, jwt_of, main, run

import verify_receipt  # found through harness

EVIL = "\x1b]0;owned\x07\x1b[2J\r\n1  entry 1\x7f\u009b2J\u202efdp\u2066\u200b\U000e0041"


class LyingHost:
    """Hands on what the real server answers, but what `lie(method, path, status, body)` makes of it."""

    def __init__(self, server, lie):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body of an answer in one packet

            def hand_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                to = HTTPConnection("127.0.0.1", server.port, timeout=30)
                kept = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "if-match", "authorization")}
                to.request(self.command, self.path, body or None, kept)
                answer = to.getresponse()
                status, said = lie(self.command, self.path, answer.status, answer.read())
                to.close()
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = hand_on

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def answers(change):
    """A lie about every accepted statement: its answer with some members changed."""
    def lie(method, path, status, body):
        if method != "POST" or status >= 300:
            return status, body
        answer = json.loads(body)
        for one in answer.get("results", [answer]):
            one.update(change(one))
        return status, json.dumps(answer).encode()
    return lie


class LyingHostTest(LedgerTest):
    def setUp(self):
        self.folder = self.ledger.folder / self.id().rsplit(".", 1)[-1]
        self.receipts = self.folder / "receipts"
        self.folder.mkdir()

    def statement(self, **attributes):
        return self.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple"}, **attributes)

    def lie(self, lie):
        host = LyingHost(self.server, lie)
        self.addCleanup(host.stop)
        return host.url

    def submit(self, url, *statements, ok=(0,), vkey=True, options=("--json",)):
        file = self.folder / "all.sd-jwt"
        file.write_text("".join(s + "\n" for s in statements))
        key = ["--vkey", self.ledger.vkey] if vkey else []
        return run("submit", "--url", url, "--receipts", self.receipts, *key, file, *options, ok=ok)

    def kept(self):
        return {str(f.relative_to(self.receipts)): f.read_text() for f in self.receipts.rglob("*") if f.is_file()}

    def path(self, event_id, suffix):
        return f"{self.by(ML1).source}/{event_id}.{suffix}"

    def evidence(self, event_id, suffix="unconfirmed"):
        """The one file of that kind of a statement; its name has a digest."""
        form = re.escape(f"{self.by(ML1).source}/{event_id}.") + "[0-9a-f]{32}" + re.escape(f".{suffix}")
        found = [name for name in self.kept() if re.fullmatch(form, name)]
        self.assertLess(len(found), 2)
        return found[0] if found else None


class Receipts(LyingHostTest):
    def test_a_kept_receipt_stays(self):
        """Statement 2 is answered with the id of statement 1, and with no receipt at all."""
        self.submit(self.server.url, self.statement(id="kept-1"))
        before = self.kept()
        verify_receipt.open_checkpoint(before["log.checkpoint"], self.ledger.vkey)
        self.assertEqual(before["log.vkey"].strip(), self.ledger.vkey)
        url = self.lie(answers(lambda _: {"id": "kept-1", "receipt": "garbage"}))
        done = self.submit(url, self.statement(id="kept-2"), ok=(1,))
        self.assertIn("answer-differs", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.kept(), before)

    def test_what_does_not_hold_is_no_receipt(self):
        client = self.server.client(ML1)
        self.addCleanup(client.close)
        other = self.accept(client, self.statement()).json()["receipt"]
        stranger = Ledger()  # a log with the same name and another key
        self.addCleanup(stranger.remove)
        server = stranger.serve()
        self.addCleanup(server.stop)
        stranger.found(server)
        forger = stranger.signatories[ML1]
        forging = server.client()
        its = forging.post(forger.statement("case.detected", case(), DETECTED)).json()["receipt"]
        forging.close()
        for number, (name, change, rule) in enumerate((
                ("garbage", {"receipt": "garbage"}, "receipt-unverified"), ("none", {"receipt": None}, "receipt-unverified"),
                ("another statement's", {"receipt": other}, "receipt-unverified"),
                ("another log's", {"receipt": its}, "receipt-unverified"),
                ("another source", {"source": "urn:relais:rhone-2023:prefecture"}, "answer-differs"),
                ("another place", {"index": 1}, "answer-differs"))):
            with self.subTest(name):
                done = self.submit(self.lie(answers(lambda _, c=change: c)), self.statement(id=f"no-{number}"), ok=(1,))
                self.assertIn(rule, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertEqual(set(self.kept()) - {"log.vkey", "log.checkpoint"}, set())
        verified = self.submit(self.server.url, self.statement(id="yes"))  # and the true one
        self.assertTrue(json.loads(verified.stdout)["verified"])
        self.assertIn(self.path("yes", "tlog-proof"), self.kept())

    def test_one_lie_in_a_list(self):
        """The others keep their receipts, and nothing more is sent."""
        url = self.lie(answers(lambda one: {"receipt": "garbage"} if one["id"] == "list-1" else {}))
        done = self.submit(url, *(self.statement(id=f"list-{n}") for n in range(501)), ok=(1,))
        self.assertEqual(len(done.stdout.splitlines()), 499)
        self.assertIn("receipt-unverified", done.stderr)
        self.assertIn("the last 1 statements were not sent", done.stderr)
        kept = self.kept()
        self.assertIn(self.path("list-0", "tlog-proof"), kept)
        self.assertIn(self.path("list-499", "tlog-proof"), kept)
        self.assertNotIn(self.path("list-1", "tlog-proof"), kept)

    def test_the_key_is_asked_for_once_and_pinned(self):
        size = self.server.size()
        statement = self.statement()
        done = self.submit(self.server.url, statement, ok=(2,), vkey=False)
        self.assertIn("vkey-missing", done.stderr)
        self.assertEqual(self.server.size(), size)  # before anything was sent
        self.assertFalse(self.receipts.exists())
        self.submit(self.server.url, statement)
        self.submit(self.server.url, statement, vkey=False)  # the folder has it now
        other = Ledger()
        self.addCleanup(other.remove)
        file = self.folder / "all.sd-jwt"
        done = run("submit", "--url", self.server.url, "--receipts", self.receipts, "--vkey", other.vkey, file, ok=(1,))
        self.assertIn("vkey-differs", done.stderr)

    def test_without_a_key_nothing_is_called_a_receipt(self):
        file = self.folder / "one.sd-jwt"
        file.write_text(self.statement())
        done = run("submit", "--url", self.server.url, file)
        self.assertIn("unverified", done.stdout)
        self.assertNotIn("receipt", done.stdout)
        self.assertFalse(json.loads(run("submit", "--url", self.server.url, file, "--json").stdout)["verified"])
        run("submit", "--url", self.lie(answers(lambda _: {"receipt": "garbage"})), "--vkey", self.ledger.vkey, file, ok=(1,))
        story = ["scenario", "--url", self.server.url, "--keys", self.ledger.keys, "--convention", self.ledger.convention,
                 "--out", self.folder / "story"]
        self.assertIn("vkey-missing", run(*story, ok=(2,)).stderr)
        story[2] = self.lie(answers(lambda _: {"receipt": "garbage"}))
        run(*story, "--vkey", self.ledger.vkey, ok=(1,))
        self.assertEqual(list((self.folder / "story").glob("*.tlog-proof")), [])


class Terminal(LyingHostTest):
    def check(self, done, lines):
        self.assertNotIn("entry 1\n", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), lines, done.stdout)
        for shown in (done.stdout, done.stderr):
            self.assertEqual({c for c in shown if not c.isprintable()} - {"\n"}, set(), shown)

    def test_nothing_that_a_server_says_acts_on_a_terminal(self):
        problem = json.dumps({name: EVIL for name in ("type", "rule", "detail", "field", "accepted", "source", "state", "id")})
        file = self.folder / "one.sd-jwt"
        for options in ((), ("--json",)):
            for status, exit_code, lines in ((422, 3, 1), (503, 4, 0), (500, 4, 0)):
                url = self.lie(lambda *_, s=status: (s, problem.encode()))
                with self.subTest(options=options, status=status):
                    file.write_text(self.statement())
                    self.check(run("submit", "--url", url, file, *options, ok=(exit_code,)), lines)
                    file.write_text(self.statement() + "\n" + self.statement())
                    run("submit", "--url", url, file, *options, ok=(1, 3, 4))
                    done = run("verify", "--url", url, "--vkey", self.ledger.vkey, *options, ok=(1, 4))
                    self.check(done, 0)
                    if options:
                        self.assertEqual(json.loads(done.stderr)["error"]["rule"], EVIL)
            url = self.lie(answers(lambda _: {"id": EVIL, "source": EVIL}))
            file.write_text(self.statement())
            self.check(run("submit", "--url", url, file, *options, ok=(1,)), 0)
            file.write_text(self.statement(id=f"\u202efdp{len(options)}"))  # a client's own id is no better
            self.check(run("submit", "--url", self.server.url, file, *options, ok=(3,)), 1)

    def test_a_story_told_by_a_liar(self):
        problem = json.dumps({"rule": EVIL, "detail": EVIL}).encode()
        url = self.lie(lambda method, path, status, body: (422, problem))
        for options in ((), ("--json",)):
            done = run("scenario", "--url", url, "--keys", self.ledger.keys, "--convention", self.ledger.convention, *options,
                       ok=(1,))
            self.assertGreater(len(done.stdout.splitlines()), 1)
            self.check(done, len(done.stdout.splitlines()))


class History(LyingHostTest):
    """Two servers with one key: a log that is shown in two ways, and one that is set back."""

    def test_a_split_view(self):
        self.server.stop()
        copy_ledger(self.ledger.data, self.folder / "twin")
        twin = Server(SimpleNamespace(folder=self.folder, data=self.folder / "twin", guards_clock=False))
        self.addCleanup(twin.stop)
        type(self).server = self.ledger.serve()
        self.submit(self.server.url, self.statement(id="a-1"))
        seen = self.kept()["log.checkpoint"]
        for name, why in (("b-1", "same size"), ("b-2", "larger")):
            with self.subTest(why):
                statement = self.statement(id=name)
                done = self.submit(twin.url, statement, ok=(1,))
                self.assertIn("history-differs", done.stderr)
                kept = self.kept()
                self.assertNotIn(self.path(name, "tlog-proof"), kept)
                self.assertEqual(kept["log.checkpoint"], seen)
                # What proves it is kept: signed by the same key, and of another tree.
                verify_receipt.verify(self.ledger.vkey, kept[self.evidence(name)], statement)
                self.assertEqual(kept[self.evidence(name, "against")], seen)
        many = [self.statement(id=f"a-{n}") for n in range(2, 300)]  # over the edge of a tile
        self.submit(self.server.url, *many)
        done = self.submit(twin.url, self.statement(id="b-3"), ok=(1,))  # a tree smaller than the one that was seen
        self.assertIn("history-unproven", done.stderr)
        self.submit(self.server.url, *many)  # sent again: older checkpoints, of the same history
        self.submit(self.server.url, self.statement(id="a-300"))
        size, _ = verify_receipt.open_checkpoint(self.kept()["log.checkpoint"], self.ledger.vkey)
        self.assertEqual(size, self.server.size())

    def test_a_server_that_hides_its_tiles_proves_nothing(self):
        self.submit(self.server.url, self.statement())
        url = self.lie(lambda method, path, status, body: (404, b"{}") if path.startswith("/log/tile") else (status, body))
        statement = self.statement(id="hidden")
        done = self.submit(url, statement, ok=(1,))
        self.assertIn("history-unproven", done.stderr)
        self.assertNotIn(self.path("hidden", "tlog-proof"), self.kept())
        self.assertIsNotNone(self.evidence("hidden"))
        self.submit(self.server.url, statement)
        self.assertIn(self.path("hidden", "tlog-proof"), self.kept())
        self.assertIsNone(self.evidence("hidden"))

    def test_a_checkpoint_that_was_changed_on_disk(self):
        self.submit(self.server.url, self.statement())
        (self.receipts / "log.checkpoint").write_text("garbage\n")
        self.assertIn("checkpoint-kept", self.submit(self.server.url, self.statement(), ok=(1,)).stderr)


class Disclosures(LyingHostTest):
    def verify(self, receipt, statement, ok):
        (self.folder / "r.tlog-proof").write_text(receipt)
        (self.folder / "s.sd-jwt").write_text(statement)
        files = (self.folder / "r.tlog-proof", self.folder / "s.sd-jwt")
        done = run("verify", "--receipt", files[0], "--statement", files[1], "--vkey", self.ledger.vkey, ok=(ok,))
        script = subprocess.run([ROOT / "tests/interop/verify_receipt.py", self.ledger.vkey, *files], capture_output=True,
                                text=True, timeout=60)
        self.assertEqual(script.returncode, ok, script.stdout + script.stderr)
        return done.stdout + done.stderr

    def test_a_receipt_covers_no_disclosure_that_was_not_signed(self):
        client = self.server.client(ML1)
        self.addCleanup(client.close)
        statement = self.statement()
        receipt = self.accept(client, statement).json()["receipt"]
        said = self.verify(receipt, statement, 0)
        self.assertIn("1 disclosure(s), each signed with it; 0 digest(s) without one", said)
        self.assertIn("not covered", said)
        self.assertIn("0 disclosure(s), each signed with it; 1 digest(s)", self.verify(receipt, jwt_of(statement) + "~", 0))
        forged = disclosure("note", "forged") + "~"
        self.assertIn("sd-disclosure-unreferenced", self.verify(receipt, statement + forged, 1))
        self.assertIn("sd-disclosure-unreferenced", self.verify(receipt, jwt_of(statement) + "~" + forged, 1))
        self.verify(receipt, statement + statement.split("~")[1] + "~", 1)
        self.verify(receipt, statement + disclosure("risk", "low") + "~", 1)


if __name__ == "__main__":
    main()
