"""docs/DOMAIN.md, section 1, "Who may do what, and must not": every "must not" over the real API, reading and writing,
beside what the same role may do, so that no refusal is empty."""
import json
import unittest
import uuid

from acts import (ADULT, COMMISSION, GENDARMERIE, HASH, IDENTITY, MAGISTRATE, NOTE, POLICE, UDML, Acts, OverTime, id_of,
                  paris_day)
from harness import (AMICALE, ANALYST, ASSESSED, DETECTED, ML1, ML2, ML3, MOUVEMENT, PREF, Key, LedgerTest, Live, UnixConnection,
                     Signatory, all_pages, case, clock, main, run, unb64u)
from load import entries

import verify_receipt  # found through harness

LISTS = {"/v1/cases?limit=500": "cases", "/v1/events?limit=500": "events", "/v1/audit?limit=500": "events",
         "/v1/deadlines?limit=500": "deadlines", "/v1/referrals?box=inbox&limit=500": "referrals",
         "/v1/referrals?box=outbox&limit=500": "referrals", "/v1/capabilities?need=shelter": "capabilities",
         "/v1/signatories": "signatories", "/v1/keys": "keys"}
SECRETS = (NOTE, IDENTITY)
SYSTEM = "relais"


def decoded(text):
    """A statement with its payload and its disclosures to be read; any other text as it is."""
    jwt, *disclosures = text.strip().split("~")
    if not disclosures:
        return text
    return "\n".join(unb64u(part).decode() for part in (jwt.split(".")[1], *disclosures[:-1]))


