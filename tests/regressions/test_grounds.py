"""docs/decisions/0013: an act rests on a ground, and when that goes the act is refused from then on, what was confided under
it is read no more, what was done before stands, and the log says what happened. Consent is in test_withdrawn_basis.py; here
are the others: membership, key, accreditation, a minor's protection, the seat on a commission, a referral, holding the case."""
import json
import unittest
import uuid

from acts import COMMISSION, HASH, IDENTITY, NOTE, POLICE, UDML, Acts, OverTime, eventually, id_of, paris_day
from harness import (AMICALE, ASSESSED, DETECTED, ML1, ML2, ML3, MOUVEMENT, PREF, Client, Key, LedgerTest, Live, Signatory,
                     case, clock, main, rfc3339, unb64u)

CONVENTION = "convention/rhone-2023"
LATER = "exemple : confié plus tard"
OWN = "exemple : écrit par le destinataire"


class Reading(Acts):
    """What a reader gets of a case, by every way there is."""

    def texts(self, slug, subject):
        """All that is disclosed to it, as JSON and as SD-JWT."""
        client, found = self.reader(slug), []
        for event in self.events(slug, stream=subject):
            found.append(client.get(f"/v1/events/{event['id']}").text)
            for part in client.get(f"/v1/events/{event['id']}?format=sd-jwt").text.strip().split("~")[1:-1]:
                found.append(unb64u(part).decode())
        return "\n".join(found)

    def sees(self, slug, subject, *texts):
        """Which of these it is shown; each is shown in both forms, or in neither."""
        found = self.texts(slug, subject)
        self.assertEqual({found.count(t) % 2 for t in texts}, {0}, found)
        return [t for t in texts if t in found]

    def ways(self, slug, subject, event):
        """The status of each way to a case and to one of its events."""
        client = self.reader(slug)
        return [client.get(path).status for path in (
            f"/v1/cases/{id_of(subject)}", f"/v1/cases/{id_of(subject)}/timeline", f"/v1/events/{event}",
            f"/v1/events/{event}?format=sd-jwt", f"/v1/events/{event}/receipt")]

    def timeline(self, slug, subject):
        answer = self.reader(slug).get(f"/v1/cases/{id_of(subject)}/timeline?limit=500")
        self.assertEqual(answer.status, 200, answer)
        return [i["type"].removeprefix("relais.").removesuffix(".v1") for i in answer.json()["items"]]

    def phases(self, slug, subject):
        return {r["id"]: r["phase"] for r in self.case_of(slug, subject)["referrals"]}

    def line(self, slug, referral):
        """Phase of a referral as its addressee's inbox has it."""
        listed = self.reader(slug).get("/v1/referrals?limit=500").json()["referrals"]
        return next(r["phase"] for r in listed if r["id"] == referral)

    def ends(self, live):
        """A stream that is open ends by itself, and not because nothing came for a while."""
        live.connection.sock and live.connection.sock.settimeout(10)
        while line := live.response.readline():
            self.assertNotIn(b"data:", line)

    def step_data(self):
        return {"step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"}

    def confide(self, by, subject, text=LATER):
        """An act with a disclosure: its event."""
        return self.act(by, "support.step_done", subject, self.step_data(), {"detail": text})["id"]

    def shared(self, basis="l226_2_2"):
        """A minor's case of mission locale 1, with a referral that mission locale 2 has accepted: -> (case, referral)"""
        subject = self.minor(ML1)
        referral = self.ask(ML1, subject, ML2, basis)
        self.accept_referral(ML2, subject, referral)
        return subject, referral

    def nothing_of_an_addressee(self, slug, subject):
        """What rests on an accepted referral."""
        for name, data in (("case.risk_assessed", ASSESSED), ("support.step_done", self.step_data()),
                           ("support.step_planned", {"step_id": str(uuid.uuid4()), "need": "shelter"}),
                           ("protection.report_transmitted", {"crip": "metropole", "parents_informed": "yes"}),
                           ("protection.prosecutor_notified", {}),
                           ("coordination.meeting_held", {"held_on": paris_day(), "attending": [slug]}),
                           ("external_referral.recorded", {"destination": "health", "need": "shelter"})):
            hidden = {"court": "Lyon"} if name == "protection.prosecutor_notified" else None
            with self.subTest(name):
                self.refuse("not-holder-or-accepted", slug, name, subject, data, hidden)

    def nothing_of_a_holder(self, slug, subject):
        for name, data in (("case.consent_given", {"scope": "referral", "form_hash": HASH}),
                           ("case.consent_withdrawn", {"scope": "referral"}),
                           ("case.closed", {"reason": "goals_met"}),
                           ("case.transfer_requested", {"to": AMICALE, "reason": "capacity", "kind": "permanent"}),
                           ("plan.agreed", {"needs": ["shelter"], "signatories": [slug]}),
                           ("case.data_erased", {"basis": "art17"}),
                           ("referral.requested", {"referral_id": str(uuid.uuid4()), "to": AMICALE, "need": "shelter",
                                                   "urgency": "urgent", "legal_basis": "l226_2_2"})):
            with self.subTest(name):
                self.refuse("not-holder", slug, name, subject, data)


