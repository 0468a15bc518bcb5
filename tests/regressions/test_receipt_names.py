"""Names are injective, and nothing is overwritten by other content: receipts on disk, ids in addresses."""
import json
import unittest
from urllib.parse import quote

from harness import DETECTED, ML1, ML2, LedgerTest, case, main, run


class ReceiptNames(LedgerTest):
    def submit(self, folder, *statements, ok=(0,)):
        file = self.ledger.folder / "all.sd-jwt"
        file.write_text("".join(s + "\n" for s in statements))
        return run("submit", "--url", self.server.url, "--vkey", self.ledger.vkey, "--receipts", folder, file, "--json", ok=ok)

    def test_each_statement_has_files_of_its_own(self):
        folder = self.ledger.folder / "receipts"
        ids = ["a/1", "a_1", "a%2F1", ".hidden", "x" * 128, "/" * 128, "A 1"]
        statements = [self.by(who).statement("case.detected", case(), DETECTED, id=i) for i in ids for who in (ML1, ML2)]
        self.submit(folder, *statements)
        receipts = list(folder.rglob("*.tlog-proof"))
        self.assertEqual(len(receipts), len(statements), receipts)
        seen = {(body["source"], body["id"]) for body in (json.loads(f.read_text()) for f in folder.rglob("*.json"))}
        self.assertEqual(len(seen), len(statements))
        self.submit(folder, *statements)  # the same again is no other content
        receipts[0].write_text("another receipt")
        refused = self.submit(folder, *statements, ok=(1,))
        self.assertIn("receipt-exists", refused.stderr)
        self.assertEqual(receipts[0].read_text(), "another receipt")

    def test_every_id_is_reached_by_its_location(self):
        client = self.server.client(ML1)
        self.addCleanup(client.close)
        for event_id in ("a/b", "...", "é", "a?b#c", "%2e", "a;b", "~"):
            answer = client.post(self.by(ML1).statement("case.detected", case(), DETECTED, id=event_id))
            self.assertEqual(answer.status, 201, answer)
            path = "/v1/events/" + quote(event_id, safe="~")
            self.assertEqual(answer.headers["Location"], f"{path}?source={quote(self.by(ML1).source, safe='')}")
            self.assertEqual(client.get(answer.headers["Location"]).json()["id"], event_id)
        for event_id in (".", ".."):
            answer = client.post(self.by(ML1).statement("case.detected", case(), DETECTED, id=event_id))
            self.assertEqual((answer.status, answer.rule), (422, "id-form"), answer)


if __name__ == "__main__":
    main()
