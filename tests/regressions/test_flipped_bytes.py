"""One byte changed in any file of the data folder: `relais verify` or the start says so, and names the file."""
import shutil
import tempfile
import unittest
from pathlib import Path

import harness
from harness import DETECTED, ML1, Ledger, case, dice, main, run

# Nothing reads these: no byte of them can change what the ledger is.
#   IDENTITY  RocksDB's name for the database, for its own messages
#   OPTIONS   RocksDB's settings as text, for people; the program brings its own
#   LOCK      has no bytes
UNREAD = ("IDENTITY", "OPTIONS-", "LOCK")


def places(name, size):
    """Where to look: ends, where footers and padding are, and by chance."""
    if name.endswith(".sst"):  # footer: 53 bytes at the end; before it index and properties, before them a filter
        return {size - 30, dice.randrange(size // 10 + 1), dice.randrange(size)}
    if name == "head":  # two slots of 4,096 bytes: a checkpoint and zeros
        return {10, 4095, 4096 + 60, size - 1}
    return {0, 5, size // 2, dice.randrange(size), size - 1}


class FlippedBytes(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="relais-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def each_flip(self, data, wanted):
        """Every file in turn, with one byte changed."""
        for file in sorted(data.rglob("*")):
            if not file.is_file() or not wanted(file) or file.stat().st_size == 0:
                continue
            whole = file.read_bytes()
            written = whole.rstrip(b"\0") if file.suffix == ".log" else whole  # zeros wait for what is appended next
            for at in sorted(places(file.name, len(written))):
                bytes_ = bytearray(whole)
                bytes_[at] ^= 1 << dice.randrange(8)
                file.write_bytes(bytes_)
                yield file, f"byte {at} of {len(whole)} of {file.name}"
            file.write_bytes(whole)

    def assertNamed(self, file, done):
        self.assertEqual(done.returncode, 1, f"nothing is noticed\n{done.stdout}{done.stderr}")
        self.assertIn(file.name, done.stderr)

    def verify(self, data, ok=None):
        return run("verify", "--data", data, "--no-projections", ok=ok)

    def test_what_verify_reads(self):
        data = self.folder / "data"
        run("scenario", "--data", data, "--seed", 3)
        seen = set()
        for file, where in self.each_flip(data, lambda f: f.parent.name != "keys" and not f.name.startswith(UNREAD)):
            seen.add(file.suffix or file.name.split("-")[0])
            with self.subTest(where, seed=harness.SEED):
                self.assertNamed(file, self.verify(data))
        self.assertEqual(seen, {".sst", ".toml", ".vkey", "CURRENT", "MANIFEST", "head"})
        self.verify(data, ok=(0,))

    def test_what_only_a_start_reads(self):
        """Private keys. The members alg and use say what a key is for, and nothing reads them."""
        data = self.folder / "data"
        run("scenario", "--data", data, "--seed", 3)
        for name in ("log.jwk", "system.jwk"):
            file = data / "keys" / name
            whole = file.read_text()
            for member in ("kty", "crv", "x", "d"):
                at = whole.index(f'"{member}":"') + len(member) + 4 + dice.randrange(3)
                file.write_text(whole[:at] + chr(ord(whole[at]) ^ 1) + whole[at + 1:])
                with self.subTest(f"{member} of {name}"):
                    self.assertNamed(file, self.start(data))
            file.write_text(whole)

    def start(self, data):
        return run("serve", "--data", data, "--listen", "127.0.0.1:0", ok=None, timeout=20)

    def test_the_write_ahead_log(self):
        """As a crash leaves it. A start on a damaged one leaves it as it is: what is behind the damage is not lost."""
        ledger = Ledger()
        self.addCleanup(ledger.remove)
        server = ledger.serve()
        ledger.found(server)
        client = server.client(ML1)
        for _ in range(5):
            answer = client.post(ledger.signatories[ML1].statement("case.detected", case(), DETECTED))
            self.assertEqual(answer.status, 201, answer)
        client.close()
        server.kill()
        for file, where in self.each_flip(ledger.data, lambda f: f.suffix == ".log"):
            damaged = file.read_bytes()
            with self.subTest(where, seed=harness.SEED):
                self.assertNamed(file, self.verify(ledger.data))
                self.assertNamed(file, self.start(ledger.data))
                self.assertEqual(file.read_bytes(), damaged)
        self.verify(ledger.data, ok=(0,))


if __name__ == "__main__":
    main()
