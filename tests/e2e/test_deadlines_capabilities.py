"""GET /v1/deadlines and GET /v1/capabilities over the socket: what is due, for whom, since when; who can help, here,
with room."""
from acts import HASH, UDML, Acts, OverTime, end_of_day, eventually, id_of, paris_day
from harness import (AMICALE, ANALYST, DETECTED, ML1, ML2, ML3, MOUVEMENT, PREF, LedgerTest, all_pages, case, clock,
                     in_seconds, main, next_page, rfc3339)

CONVENTION = "convention/rhone-2023"
SHELTER = {"capability_id": "hebergement", "service_type": "accompagnement", "publics": ["femmes"],
           "needs": ["shelter"], "territories": ["metropole"], "label": "Exemple : hébergement"}
ROOM = {"capability_id": "hebergement", "level": "open", "places": 2}


class Asking(Acts):
    def deadlines(self, slug, **query):
        asked = "&".join(f"{name}={value}" for name, value in {"limit": 500, **query}.items())
        return all_pages(self.reader(slug), f"/v1/deadlines?{asked}", "deadlines")

    def of(self, slug, subject, **query):
        """The reader's deadlines on one stream, by kind."""
        return {d["kind"]: d for d in self.deadlines(slug, **query) if d["stream"] == subject}

    def capabilities(self, **query):
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        answer = self.reader(ML1).get(f"/v1/capabilities?{asked}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["capabilities"]

    def problem(self, path, field, rule, slug=ML1):
        """A question that is answered by naming what is wrong with it, and what would be accepted."""
        with self.subTest(path):
            answer = self.reader(slug).get(path)
            self.assertEqual((answer.status, answer.rule), (400, rule), answer)
            problem = answer.json()
            self.assertEqual(problem["field"], field)
            self.assertTrue(problem["accepted"])
            return problem["accepted"]


class Deadlines(Asking, LedgerTest):
    def test_what_is_due_for_whom_since_when(self):
        subject = case()
        self.act(ML1, "case.detected", subject, DETECTED)
        opened = self.case_of(ML1, subject)["openedAt"]
        due = self.of(ML1, subject)
        self.assertEqual(set(due), {"minor_protection", "majority"})
        due_at = due["minor_protection"]["dueAt"]
        self.assertTrue(in_seconds(86_300) < due_at < in_seconds(86_401), due)  # 24 hours
        self.assertEqual(due["minor_protection"],
                         {"kind": "minor_protection", "stream": subject, "who": ML1, "since": opened, "dueAt": due_at,
                          "overdue": False, "clock": False})
        self.act(ML1, "case.risk_assessed", subject, {"risk": "high", "grid_version": "1"})
        self.assertEqual(self.of(ML1, subject)["risk_reassessment"]["dueAt"], end_of_day(90))

        referral = self.ask(ML1, subject, ML2)
        due = self.of(ML2, subject)
        self.assertEqual({(d["kind"], d["who"], d["clock"], d["ref"]) for d in due.values()},
                         {("referral_receipt", ML2, False, referral), ("referral_answer", ML2, False, referral)})
        self.assertEqual(due["referral_answer"]["dueAt"], end_of_day(10))
        # The holder waits for them, and for what the clock will do.
        due = self.of(ML1, subject)
        expiry = due["referral_expiry"]
        self.assertEqual((expiry["dueAt"], expiry["who"], expiry["clock"]), (end_of_day(30), ML1, True))
        self.assertEqual((due["referral_answer"]["who"], due["referral_receipt"]["who"]), (ML2, ML2))
        self.act(ML2, "referral.received", subject, {"referral_id": referral})
        self.assertEqual(set(self.of(ML2, subject)), {"referral_answer"})
        self.act(ML2, "referral.accepted", subject, {"referral_id": referral})
        self.assertEqual(set(self.of(ML2, subject)), {"referral_completion"})
        self.assertEqual(self.of(ML2, subject)["referral_completion"]["dueAt"], end_of_day(60))

    def test_kinds(self):
        subject = self.minor(ML1)
        self.ask(ML1, subject, ML2)
        accepted = self.problem("/v1/deadlines?kind=x", "kind", "kind-unknown").split(", ")
        self.assertEqual(len(accepted), len(set(accepted)))
        every = self.of(ML1, subject)
        self.assertEqual(set(every), {"majority", "risk_reassessment", "referral_receipt", "referral_answer",
                                      "referral_expiry"})
        for kind in accepted:
            with self.subTest(kind):
                listed = self.deadlines(ML1, kind=kind)
                self.assertEqual({d["kind"] for d in listed} - {kind}, set())
                self.assertEqual([d for d in listed if d["stream"] == subject], [every[kind]] if kind in every else [])
        self.assertLessEqual({*every, "last_contact", "accreditation_completeness"}, set(accepted))

    def test_from_until(self):
        subject = self.minor(ML1)
        self.ask(ML1, subject, ML2)
        answer_due = self.of(ML1, subject)["referral_answer"]["dueAt"]  # 10 days; receipt before it, the others later
        self.assertEqual(set(self.of(ML1, subject, until=answer_due)), {"referral_receipt"})
        self.assertEqual(set(self.of(ML1, subject, **{"from": answer_due})),
                         {"referral_answer", "referral_expiry", "risk_reassessment", "majority"})
        self.assertEqual(set(self.of(ML1, subject, until=end_of_day(30), **{"from": answer_due})), {"referral_answer"})
        self.assertEqual(self.of(ML1, subject, until=end_of_day(30), kind="majority"), {})
        self.assertEqual(self.of(ML1, subject, **{"from": end_of_day(30), "until": answer_due}), {})

    def test_unknown(self):
        self.problem("/v1/deadlines?who=" + ML2, "who", "query-unknown")
        self.problem("/v1/deadlines?from=yesterday", "from", "time-form")
        self.problem("/v1/deadlines?until=2026-13-01", "until", "time-form")
        self.problem("/v1/deadlines?overdue=perhaps", "overdue", "flag-form")
        self.problem("/v1/deadlines?limit=0", "limit", "limit-range")
        self.problem("/v1/deadlines?limit=501", "limit", "limit-range")
        self.problem("/v1/deadlines?cursor=*", "cursor", "cursor-form")

    def test_pages(self):
        for _ in range(4):
            self.ask(ML3, self.minor(ML3), AMICALE)
        whole = self.deadlines(ML3)
        self.assertGreaterEqual(len(whole), 16)
        self.assertEqual([d["dueAt"] for d in whole], sorted(d["dueAt"] for d in whole))
        self.assertEqual(self.deadlines(ML3, limit=3), whole)
        self.assertEqual(self.deadlines(ML3, limit=1, kind="referral_answer"),
                         [d for d in whole if d["kind"] == "referral_answer"])
        first = self.reader(ML3).get("/v1/deadlines?limit=3")
        self.assertEqual((len(first.json()["deadlines"]), bool(first.json()["next"])), (3, True))
        # A cursor is for who was given it.
        self.assertEqual(self.reader(ML2).get(next_page(first)).rule, "cursor-form")

    def test_only_of_cases_in_which_one_takes_part(self):
        subject = self.supported(ML1)
        self.assertTrue(self.of(ML1, subject))
        for slug in (ML2, AMICALE, UDML, PREF, ANALYST, "magistrat"):
            with self.subTest(slug):
                self.assertEqual(self.of(slug, subject), {})

    def test_the_prefecture_sees_none_of_a_case_without_application(self):
        self.accredit(AMICALE)
        subject, other = self.supported(AMICALE), self.supported(AMICALE)
        self.assertEqual([d for d in self.deadlines(PREF) if d["stream"].startswith("case/")], [])
        self.apply(AMICALE, subject)
        self.act(PREF, "contribution.committed", subject,
                 {"contribution_id": id_of(case()), "kind": "expertise", "due_on": paris_day(20)})
        due = [d for d in self.deadlines(PREF) if d["stream"].startswith("case/")]
        self.assertEqual([(d["kind"], d["stream"], d["who"], d["dueAt"]) for d in due],
                         [("contribution", subject, PREF, end_of_day(20))])
        self.assertIn("contribution", self.of(AMICALE, subject))
        self.assertEqual(self.of(PREF, other), {})

    def test_the_prefecture_has_its_own(self):
        stream = f"signatory/{MOUVEMENT}"
        self.act(MOUVEMENT, "accreditation.requested", stream, {"dossier_hash": HASH})
        due = self.of(PREF, stream)["accreditation_completeness"]
        self.assertEqual((due["who"], due["clock"], due["overdue"]), (PREF, True, False))
        self.act(PREF, "accreditation.completed", stream, {"complete_on": paris_day()})
        self.assertEqual(set(self.of(PREF, stream)), {"accreditation_silence"})
        self.assertEqual(self.of(ML1, stream), {})


class DeadlinesOverTime(Asking, OverTime):
    def test_overdue(self):
        met, unmet = self.supported(AMICALE), case()
        self.act(AMICALE, "case.detected", unmet, {**DETECTED, "age_band": "22_25"})
        self.assertEqual(self.deadlines(AMICALE, overdue="true"), [])
        since = self.of(AMICALE, unmet)["adult_first_contact"]["since"]
        clock.move(days=62)
        overdue = self.deadlines(AMICALE, overdue="true")
        self.assertEqual({(d["kind"], d["stream"], d["who"], d["overdue"]) for d in overdue},
                         {("adult_first_contact", unmet, AMICALE, True), ("inactivity", met, AMICALE, True)})
        self.assertEqual(overdue[0]["since"], since)
        self.assertTrue(all(d["dueAt"] <= rfc3339() for d in overdue))
        inactivity = self.deadlines(AMICALE, overdue="true", kind="inactivity")
        self.assertEqual([d["stream"] for d in inactivity], [met])
        later = self.deadlines(AMICALE, overdue="false", **{"from": rfc3339()})
        self.assertEqual({d["kind"] for d in later}, {"risk_reassessment"})
        self.assertFalse(any(d["overdue"] for d in later))
        self.step(AMICALE, met)  # and it is not overdue any more
        self.assertEqual({d["kind"] for d in self.deadlines(AMICALE, overdue="true")}, {"adult_first_contact"})

    def test_renewal_waits_for_the_prefecture(self):
        self.accredit(AMICALE)
        self.appoint()
        subject = self.supported(AMICALE)
        self.start_parcours(AMICALE, subject)
        self.assertEqual(self.of(PREF, subject), {})
        self.assertEqual({"psp_term", "psp_review"} & set(self.of(AMICALE, subject)), {"psp_term", "psp_review"})
        clock.move(days=130)
        self.act(AMICALE, "psp.renewal_requested", subject)
        for slug in (PREF, AMICALE):  # who decides, and who waits for it
            self.assertEqual(self.of(slug, subject)["psp_renewal_decision"]["who"], PREF)
        self.act(PREF, "psp.renewal_decided", subject, {"decision": "renewed", "notified_on": paris_day()})
        self.assertEqual(self.of(PREF, subject), {})

    def amend(self, **terms):
        proposal = f"exemple-{id_of(case())}"
        self.act(UDML, "governance.proposed", CONVENTION,
                 {"proposal_id": proposal, "act": "amend_convention", "document_hash": HASH, "reason": "exemple",
                  "terms": [{"name": name.replace("_", "-"), "value": value} for name, value in terms.items()]})
        for slug in (PREF, AMICALE):
            self.act(slug, "governance.approved", CONVENTION, {"proposal_id": proposal})
        self.refuse("proposal-not-approved", UDML, "convention.amended", CONVENTION, {"proposal_id": proposal})
        self.act(ML1, "governance.approved", CONVENTION, {"proposal_id": proposal})
        return lambda: self.act(UDML, "convention.amended", CONVENTION, {"proposal_id": proposal})

    def test_an_amendment_holds_at_once(self):
        """For what is due already: no stream needs a further event."""
        asked, supported, stream = self.minor(ML1), self.supported(ML2), f"signatory/{AMICALE}"
        self.ask(ML1, asked, AMICALE)
        self.act(AMICALE, "capability.declared", stream, SHELTER)
        self.act(AMICALE, "capacity.updated", stream, ROOM)

        def due(slug, subject, kind):
            return self.of(slug, subject)[kind]["dueAt"]

        def listed():
            return (due(AMICALE, asked, "referral_answer"), due(ML1, asked, "referral_answer"),
                    due(ML1, asked, "referral_expiry"), due(ML2, supported, "inactivity"),
                    due(AMICALE, stream, "capacity_stale"))

        before = (end_of_day(10), end_of_day(10), end_of_day(30), end_of_day(60), end_of_day(30))
        self.assertEqual(listed(), before)
        effect = self.amend(referral_answer_days=3, referral_expiry_days=7, inactivity_alert_days=90,
                            capacity_stale_days=5)
        self.assertEqual(listed(), before)  # approved by all it takes, and not yet in effect
        size = self.server.size()
        effect()
        self.assertEqual(listed(), (end_of_day(3), end_of_day(3), end_of_day(7), end_of_day(90), end_of_day(5)))
        self.assertEqual(self.server.size(), size + 1)
        # The clock goes by the new numbers.
        due_at = end_of_day(7)
        clock.move(days=9)
        self.assertEqual([c["stale"] for c in self.capabilities(need="shelter")], [True])
        expired = eventually(lambda: self.events(ML1, stream=asked, type="referral.expired"), "the request expires")
        self.assertEqual(expired[0]["time"], due_at)

    def test_stale(self):
        """The room that was said a month ago is shown as stale, behind what is fresh."""
        for slug in (AMICALE, MOUVEMENT):
            self.act(slug, "capability.declared", f"signatory/{slug}", SHELTER)
            self.act(slug, "capacity.updated", f"signatory/{slug}", ROOM)

        def offered():
            return [(c["signatory"], c["stale"]) for c in self.capabilities(need="shelter")]

        self.assertEqual(offered(), [(AMICALE, False), (MOUVEMENT, False)])
        clock.move(days=32)
        self.assertEqual(offered(), [(AMICALE, True), (MOUVEMENT, True)])
        self.assertIn("capacity_stale", {d["kind"] for d in self.deadlines(AMICALE, overdue="true")})
        self.act(MOUVEMENT, "capacity.updated", f"signatory/{MOUVEMENT}", ROOM)
        self.assertEqual(offered(), [(MOUVEMENT, False), (AMICALE, True)])


class Capabilities(Asking, LedgerTest):
    def declare(self, slug, **more):
        """-> id of a new capability, with no room said."""
        capability = f"exemple-{id_of(case())}"
        self.act(slug, "capability.declared", f"signatory/{slug}", {**SHELTER, "capability_id": capability, **more})
        return capability

    def room(self, slug, capability, level, places=0):
        self.act(slug, "capacity.updated", f"signatory/{slug}",
                 {"capability_id": capability, "level": level, "places": places})

    def offered(self, need="shelter", **query):
        return {c["id"]: c for c in self.capabilities(need=need, **query)}

    def test_room_now(self):
        self.act(AMICALE, "focal_point.designated", f"signatory/{AMICALE}", {"mailbox": "accueil@exemple.invalid"})
        offer = self.declare(AMICALE)
        self.assertNotIn(offer, self.offered())  # nobody said that there is room
        self.room(AMICALE, offer, "open", 3)
        seen = self.offered()[offer]
        self.assertLess(seen.pop("capacityAt"), in_seconds(1))
        self.assertEqual(seen, {"signatory": AMICALE, "name": "L'Amicale du Nid 69", "id": offer,
                                "label": SHELTER["label"], "serviceType": "accompagnement", "publics": ["femmes"],
                                "needs": ["shelter"], "territories": ["metropole"], "level": "open", "places": 3,
                                "stale": False, "mailbox": "accueil@exemple.invalid"})
        self.assertNotIn(offer, self.offered(need="psychotrauma"))

    def test_limited_full_and_withdrawn(self):
        limited, full, gone = (self.declare(AMICALE) for _ in range(3))
        self.room(AMICALE, limited, "limited", 1)
        for offer in (full, gone):
            self.room(AMICALE, offer, "open", 1)
        listed = list(self.offered())
        self.assertLess(max(listed.index(full), listed.index(gone)), listed.index(limited))  # room before little room
        self.room(AMICALE, full, "full")
        self.act(AMICALE, "capability.withdrawn", f"signatory/{AMICALE}", {"capability_id": gone})
        now = self.offered()
        self.assertEqual((limited in now, full in now, gone in now), (True, False, False))
        self.room(AMICALE, full, "open", 1)
        self.assertIn(full, self.offered())

    def test_territory(self):
        """69387 is an arrondissement of Lyon, 69264 Villefranche-sur-Saône, in the Département du Rhône."""
        metropole, rhone, commune = (self.declare(ML2, territories=[t]) for t in ("metropole", "rhone", "69387"))
        for offer in (metropole, rhone, commune):
            self.room(ML2, offer, "open", 1)
        for territory, expected in (("69387", {metropole, commune}), ("69264", {rhone}), ("69266", {metropole}),
                                    ("metropole", {metropole}), ("rhone", {rhone})):
            with self.subTest(territory):
                self.assertEqual(set(self.offered(territory=territory)) & {metropole, rhone, commune}, expected)
        self.assertLessEqual({metropole, rhone, commune}, set(self.offered()))

    def test_public(self):
        women, young, everyone = (self.declare(ML3, publics=[p]) for p in ("femmes", "jeunes", "tous-publics"))
        for offer in (women, young, everyone):
            self.room(ML3, offer, "open", 1)
        for public, expected in (("femmes", {women, everyone}), ("jeunes", {young, everyone}), ("seniors", {everyone})):
            with self.subTest(public):
                self.assertEqual(set(self.offered(public=public)) & {women, young, everyone}, expected)
        self.assertEqual(set(self.offered(public="jeunes", territory="rhone")) & {women, young, everyone}, set())

    def test_pages(self):
        whole = self.capabilities(need="shelter", limit=500)
        self.assertEqual(all_pages(self.reader(ML1), "/v1/capabilities?need=shelter&limit=1", "capabilities"), whole)
        by_one = self.capabilities(need="shelter", limit=500, signatory=ML3)
        self.assertEqual(by_one, [c for c in whole if c["signatory"] == ML3])

    def test_unknown(self):
        self.problem("/v1/capabilities", "need", "query-missing")
        self.assertIn("need", self.problem("/v1/capabilities?need=warmth", "need", "vocabulary"))
        self.assertIn("publics_v1", self.problem("/v1/capabilities?need=shelter&public=nobody", "public", "vocabulary"))
        self.assertIn("need", self.problem("/v1/capabilities?need=shelter&place=69387", "place", "query-unknown"))
        self.problem("/v1/capabilities?need=shelter&need=complaint", "need", "query-repeated")

    def test_unknown_territory(self):
        for territory in ("lyon", "75056", "6938"):
            with self.subTest(territory):
                answer = self.reader(ML1).get(f"/v1/capabilities?need=shelter&territory={territory}")
                self.assertEqual((answer.status, answer.json().get("field")), (400, "territory"), answer)


if __name__ == "__main__":
    main()
