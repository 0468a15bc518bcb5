"""`relais rebuild` beside a server that appends: answers do not change, and afterwards everything verifies."""
import json
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


if __name__ == "__main__":
    main()
