"""Other keys in the place of the ledger's own: the one that wraps what was disclosed, and the one that signs what time brings."""
import json
import shutil

from acts import NOTE, Acts, eventually
from harness import ML1, Key, LedgerTest, copy_ledger, main, run, wrapping_key


class Rotation(Acts, LedgerTest):
    serve_arguments = ("--clock-seconds", 1)

    def rotate(self, key, ok=(0,)):
        return run("rotate", "--data", self.ledger.data, "--key", key, "--json", ok=ok)

    def restart(self):
        type(self).server = self.ledger.serve(*self.serve_arguments)

    def note_of(self, subject):
        found = self.events(ML1, stream=subject, type="case.detected")[0]
        return self.reader(ML1).get(f"/v1/events/{found['id']}").json()["data"]["note"]

    def test_the_wrapping_key(self):
        subject = self.minor(ML1)
        first = wrapping_key(self.ledger.data).read_bytes()
        self.assertEqual(json.loads(self.rotate("wrapping").stdout)["by"], "server")
        eventually(lambda: not self.server.purge_owed(), "the rotation")
        second = wrapping_key(self.ledger.data).read_bytes()
        self.assertNotEqual(second, first)
        self.assertEqual(self.note_of(subject), NOTE)
        self.server.stop()
        self.assertEqual(json.loads(self.rotate("wrapping").stdout)["by"], "command")
        self.assertNotEqual(wrapping_key(self.ledger.data).read_bytes(), second)
        self.restart()
        self.assertEqual(self.note_of(subject), NOTE)
        self.ledger.verify()

    def test_a_copy_of_before_does_not_open(self):
        self.minor(ML1)
        self.server.stop()
        copy = self.ledger.folder / "copy"
        copy_ledger(self.ledger.data, copy)
        self.rotate("wrapping")
        shutil.copy(wrapping_key(self.ledger.data), wrapping_key(copy))
        refused = run("serve", "--data", copy, "--listen", "127.0.0.1:0", "--json", ok=None)
        self.assertEqual(json.loads(refused.stderr.splitlines()[-1])["error"]["rule"], "wrapping-key-other")
        report = json.loads(run("verify", "--data", copy, "--json").stdout)  # all but what was disclosed
        self.assertGreater(report["sealed"], 0)
        self.assertEqual(report["disclosures"], 0)
        self.restart()

    def test_the_key_of_the_clock(self):
        self.assertEqual(self.rotate("system", ok=None).returncode, 1)  # a server runs
        self.server.stop()
        old = (self.ledger.data / "keys/system.jwk").read_bytes()
        kid = json.loads(self.rotate("system").stdout)["kid"]
        self.assertEqual(Key((self.ledger.data / "keys/system.jwk").read_text()).kid, kid)
        self.restart()
        rotated = self.events(ML1, type="key.rotated")[-1]
        self.assertEqual(rotated["signatory"], "relais")
        self.ledger.verify()
        self.server.stop()
        # The old one no longer starts a server; one that was interrupted is finished by a start.
        (self.ledger.data / "keys/system.jwk").rename(self.ledger.data / "keys/system.jwk.next")
        (self.ledger.data / "keys/system.jwk").write_bytes(old)
        (self.ledger.data / "keys/system.jwk").chmod(0o600)
        self.restart()
        self.assertFalse((self.ledger.data / "keys/system.jwk.next").exists())
        self.server.stop()
        new = (self.ledger.data / "keys/system.jwk").read_bytes()
        (self.ledger.data / "keys/system.jwk").write_bytes(old)
        refused = run("serve", "--data", self.ledger.data, "--listen", "127.0.0.1:0", "--json", ok=None)
        self.assertEqual(json.loads(refused.stderr.splitlines()[-1])["error"]["rule"], "self-check-system-key")
        self.rotate("system", ok=(1,))
        (self.ledger.data / "keys/system.jwk").write_bytes(new)
        self.restart()


if __name__ == "__main__":
    main()
