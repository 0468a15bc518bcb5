"""One need, one addressee, one request at a time: a second one is refused and names the first."""
import uuid

from acts import Acts
from harness import ML1, ML2, ML3, LedgerTest, main


class DuplicateReferral(Acts, LedgerTest):

    def request(self, to=ML2, need="shelter"):
        return {"referral_id": str(uuid.uuid4()), "to": to, "need": need, "urgency": "urgent",
                "legal_basis": "l226_2_2"}

    def test_the_open_one_is_named(self):
        subject = self.minor(ML1)
        referral = self.ask(ML1, subject, ML2)
        problem = self.refuse("referral-duplicate", ML1, "referral.requested", subject, self.request())
        self.assertIn(referral, problem["detail"])
        self.assertIn("REQUESTED", problem["detail"])
        self.act(ML1, "referral.requested", subject, self.request(to=ML3))
        self.act(ML1, "referral.requested", subject, self.request(need="complaint"))
        self.accept_referral(ML2, subject, referral)
        self.refuse("referral-duplicate", ML1, "referral.requested", subject, self.request())
        self.act(ML2, "referral.completed", subject, {"referral_id": referral, "outcome": "attended"})
        self.act(ML1, "referral.requested", subject, self.request())


if __name__ == "__main__":
    main()
