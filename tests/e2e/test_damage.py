"""One flipped bit in any file of the store: `relais verify` names it, or nothing that counts has changed; and no server starts on a
log that has lost its end, which would fork it. Never is damage an abort."""
import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
from harness import RELAIS, copy_ledger, dice, main, run

FLIPS = {".log": 20, ".sst": 3, "MANIFEST": 3}  # a file; in the write-ahead log are the youngest entries


class Damage(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="relais-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"
        run("scenario", "--data", self.data, "--seed", 3)
        self.whole = self.verify(self.data)[1]

    def verify(self, data):
        """-> (exit code, (entries, root)), standard error"""
        done = run("verify", "--data", data, "--json", ok=None)
        report = json.loads(done.stdout) if done.returncode == 0 else {}
        return done.returncode, (report.get("entries"), report.get("root")), done.stderr

    def damaged(self, name, size):
        """A copy with one bit of the file flipped."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy_ledger(self.data, copy)
        at, bit = dice.randrange(size), dice.randrange(8)
        with (copy / "store" / name).open("r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ (1 << bit)]))
        return copy, f"{name}, bit {bit} of byte {at} of {size}"

    def test_one_bit(self):
        for file in sorted((self.data / "store").iterdir()):
            flips = next((n for kind, n in FLIPS.items() if kind in file.name), 0)
            for _ in range(flips if file.stat().st_size else 0):
                copy, where = self.damaged(file.name, file.stat().st_size)
                code, seen, said = self.verify(copy)
                with self.subTest(where, seed=harness.SEED):
                    self.assertIn(code, (0, 1, 4), said)
                    if code == 0:
                        self.assertEqual(seen, self.whole)
                    else:
                        self.assertIn('"rule"', said)
                if file.suffix == ".log":
                    with self.subTest("serve: " + where, seed=harness.SEED):
                        self.assertNotServing(copy)

    def assertNotServing(self, data):
        process = subprocess.Popen([RELAIS, "serve", "--data", str(data), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        line = process.stdout.readline()
        process.kill()
        _, said = process.communicate()
        self.assertEqual(line, b"", f"a server runs on a log that has lost its end: {said.decode()[-500:]}")


if __name__ == "__main__":
    main()
