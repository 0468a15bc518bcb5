"""`relais rebuild` beside a server that appends: answers do not change, and afterwards everything verifies."""
import fcntl
import json
import os
import time

from harness import ASSESSED, DETECTED, ML1, LedgerTest, case, main, next_page, run
from load import WRITERS, Load


class Rebuild(LedgerTest):
    def everything(self, client):
        """What a signatory can see of its own cases."""
        seen = {}
        path = "/v1/cases?limit=200"
        while path:
            answer = client.get(path)
            self.assertEqual(answer.status, 200, answer)
            for item in answer.json()["cases"]:
                one = f"/v1/cases/{item['id']}"
                for path_of in (one, one + "/timeline"):
                    seen[path_of] = client.get(path_of).json()
                    del seen[path_of]["looks"]  # each look is one more
            path = next_page(answer)
        seen["audit"] = client.get("/v1/audit?limit=50").json()
        return seen

    def test_rebuild_beside_the_server(self):
        by_ml1 = self.by(ML1)
        client = self.server.client(ML1)
        for _ in range(20):
            subject = case()
            self.accept(client, by_ml1.statement("case.detected", subject, DETECTED))
            self.accept(client, by_ml1.statement("case.risk_assessed", subject, ASSESSED))
        before = self.everything(client)
        self.assertGreaterEqual(len(before), 41)
        others = [slug for slug in WRITERS if slug != ML1]
        with Load(self.server, others) as load:
            while load.count() < 50 and not load.unexpected:
                time.sleep(0.01)
            for _ in range(3):
                done = run("rebuild", "--data", self.ledger.data, "--json")
                self.assertTrue(json.loads(done.stdout.strip().splitlines()[-1]))
                self.assertEqual(self.everything(client), before)
            count = load.count()
            while load.count() < count + 50 and not load.unexpected:
                time.sleep(0.01)
        self.assertEqual(load.unexpected, [])
        self.assertEqual(self.everything(client), before)
        client.close()
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        self.ledger.verify()

        # The same without a server: rebuild opens the store by itself.
        run("rebuild", "--data", self.ledger.data)
        self.ledger.verify()
        type(self).server = self.ledger.serve()
        client = self.server.client(ML1)
        self.assertEqual(self.everything(client), before)
        client.close()

    def test_what_was_lost_together_is_mended_together(self):
        client = self.server.client(ML1)
        subject = case()
        self.accept(client, self.by(ML1).statement("case.detected", subject, DETECTED))
        self.everything(client)
        client.close()
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        data = self.ledger.data
        for name in ("head", "reads/head"):
            (data / name).unlink()

        def accepted(option):
            refused = run("rebuild", "--data", data, "--json", *options, ok=(1,))
            told = json.loads(refused.stderr.strip().splitlines()[-1])["error"]["accepted"]
            return told.split(option + " ")[1].split(",")[0]

        options = []
        options += ["--head", accepted("--head")]
        both = run("rebuild", "--data", data, "--json", *options, "--reads-head", "1:AAAA", ok=(1,))
        self.assertEqual(json.loads(both.stdout.splitlines()[0])["head"], options[1])
        self.assertIn("head-differs", both.stderr)
        (data / "head").unlink()
        name = json.loads(both.stderr.strip().splitlines()[-1])["error"]["accepted"]
        done = run("rebuild", "--data", data, "--json", *options, "--reads-head", name)
        self.assertEqual([json.loads(line)["head"] for line in done.stdout.splitlines()], [options[1], name])
        self.ledger.verify()
        wrong = run("rebuild", "--data", data, "--reads-head", name, "--reads-anew", 1, ok=(2,))
        self.assertIn("reads-anew-head", wrong.stderr)
        type(self).server = self.ledger.serve()

    def test_who_comes_second_is_told_that_another_has_the_folder(self):
        """Another command has it, and no server answers."""
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        folder = os.open(self.ledger.data, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            for command in (["rebuild"], ["rotate", "--key", "wrapping"]):
                refused = run(*command, "--data", self.ledger.data, "--json", ok=(1,))
                error = json.loads(refused.stderr.strip().splitlines()[-1])["error"]
                self.assertEqual(error["rule"], "store-locked")
                self.assertIn("another program works in", error["message"])
                self.assertIn("control.sock", error["message"])
                self.assertEqual(error["accepted"], "the same once it has ended")
        finally:
            os.close(folder)
        type(self).server = self.ledger.serve()


if __name__ == "__main__":
    main()
