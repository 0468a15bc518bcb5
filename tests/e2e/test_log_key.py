"""The key that signs the log's checkpoints, replaced as the signatories decided: beside their votes, for partners that hold the old
key, for whoever has stolen it, and when the machine stops in the middle."""
import base64
import json
import subprocess
import sys
import time
from types import SimpleNamespace

from acts import UDML, Acts
from harness import (ANALYST, DETECTED, ML1, PREF, RELAIS, ROOT, VKEY_FILE, Key, LedgerTest, Server, Signatory, b64u, case, copy_ledger,
                     dice, main, run)

import verify_receipt  # found through harness

sys.path.insert(0, str(ROOT / "tests/regressions"))
from test_lying_host import LyingHost, answers  # noqa: E402

CONVENTION = "convention/rhone-2023"
KILLS = 8


def error_of(done):
    return json.loads(done.stderr.splitlines()[-1])["error"]


class LogKey(Acts, LedgerTest):
    count = 0

    def setUp(self):
        self.folder = self.ledger.folder / self.id().rsplit(".", 1)[-1]
        self.folder.mkdir()

    def rotate(self, *options, ok=(0,), data=None):
        return run("rotate", "--data", data or self.ledger.data, "--key", "log", *options, "--json", ok=ok)

    def prepare(self):
        return json.loads(self.rotate("--prepare").stdout)["public_key"]

    def propose(self, x):
        type(self).count += 1
        proposal = {"proposal_id": f"log-key-{self.count}"}
        self.act(PREF, "governance.proposed", CONVENTION,
                 {**proposal, "act": "rotate_log_key", "public_key": x, "reason": "La machine est remplacée."})
        return proposal

    def decide(self):
        """Three have voted for the key that was prepared."""
        proposal = self.propose(self.prepare())
        for voter in (UDML, ML1):
            self.act(voter, "governance.approved", CONVENTION, proposal)

    def restart(self):
        type(self).server = self.ledger.serve()

    def replace(self):
        """-> the newest line of log.vkey."""
        self.decide()
        self.server.stop()
        vkey = json.loads(self.rotate().stdout)["vkey"]
        self.restart()
        return vkey

    def vkeys(self):
        return (self.ledger.data / VKEY_FILE).read_text().splitlines()

    def submit(self, name, *options, url=None, ok=(0,)):
        """-> (the statement's file, the lines that were printed)"""
        file = self.folder / f"{name}.sd-jwt"
        file.write_text(self.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple"}, id=name))
        done = run("submit", "--url", url or self.server.url, *options, file, "--json", ok=ok)
        return file, [json.loads(line) for line in done.stdout.splitlines()]

    def receipt(self, receipts, name):
        return receipts / self.by(ML1).source / f"{name}.tlog-proof"

    def test_it_takes_the_signatories(self):
        before = self.vkeys()[0]
        refused = error_of(self.rotate(ok=(1,)))
        self.assertEqual(refused["rule"], "log-key-not-prepared")
        x = self.prepare()
        self.assertEqual(self.prepare(), x)
        self.assertEqual(error_of(self.rotate(ok=(1,)))["rule"], "store-locked")  # a server runs
        self.server.stop()
        refused = error_of(self.rotate(ok=(1,)))
        self.assertEqual((refused["rule"], refused["state"]), ("log-key-undecided", "NOT_PROPOSED"))
        self.assertIn(x, refused["accepted"])
        self.restart()
        proposal = self.propose(x)
        self.act(UDML, "governance.approved", CONVENTION, proposal)
        self.server.stop()
        self.assertEqual(error_of(self.rotate(ok=(1,)))["state"], "OPEN")  # two of three
        self.restart()
        self.act(ML1, "governance.approved", CONVENTION, proposal)
        # Nobody signs it in the ledger's place, and the ledger's own key does not do it beside a server.
        next_key = Key((self.ledger.data / "keys/log.jwk.next").read_text())
        system = Signatory("relais", Key((self.ledger.data / "keys/system.jwk").read_text()))
        proof = next_key.jwt({"aud": f"{self.ledger.origin}/log.key_rotated", "iss": system.source}, "relais-key-proof+jwt")
        rotation = {**proposal, "old_key": b64u(base64.b64decode(before.split("+", 2)[2])[1:]), "new_key": x, "reads_size": 10**6,
                    "proof": proof}
        for signatory, rule in ((self.by(PREF), "emitter-forbidden"), (system, "log-key-not-here")):
            answer = self.reader().post(signatory.statement("log.key_rotated", CONVENTION, rotation))
            self.assertEqual(answer.json()["rule"], rule)
        self.server.stop()
        done = json.loads(self.rotate().stdout)
        self.assertNotEqual(done["vkey"], before)
        lines = self.vkeys()
        self.assertEqual(lines[0], done["vkey"])
        self.assertEqual(lines[1], f"{before} {done['index']}")
        self.assertEqual((self.ledger.data / "reads.vkey").read_text().splitlines()[0].split("+")[2], done["vkey"].split("+")[2])
        self.assertEqual(error_of(self.rotate(ok=(1,)))["rule"], "log-key-not-prepared")
        self.ledger.verify()
        self.restart()
        self.assertEqual(self.server.get("/log/vkey").text.strip(), done["vkey"])
        self.act(ML1, "case.detected", case(), DETECTED, {"note": "exemple"})
        self.assertEqual(self.case_of(ML1, self.minor(ML1))["version"], 2)  # a read: by the new key too
        self.server.stop()
        self.ledger.verify()
        run("rebuild", "--data", self.ledger.data)
        self.ledger.verify()
        for until in (done["index"], done["index"] + 1):  # of before, and of behind it
            folded = json.loads(run("replay", "--data", self.ledger.data, "--until", until, "--json").stdout)
            self.assertEqual(folded["events"], until)
        run("replay", "--data", self.ledger.data, "--diff")
        self.restart()

    def test_who_holds_the_old_key_follows(self):
        receipts, other = self.folder / "receipts", self.folder / "other"
        old = self.vkeys()[0]
        early, _ = self.submit("early", "--vkey", old, "--receipts", receipts)
        self.submit("early-2", "--vkey", old, "--receipts", other)
        pinned = (receipts / VKEY_FILE).read_text()
        new = self.replace()
        late, told = self.submit("late", "--receipts", receipts)
        self.assertEqual(told[-2]["log_key"], new)  # behind those of before, which it did not know
        self.assertEqual(told[-2]["decision"], f"log-key-{self.count}")
        self.assertTrue(told[-1]["verified"])
        self.assertEqual((receipts / VKEY_FILE).read_text().splitlines()[0], new)
        _, told = self.submit("later", "--receipts", receipts, "--vkey", old)  # the same log, as it was known
        self.assertEqual(len(told), 1)
        again = run("submit", "--url", self.server.url, "--receipts", receipts, early, "--json")  # its first receipt, of before
        self.assertTrue(json.loads(again.stdout)["verified"])
        _, told = self.submit("free", "--vkey", old)  # without a folder: followed, and said
        self.assertEqual([told[-2].get("log_key"), told[-1]["verified"]], [new, True])

        keys = self.folder / "log.keys"
        keys.write_text(self.server.get("/log/keys").text)
        newest = self.folder / "newest.vkey"
        newest.write_text(new + "\n")
        for name, statement in (("early", early), ("late", late)):
            proof = self.receipt(receipts, name)
            for vkey in (receipts / VKEY_FILE, self.ledger.data / VKEY_FILE):
                run("verify", "--receipt", proof, "--statement", statement, "--vkey", vkey)
                verify_receipt.verify(vkey.read_text(), proof.read_text(), statement.read_text())
            for vkey in (old, newest):
                run("verify", "--receipt", proof, "--statement", statement, "--vkey", vkey, "--keys", keys)
        run("verify", "--receipt", self.receipt(receipts, "late"), "--statement", late, "--vkey", pinned.strip(), ok=(1,))
        run("verify", "--receipt", self.receipt(receipts, "early"), "--statement", early, "--vkey", newest, ok=(1,))
        with self.assertRaises(verify_receipt.Invalid):
            verify_receipt.verify(pinned, self.receipt(receipts, "late").read_text(), late.read_text())

        token = self.by(ANALYST).token(self.ledger.origin)
        for vkey in (old, newest, self.ledger.data / VKEY_FILE):
            self.assertIn("all holds", run("verify", "--url", self.server.url, "--vkey", vkey).stdout)
            self.assertIn("all holds", run("verify", "--url", self.server.url, "--vkey", vkey, "--token", token).stdout)
        # Another folder, and a key that is none of the log's.
        stranger = Key()
        material = base64.b64encode(b"\x01" + base64.urlsafe_b64decode(stranger.x + "=")).decode()
        name = old.split("+")[0]
        key_id = verify_receipt.sha256(name.encode(), b"\n", base64.b64decode(material))[:4].hex()
        done = run("verify", "--url", self.server.url, "--vkey", f"{name}+{key_id}+{material}", "--json", ok=(1,))
        self.assertEqual(error_of(done)["rule"], "log-keys-differ")
        self.submit("third", "--receipts", other, "--vkey", f"{name}+{key_id}+{material}", ok=(1,))

    def test_who_has_stolen_the_old_key(self):
        thief = Key((self.ledger.data / "keys/log.jwk").read_text())
        old = self.vkeys()[0]
        new = self.replace()
        receipts = self.folder / "receipts"
        statement, _ = self.submit("true", "--vkey", self.ledger.data / VKEY_FILE, "--receipts", receipts)
        proof = self.receipt(receipts, "true").read_text()
        forged = self.folder / "forged.tlog-proof"
        name, key_id, _ = old.split("+", 2)

        def signed_by_thief(receipt):
            head, note = receipt.split("\n\n", 1)
            text = note.rsplit("\n\n", 1)[0] + "\n"
            line = base64.b64encode(bytes.fromhex(key_id) + thief.sign(text)).decode()
            return f"{head}\n\n{text}\n\u2014 {name} {line}\n"

        forged.write_text(signed_by_thief(proof))
        # Who does not know of the rotation is deceived; who does is not.
        run("verify", "--receipt", forged, "--statement", statement, "--vkey", old)
        done = run("verify", "--receipt", forged, "--statement", statement, "--vkey", self.ledger.data / VKEY_FILE, "--json", ok=(1,))
        self.assertEqual(error_of(done)["rule"], "checkpoint-key-range")
        with self.assertRaises(verify_receipt.Invalid):
            verify_receipt.verify((receipts / VKEY_FILE).read_text(), forged.read_text(), statement.read_text())
        # A host of its own that answers in the log's place: refused, and kept as what convicts it.
        host = LyingHost(self.server, answers(lambda one: {"receipt": signed_by_thief(one["receipt"])}))
        self.addCleanup(host.stop)
        file = self.folder / "deceived.sd-jwt"
        file.write_text(self.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple"}, id="deceived"))
        done = run("submit", "--url", host.url, "--receipts", receipts, file, "--json", ok=(1,))
        self.assertIn("checkpoint-key-range", done.stderr)
        self.assertEqual(len(list((receipts / self.by(ML1).source).glob("deceived.*.unconfirmed"))), 1)
        self.assertFalse(self.receipt(receipts, "deceived").exists())
        # It cannot put the key back either.
        self.server.stop()
        own = self.ledger.data / "keys/log.jwk"
        kept = own.read_bytes()
        own.write_text(thief.jwk.export())
        refused = run("serve", "--data", self.ledger.data, "--listen", "127.0.0.1:0", "--json", ok=None)
        self.assertEqual(error_of(refused)["rule"], "self-check-log-key")
        own.write_bytes(kept)
        self.restart()
        self.assertEqual(self.server.get("/log/vkey").text.strip(), new)

    def test_it_is_killed(self):
        """Whenever it is: the next start goes on by one key or the other, and what it says is verified."""
        self.decide()
        self.server.stop()
        before = self.vkeys()
        whole = self.folder / "whole"
        copy_ledger(self.ledger.data, whole)
        start = time.monotonic()
        new = json.loads(self.rotate(data=whole).stdout)["vkey"]
        longest = time.monotonic() - start
        seen = set()
        for number in range(KILLS):
            with self.subTest(number):
                data = self.folder / f"killed-{number}"
                copy_ledger(self.ledger.data, data)
                process = subprocess.Popen([RELAIS, "rotate", "--data", str(data), "--key", "log"], stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
                time.sleep(longest * (0.2 + 0.8 * dice.random()))
                process.kill()
                process.wait()
                server = Server(SimpleNamespace(folder=self.folder, data=data, origin=self.ledger.origin, signatories={},
                                                guards_clock=False))
                vkey = server.get("/log/vkey").text.strip()
                self.assertEqual(server.stop(), 0)
                seen.add(vkey)
                self.assertIn(vkey, (before[0], new))
                lines = (data / VKEY_FILE).read_text().splitlines()
                self.assertEqual(lines, before if vkey == before[0] else [new, *lines[1:]])
                run("verify", "--data", data)
                if vkey == before[0]:
                    self.assertEqual(json.loads(self.rotate(data=data).stdout)["vkey"], new)
                    run("verify", "--data", data)
        print(f"killed {KILLS} times: {len(seen)} outcome(s)", flush=True)
        self.rotate()
        self.restart()


if __name__ == "__main__":
    main()