class Domain(Acts, LedgerTest):
    """The Amicale and the Mouvement are accredited, and sit on the commission."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        for slug in (AMICALE, MOUVEMENT):
            self.accredit(slug)
        self.appoint()
        self.doCleanups()

    def everything(self, slug):
        """All that a reader gets from the lists and from what they lead to, in one text."""
        client = self.reader(slug)
        found = {path: all_pages(client, path, member) for path, member in LISTS.items()}
        paths = [f"/v1/events/{e['id']}{form}" for e in found["/v1/events?limit=500"]
                 for form in ("", "?format=sd-jwt", "/receipt")]
        paths += [f"/v1/cases/{c['id']}{part}" for c in found["/v1/cases?limit=500"] for part in ("", "/timeline")]
        answers = [client.get(path) for path in paths]
        texts = [decoded(a.text) for a in answers if a.status == 200]
        return "\n".join([json.dumps(found, ensure_ascii=False), *texts])

    def sees(self, slug, text):
        return text in self.everything(slug)

    def seen(self, slug, path):
        """An answer without what differs between any two."""
        answer = self.reader(slug).get(path)
        return answer.status, {k: v for k, v in answer.headers.items() if k != "date"}, answer.body

    def event_of(self, slug, subject, name):
        """The first event of a type on a stream, as GET /v1/events/{id} shows it to a reader."""
        found = self.events(slug, stream=subject, type=name)[0]
        return self.reader(slug).get(f"/v1/events/{found['id']}").json()

    def paths_of(self, slug, subject):
        """Where a case and its events are, as one that takes part knows."""
        event = f"/v1/events/{self.events(slug, stream=subject)[0]['id']}"
        one = f"/v1/cases/{id_of(subject)}"
        return one, one + "/timeline", event, event + "?format=sd-jwt", event + "/receipt"

    def statuses(self, slug, paths):
        return {self.reader(slug).get(path).status for path in paths}

    def shared_file(self):
        """A case of mission locale 1 on which the Amicale applies; the commission has met on it: -> (case, session)"""
        subject = self.supported(ML1)
        self.consent(ML1, subject, "referral")
        self.accept_referral(AMICALE, subject, self.ask(ML1, subject, AMICALE, "consent"))
        self.consent(ML1, subject, "psp")
        self.act(AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
        session = self.convene(subject)
        self.act(POLICE, "member.recused", session, {"case_id": id_of(subject), "ground": "knows_person"})
        self.hold(session)
        self.act(PREF, "psp.opinion_given", subject, self.opinion(session, 3, 1))
        return subject, session


class MissionLocale(Domain):
    def test_adviser_must_not_see_other_organisations_cases(self):
        own, others = self.supported(ML1), self.supported(AMICALE)
        self.assertEqual(self.statuses(ML1, self.paths_of(ML1, own)), {200})
        self.assertEqual(self.statuses(ML1, self.paths_of(AMICALE, others)), {404})
        self.assertEqual((self.sees(ML1, id_of(own)), self.sees(ML1, id_of(others)), self.sees(ML2, id_of(own))),
                         (True, False, False))
        self.refuse("stream-unknown", ML1, "case.risk_assessed", others, ASSESSED)
        self.refuse("stream-unknown", ML2, "referral.received", own, {"referral_id": str(uuid.uuid4())})
        # What it may: detect and support (above), refer, answer what is addressed to it; then the case is its own, too.
        self.consent(ML1, own, "referral", [ML2])
        self.accept_referral(ML2, own, self.ask(ML1, own, ML2, "consent"))
        self.step(ML2, own)
        self.assertEqual(self.statuses(ML2, self.paths_of(ML1, own)), {200})

    def test_adviser_must_not_read_on_after_it_has_declined(self):
        subject = self.supported(ML1)
        self.consent(ML1, subject, "referral", [ML2])
        referral = self.ask(ML1, subject, ML2, "consent")
        self.act(ML2, "referral.received", subject, {"referral_id": referral})
        self.act(ML2, "referral.declined", subject, {"referral_id": referral, "decline_reason": "no_capacity"})
        self.act(ML1, "case.consent_withdrawn", subject, {"scope": "referral"})
        step = {"step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"}
        done = self.act(ML1, "support.step_done", subject, step, {"detail": "exemple, plus tard"})
        later = f"/v1/events/{done['id']}"
        self.assertIn("exemple, plus tard", self.reader(ML1).get(later).text)
        self.assertNotIn("exemple, plus tard", self.reader(ML2).get(later).text)

    def test_adviser_must_not_see_psp_debates_of_others(self):
        subject, _ = self.shared_file()
        self.assertEqual(len(self.events(PREF, stream=subject, type="psp.*")), 2)
        self.assertEqual(self.events(ML2, stream=subject), [])
        self.assertNotIn("psp.", " ".join(e["type"] for e in self.events(ML2)))
        self.refuse("emitter-forbidden", ML1, "psp.opinion_given", subject, self.opinion("session/x", 1))
        self.refuse("emitter-forbidden", ML1, "psp.applied", subject, {"dossier_hash": HASH})

    def test_adviser_must_not_see_the_votes_on_its_own_case(self):
        subject, _ = self.shared_file()
        self.assertTrue(self.sees(PREF, '"against": 1'))
        self.assertFalse(self.sees(ML1, '"against": 1'))

    def test_adviser_must_not_see_the_sessions_of_the_commission(self):
        subject, session = self.shared_file()
        self.assertTrue(self.sees(POLICE, session))
        self.assertFalse(self.sees(ML2, id_of(subject)))  # one of the files
        self.assertFalse(self.sees(ML2, "knows_person"))  # the ground of a recusal

    def test_adviser_must_not_see_the_identity_given_to_the_prefecture(self):
        """docs/DOMAIN.md, section 2: identity[S] of psp.applied is for the préfecture only."""
        subject, _ = self.shared_file()
        self.assertEqual(self.event_of(PREF, subject, "psp.applied")["data"]["identity"], IDENTITY)
        self.assertNotIn("identity", self.event_of(ML1, subject, "psp.applied")["data"])


class AccreditedAssociation(Domain):
    def test_association_must_not_vote_on_a_file_it_presents(self):
        own, others = self.supported(AMICALE), self.supported(MOUVEMENT)
        self.apply(AMICALE, own)
        self.apply(MOUVEMENT, others)
        session = self.convene(own, others)
        self.hold(session)
        voters = len(COMMISSION) - 1
        for subject in (own, others):  # the other association votes, the one that presents does not
            self.refuse("tally", PREF, "psp.opinion_given", subject, self.opinion(session, voters + 1))
            self.act(PREF, "psp.opinion_given", subject, self.opinion(session, voters))
        self.refuse("emitter-forbidden", AMICALE, "psp.opinion_given", own, self.opinion(session, voters))
        self.refuse("emitter-forbidden", AMICALE, "psp.decided", own,
                    {"decision": "authorised", "notified_on": paris_day()})
        # Alone at the table it has nothing to say.
        own = self.supported(AMICALE)
        self.apply(AMICALE, own)
        session = self.convene(own, members=(AMICALE, POLICE))
        self.hold(session, present=(AMICALE, POLICE))
        self.refuse("tally", PREF, "psp.opinion_given", own, self.opinion(session, 2))
        self.act(PREF, "psp.opinion_given", own, self.opinion(session, 1))

    def test_association_must_not_reveal_identity_without_an_application(self):
        subject = self.supported(AMICALE)
        identity = {"identity": IDENTITY}
        self.refuse("disclosure-not-sensitive", AMICALE, "case.risk_assessed", subject, ASSESSED, identity)
        self.refuse("member-unknown", AMICALE, "case.risk_assessed", subject, {**ASSESSED, **identity})
        self.consent(AMICALE, subject, "psp")
        self.consent(AMICALE, subject, "referral")
        self.refuse("sensitive-in-clear", AMICALE, "psp.applied", subject, {"dossier_hash": HASH, **identity})
        # No other act brings the préfecture to a person's case.
        referral = {"referral_id": str(uuid.uuid4()), "need": "shelter", "urgency": "urgent", "legal_basis": "consent"}
        self.refuse("addressee-cannot-receive", AMICALE, "referral.requested", subject, {**referral, "to": PREF})
        self.refuse("addressee-cannot-receive", AMICALE, "case.transfer_requested", subject,
                    {"to": PREF, "reason": "competence", "kind": "permanent"})
        self.refuse("attendee-not-participant", AMICALE, "coordination.meeting_held", subject,
                    {"held_on": paris_day(), "attending": [PREF]})
        self.refuse("plan-signatory-not-participant", AMICALE, "plan.agreed", subject,
                    {"needs": ["shelter"], "signatories": [PREF]})
        self.assertEqual((self.sees(PREF, id_of(subject)), self.sees(PREF, IDENTITY)), (False, False))
        # With the application it is the préfecture's to read: the identity, and nothing else that was confided.
        self.act(AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, identity)
        self.assertEqual(self.event_of(PREF, subject, "psp.applied")["data"], {"dossier_hash": HASH, **identity})
        self.assertEqual(self.event_of(PREF, subject, "case.detected")["data"], ADULT)
        self.assertFalse(self.sees(PREF, NOTE))

    def test_association_must_not_reveal_identity_without_consent(self):
        subject = self.supported(AMICALE)
        application = ("psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
        self.refuse("consent-missing", AMICALE, *application)
        for scope, recipients in (("referral", []), ("sharing", []), ("psp", [ML1])):  # another use; another recipient
            self.consent(AMICALE, subject, scope, recipients)
            self.refuse("consent-missing", AMICALE, *application)
        self.consent(AMICALE, subject, "psp", [PREF])
        self.act(AMICALE, "case.consent_withdrawn", subject, {"scope": "psp"})
        self.refuse("consent-missing", AMICALE, *application)
        self.assertFalse(self.sees(PREF, id_of(subject)))
        self.consent(AMICALE, subject, "psp", [PREF])
        self.act(AMICALE, *application)
        self.assertTrue(self.sees(PREF, id_of(subject)))


class Union(Domain):
    def test_udml_must_not_read_cases(self):
        subject = self.supported(ML1)
        self.ask(ML1, self.minor(ML1), ML2)
        self.assertEqual(self.statuses(ML1, self.paths_of(ML1, subject)), {200})
        self.assertEqual(self.statuses(UDML, self.paths_of(ML1, subject)), {404})
        everything = self.everything(UDML)
        for text in (id_of(subject), "relais.case.", "relais.referral.", *SECRETS):
            self.assertFalse(text in everything, text)
        for name, data in (("case.detected", DETECTED), ("case.risk_assessed", ASSESSED)):
            self.refuse("emitter-forbidden", UDML, name, subject, data)
        committed = {"contribution_id": str(uuid.uuid4()), "kind": "expertise"}
        self.assertEqual(self.refuse("stream-unknown", UDML, "contribution.committed", subject, committed),
                         self.refuse("stream-unknown", UDML, "contribution.committed", case(), committed))
        referral = {"referral_id": str(uuid.uuid4()), "need": "shelter", "urgency": "urgent", "legal_basis": "l226_2_2"}
        self.refuse("addressee-cannot-receive", ML1, "referral.requested", self.minor(ML1), {**referral, "to": UDML})
        # What it may: who is a mission locale of the union.
        key, slug = Key(), "mission-locale-exemple"
        signatory = Signatory(slug, key)
        self.act(UDML, "mission_locale.attached", f"signatory/{UDML}",
                 {"mission_locale": slug, "name": "Exemple", **signatory.key_data(key, self.ledger.origin)})
        self.assertIn(slug, [s["id"] for s in self.reader(UDML).get("/v1/signatories").json()["signatories"]])


class Prefecture(Domain):
    def test_prefecture_must_not_list_cases_without_application(self):
        hidden, minor, applied = self.supported(AMICALE), self.minor(ML1), self.supported(AMICALE)
        self.ask(ML1, minor, AMICALE)
        live = Live(self.server, self.reader(PREF))
        self.step(AMICALE, hidden)
        self.apply(AMICALE, applied)
        event = {}
        while event.get("type") != "relais.psp.applied.v1":
            event = json.loads(live.next().data)
            self.assertEqual(event["stream"], applied)
        live.close()
        for subject, by in ((hidden, AMICALE), (minor, ML1)):
            self.assertEqual(self.statuses(PREF, self.paths_of(by, subject)), {404})
            self.assertFalse(self.sees(PREF, id_of(subject)))
        self.assertEqual([c["id"] for c in self.reader(PREF).get("/v1/cases?limit=500").json()["cases"]
                          if c["id"] in (id_of(hidden), id_of(minor))], [])
        self.assertEqual(self.statuses(PREF, self.paths_of(AMICALE, applied)), {200})
        self.assertTrue(self.sees(PREF, id_of(applied)))

    def test_prefecture_must_not_infer_identities_by_reading(self):
        """Whether a case or an event exists makes no difference to any answer."""
        hidden, none = self.supported(AMICALE), case()
        event = self.events(AMICALE, stream=hidden)[0]["id"]
        for path in ("/v1/cases/{case}", "/v1/cases/{case}?asOf=1", "/v1/cases/{case}/timeline",
                     "/v1/events?stream=case/{case}", "/v1/events?stream=case/{case}&order=desc&limit=1",
                     "/v1/audit?stream=case/{case}", "/v1/events/{event}", "/v1/events/{event}?format=sd-jwt",
                     "/v1/events/{event}/receipt", "/v1/events/{event}?source=" + self.by(AMICALE).source):
            with self.subTest(path):
                of_hidden = self.seen(PREF, path.format(case=id_of(hidden), event=event))
                of_none = self.seen(PREF, path.format(case=id_of(none), event=uuid.uuid4()))
                self.assertEqual(of_hidden, of_none)
                if "asOf" not in path:  # it was not there so early
                    self.assertNotEqual(self.seen(AMICALE, path.format(case=id_of(hidden), event=event))[2], of_none[2])

    def test_prefecture_must_not_infer_identities_by_writing(self):
        """Nor to any refusal."""
        hidden, none = self.supported(AMICALE), case()
        acts = {"psp.decided": {"decision": "authorised", "notified_on": paris_day()},
                "psp.opinion_given": self.opinion("session/x", 1), "psp.suspended": {"reason": "health"},
                "psp.ended": {"outcome": "withdrawn", "ended_on": paris_day()},
                "afis.opened": {"opened_on": paris_day()},
                "contribution.committed": {"contribution_id": str(uuid.uuid4()), "kind": "expertise"},
                "case.detected": DETECTED, "case.closed": {"reason": "goals_met"}}
        for name, data in acts.items():
            for version in (None, '"3"', '"7"'):
                with self.subTest(name, version=version):
                    headers = {"If_Match": version} if version else {}
                    answers = [self.reader().post(self.by(PREF).statement(name, subject, data), **headers)
                               for subject in (hidden, none)]
                    self.assertEqual(len({(a.status, a.body) for a in answers}), 1, answers)
                    self.assertIn(answers[0].status, (403, 404))
        # Called to a session, a file that exists and one that does not are the same to it.
        stations = [self.convene(subject) for subject in (hidden, none)]
        for session, subject in zip(stations, (hidden, none), strict=True):
            self.act(PREF, "member.recused", session, {"case_id": id_of(subject), "ground": "conflict_of_interest"})
        # The same acts on a file that was applied for are judged by their content.
        self.apply(AMICALE, hidden)
        self.refuse("psp-transition", PREF, "psp.decided", hidden, acts["psp.decided"])
        self.act(PREF, "contribution.committed", hidden, acts["contribution.committed"])

    def test_prefecture_must_not_infer_identities_by_counts(self):
        def counts():
            return [self.seen(PREF, path) for path in (
                f"/v1/events?signatory={ML3}&limit=500", f"/v1/audit?signatory={ML3}&limit=500", "/v1/signatories",
                "/v1/cases", "/v1/deadlines", "/v1/referrals", "/v1/events?axis=detection&type=case.*",
                "/v1/audit?type=protection.*")]

        before = counts()
        subject = self.minor(ML3)
        self.act(ML3, "protection.report_transmitted", subject, {"crip": "metropole", "parents_informed": "yes"})
        self.ask(ML3, subject, AMICALE)
        self.assertEqual(counts(), before)
        self.act(ML3, "practice.shared", "library/exemple", {"title": "Exemple", "summary": "Exemple"})
        of_ml3 = [len(json.loads(shown[0][2])["events"]) for shown in (before, counts())]
        self.assertEqual(of_ml3[1], of_ml3[0] + 1)

    def test_prefecture_must_not_alter_the_order_of_events(self):
        subject = f"signatory/{PREF}"

        def appoint(**attributes):
            return self.by(PREF).statement("member.appointed", subject, {"institution": POLICE, "capacity": "police"},
                                           **attributes)

        def leaves():
            size = self.server.size()
            return self.server.get(f"/log/tile/0/000.p/{size}" if size < 256 else "/log/tile/0/000").body

        before = leaves()
        statement = appoint(time="2020-01-01T00:00:00Z")  # what it claims of the time changes nothing of its place
        first = self.accept(self.reader(), statement).json()
        after = self.minor(ML1)
        second = self.accept(self.reader(), appoint(time="2019-01-01T00:00:00Z")).json()
        ours = self.events(PREF, stream=subject, type="member.appointed")[-2:]
        self.assertEqual([(e["index"], e["version"]) for e in ours],
                         [(r["index"], r["version"]) for r in (first, second)])
        between = self.events(ML1, stream=after)
        self.assertTrue(first["index"] < between[0]["index"] < between[1]["index"] < second["index"])
        self.assertLessEqual(ours[0]["receivedAt"], ours[1]["receivedAt"])
        # Sent again it keeps its place; other content under its number is refused.
        self.assertEqual(self.reader().post(statement).json(), first)
        event = json.loads(unb64u(statement.split(".")[1]))
        again = self.reader().post(self.by(PREF).sign({**event, "data": {"institution": POLICE, "capacity": "autre"}}))
        self.assertEqual((again.status, again.rule), (409, "id-reused"))
        self.assertEqual(self.reader().post(appoint(), If_Match=f'"{first["version"]}"').status, 412)
        for method, path in (("DELETE", f"/v1/events/{first['id']}"), ("PUT", f"/v1/events/{first['id']}"),
                             ("PATCH", "/v1/events"), ("PUT", "/log/checkpoint"), ("POST", "/admin/rebuild")):
            self.assertIn(self.reader(PREF).request(method, path).status, (404, 405), (method, path))
        # What was logged before stands as it stood, and the receipt proves it.
        self.assertTrue(leaves().startswith(before))
        index, _, _ = verify_receipt.verify(self.ledger.vkey, first["receipt"], statement)
        self.assertEqual(index, first["index"])


class CommissionMember(Domain):
    def test_member_reads_the_files_of_its_sessions(self):
        subject, _ = self.shared_file()
        self.assertEqual([e["type"] for e in self.events(MAGISTRATE, stream=subject)],
                         ["relais.psp.applied.v1", "relais.psp.opinion_given.v1"])  # the commission's acts, and no more
        event, _, receipt = self.paths_of(MAGISTRATE, subject)[2:]
        self.assertEqual(self.statuses(MAGISTRATE, (event, receipt)), {200})
        self.assertEqual(self.event_of(MAGISTRATE, subject, "psp.applied")["data"]["dossier_hash"], HASH)
        self.assertNotIn("identity", self.event_of(MAGISTRATE, subject, "psp.applied")["data"])
        self.assertEqual(self.statuses(MAGISTRATE, self.paths_of(PREF, subject)[:2]), {404})  # what supports the person

    def test_member_must_not_read_a_file_after_recusal(self):
        subject, session = self.shared_file()
        self.assertEqual(self.statuses(POLICE, self.paths_of(PREF, subject)), {404})
        self.assertEqual(self.events(POLICE, stream=subject), [])
        self.assertNotIn(id_of(subject), json.dumps(self.reader(POLICE).get("/v1/cases?limit=500").json()))
        self.refuse("session-held", POLICE, "member.recused", session,
                    {"case_id": id_of(subject), "ground": "knows_person"})
        # What it goes on seeing: its session, the audit trail, the proofs.
        held = self.events(POLICE, stream=session, type="session.held")[0]
        receipt = self.reader(POLICE).get(f"/v1/events/{held['id']}/receipt").text
        statement = self.reader(POLICE).get(f"/v1/events/{held['id']}?format=sd-jwt").text.strip()
        self.assertEqual(verify_receipt.verify(self.ledger.vkey, receipt, statement)[0], held["index"])
        self.assertEqual([e["type"] for e in all_pages(self.reader(POLICE), f"/v1/audit?stream={session}", "events")],
                         [f"relais.{n}.v1" for n in ("session.convened", "member.recused", "session.held")])

    def test_member_must_not_export_sensitive_values(self):
        subject, _ = self.shared_file()
        self.assertTrue(self.sees(PREF, IDENTITY))
        for slug in (MAGISTRATE, POLICE, GENDARMERIE):
            with self.subTest(slug):
                everything = self.everything(slug)
                self.assertFalse(any(secret in everything for secret in SECRETS))
                answer = self.reader(slug).get("/log/tile/entries/000.p/1")
                self.assertEqual((answer.status, answer.rule), (403, "role-required"))
                self.assertIn("relais.session.held.v1", everything)
        self.refuse("emitter-forbidden", MAGISTRATE, "psp.opinion_given", subject, self.opinion("session/x", 1))


class Analyst(Domain):
    def test_analyst_must_not_read_sensitive_values(self):
        subject, _ = self.shared_file()
        self.assertTrue(self.sees(ML1, NOTE) and self.sees(PREF, IDENTITY))
        everything = self.everything(ANALYST)
        self.assertFalse(any(secret in everything for secret in SECRETS))
        self.assertEqual(self.reader(ANALYST).get("/v1/cases").json()["cases"], [])
        self.assertEqual(self.statuses(ANALYST, self.paths_of(ML1, subject)[:2]), {404})
        # What it may: every event of every case under its pseudonym, also as the log has it.
        types = [e["type"] for e in self.events(ANALYST, stream=subject)]
        self.assertEqual(types, [e["type"] for e in self.events(AMICALE, stream=subject)])
        log = entries(self.reader(ANALYST), self.server.size())
        payloads = [json.loads(unb64u(entry[8:].split(b".")[1].decode())) for entry in log]
        self.assertEqual(len([p for p in payloads if p["subject"] == subject]), len(types))
        self.assertNotIn(b"~", b"".join(entry[8:] for entry in log))  # no disclosure is in any entry
        self.assertFalse(any(secret in json.dumps(payloads, ensure_ascii=False) for secret in SECRETS))
        self.refuse("emitter-forbidden", ANALYST, "case.risk_assessed", subject, ASSESSED)


class Tables(OverTime):
    def test_analyst_must_not_see_small_cells(self):
        true = {ML1: 3, ML2: 12, ML3: 40}
        for slug, headcount in true.items():
            self.act(slug, "training.delivered", "library/exemple",
                     {"theme": "exemple", "audience": "professionals", "headcount": headcount, "held_on": paris_day(),
                      "hours": 0})
        path = "/v1/indicators/trainings?by=signatory"
        self.assertEqual(self.reader(ANALYST).get(path).json()["periods"], [])  # of a quarter that is over
        clock.move(days=95)
        for slug in (ANALYST, UDML):  # both may see tables
            answer = self.reader(slug).get(path)
            self.assertEqual(answer.status, 200, answer)
            column = answer.json()["periods"][0]
            self.assertEqual(column["total"], {"trainings": 3, "headcount": 55})
            cells = {c["signatory"]: c["headcount"] for c in column["cells"]}
            shown = {who: n for who, n in cells.items() if n}
            self.assertLess(shown.items(), true.items())  # some, and as they are
            self.assertNotIn(ML1, shown)
            # Nor can it be found by subtracting what is shown from the total.
            self.assertGreater(column["total"]["headcount"] - sum(shown.values()), 10)


class Operator(Domain):
    def test_operator_must_not_read_sensitive_values_for_itself(self):
        subject, session = self.shared_file()
        self.assertTrue(self.sees(ML1, NOTE))
        paths = [*LISTS, *self.paths_of(ML1, subject), "/v1/events/live", "/log/tile/entries/000.p/1"]
        for path in paths:
            with self.subTest(path):
                answer = self.reader().get(path)
                self.assertEqual((answer.status, answer.rule), (401, "token-missing"))
                self.assertNotIn(id_of(subject), answer.text)
                local = UnixConnection(self.ledger.data / "control.sock")  # who may administer may read no more
                local.request("GET", path)
                self.assertIn(local.getresponse().status, (401, 404))
                local.close()
        size = self.server.size()
        open_to_all = ["/livez", "/readyz", "/log/checkpoint", "/log/vkey", f"/log/tile/0/000.p/{size}"]
        shown = b"\n".join(self.reader().get(path).body for path in open_to_all) + self.server.log.read_bytes()
        shown += self.server.administer("GET", "/metrics").body
        self.assertIn(b"relais_log_size", shown)
        for text in (*SECRETS, id_of(subject), id_of(session), ML1, AMICALE, "69266"):
            self.assertNotIn(text.encode(), shown)
        # Not with the key that the ledger itself signs with, either.
        self.as_system()
        everything = self.everything(SYSTEM)
        self.assertIn("relais.convention.opened.v1", everything)
        self.assertFalse(any(text in everything for text in (*SECRETS, "relais.case.detected.v1")))
        # What it may: prove.
        self.assertEqual(json.loads(run("verify", "--data", self.ledger.data, "--json").stdout)["entries"], size)
        printed = run("replay", "--data", self.ledger.data, "--projection", "cases").stdout
        self.assertIn(id_of(subject), printed)
        self.assertFalse(any(secret in printed for secret in SECRETS))

    def as_system(self):
        """The operator with the ledger's own key, which is on its disk."""
        key = Key((self.ledger.data / "keys/system.jwk").read_text())
        self.ledger.signatories[SYSTEM] = Signatory(SYSTEM, key)
        return key

    def test_operator_must_not_sign_for_anyone(self):
        supported, minor, closed = self.supported(ML1), self.minor(ML1), self.supported(ML1)
        referral = self.ask(ML1, minor, ML2)
        self.act(ML1, "case.closed", closed, {"reason": "goals_met"})
        system = self.as_system()
        of_log = Key((self.ledger.data / "keys/log.jwk").read_text())
        for key, rule in ((system, "source-not-of-key"), (of_log, "key-unknown"), (Key(), "key-unknown")):
            statement = self.by(ML1).statement("case.risk_assessed", supported, ASSESSED, key=key)
            self.assertEqual(self.reader().post(statement).rule, rule)
            token = Signatory(ML1, key).token(self.ledger.origin)
            refused = self.reader().get("/v1/cases", Authorization=f"Bearer {token}")
            self.assertEqual(refused.status, 401, refused)
        # The ledger's own key enrols none and decides nothing,
        self.refuse("emitter-forbidden", SYSTEM, "key.enrolled", f"signatory/{ML1}",
                    self.by(ML1).key_data(Key(), self.ledger.origin))
        self.refuse("emitter-forbidden", SYSTEM, "governance.approved", "convention/rhone-2023", {"proposal_id": "x"})
        self.refuse("emitter-forbidden", SYSTEM, "case.risk_assessed", supported, ASSESSED)
        self.refuse("emitter-forbidden", SYSTEM, "psp.decided", supported,
                    {"decision": "authorised", "notified_on": paris_day()})
        # and says only what time has brought.
        self.refuse("referral-not-due", SYSTEM, "referral.expired", minor,
                    {"referral_id": referral, "cause": "referral_expiry"})
        self.refuse("case-not-at-rest", SYSTEM, "case.became_dormant", supported, {"cause": "dormancy"})
        self.refuse("retention-not-due", SYSTEM, "case.data_erased", closed, {"basis": "retention"})
        self.refuse("erasure-basis", SYSTEM, "case.data_erased", closed, {"basis": "art17"})
        self.refuse("accreditation-not-due", SYSTEM, "accreditation.expired", f"signatory/{AMICALE}",
                    {"expired_on": paris_day(), "cause": "accreditation_expiry"})
        self.refuse("case-transition", SYSTEM, "psp.ended", closed, {"outcome": "term", "ended_on": paris_day()})
        self.act(ML1, "case.risk_assessed", supported, ASSESSED)  # as who does have the key


