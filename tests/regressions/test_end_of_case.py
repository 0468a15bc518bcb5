"""Whatever ends a case, nothing of it is pending: no transfer, no deadline of its addressee."""
from acts import NOTE, Acts
from harness import DETECTED, ML1, ML2, LedgerTest, case, main


class EndOfCase(Acts, LedgerTest):

    def pending_transfer(self):
        subject = case()
        self.act(ML1, "case.detected", subject, DETECTED, {"note": NOTE})
        self.act(ML1, "case.transfer_requested", subject, {"to": ML2, "kind": "temporary", "reason": "moved"})
        return subject

    def test_a_dismissal_ends_the_transfer_that_waits(self):
        subject = self.pending_transfer()
        self.assertIn(ML2, str(self.case_of(ML1, subject).get("transferTo")))
        self.act(ML1, "case.dismissed", subject, {"reason": "duplicate"})
        self.assertFalse(self.case_of(ML1, subject).get("transferTo"))
        self.assertNotIn(subject, self.reader(ML2).get("/v1/deadlines?limit=500").text)


if __name__ == "__main__":
    main()
