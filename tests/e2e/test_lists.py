"""What each signatory reads of the commission and of the partnership over the socket: parcours, sessions, accreditations, library,
network, convention. Beside acts of our own, the whole story of `relais scenario`."""
import unittest

from acts import COMMISSION, HASH, MAGISTRATE, POLICE, UDML, Acts, id_of, paris_day
from harness import AMICALE, ANALYST, ML1, ML2, MOUVEMENT, PREF, Ledger, LedgerTest, all_pages, main, run

CONVENTION = "convention/rhone-2023"
LISTS = {"/v1/psp": "parcours", "/v1/sessions": "sessions", "/v1/accreditations": "accreditations", "/v1/library": "library",
         "/v1/network": "network"}


class Listing(Acts):
    def items(self, slug, path, **query):
        asked = "&".join(f"{name}={value}" for name, value in {"limit": 500, **query}.items())
        return all_pages(self.reader(slug), f"{path}?{asked}", LISTS[path])

    def parcours(self, slug, **query):
        return {p["case"]: p for p in self.items(slug, "/v1/psp", **query)}

    def same_in_pages(self, slug, path, **query):
        """One by one it is the same list."""
        self.assertEqual(self.items(slug, path, limit=1, **query), self.items(slug, path, **query))

    def unchanged(self, slug, path):
        """A conditional request: the tag of the answer, and 304 for it."""
        answer = self.reader(slug).get(path)
        tag = answer.headers["ETag"]
        again = self.reader(slug).get(path, If_None_Match=tag)
        self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", tag))
        return tag


