"""Identifiers are parsed, not compared as text: a UUID is the same in either case (RFC 9562, section 4)."""
import unittest
import uuid

from harness import AMICALE, ASSESSED, DETECTED, ML1, LedgerTest, case, main


class IdentifierCase(LedgerTest):
    def test_every_way_in(self):
        subject = case()
        upper = "case/" + subject.removeprefix("case/").upper()
        client, amicale = self.server.client(ML1), self.server.client(AMICALE)
        self.addCleanup(client.close)
        self.addCleanup(amicale.close)
        self.accept(client, self.by(ML1).statement("case.detected", subject, DETECTED))
        answer = self.accept(client, self.by(ML1).statement("case.risk_assessed", upper, ASSESSED))
        self.assertEqual((answer.json()["stream"], answer.json()["version"]), (subject, 2))
        referral = str(uuid.uuid4())
        self.accept(client, self.by(ML1).statement("referral.requested", subject, {
            "referral_id": referral.upper(), "to": AMICALE, "need": "shelter", "urgency": "urgent", "legal_basis": "l226_2_2"}))
        self.accept(amicale, self.by(AMICALE).statement("referral.received", upper, {"referral_id": referral}))
        for of in (subject, upper):
            found = client.get("/v1/cases/" + of.removeprefix("case/"))
            self.assertEqual((found.status, found.json()["id"]), (200, subject.removeprefix("case/")), found)
            timeline = client.get(f"/v1/cases/{of.removeprefix('case/')}/timeline").json()
            self.assertEqual(len(timeline["items"]), 4)
            listed = client.get(f"/v1/events?stream={of}")
            self.assertEqual((listed.status, len(listed.json()["events"])), (200, 4), listed)
        inbox = amicale.get("/v1/referrals?box=inbox").json()["referrals"]
        self.assertEqual([i["id"] for i in inbox if i["case"] == subject.removeprefix("case/")], [referral])


if __name__ == "__main__":
    main()
