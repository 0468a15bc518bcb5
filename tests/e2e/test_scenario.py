"""The story of the convention played over REST as each signatory, then verified from outside, offline and from the folder."""
import json
import unittest

from harness import ANALYST, Ledger, main, run

import verify_receipt  # found through harness


class Scenario(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.server = self.ledger.serve()
        self.addCleanup(lambda: self.server.stop())

    def play(self, out):
        done = run("scenario", "--url", self.server.url, "--keys", self.ledger.keys, "--convention", self.ledger.convention,
                   "--vkey", self.ledger.vkey, "--out", out, "--json", ok=None)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        surprises = [line for line in lines[:-1] if not line["as_expected"]]
        self.assertEqual((done.returncode, surprises), (0, []), done.stderr)
        return lines[:-1]

    def test_scenario(self):
        out = self.ledger.folder / "story"
        steps = self.play(out)
        accepted = [s for s in steps if s["answer"] == "accepted"]
        self.assertGreater(len(accepted), 40)
        self.assertGreater(len(steps), len(accepted))
        # One entry a fact: the genesis, and what was accepted; what was only repeated is there once.
        self.assertEqual(self.server.size(), 1 + len({s["index"] for s in accepted}))

        receipts = sorted(out.glob("*.tlog-proof"))
        self.assertEqual(len(receipts), len(accepted))
        for file in receipts:
            receipt, statement = file.read_text(), file.with_suffix(".sd-jwt").read_text()
            verify_receipt.verify(self.ledger.vkey, receipt, statement)
        run("verify", "--receipt", receipts[0], "--statement", receipts[0].with_suffix(".sd-jwt"), "--vkey", self.ledger.vkey)

        # The same story again: on a convention that is in force, with new cases.
        again = self.play(self.ledger.folder / "again")
        self.assertEqual(len(again), len(steps))

        vkey = self.ledger.data / "log.vkey"
        token = self.ledger.signatories[ANALYST].token(self.ledger.origin)
        done = run("verify", "--url", self.server.url, "--vkey", vkey, "--token", token, "--json")
        report = json.loads(done.stdout)
        self.assertEqual((report["size"], report["entries"]), (self.server.size(), self.server.size()))
        run("verify", "--url", self.server.url, "--vkey", vkey)  # hashes only, without a token
        other = Ledger()
        self.addCleanup(other.remove)
        run("verify", "--url", self.server.url, "--vkey", other.vkey, ok=(1,))  # the key of another log

        self.assertEqual(self.server.stop(), 0, self.server.errors())
        report = json.loads(self.ledger.verify().stdout)
        self.assertGreater(report["projection_records"], 0)
        cases = run("replay", "--data", self.ledger.data, "--projection", "cases").stdout
        self.assertIn('"CLOSED"' if '"CLOSED"' in cases else '"DISMISSED"', cases)

    def test_in_process_is_deterministic(self):
        """The same seed gives the same entries: the same root."""
        roots = set()
        for name in ("one", "two"):
            data = self.ledger.folder / name
            run("scenario", "--data", data, "--seed", 7)
            roots.add(json.loads(run("verify", "--data", data, "--json").stdout)["root"])
        self.assertEqual(len(roots), 1)


if __name__ == "__main__":
    main()