class AReferral(Reading, LedgerTest):
    def left(self, subject):
        """Mission locale 2 has no part in it any more: what it wrote is its own, and what it was told is not."""
        self.nothing_of_an_addressee(ML2, subject)
        later = self.confide(ML1, subject)
        self.assertEqual(self.sees(ML1, subject, NOTE, LATER), [NOTE, LATER])
        self.assertEqual(self.sees(ML2, subject, NOTE, LATER, OWN), [OWN])
        # That there was a case it knows, and what it did itself; of what goes on it learns nothing (0022).
        self.assertEqual(self.ways(ML2, subject, later), [404] * 5)
        own = self.events(ML2, stream=subject)
        self.assertEqual({e["signatory"] for e in own}, {ML2})
        self.assertEqual(self.ways(ML2, subject, own[0]["id"]), [404] * 2 + [200] * 3)

    def test_declined(self):
        subject = self.minor(ML1)
        referral = self.ask(ML1, subject, ML2)
        self.assertEqual(self.sees(ML2, subject, NOTE), [NOTE])
        self.act(ML2, "referral.received", subject, {"referral_id": referral})
        self.act(ML2, "referral.declined", subject, {"referral_id": referral, "decline_reason": "no_capacity"}, {"detail": OWN})
        self.assertEqual((self.phases(ML1, subject), self.timeline(ML1, subject)[-1], self.line(ML2, referral)),
                         ({referral: "DECLINED"}, "referral.declined", "DECLINED"))
        for name in ("received", "held", "accepted", "cancelled"):
            self.refuse("referral-transition", ML2, "referral." + name, subject, {"referral_id": referral})
        self.left(subject)

    def test_cancelled_while_pending(self):
        subject = self.minor(ML1)
        referral = self.ask(ML1, subject, ML2)
        self.act(ML2, "referral.received", subject, {"referral_id": referral})
        self.act(ML2, "referral.held", subject, {"referral_id": referral}, {"note": OWN})
        self.act(ML1, "referral.cancelled", subject, {"referral_id": referral})
        self.assertEqual((self.phases(ML1, subject), self.timeline(ML1, subject)[-1], self.line(ML2, referral)),
                         ({referral: "CANCELLED"}, "referral.cancelled", "CANCELLED"))
        self.refuse("referral-transition", ML2, "referral.accepted", subject, {"referral_id": referral})
        self.left(subject)

    def test_cancelled_once_accepted(self):
        for by in (ML1, ML2):
            with self.subTest(by=by):
                subject, referral = self.shared()
                self.confide(ML2, subject, OWN)
                self.assertEqual(self.sees(ML2, subject, NOTE, OWN), [NOTE, OWN])
                self.act(by, "referral.cancelled", subject, {"referral_id": referral})
                self.refuse("referral-transition", ML2, "referral.completed", subject,
                            {"referral_id": referral, "outcome": "attended"})
                self.left(subject)

    def test_completed(self):
        for outcome in ("attended", "did_not_come"):
            with self.subTest(outcome):
                subject, referral = self.shared()
                self.confide(ML2, subject, OWN)
                self.act(ML2, "referral.completed", subject, {"referral_id": referral, "outcome": outcome})
                self.nothing_of_an_addressee(ML2, subject)
                self.confide(ML1, subject)
                # What it was told for what it did stays; what comes after is for others.
                self.assertEqual(self.sees(ML2, subject, NOTE, LATER, OWN), [NOTE, OWN])

    def test_asked_anew(self):
        """A second referral is a ground of its own, and gives back what the first one gave."""
        subject = self.minor(ML1)
        first = self.ask(ML1, subject, ML2)
        self.act(ML1, "referral.cancelled", subject, {"referral_id": first})
        self.assertEqual(self.sees(ML2, subject, NOTE), [])
        self.accept_referral(ML2, subject, self.ask(ML1, subject, ML2))
        self.assertEqual(self.sees(ML2, subject, NOTE), [NOTE])
        self.step(ML2, subject)

    def test_an_open_stream(self):
        """It goes on with what is the reader's, and holds nothing that is disclosed."""
        subject, referral = self.shared()
        live = Live(self.server, self.reader(ML2))
        self.addCleanup(live.close)
        before = self.confide(ML1, subject, NOTE)
        self.act(ML1, "referral.cancelled", subject, {"referral_id": referral})
        self.confide(ML1, subject)
        own = self.minor(ML2)
        told = [live.next().data for _ in range(2)]
        self.assertEqual((json.loads(told[0])["id"], json.loads(told[1])["stream"]), (before, own))
        self.assertNotIn(NOTE, "".join(told))