class Commission(Listing, LedgerTest):
    """Two applications of the Amicale, of which the commission has heard one; a case of mission locale 1 that it supports."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        for slug in (AMICALE, MOUVEMENT):
            self.accredit(slug)
        self.appoint()
        cls.subject = self.supported(ML1)
        self.consent(ML1, cls.subject, "referral")
        self.accept_referral(AMICALE, cls.subject, self.ask(ML1, cls.subject, AMICALE, "consent"))
        self.consent(ML1, cls.subject, "psp")
        self.act(AMICALE, "psp.applied", cls.subject, {"dossier_hash": HASH}, {"identity": "exemple : identité"})
        cls.waiting = self.supported(AMICALE)
        self.apply(AMICALE, cls.waiting)
        cls.held = self.convene(cls.subject)
        cls.convened = self.convene(cls.waiting, members=(PREF, MAGISTRATE, AMICALE))
        self.act(POLICE, "member.recused", cls.held, {"case_id": id_of(cls.subject), "ground": "knows_person"})
        self.hold(cls.held)
        self.act(PREF, "psp.opinion_given", cls.subject, self.opinion(cls.held, 3, 1, "favourable"))
        self.doCleanups()

    def test_who_sees_which_parcours(self):
        one, two = id_of(self.subject), id_of(self.waiting)
        expected = {PREF: {one: "OPINED", two: "APPLIED"}, AMICALE: {one: "OPINED", two: "APPLIED"}, ML1: {one: "APPLIED"},
                    MAGISTRATE: {one: "OPINED", two: "APPLIED"}, MOUVEMENT: {one: "OPINED"}, POLICE: {}, ML2: {}, UDML: {}, ANALYST: {}}
        for slug, phases in expected.items():
            with self.subTest(slug):
                self.assertEqual({case: p["phase"] for case, p in self.parcours(slug).items()}, phases)

    def test_votes_are_for_those_who_hear_them(self):
        case = id_of(self.subject)
        votes = self.parcours(PREF)[case]["votes"]
        self.assertEqual((votes["opinion"], votes["inFavour"], votes["against"], votes["abstained"]), ("favourable", 3, 1, 0))
        self.assertEqual(self.parcours(MAGISTRATE)[case], self.parcours(PREF)[case])
        supporter = self.parcours(ML1)[case]
        self.assertEqual({"votes", "opinion", "session"} & supporter.keys(), set())
        self.assertNotIn("exemple : identité", str(self.parcours(PREF)))
        self.assertEqual(supporter["applicant"], AMICALE)

    def test_filters_of_parcours(self):
        one, two = id_of(self.subject), id_of(self.waiting)
        for query, found in (({"phase": "OPINED"}, {one}), ({"phase": "APPLIED"}, {two}), ({"applicant": AMICALE}, {one, two}),
                             ({"applicant": MOUVEMENT}, set()), ({"session": id_of(self.held)}, {one}),
                             ({"session": id_of(self.convened)}, {two}), ({"session": "none"}, set()), ({"overdue": "true"}, set())):
            with self.subTest(query):
                self.assertEqual(set(self.parcours(PREF, **query)), found)
        self.assertEqual(set(self.parcours(ML1, session=id_of(self.held))), set())
        self.assertEqual(set(self.parcours(ML1, phase="OPINED")), set())
        self.same_in_pages(PREF, "/v1/psp")

    def test_who_declined_knows_of_no_session(self):
        """Of a file for which it was asked; an emergency access to it is no part either."""
        def seen():
            return self.reader(MOUVEMENT).get(f"/v1/sessions/{id_of(self.convened)}").status
        self.consent(AMICALE, self.waiting, "referral")
        referral = self.ask(AMICALE, self.waiting, MOUVEMENT, "consent")
        self.assertEqual(seen(), 200)
        for name, more in (("referral.received", {}), ("referral.declined", {"decline_reason": "no_capacity"})):
            self.act(MOUVEMENT, name, self.waiting, {"referral_id": referral, **more})
        self.assertEqual(seen(), 404)
        self.assertNotIn(id_of(self.convened), [s["name"] for s in self.items(MOUVEMENT, "/v1/sessions")])

    def test_who_sees_which_session(self):
        both = {id_of(self.held), id_of(self.convened)}
        for slug, names in ((PREF, both), (ANALYST, both), (MAGISTRATE, both), (AMICALE, both), (MOUVEMENT, {id_of(self.held)}),
                            (POLICE, {id_of(self.held)}), (ML1, set()), (UDML, set())):
            with self.subTest(slug):
                self.assertEqual({s["name"] for s in self.items(slug, "/v1/sessions")}, names)
                for name in both:
                    answer = self.reader(slug).get(f"/v1/sessions/{name}")
                    absent = self.reader(slug).get("/v1/sessions/none")
                    self.assertEqual(answer.status, 200 if name in names else 404)
                    self.assertEqual(absent.status, 404)
                    if name not in names:
                        self.assertEqual(answer.body, absent.body)
        self.same_in_pages(PREF, "/v1/sessions")

    def test_a_session(self):
        name, case = id_of(self.held), id_of(self.subject)
        session = self.reader(PREF).get(f"/v1/sessions/{name}").json()
        self.assertEqual((session["phase"], session["heldOn"], session["quorum"], session["minutesHash"]),
                         ("HELD", paris_day(), 2, HASH))
        self.assertEqual(set(session["members"]), set(COMMISSION))
        self.assertEqual([s["name"] for s in self.items(PREF, "/v1/sessions", phase="HELD")], [name])
        [file] = session["files"]
        self.assertEqual((file["case"], file["recused"], file["opinion"]["inFavour"], file["parcours"]["phase"]),
                         (case, [POLICE], 3, "OPINED"))
        # Who stepped back, and who replays the log, learn that it is a file of the session, as the act that convened it says.
        for slug in (POLICE, ANALYST):
            [bare] = self.reader(slug).get(f"/v1/sessions/{name}").json()["files"]
            self.assertEqual(bare, {"case": case, "recused": [POLICE]}, slug)
        self.assertEqual(self.unchanged(PREF, f"/v1/sessions/{name}"), self.unchanged(MAGISTRATE, f"/v1/sessions/{name}"))

    def test_looks_leave_traces(self):
        reader, case = self.reader(PREF), id_of(self.subject)
        looks = f"/v1/audit/reads?case={case}&signatory={PREF}&limit=1"
        for path, route in (("/v1/psp", "GET /v1/psp"), (f"/v1/sessions/{id_of(self.held)}", "GET /v1/sessions/{name}")):
            self.assertEqual(reader.get(path).status, 200)
            [look] = reader.get(looks).json()["reads"]
            self.assertEqual(look["route"], route)

    def test_unknown(self):
        for path, field, rule in (("/v1/psp?phase=x", "phase", "phase-unknown"), ("/v1/psp?case=x", "case", "query-unknown"),
                                  ("/v1/psp?overdue=x", "overdue", "flag-form"), ("/v1/psp?limit=501", "limit", "limit-range"),
                                  ("/v1/sessions?from=x", "from", "day-form"), ("/v1/sessions?phase=OPEN", "phase", "phase-unknown"),
                                  ("/v1/accreditations?valid=x", "valid", "flag-form"), ("/v1/library?kind=x", "kind", "kind-unknown"),
                                  ("/v1/network?need=x", "need", "vocabulary")):
            with self.subTest(path):
                answer = self.reader(PREF).get(path)
                self.assertEqual((answer.status, answer.rule, answer.json()["field"]), (400, rule, field), answer)
                self.assertTrue(answer.json()["accepted"])


class SteppingBack(Listing, LedgerTest):
    def test_what_is_left_to_a_member(self):
        self.accredit(AMICALE)
        self.appoint()
        subject = self.supported(AMICALE)
        self.apply(AMICALE, subject)
        session = self.convene(subject)
        path, case = f"/v1/sessions/{id_of(session)}", id_of(subject)
        before = self.unchanged(MAGISTRATE, path)
        self.assertIn(case, self.parcours(MAGISTRATE))
        self.act(MAGISTRATE, "member.recused", session, {"case_id": case, "ground": "knows_person"})
        self.assertNotEqual(self.unchanged(MAGISTRATE, path), before)
        self.assertNotIn(case, self.parcours(MAGISTRATE))
        self.assertNotIn(case, self.parcours(MAGISTRATE, session=id_of(session)))
        self.assertEqual(self.reader(MAGISTRATE).get(path).json()["files"], [{"case": case, "recused": [MAGISTRATE]}])
        self.assertIn(case, self.parcours(PREF))


class Partnership(Listing, LedgerTest):
    def test_accreditations(self):
        self.accredit(AMICALE)
        self.act(MOUVEMENT, "accreditation.requested", f"signatory/{MOUVEMENT}", {"dossier_hash": HASH})
        for slug in (ML1, ANALYST, UDML):
            found = {a["signatory"]: a for a in self.items(slug, "/v1/accreditations")}
            self.assertEqual({s: (a["phase"], a["valid"]) for s, a in found.items()},
                             {AMICALE: ("GRANTED", True), MOUVEMENT: ("REQUESTED", False)})
        self.assertEqual(found[AMICALE]["grantedOn"], paris_day())
        self.assertEqual(len(self.items(ML1, "/v1/accreditations", valid="true")), 1)
        self.same_in_pages(ML1, "/v1/accreditations")

    def test_library(self):
        tool = {"title": "Grille", "content_hash": HASH, "media_type": "application/pdf"}
        self.act(ML1, "tool.published", "library/grille", {**tool, "version": "1"})
        self.act(AMICALE, "practice.shared", "library/accueil", {"title": "Accueil", "summary": "Exemple"})
        newest = self.act(UDML, "tool.published", "library/grille", {**tool, "version": "2"})
        [found] = self.items(ANALYST, "/v1/library", kind="tool")
        self.assertEqual((found["act"]["index"], found["act"]["data"]["version"], found["act"]["signatory"]), (newest["index"], "2", UDML))
        both = self.items(ML2, "/v1/library", kind="tool", replaced="true")
        self.assertEqual([i.get("replacedBy") for i in both], [None, newest["index"]])
        self.assertEqual([i["kind"] for i in self.items(ML2, "/v1/library", signatory=AMICALE)], ["practice"])
        self.same_in_pages(ML2, "/v1/library", replaced="true")

    def test_network(self):
        partner = {"partner_id": "p1", "nom": "Exemple", "date_maj": paris_day()}
        self.act(ML1, "partner.introduced", "network/lyon", partner)
        self.act(ML2, "partner.introduced", "network/lyon", {**partner, "nom": "Exemple, plus loin", "code_insee": "01004"})
        self.act(AMICALE, "pathway.published", "network/abri", {"title": "Abri", "need": "shelter", "steps": ["a", "b"]})
        self.assertEqual([i["kind"] for i in self.items(MOUVEMENT, "/v1/network")], ["pathway", "partner"])
        [found] = self.items(MOUVEMENT, "/v1/network", territory="01004")
        self.assertEqual(found["act"]["data"]["nom"], "Exemple, plus loin")
        self.assertEqual(len(self.items(MOUVEMENT, "/v1/network", need="shelter")), 1)
        self.same_in_pages(MOUVEMENT, "/v1/network", replaced="true")

    def test_convention(self):
        before = self.unchanged(ML1, "/v1/convention")
        convention = self.reader(ANALYST).get("/v1/convention").json()
        numbers = {n["name"]: n for n in convention["numbers"]}
        self.assertGreater(len(numbers), 20)
        for number in numbers.values():
            self.assertTrue(number["least"] <= number["value"] <= number["most"], number)
        self.assertIn("CASF L121-9", {p["article"] for p in convention["law"]})
        self.assertIn("admit-signatory", {q["act"] for q in convention["quorums"]})
        self.assertEqual(convention["proposals"], [])
        self.act(PREF, "governance.proposed", CONVENTION, {
            "proposal_id": "p1", "act": "amend_convention", "document_hash": HASH, "reason": "Exemple",
            "terms": [{"name": "referral-answer-days", "value": 12}]})
        self.act(ML1, "governance.approved", CONVENTION, {"proposal_id": "p1"})
        [proposal] = self.reader(ML2).get("/v1/convention").json()["proposals"]
        self.assertEqual((proposal["act"], proposal["author"], set(proposal["approvals"]), proposal["rejections"]),
                         ("amend_convention", PREF, {PREF, ML1}, []))
        self.assertEqual(proposal["content"]["numbers"], [{"name": "referral-answer-days", "value": 12}])
        self.assertNotEqual(self.unchanged(ML1, "/v1/convention"), before)


class Story(Listing, unittest.TestCase):
    """Every event type, played over REST; then each list as each signatory, before and after a rebuild."""

    def test_story(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.server = self.ledger.serve()
        self.addCleanup(lambda: self.server.stop())
        run("scenario", "--url", self.server.url, "--keys", self.ledger.keys, "--convention", self.ledger.convention,
            "--vkey", self.ledger.vkey, "--out", self.ledger.folder / "story")
        told = self.told()
        # Each kind of thing stands in some list, and is in pages what it is whole.
        self.assertEqual({i["kind"] for i in told[PREF, "/v1/library"]}, {"training", "tool", "practice", "need"})
        self.assertEqual({i["kind"] for i in told[PREF, "/v1/network"]}, {"partner", "pathway", "joint_action"})
        self.assertTrue(told[PREF, "/v1/psp"] and told[PREF, "/v1/sessions"] and told[ML1, "/v1/accreditations"])
        for path in LISTS:
            self.same_in_pages(PREF, path)
        for path in ("/v1/accreditations", "/v1/library", "/v1/network"):
            self.assertEqual(1, len({str(told[slug, path]) for slug in self.ledger.signatories}), path)

        self.assertEqual(self.server.stop(), 0, self.server.errors())
        run("rebuild", "--data", self.ledger.data)
        self.server = self.ledger.serve()
        self.assertEqual(self.told(), told)

    def told(self):
        return {(slug, path): self.items(slug, path) for slug in self.ledger.signatories for path in LISTS}


if __name__ == "__main__":
    main()
