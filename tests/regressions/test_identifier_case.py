"""Identifiers are parsed, not compared as text: a UUID is the same in either case (RFC 9562, section 4). What is no UUID by
its definition is exact text: the id and the source of an event (CloudEvents 1.0), also where it looks like one; names of
signatories, sessions, capabilities and proposals, which have no capitals; key ids, whose letters are digits of base64url."""
import json
import unittest
import uuid

from acts import COMMISSION, HASH, POLICE, UDML, Acts, id_of, paris_day
from harness import AMICALE, ASSESSED, DETECTED, ML1, ML2, PREF, Key, LedgerTest, Live, case, main, run


def upper(subject):
    kind, name = subject.split("/")
    return f"{kind}/{name.upper()}"


class IdentifierCase(Acts, LedgerTest):
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

    # --- UUIDs: either case, one thing

    def test_a_case_is_opened_once(self):
        subject = case()
        self.assertEqual(self.act(ML1, "case.detected", upper(subject), DETECTED)["stream"], subject)
        self.refuse("stream-exists", ML1, "case.detected", subject, DETECTED)
        self.refuse("stream-exists", ML2, "case.detected", upper(subject), DETECTED)

    def test_the_case_in_questions(self):
        subject = self.minor(ML1)
        for path in ("/v1/cases/{}", "/v1/cases/{}?asOf=LAST", "/v1/cases/{}/timeline", "/v1/events?stream=case/{}",
                     "/v1/audit?stream=case/{}"):
            with self.subTest(path):
                answers = [self.reader(ML1).get(path.format(name).replace("LAST", str(self.server.size() - 1))) for name in (id_of(subject), id_of(subject).upper())]
                # Who looked is another each time.
                told = [{k: v for k, v in answer.json().items() if k != "looks"} for answer in answers]
                self.assertEqual((answers[0].status, told[0]), (200, told[1]))
                self.assertIn(subject.removeprefix("case/"), answers[0].text)
        # The kind of a stream is a word of ours.
        self.assertEqual(self.reader(ML1).get(f"/v1/events?stream=CASE/{id_of(subject)}").rule, "subject-form")
        self.refuse("subject-form", ML1, "case.risk_assessed", f"Case/{id_of(subject)}", ASSESSED)

    def test_a_live_stream(self):
        subject = self.minor(ML1)
        live = Live(self.server, self.reader(ML1), query=f"?stream={upper(subject)}")
        self.addCleanup(live.close)
        done = self.step(ML1, subject)
        self.assertEqual(json.loads(live.next().data)["id"], done["id"])

    def test_referrals(self):
        for first, second in ((str.upper, str.lower), (str.lower, str.upper)):
            subject, referral = self.minor(ML1), str(uuid.uuid4())
            asked = {"to": ML2, "need": "shelter", "urgency": "urgent", "legal_basis": "l226_2_2"}
            self.act(ML1, "referral.requested", subject, {**asked, "referral_id": first(referral)})
            self.refuse("referral-id-taken", ML1, "referral.requested", subject,
                        {**asked, "need": "complaint", "referral_id": second(referral)})
            for name in ("received", "held", "accepted"):
                self.act(ML2, "referral." + name, subject, {"referral_id": second(referral)})
            self.act(ML2, "referral.completed", subject, {"referral_id": first(referral), "outcome": "attended"})
            self.assertEqual([(r["id"], r["phase"]) for r in self.case_of(ML1, subject)["referrals"]], [(referral, "COMPLETED")])

    def test_steps_and_contributions(self):
        subject = self.minor(ML1)
        for first, second in ((str.upper, str.lower), (str.lower, str.upper)):
            step, contribution = str(uuid.uuid4()), str(uuid.uuid4())
            self.act(ML1, "support.step_planned", subject, {"step_id": first(step), "need": "shelter"})
            self.refuse("step-id-taken", ML1, "support.step_planned", subject, {"step_id": second(step), "need": "shelter"})
            self.act(ML1, "support.step_missed", subject, {"step_id": second(step), "reason": "postponed"})
            self.act(ML1, "contribution.committed", subject, {"contribution_id": first(contribution), "kind": "material"})
            self.refuse("contribution-id-taken", ML1, "contribution.committed", subject,
                        {"contribution_id": second(contribution), "kind": "material"})
            self.act(ML1, "contribution.delivered", subject, {"contribution_id": second(contribution)})
            shown = json.dumps(self.case_of(ML1, subject))
            self.assertIn(step, shown)
            self.assertNotIn(step.upper(), shown)

    def test_the_files_of_a_session(self):
        """session.convened and member.recused name cases."""
        self.accredit(AMICALE)
        self.appoint()
        subject = self.supported(AMICALE)
        self.apply(AMICALE, subject)
        session = self.convene(upper(subject))
        self.act(POLICE, "member.recused", session, {"case_id": id_of(subject), "ground": "knows_person"})
        self.refuse("recused-already", POLICE, "member.recused", session,
                    {"case_id": id_of(subject).upper(), "ground": "knows_person"})
        self.hold(session)
        # The name of a session is no UUID, though it may hold one.
        voters = len(COMMISSION) - 2
        self.refuse("format-slug", PREF, "psp.opinion_given", subject,
                    {**self.opinion(session, voters), "session": id_of(session).upper()})
        self.act(PREF, "psp.opinion_given", upper(subject), self.opinion(session, voters))
        self.refuse("subject-form", PREF, "session.held", upper(session), {"present": [PREF], "minutes_hash": HASH})
        self.assertEqual(self.reader(PREF).get(f"/v1/events?stream={upper(session)}").rule, "subject-form")

    # --- exact text

    def test_the_id_of_an_event(self):
        """Two events whose ids differ in nothing but their case are two; each is asked for as it was signed."""
        one = str(uuid.uuid4())
        subjects = {name: case() for name in (one, one.upper())}
        statements = {name: self.by(ML1).statement("case.detected", subject, DETECTED, id=name)
                      for name, subject in subjects.items()}
        for statement in statements.values():
            self.accept(self.reader(), statement)
        for name, subject in subjects.items():
            for form in ("", "?format=sd-jwt", "/receipt", "?source=" + self.by(ML1).source):
                self.assertEqual(self.reader(ML1).get(f"/v1/events/{name}{form}").status, 200)
            shown = self.reader(ML1).get(f"/v1/events/{name}").json()
            self.assertEqual((shown["id"], shown["subject"]), (name, subject))
            self.assertEqual(self.reader().post(statements[name]).json()["stream"], subject)  # the duplicate of its own
        lonely = self.act(ML1, "case.detected", case(), DETECTED)["id"]
        for form in ("", "?format=sd-jwt", "/receipt"):
            self.assertEqual(self.reader(ML1).get(f"/v1/events/{lonely.upper()}{form}").status, 404)
        source = self.by(ML1).source
        self.assertEqual(self.reader(ML1).get(f"/v1/events/{lonely}?source={source.upper()}").status, 404)
        self.refuse("source-not-of-key", ML1, "case.detected", case(), DETECTED, source=source.upper())

    def test_receipts_in_a_folder(self):
        """`relais submit` keeps one for each."""
        one = str(uuid.uuid4())
        file, folder = self.ledger.folder / "both.sd-jwt", self.ledger.folder / "both"
        file.write_text("".join(self.by(ML1).statement("case.detected", case(), DETECTED, id=name) + "\n"
                                for name in (one, one.upper())))
        run("submit", "--url", self.server.url, "--vkey", self.ledger.vkey, "--receipts", folder, file, "--json")
        self.assertEqual({f.name for f in folder.rglob("*.tlog-proof")}, {f"{name}.tlog-proof" for name in (one, one.upper())})

    def test_names(self):
        """Signatories, capabilities, proposals, networks: capitals are not of their alphabet."""
        subject, own = self.minor(ML1), f"signatory/{AMICALE}"
        asked = {"referral_id": str(uuid.uuid4()), "to": ML2.upper(), "need": "shelter", "urgency": "urgent",
                 "legal_basis": "l226_2_2"}
        self.refuse("format-signatory", ML1, "referral.requested", subject, asked)
        self.assertEqual(self.reader(ML1).get(f"/v1/events?signatory={ML1.upper()}").rule, "signatory-unknown")
        offer = {"capability_id": "abri", "service_type": "accompagnement", "publics": ["femmes"], "needs": ["shelter"],
                 "territories": ["metropole"]}
        self.act(AMICALE, "capability.declared", own, offer)
        for name, data in (("capability.declared", {**offer, "capability_id": "Abri"}),
                           ("capability.withdrawn", {"capability_id": "ABRI"}),
                           ("capacity.updated", {"capability_id": "ABRI", "level": "open", "places": 1})):
            self.refuse("format-slug", AMICALE, name, own, data)
        proposal = {"act": "amend_convention", "document_hash": HASH, "reason": "exemple",
                    "terms": [{"name": "referral-answer-days", "value": 9}]}
        self.act(UDML, "governance.proposed", "convention/rhone-2023", {**proposal, "proposal_id": "une-clause"})
        self.refuse("format-slug", PREF, "governance.approved", "convention/rhone-2023", {"proposal_id": "UNE-CLAUSE"})
        shared = {"title": "Exemple", "summary": "Exemple"}
        for stream in ("library/Exemple", "LIBRARY/exemple"):
            self.refuse("subject-form", ML1, "practice.shared", stream, shared)
        self.refuse("subject-form", AMICALE, "focal_point.designated", own.upper(), {"mailbox": "a@example.org"})
        self.assertEqual(self.reader(ML1).get("/v1/events?type=CASE.DETECTED").rule, "type-unknown")

    def test_a_partner_of_another_producer(self):
        """partner_id is the text that its producer gave (data·inclusion)."""
        network = "network/exemple"
        partner = {"nom": "Exemple", "date_maj": paris_day()}
        for name in ("dora--Ab", "dora--aB"):
            self.act(ML1, "partner.introduced", network, {**partner, "partner_id": name})
        self.assertEqual([e["data"]["partner_id"] for e in self.events(ML1, stream=network)], ["dora--Ab", "dora--aB"])

    def test_key_ids(self):
        own, key = f"signatory/{AMICALE}", Key()
        self.act(AMICALE, "key.enrolled", own, self.by(AMICALE).key_data(key, self.ledger.origin))
        swapped = key.kid[:-1].swapcase() + key.kid[-1]
        self.refuse("key-unknown", AMICALE, "key.revoked", own, {"kid": swapped, "reason": "lost"})
        self.act(AMICALE, "key.revoked", own, {"kid": key.kid, "reason": "lost"})


if __name__ == "__main__":
    main()