class Outside(Domain):
    def test_crip_and_prosecutor_have_no_account(self):
        subject = self.minor(ML1)
        before = self.case_of(ML1, subject)["participants"]
        # They receive, outside the ledger: that it was sent stands in the case, and nobody comes to it.
        self.act(ML1, "protection.report_transmitted", subject,
                 {"crip": "metropole", "parents_informed": "not_in_interest"})
        self.act(ML1, "protection.prosecutor_notified", subject, {}, {"court": "Exemple"})
        self.assertEqual(self.case_of(ML1, subject)["participants"], before)
        slugs = {s["id"] for s in self.reader(ML1).get("/v1/signatories").json()["signatories"]}
        for slug in ("crip", "crip-metropole", "procureur"):
            with self.subTest(slug):
                self.assertNotIn(slug, slugs)
                outsider = Signatory(slug, Key())
                for path in (*LISTS, *self.paths_of(ML1, subject)):
                    answer = self.reader().get(path, Authorization=f"Bearer {outsider.token(self.ledger.origin)}")
                    self.assertEqual((answer.status, answer.rule), (401, "key-unknown"))
                statement = outsider.statement("protection.outcome_recorded", subject, {"outcome": "measure"})
                answer = self.reader().post(statement)
                self.assertEqual((answer.status, answer.rule), (401, "key-unknown"))
                self.refuse("signatory-unknown", ML1, "referral.requested", subject,
                            {"referral_id": str(uuid.uuid4()), "to": slug, "need": "shelter", "urgency": "urgent",
                             "legal_basis": "l226_2_2"})
                self.refuse("signatory-unknown", ML1, "case.transfer_requested", subject,
                            {"to": slug, "reason": "competence", "kind": "permanent"})
                # Nobody gives them one alone, and there is no role for them.
                self.refuse("vocabulary", PREF, "governance.proposed", "convention/rhone-2023",
                            {"proposal_id": f"exemple-{slug}", "act": "admit_signatory", "signatory": slug,
                             "name": "Exemple", "roles": ["crip"], "public_key": outsider.key.x, "reason": "exemple"})


del Domain  # has no tests of its own

if __name__ == "__main__":
    main()