class AParcours(Reading, LedgerTest):
    def test_it_has_ended(self):
        """The association that applied supports the person through the parcours, and knows nothing new behind its end."""
        self.accredit(AMICALE)
        self.appoint()
        subject = self.supported(ML1)
        self.consent(ML1, subject, "referral")
        referral = self.ask(ML1, subject, AMICALE, "consent")
        self.accept_referral(AMICALE, subject, referral)
        self.consent(ML1, subject, "psp")
        self.act(AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
        self.act(AMICALE, "referral.completed", subject, {"referral_id": referral, "outcome": "service_given"})
        self.act(ML1, "case.consent_withdrawn", subject, {"scope": "referral"})
        during = "exemple : pendant le parcours"
        self.confide(ML1, subject, during)
        self.assertEqual(self.sees(AMICALE, subject, NOTE, during, IDENTITY), [NOTE, during, IDENTITY])
        # The parcours goes on without the consent, until the person ends it (0013); what is confided does not (0022).
        self.act(ML1, "case.consent_withdrawn", subject, {"scope": "psp"})
        self.confide(ML1, subject, LATER)
        self.assertEqual(self.sees(AMICALE, subject, NOTE, during, IDENTITY, LATER), [NOTE, IDENTITY])
        self.act(AMICALE, "psp.ended", subject, {"outcome": "withdrawn", "ended_on": paris_day()})
        self.assertEqual(self.timeline(AMICALE, subject)[-1], "psp.ended")
        self.assertEqual(self.sees(AMICALE, subject, NOTE, during, IDENTITY, LATER), [NOTE, IDENTITY])
        self.assertEqual(self.sees(PREF, subject, NOTE, during, IDENTITY, LATER), [])  # no consent covers it any more (0022)
        self.refuse("psp-transition", AMICALE, "psp.review_filed", subject)
        self.nothing_of_an_addressee(AMICALE, subject)


class HoldingTheCase(Reading, LedgerTest):
    def test_a_transfer(self):
        for kind in ("permanent", "temporary"):
            with self.subTest(kind):
                subject = self.minor(ML1)
                pending = self.ask(ML1, subject, AMICALE)
                self.act(ML1, "case.transfer_requested", subject, {"to": ML2, "reason": "capacity", "kind": kind})
                # Who is asked sees the case and not what was confided; it holds nothing yet.
                self.assertEqual(self.sees(ML2, subject, NOTE), [])
                self.nothing_of_a_holder(ML2, subject)
                self.act(ML2, "case.transfer_accepted", subject)
                self.assertEqual((self.case_of(ML2, subject)["holder"], self.timeline(ML2, subject)[-1]),
                                 (ML2, "case.transfer_accepted"))
                self.nothing_of_a_holder(ML1, subject)
                self.nothing_of_an_addressee(ML1, subject)
                later = self.confide(ML2, subject)
                self.assertEqual(self.sees(ML2, subject, NOTE, LATER), [NOTE, LATER])
                self.assertEqual(self.sees(ML1, subject, NOTE, LATER), [NOTE])  # its own
                self.assertEqual(self.ways(ML1, subject, later), [404] * 5)
                # What it asked for is still its own to take back.
                self.act(ML1, "referral.cancelled", subject, {"referral_id": pending})

    def test_a_transfer_that_is_declined(self):
        subject = self.minor(ML1)
        self.act(ML1, "case.transfer_requested", subject, {"to": ML2, "reason": "capacity", "kind": "permanent"})
        self.act(ML2, "case.transfer_declined", subject, {"decline_reason": "no_capacity"})
        self.refuse("transfer-not-pending", ML2, "case.transfer_accepted", subject)
        self.nothing_of_a_holder(ML2, subject)
        self.nothing_of_an_addressee(ML2, subject)
        self.confide(ML1, subject)
        self.assertEqual(self.sees(ML2, subject, NOTE, LATER), [])


class AKey(Reading, LedgerTest):
    def enrolled(self, slug):
        """-> (a second key of a signatory, the signatory by that key, a client with its token)"""
        key = Key()
        self.act(slug, "key.enrolled", f"signatory/{slug}", self.by(slug).key_data(key, self.ledger.origin))
        by_it = Signatory(slug, key)
        client = Client(self.server, by_it)
        self.addCleanup(client.close)
        return key, by_it, client

    def test_revoked(self):
        subject, _ = self.shared()
        key, by_it, client = self.enrolled(ML2)
        before = by_it.statement("support.step_done", subject, self.step_data(), {"detail": OWN})
        done = self.accept(self.reader(), before).json()
        token = {"Authorization": f"Bearer {by_it.token(self.ledger.origin)}"}
        self.assertEqual(client.request("GET", "/v1/cases", headers=token).status, 200)
        live = Live(self.server, client)
        self.addCleanup(live.close)
        self.act(ML2, "key.revoked", f"signatory/{ML2}", {"kid": key.kid, "reason": "lost"})
        # To read: with a token that was good, with a new one, and on the stream that was open.
        for headers in (token, None):
            for path in ("/v1/cases", f"/v1/cases/{id_of(subject)}", f"/v1/events/{done['id']}/receipt", "/v1/referrals",
                         "/v1/events/live"):
                answer = client.request("GET", path, headers=headers)
                self.assertEqual((answer.status, answer.rule), (401, "key-revoked"), answer)
        while not self.ended(live):
            pass
        # To write: what was signed before its revocation is judged when it comes.
        late = by_it.statement("support.step_done", subject, self.step_data())
        answer = self.reader().post(late)
        self.assertEqual((answer.status, answer.rule), (401, "key-revoked"), answer)
        # What it had brought stands, and the signatory's other key goes on.
        self.assertEqual(self.reader().post(before).status, 200)
        self.assertEqual(self.ways(ML2, subject, done["id"]), [200] * 5)
        self.assertEqual(self.sees(ML1, subject, OWN), [OWN])
        self.step(ML2, subject)
        self.assertEqual([e["data"]["kid"] for e in self.events(ML1, stream=f"signatory/{ML2}", type="key.revoked")], [key.kid])

    def ended(self, live):
        """One line of a stream; whether there was none."""
        return live.response.readline() == b""

    def test_doubtful_since(self):
        key, by_it, _ = self.enrolled(ML3)
        since = rfc3339()
        done = self.accept(self.reader(), by_it.statement("practice.shared", "library/exemple",
                                                          {"title": "Exemple", "summary": "Exemple"})).json()
        self.act(ML3, "key.revoked", f"signatory/{ML3}", {"kid": key.kid, "reason": "compromised", "effective_from": since})
        shown = [k for k in self.reader(ML1).get("/v1/keys").json()["keys"] if k["kid"] == key.kid][0]
        self.assertEqual(shown["doubtfulFrom"].rstrip("Z").rstrip("0").rstrip("."), since.rstrip("Z").rstrip("0").rstrip("."))
        self.assertEqual(self.reader(ML1).get(f"/v1/events/{done['id']}/receipt").status, 200)

    def test_by_quorum(self):
        key, by_it, client = self.enrolled(MOUVEMENT)
        proposal = {"proposal_id": f"exemple-{uuid.uuid4()}"}
        self.act(PREF, "governance.proposed", CONVENTION, {**proposal, "act": "revoke_key", "kid": key.kid, "signatory": MOUVEMENT,
                                                           "reason": "exemple"})
        for slug in (AMICALE, ML1):
            self.act(slug, "governance.approved", CONVENTION, proposal)
        self.assertEqual(client.get("/v1/cases").status, 200)  # approved, and not in effect
        self.act(PREF, "key.revoked_by_quorum", CONVENTION, proposal)
        self.assertEqual(client.get("/v1/cases").rule, "key-revoked")
        answer = self.reader().post(by_it.statement("practice.shared", "library/exemple", {"title": "x", "summary": "x"}))
        self.assertEqual(answer.rule, "key-revoked")
        self.assertEqual(self.reader(MOUVEMENT).get("/v1/cases").status, 200)


class Membership(Reading, LedgerTest):
    def gone(self, slug, client, live, subject, event):
        """A signatory that has left: it signs and reads nothing, and a stream that it had open has ended."""
        self.ends(live)
        for path in ("/v1/cases", f"/v1/cases/{id_of(subject)}", f"/v1/cases/{id_of(subject)}/timeline", f"/v1/events/{event}",
                     f"/v1/events/{event}?format=sd-jwt", f"/v1/events/{event}/receipt", "/v1/events/live",
                     "/v1/referrals?box=inbox", "/v1/deadlines", "/v1/signatories"):
            self.assertEqual(client.get(path).status, 401, path)
        for name, stream, data in (("support.step_done", subject, self.step_data()),
                                   ("case.detected", case(), DETECTED),
                                   ("practice.shared", "library/exemple", {"title": "Exemple", "summary": "Exemple"})):
            size = self.server.size()
            answer = self.reader().post(client.signatory.statement(name, stream, data))
            self.assertEqual((answer.status, self.server.size()), (401, size), answer)

    def closing(self, slug, pending, accepted, asked):
        """What is open with it is its requester's to end, and nothing new is."""
        (waiting, first), (shared, second), transfer = pending, accepted, asked
        for subject, referral in ((waiting, first), (shared, second)):
            self.refuse("signatory-unknown", ML1, "referral.requested", subject,
                        {"referral_id": str(uuid.uuid4()), "to": slug, "need": "complaint", "urgency": "urgent",
                         "legal_basis": "l226_2_2"})
            self.act(ML1, "referral.cancelled", subject, {"referral_id": referral})
            self.assertEqual(self.phases(ML1, subject), {referral: "CANCELLED"})
        listed = self.reader(ML1).get("/v1/referrals?box=outbox&open=true&limit=500").text
        self.assertNotIn(first, listed)
        self.assertNotIn(second, listed)
        self.act(ML1, "case.annulled", transfer, {"target_version": 3, "reason": "entered_by_mistake"})
        self.refuse("signatory-unknown", ML1, "case.transfer_requested", transfer,
                    {"to": slug, "reason": "capacity", "kind": "permanent"})
        self.act(ML1, "case.transfer_requested", transfer, {"to": AMICALE, "reason": "capacity", "kind": "permanent"})
        # What it did stays in the line of time.
        self.assertIn("referral.accepted", self.timeline(ML1, shared))
        self.assertEqual(self.sees(ML1, shared, OWN), [OWN])

    def open_with(self, slug):
        """-> a referral that waits, one that is accepted, a transfer that is asked for"""
        waiting, shared, transfer = (self.minor(ML1) for _ in range(3))
        first, second = self.ask(ML1, waiting, slug), self.ask(ML1, shared, slug)
        self.accept_referral(slug, shared, second)
        self.confide(slug, shared, OWN)
        self.act(ML1, "case.transfer_requested", transfer, {"to": slug, "reason": "capacity", "kind": "permanent"})
        return (waiting, first), (shared, second), transfer

    def test_withdrawn_by_quorum(self):
        with_it = self.open_with(ML2)
        held = self.minor(ML2)
        event = self.events(ML2, stream=with_it[1][0])[0]["id"]
        live = Live(self.server, self.reader(ML2), query="?type=tool.published")
        self.addCleanup(live.close)
        proposal = {"proposal_id": f"exemple-{uuid.uuid4()}"}
        self.act(PREF, "governance.proposed", CONVENTION,
                 {**proposal, "act": "withdraw_signatory", "signatory": ML2, "reason": "exemple"})
        for slug in (AMICALE, ML1):
            self.act(slug, "governance.approved", CONVENTION, proposal)
        self.refuse("open-cases-first", PREF, "signatory.withdrawn", CONVENTION, {**proposal, "reason": "excluded"})
        self.step(ML2, held)  # until it is withdrawn it is a signatory like any other
        self.act(ML2, "case.transfer_requested", held, {"to": ML1, "reason": "signatory_withdraws", "kind": "permanent"})
        self.act(ML1, "case.transfer_accepted", held)
        self.act(PREF, "signatory.withdrawn", CONVENTION, {**proposal, "reason": "excluded"})
        self.gone(ML2, self.reader(ML2), live, with_it[1][0], event)
        self.closing(ML2, *with_it)
        self.assertEqual(len(self.events(ML1, stream=CONVENTION, type="signatory.withdrawn")), 1)

    def test_a_mission_locale_is_detached(self):
        slug, key, own = f"mission-locale-{uuid.uuid4().hex[:6]}", Key(), f"signatory/{UDML}"
        signatory = self.ledger.signatories[slug] = Signatory(slug, key)

        def attach(new, **proof):
            self.act(UDML, "mission_locale.attached", own,
                     {"mission_locale": slug, "name": "Exemple", **signatory.key_data(new, self.ledger.origin), **proof})

        attach(key)
        with_it = self.open_with(slug)
        event = self.events(slug, stream=with_it[1][0])[0]["id"]
        live = Live(self.server, self.reader(slug), query="?type=tool.published")
        self.addCleanup(live.close)
        leaves = key.jwt({"aud": f"{self.ledger.origin}/mission_locale.detached", "iss": signatory.source}, "relais-key-proof+jwt")
        self.act(UDML, "mission_locale.detached", own, {"mission_locale": slug, "proof": leaves})
        self.gone(slug, self.reader(slug), live, with_it[1][0], event)
        self.closing(slug, *with_it)
        # Back again, it has what it wrote; what was ended with it stays ended.
        signatory.key = Key()
        attach(signatory.key, proof=signatory.vouched(key, signatory.key, self.ledger.origin))
        self.assertEqual(self.sees(slug, with_it[1][0], NOTE, OWN), [OWN])
        self.nothing_of_an_addressee(slug, with_it[1][0])
        self.refuse("not-addressee", slug, "case.transfer_accepted", with_it[2])


class ASeatOnTheCommission(Reading, LedgerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        self.accredit(AMICALE)
        self.appoint()
        self.doCleanups()

    def file(self):
        subject = self.supported(AMICALE)
        self.apply(AMICALE, subject)
        return subject, self.events(AMICALE, stream=subject, type="psp.applied")[0]["id"]

    def of_file(self, slug, event):
        return [self.reader(slug).get(f"/v1/events/{event}{form}").status for form in ("", "?format=sd-jwt", "/receipt")]

    def test_recused(self):
        subject, applied = self.file()
        self.assertEqual(self.of_file(POLICE, applied), [404] * 3)
        session = self.convene(subject)
        self.assertEqual(self.of_file(POLICE, applied), [200] * 3)
        self.assertEqual(len(self.events(POLICE, stream=subject)), 1)
        live = Live(self.server, self.reader(POLICE), query=f"?stream={subject}")
        self.addCleanup(live.close)
        everything = Live(self.server, self.reader(POLICE))
        self.addCleanup(everything.close)
        recused = self.act(POLICE, "member.recused", session, {"case_id": id_of(subject), "ground": "knows_person"})
        self.hold(session)
        # Neither the file nor what the others say of it, by any way.
        voters = len(COMMISSION) - 2  # without it, and without who presents the file
        self.refuse("tally", PREF, "psp.opinion_given", subject, self.opinion(session, voters + 1))
        given = self.act(PREF, "psp.opinion_given", subject, self.opinion(session, voters))["id"]
        for event in (applied, given):
            self.assertEqual(self.of_file(POLICE, event), [404] * 3)
        self.assertEqual(self.events(POLICE, stream=subject), [])
        shared = self.act(ML1, "practice.shared", "library/exemple", {"title": "Exemple", "summary": "Exemple"})["id"]
        told = [json.loads(everything.next().data)["id"]]
        while told[-1] != shared:
            told.append(json.loads(everything.next().data)["id"])
        self.assertIn(recused["id"], told)
        self.assertNotIn(given, told)
        # It sits in the session all the same, and the log says on what it does not.
        self.assertEqual([e["type"] for e in self.events(POLICE, stream=session)],
                         ["relais.session.convened.v1", "relais.member.recused.v1", "relais.session.held.v1"])
        # Nor does a later session on the same file give it back.
        self.convene(subject)
        self.assertEqual(self.of_file(POLICE, applied), [404] * 3)

    def test_who_has_left(self):
        """Who was not appointed is not called; and a member that has left the convention is called no more."""
        slug = "gendarmerie"
        subject, applied = self.file()
        self.convene(subject)
        live = Live(self.server, self.reader(slug), query="?type=tool.published")
        self.addCleanup(live.close)
        self.assertEqual(self.of_file(slug, applied), [200] * 3)
        proposal = {"proposal_id": f"exemple-{uuid.uuid4()}"}
        self.act(PREF, "governance.proposed", CONVENTION,
                 {**proposal, "act": "withdraw_signatory", "signatory": slug, "reason": "exemple"})
        for other in (AMICALE, ML1):
            self.act(other, "governance.approved", CONVENTION, proposal)
        self.act(PREF, "signatory.withdrawn", CONVENTION, {**proposal, "reason": "own"})
        self.ends(live)
        self.assertEqual(self.of_file(slug, applied), [401] * 3)
        for members, rule in (([PREF, slug], "signatory-unknown"), ([PREF, ML1], "member-not-appointed")):
            self.refuse(rule, PREF, "session.convened", f"session/exemple-{uuid.uuid4()}",
                        {"held_on": paris_day(), "members": members, "quorum": 1, "cases": [id_of(subject)]})


class AMinorsProtection(Reading, LedgerTest):
    """Without the clock: an age that was said wrongly."""

    def test_the_age_is_corrected(self):
        subject, accepted = self.shared()
        pending = self.ask(ML1, subject, AMICALE)
        self.act(AMICALE, "referral.received", subject, {"referral_id": pending})
        self.assertEqual((self.sees(AMICALE, subject, NOTE), self.sees(ML2, subject, NOTE)), ([NOTE], [NOTE]))
        self.act(ML1, "external_referral.recorded", subject, {"destination": "health", "need": "shelter"})
        self.act(ML1, "case.corrected", subject, {"target_version": 1, "reason": "wrong_value", "age_band": "22_25"})
        self.assertEqual(self.timeline(ML2, subject)[-1], "case.corrected")
        # What waits for an answer is read no more, and can be ended; what was accepted goes on.
        self.assertEqual(self.sees(AMICALE, subject, NOTE), [])
        for name in ("held", "accepted"):
            self.refuse("referral-basis-ended", AMICALE, "referral." + name, subject, {"referral_id": pending})
        self.confide(ML1, subject)
        self.assertEqual(self.sees(ML2, subject, NOTE, LATER), [NOTE, LATER])
        self.step(ML2, subject)
        for slug in (ML1, ML2):
            self.refuse("consent-missing", slug, "external_referral.recorded", subject, {"destination": "health", "need": "shelter"})
            self.refuse("protection-minor-only", slug, "protection.report_transmitted", subject,
                        {"crip": "metropole", "parents_informed": "yes"})
        self.refuse("legal-basis-not-minor", ML1, "referral.requested", subject,
                    {"referral_id": str(uuid.uuid4()), "to": ML3, "need": "shelter", "urgency": "urgent", "legal_basis": "l226_2_2"})
        self.act(AMICALE, "referral.declined", subject, {"referral_id": pending, "decline_reason": "other"})
        self.assertEqual(self.phases(ML1, subject), {accepted: "ACCEPTED", pending: "DECLINED"})


class OverTheYears(Reading, OverTime):
    def move(self, **period):
        """Far, with the server stopped: no timer of it runs meanwhile."""
        self.assertEqual(self.server.stop(), 0)
        clock.move(**period)
        self.serve()

    def test_majority(self):
        """Sixteen or seventeen when it was said: a minor for two years at most. No event says the day on which that ends;
        the age band, and when it was said, are in the case's first one."""
        subject, accepted = self.shared()
        self.move(days=715)
        self.step(ML1, subject)  # it had become dormant
        declined, cancelled, restored = (self.ask(ML1, subject, to) for to in (AMICALE, MOUVEMENT, ML3))
        for slug, referral in ((AMICALE, declined), (ML3, restored)):
            self.act(slug, "referral.received", subject, {"referral_id": referral})
        for slug in (AMICALE, MOUVEMENT, ML3):
            self.assertEqual(self.sees(slug, subject, NOTE), [NOTE])
        self.act(ML1, "external_referral.recorded", subject, {"destination": "health", "need": "shelter"})
        version = self.case_of(ML1, subject)["version"]
        self.move(days=20)
        # What waits for an answer is taken up no more, and read no more, until she agrees herself.
        for slug, referral, names in ((AMICALE, declined, ("held", "accepted")), (MOUVEMENT, cancelled, ("received",))):
            self.assertEqual(self.sees(slug, subject, NOTE), [])
            for name in names:
                self.refuse("referral-basis-ended", slug, "referral." + name, subject, {"referral_id": referral})
        self.act(AMICALE, "referral.declined", subject, {"referral_id": declined, "decline_reason": "other"})
        self.act(MOUVEMENT, "referral.cancelled", subject, {"referral_id": cancelled})
        self.consent(ML1, subject, "referral", [ML3])
        self.assertEqual(self.sees(ML3, subject, NOTE), [NOTE])
        self.act(ML3, "referral.accepted", subject, {"referral_id": restored})
        self.assertEqual(self.phases(ML1, subject), {accepted: "ACCEPTED", declined: "DECLINED", cancelled: "CANCELLED",
                                                     restored: "ACCEPTED"})
        self.assertEqual(self.timeline(ML1, subject)[version:],
                         ["referral.declined", "referral.cancelled", "case.consent_given", "referral.accepted"])
        # What was accepted goes on as it was.
        self.confide(ML1, subject)
        self.assertEqual(self.sees(ML2, subject, NOTE, LATER), [NOTE, LATER])
        self.step(ML2, subject)
        # Nothing new rests on it.
        self.refuse("legal-basis-not-minor", ML1, "referral.requested", subject,
                    {"referral_id": str(uuid.uuid4()), "to": AMICALE, "need": "shelter", "urgency": "urgent",
                     "legal_basis": "l226_2_2"})
        self.refuse("consent-missing", ML2, "external_referral.recorded", subject, {"destination": "health", "need": "shelter"})
        self.refuse("protection-minor-only", ML2, "protection.report_transmitted", subject,
                    {"crip": "metropole", "parents_informed": "yes"})
        self.act(ML2, "protection.prosecutor_notified", subject, {}, {"court": "Lyon"})

    def test_the_clock_expires_a_referral(self):
        subject = self.minor(ML1)
        referral = self.ask(ML1, subject, ML2)
        self.act(ML2, "referral.received", subject, {"referral_id": referral})
        self.act(ML2, "referral.held", subject, {"referral_id": referral}, {"note": OWN})
        self.assertEqual(self.sees(ML2, subject, NOTE, OWN), [NOTE, OWN])
        self.move(days=32)
        eventually(lambda: self.events(ML1, stream=subject, type="referral.expired"), "the request expires")
        self.assertEqual((self.phases(ML1, subject), self.timeline(ML1, subject)[-1], self.line(ML2, referral)),
                         ({referral: "EXPIRED"}, "referral.expired", "EXPIRED"))
        self.refuse("referral-transition", ML2, "referral.accepted", subject, {"referral_id": referral})
        self.nothing_of_an_addressee(ML2, subject)
        self.confide(ML1, subject)
        self.assertEqual(self.sees(ML2, subject, NOTE, OWN, LATER), [OWN])

    def test_accreditation(self):
        """It is judged at the application; a parcours that runs goes on, since it is the person's. A renewal that is
        refused leaves what runs to its end."""
        own = f"signatory/{AMICALE}"
        self.accredit(AMICALE)
        self.appoint()
        self.move(days=1_030)
        running, waiting, third = (self.supported(AMICALE) for _ in range(3))
        self.start_parcours(AMICALE, running)
        self.act(AMICALE, "accreditation.requested", own, {"dossier_hash": HASH})
        self.act(PREF, "accreditation.completed", own, {"complete_on": paris_day()})
        self.act(PREF, "accreditation.refused", own, {"reason": "insufficient_means", "reasons": "exemple", "appeal_route": "gracious",
                                                      "notified_on": paris_day()})
        self.apply(AMICALE, waiting)  # the agrément still runs
        self.move(days=67)
        eventually(lambda: self.events(AMICALE, stream=own, type="accreditation.expired"), "the agrément ends")
        self.consent(AMICALE, third, "psp")
        problem = self.refuse("accreditation-missing", AMICALE, "psp.applied", third, {"dossier_hash": HASH}, {"identity": IDENTITY})
        self.assertEqual(problem["state"], "EXPIRED")
        self.assertEqual(self.reader(PREF).get(f"/v1/cases/{id_of(third)}").status, 404)
        # What was applied for goes its way; what runs goes on, to the next term and its own end.
        session = self.convene(waiting)
        self.hold(session)
        self.act(PREF, "psp.opinion_given", waiting, self.opinion(session, len(COMMISSION) - 1))
        self.act(PREF, "psp.decided", waiting, {"decision": "authorised", "notified_on": paris_day()})
        self.act(AMICALE, "psp.started", waiting, {"starts_on": paris_day()})
        self.act(AMICALE, "psp.suspended", running, {"reason": "health"})
        self.act(AMICALE, "psp.resumed", running)
        self.move(days=60)
        self.act(AMICALE, "psp.review_filed", running, {}, {"progress": LATER})
        self.act(AMICALE, "psp.renewal_requested", running)
        self.act(PREF, "psp.renewal_decided", running, {"decision": "renewed", "notified_on": paris_day()})
        self.assertEqual(self.sees(AMICALE, running, NOTE, LATER), [NOTE, LATER])
        self.assertEqual(self.sees(PREF, running, LATER), [LATER])
        self.act(AMICALE, "psp.ended", running, {"outcome": "employment", "ended_on": paris_day()})


if __name__ == "__main__":
    main()
