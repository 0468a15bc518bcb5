"""A right ends with its ground: what rests on a consent ends when the consent does (RGPD art. 7(3))."""
from acts import NOTE, Acts
from harness import ML1, ML2, LedgerTest, main

LATER = "exemple : confié après le retrait"


class WithdrawnBasis(Acts, LedgerTest):

    def asked(self):
        subject = self.supported(ML1)
        self.consent(ML1, subject, "referral")
        return subject, self.ask(ML1, subject, ML2, "consent")

    def withdraw(self, subject):
        self.act(ML1, "case.consent_withdrawn", subject, {"scope": "referral"})

    def phase(self, reader, subject):
        return self.case_of(reader, subject)["referrals"][0]["phase"]

    def texts(self, reader, subject):
        client = self.reader(reader)
        return "\n".join(client.get(f"/v1/events/{e['id']}").text for e in self.events(reader, stream=subject))

    def listed(self, reader, box, referral, query=""):
        return referral in self.reader(reader).get(f"/v1/referrals?box={box}&limit=500{query}").text

    def test_a_pending_referral_ends_with_its_consent(self):
        subject, referral = self.asked()
        self.assertIn(NOTE, self.texts(ML2, subject))
        self.withdraw(subject)
        self.assertEqual(self.phase(ML1, subject), "CANCELLED")
        self.assertEqual(self.case_of(ML1, subject)["phase"], "IN_SUPPORT")
        for name in ("received", "accepted"):
            self.refuse("referral-transition", ML2, "referral." + name, subject, {"referral_id": referral})
        self.assertNotIn(NOTE, self.texts(ML2, subject))
        for slug, box in ((ML1, "outbox"), (ML2, "inbox")):
            self.assertFalse(self.listed(slug, box, referral, "&open=true"))

    def test_a_narrower_consent_ends_what_it_covers_no_more(self):
        subject, _ = self.asked()
        self.consent(ML1, subject, "referral", [ML1])
        self.assertEqual(self.phase(ML1, subject), "CANCELLED")

    def test_what_was_accepted_keeps_what_it_has_and_gets_nothing_new(self):
        subject, referral = self.asked()
        self.accept_referral(ML2, subject, referral)
        self.withdraw(subject)
        self.act(ML1, "case.risk_assessed", subject, {"risk": "medium", "grid_version": "1"}, {"factors": [LATER]})
        seen = self.texts(ML2, subject)
        self.assertEqual(self.phase(ML2, subject), "ACCEPTED")
        self.assertIn(NOTE, seen)
        self.assertNotIn(LATER, seen)
        self.assertIn(LATER, self.texts(ML1, subject))

    def test_a_consent_is_taken_back_after_the_end_of_the_case_too(self):
        subject, referral = self.asked()
        self.accept_referral(ML2, subject, referral)
        self.act(ML2, "referral.completed", subject, {"referral_id": referral, "outcome": "attended"})
        self.act(ML1, "case.closed", subject, {"reason": "goals_met"})
        self.withdraw(subject)
        self.assertEqual(self.case_of(ML1, subject)["phase"], "CLOSED")
        self.act(ML1, "case.reopened", subject, {})
        self.act(ML1, "case.risk_assessed", subject, {"risk": "medium", "grid_version": "1"}, {"factors": [LATER]})
        seen = self.texts(ML2, subject)
        self.assertIn(NOTE, seen)
        self.assertNotIn(LATER, seen)


if __name__ == "__main__":
    main()
