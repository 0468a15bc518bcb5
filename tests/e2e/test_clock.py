"""The clock of the real server, whose wall clock is moved (libfaketime): what time brings is signed with the ledger's
own key, once, on the day it falls due, with its cause, and the log verifies afterwards."""
from datetime import date

from acts import ADULT, HASH, NOTE, OverTime, end_of_day, eventually, id_of, paris_day
from harness import AMICALE, ML1, ML2, MOUVEMENT, PREF, all_pages, clock, jwt_of, main, wrapping_key
from jwcrypto import jwk, jws

import verify_receipt  # found through harness

HALF_A_YEAR = 186  # days, and some


def add_months(day, months):
    """The same day so many months later, or the last of that month."""
    day = date.fromisoformat(day)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last)).isoformat()
        except ValueError:
            pass


class TheClock(OverTime):
    def restart_after(self, **period):
        """The server is down while time passes."""
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        clock.move(**period)
        self.serve()

    def another_tick(self):
        """After a restart the clock has looked at all that is due: a month later, as a request of today has expired."""
        subject = self.minor(ML1)
        self.ask(ML1, subject, ML2)
        self.restart_after(days=32)
        self.signed_by_clock(ML1, subject, "referral.expired")

    def signed(self, reader, subject, name):
        return self.events(reader, stream=subject, type=name)

    def due(self, reader, kind, subject):
        """When it is due, as the list of deadlines has it."""
        listed = all_pages(self.reader(reader), f"/v1/deadlines?kind={kind}", "deadlines")
        return next((d["since"], d["dueAt"]) for d in listed if d["stream"] == subject)

    def signed_by_clock(self, reader, subject, name, due_at=None):
        """The one event of this type, once it is there, signed by the ledger's own key: its data."""
        events = eventually(lambda: self.signed(reader, subject, name), f"{name} on {subject}")
        self.assertEqual(len(events), 1, events)
        event = events[0]
        client = self.reader(reader)
        signatories = client.get("/v1/signatories").json()["signatories"]
        system = next(s for s in signatories if s["roles"] == ["system"])
        key = next(k for k in client.get("/v1/keys").json()["keys"] if k["signatory"] == system["id"])
        self.assertEqual((event["source"], event["signatory"]), (system["source"], system["id"]))
        audit = client.get(f"/v1/audit?stream={subject}&type={name}").json()["events"]
        self.assertEqual([a["kid"] for a in audit], [key["kid"]])
        statement = client.get(f"/v1/events/{event['id']}?format=sd-jwt").text
        signature = jws.JWS()
        signature.deserialize(jwt_of(statement))
        signature.verify(jwk.JWK(kty="OKP", crv="Ed25519", x=key["x"]), alg="EdDSA")
        self.assertGreaterEqual(event["receivedAt"], event["time"])
        if due_at:
            self.assertEqual(event["time"], due_at)
        return event["data"]

    def verify(self):
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        self.assertNotIn("refused", self.server.log.read_text())
        self.ledger.verify()

    def test_referral_expires_while_the_server_runs(self):
        silent, answered = self.minor(ML1), self.minor(ML1)
        referral = self.ask(ML1, silent, ML2)
        self.accept_referral(AMICALE, answered, self.ask(ML1, answered, AMICALE))
        since, due_at = self.due(ML1, "referral_expiry", silent)
        clock.move(days=32)
        data = self.signed_by_clock(ML1, silent, "referral.expired", due_at)
        self.assertEqual(data, {"referral_id": referral, "cause": "referral_expiry"})
        self.assertLess(since, due_at)
        self.assertEqual(self.case_of(ML1, silent)["phase"], "ASSESSED")
        self.refuse("referral-transition", ML2, "referral.received", silent, {"referral_id": referral})
        self.another_tick()
        # Its addressee learns it where it answers: what goes on in the case is not for who never did (0022).
        listed = self.reader(ML2).get("/v1/referrals?limit=500").json()["referrals"]
        self.assertEqual([r["phase"] for r in listed if r["id"] == referral], ["EXPIRED"])
        self.assertEqual(self.signed(ML2, silent, "referral.expired"), [])
        self.assertEqual(self.signed(ML1, answered, "referral.expired"), [])
        self.verify()

    def test_accreditation_after_one_long_stop(self):
        stream, asked = f"signatory/{MOUVEMENT}", f"signatory/{AMICALE}"
        self.act(MOUVEMENT, "accreditation.requested", stream, {"dossier_hash": HASH})
        self.act(AMICALE, "accreditation.requested", asked, {"dossier_hash": HASH})
        self.act(PREF, "accreditation.documents_requested", asked,
                 {"documents": ["exemple"], "notified_on": paris_day()})
        filed_on = paris_day()
        self.restart_after(days=5 * 366)
        expired = self.signed_by_clock(PREF, stream, "accreditation.expired")
        deemed = self.signed_by_clock(PREF, stream, "accreditation.deemed_complete")
        granted = self.signed_by_clock(PREF, stream, "accreditation.tacitly_granted")
        complete_on = add_months(filed_on, 2)
        granted_on = add_months(complete_on, 4)
        expired_on = date.fromordinal(date.fromisoformat(add_months(granted_on, 36)).toordinal() - 1).isoformat()
        self.assertEqual(deemed, {"complete_on": complete_on, "cause": "accreditation_completeness"})
        self.assertEqual(granted, {"granted_on": granted_on, "cause": "accreditation_silence"})
        self.assertEqual(expired, {"expired_on": expired_on, "cause": "accreditation_expiry"})

        self.another_tick()
        names = ["requested", "deemed_complete", "tacitly_granted", "expired"]
        events = self.events(PREF, stream=stream)
        self.assertEqual([e["type"] for e in events], [f"relais.accreditation.{n}.v1" for n in names])
        times = [e["time"] for e in events]
        self.assertEqual(times, sorted(times))
        # Documents were asked for and never came: nothing was deemed complete.
        self.assertEqual(len(self.events(PREF, stream=asked)), 2)
        self.verify()

    def test_case_becomes_dormant_and_wakes(self):
        still, met = self.supported(ML1), self.supported(ML1)
        due_at = end_of_day(180)
        clock.move(days=100)
        self.step(ML1, met)
        self.restart_after(days=82)
        self.assertEqual(self.signed_by_clock(ML1, still, "case.became_dormant", due_at), {"cause": "dormancy"})
        self.assertEqual(self.case_of(ML1, still)["phase"], "DORMANT")
        self.step(ML1, still)
        self.assertEqual(self.case_of(ML1, still)["phase"], "IN_SUPPORT")
        self.another_tick()
        self.signed_by_clock(ML1, still, "case.became_dormant", due_at)
        self.assertEqual(self.signed(ML1, met, "case.became_dormant"), [])
        self.assertEqual(self.case_of(ML1, met)["phase"], "IN_SUPPORT")
        self.verify()

    def test_parcours_ends_with_its_term(self):
        self.accredit(AMICALE)
        self.appoint()
        over, asked = self.supported(AMICALE), self.supported(AMICALE)
        self.start_parcours(AMICALE, over, asked)
        term_ends_on = self.case_of(PREF, over)["psp"]["termEndsOn"]
        _, due_at = self.due(AMICALE, "psp_term", over)
        clock.move(days=130)
        self.step(AMICALE, over)  # or the case would be dormant as soon as the parcours is over
        self.act(AMICALE, "psp.renewal_requested", asked, {}, {"progress": "exemple"})
        self.restart_after(days=HALF_A_YEAR - 130)
        for reader in (AMICALE, PREF):
            data = self.signed_by_clock(reader, over, "psp.ended", due_at)
            self.assertEqual(data, {"outcome": "term", "ended_on": term_ends_on})
        now = self.case_of(AMICALE, over)
        self.assertEqual((now["phase"], now["psp"]["phase"], now["psp"]["outcome"]), ("IN_SUPPORT", "ENDED", "term"))
        self.another_tick()
        self.signed_by_clock(PREF, over, "psp.ended", due_at)
        # A renewal that waits for its decision does not end.
        self.assertEqual(self.signed(PREF, asked, "psp.ended"), [])
        self.assertEqual(self.case_of(PREF, asked)["psp"]["phase"], "RENEWAL_DUE")
        self.verify()

    def close(self, subject):
        """-> the disclosures of its detection, as they are stored."""
        self.act(ML1, "case.closed", subject, {"reason": "goals_met"})
        detected = self.signed(ML1, subject, "case.detected")[0]["id"]
        return self.reader(ML1).get(f"/v1/events/{detected}?format=sd-jwt").text.strip().split("~")[1:-1]

    def test_closed_case_is_erased(self):
        forgotten, kept = self.supported(ML1), self.supported(ML1)
        self.assertEqual(len(self.close(forgotten)), 2)
        _, due_at = self.due(ML1, "retention", forgotten)
        detected = f"/v1/events/{self.signed(ML1, forgotten, 'case.detected')[0]['id']}"
        before = self.reader(ML1).get(detected)
        self.assertEqual(before.json()["data"], {**ADULT, "note": NOTE, "gender": "woman"})
        receipt = self.reader(ML1).get(detected + "/receipt").text
        clock.move(days=200)
        self.close(kept)
        key = wrapping_key(self.ledger.data).read_bytes()
        self.restart_after(days=735 - 200)
        self.assertEqual(self.signed_by_clock(ML1, forgotten, "case.data_erased", due_at), {"basis": "retention"})

        after, signed = self.reader(ML1).get(detected), self.reader(ML1).get(detected + "?format=sd-jwt")
        self.assertEqual((after.status, after.json()["data"]), (200, ADULT))
        self.assertEqual(signed.text.strip(), jwt_of(signed.text) + "~")
        verify_receipt.verify(self.ledger.vkey, receipt, signed.text.strip())  # what was proved stays proved
        self.assertEqual(self.case_of(ML1, forgotten)["phase"], "ERASED")
        said = self.reader(ML1).get(f"/v1/cases/{id_of(forgotten)}/timeline").json()["items"][0]["erased"]
        self.assertEqual((said["by"], said["basis"]), ("relais", "retention"))
        self.assertGreaterEqual(said["at"], due_at)
        self.refuse("case-transition", ML1, "case.reopened", forgotten)
        self.another_tick()
        self.signed_by_clock(ML1, forgotten, "case.data_erased", due_at)
        self.assertEqual(self.signed(ML1, kept, "case.data_erased"), [])
        eventually(lambda: not self.server.purge_owed(), "what was erased is gone from the files")
        self.assertNotEqual(wrapping_key(self.ledger.data).read_bytes(), key)
        shown = self.reader(ML1).get(f"/v1/events/{self.signed(ML1, kept, 'case.detected')[0]['id']}")
        self.assertEqual(shown.json()["data"]["note"], NOTE)
        self.verify()


if __name__ == "__main__":
    main()
