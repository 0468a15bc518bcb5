"""What the rules call closed is closed in every mailbox: a request that the clock expired, too."""
from acts import OverTime, eventually
from harness import ML1, ML2, clock, main


class Effects(OverTime):

    def test_an_expired_request_leaves_both_mailboxes(self):
        subject = self.minor(ML1)
        referral = self.ask(ML1, subject, ML2)
        self.assertEqual(self.server.stop(), 0)
        clock.move(days=32)
        self.serve()
        eventually(lambda: self.events(ML1, stream=subject, type="referral.expired"), "the request expires")
        for slug, box in ((ML1, "outbox"), (ML2, "inbox")):
            client = self.reader(slug)
            self.assertNotIn(referral, client.get(f"/v1/referrals?box={box}&open=true").text)
            listed = client.get(f"/v1/referrals?box={box}").json()["referrals"]
            self.assertEqual([r["phase"] for r in listed], ["EXPIRED"])


if __name__ == "__main__":
    main()
