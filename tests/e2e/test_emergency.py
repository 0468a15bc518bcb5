"""Emergency reading: who looks at a case in immediate danger, what is opened to it, for how long, and who is told."""
import unittest
import uuid
from datetime import timedelta

from acts import IDENTITY, NOTE, Acts, OverTime, id_of
from harness import AMICALE, ML1, ML2, ML3, MOUVEMENT, PREF, LedgerTest, all_pages, case, clock, main, rfc3339

OPENED, REVIEWED = "case.emergency_access_opened", "case.emergency_access_reviewed"
DANGER = "exemple : menaces, structure injoignable"


class Emergency(Acts):
    def access(self, hours=6, **more):
        until = rfc3339(clock.now() + timedelta(hours=hours))
        return {"access_id": str(uuid.uuid4()), "reason": "immediate_danger", "until": until, **more}

    def break_glass(self, slug, subject, data=None, hidden=None, **headers):
        hidden = {"note": DANGER} if hidden is None else hidden
        statement = self.by(slug).statement(OPENED, subject, data or self.access(), hidden)
        return self.reader().request("POST", "/v1/break-glass", statement.encode(),
                                     {"Content-Type": "application/sd-jwt", **headers})

    def look(self, slug, subject, **more):
        """-> the access id."""
        data = self.access(**more)
        answer = self.break_glass(slug, subject, data)
        self.assertEqual(answer.status, 201, answer)
        return data["access_id"]

    def review(self, holder, subject, access, outcome):
        self.act(holder, REVIEWED, subject, {"access_id": access, "outcome": outcome})

    def reads(self, slug, subject):
        return self.reader(slug).get(f"/v1/cases/{id_of(subject)}").status == 200

    def first(self, slug, subject):
        """The first event of the case, as the holder knows it by its id."""
        holder = self.case_of(ML1, subject)["holder"]
        event = self.events(holder, stream=subject)[0]["id"]
        return self.reader(slug).get(f"/v1/events/{event}")

    def reviews(self, slug):
        rows = all_pages(self.reader(slug), "/v1/deadlines?kind=emergency_review&limit=500", "deadlines")
        return {row["ref"]: row for row in rows}


class Looking(Emergency, LedgerTest):
    def test_opens_what_the_holder_sees(self):
        subject = self.supported(ML1)
        for slug in (ML2, MOUVEMENT, PREF):
            with self.subTest(slug):
                self.assertFalse(self.reads(slug, subject))
                self.assertEqual(self.first(slug, subject).status, 404)
                self.assertEqual(self.events(slug, stream=subject), [])
                self.look(slug, subject)
                self.assertTrue(self.reads(slug, subject))
                self.assertIn(NOTE, self.first(slug, subject).text)
                self.assertEqual([e["id"] for e in self.events(slug, stream=subject)],
                                 [e["id"] for e in self.events(ML1, stream=subject)])
                self.assertEqual(self.reader(slug).get(f"/v1/cases/{id_of(subject)}/timeline").status, 200)
                # To read is not to write, and no other case is opened.
                self.refuse("stream-unknown", slug, "case.legal_hold_lifted" if slug != PREF else "psp.decided", subject,
                            {"hold_id": str(uuid.uuid4())} if slug != PREF else
                            {"decision": "authorised", "notified_on": "2026-01-01"})
        self.assertFalse(self.reads(ML2, self.supported(ML1)))
        self.assertFalse(self.reads(ML3, subject))

    def test_never_the_identity_in_an_application(self):
        subject = self.supported(AMICALE)
        self.accredit(AMICALE)
        applied = self.apply(AMICALE, subject)["id"]
        self.look(ML2, subject)
        seen = self.reader(ML2).get(f"/v1/events/{applied}")
        self.assertEqual(seen.status, 200)
        self.assertNotIn(IDENTITY, seen.text)
        self.assertIn(IDENTITY, self.reader(PREF).get(f"/v1/events/{applied}").text)

    def test_holder_is_told_and_reviews(self):
        subject = self.supported(ML1)
        mine, theirs = self.look(ML2, subject), self.look(PREF, subject)
        waiting = self.reviews(ML1)
        self.assertLessEqual({mine, theirs}, set(waiting))
        self.assertEqual(waiting[mine]["who"], ML1)
        self.assertNotIn(mine, self.reviews(ML2))
        timeline = self.reader(ML1).get(f"/v1/cases/{id_of(subject)}/timeline").json()["items"]
        self.assertEqual([i["signatory"] for i in timeline if i["type"] == f"relais.{OPENED}.v1"], [ML2, PREF])
        self.assertIn(DANGER, self.reader(ML1).get(f"/v1/events/{self.events(ML1, stream=subject)[-1]['id']}").text)
        self.review(ML1, subject, mine, "justified")
        self.review(ML1, subject, theirs, "not_justified")
        self.assertFalse({mine, theirs} & set(self.reviews(ML1)))
        self.assertTrue(self.reads(ML2, subject))
        self.assertFalse(self.reads(PREF, subject))  # at once
        self.assertEqual(self.break_glass(PREF, subject).rule, "emergency-barred")
        shown = {a["id"]: a["review"] for a in self.case_of(ML1, subject)["emergencyAccesses"]}
        self.assertEqual(shown, {mine: "justified", theirs: "not_justified"})

    def test_says_why(self):
        subject = self.supported(ML1)
        self.assertEqual(self.break_glass(ML2, subject, hidden={}).rule, "disclosure-missing")
        self.assertEqual(self.break_glass(ML2, subject, hidden={"note": "…" * 3 + "help"}).rule, "too-short")
        # A digest that is of nothing does not do: what it is of has to come with it.
        statement = self.by(ML2).statement(OPENED, subject, self.access(), {"note": DANGER})
        bare = statement.split("~")[0] + "~"
        self.assertEqual(self.reader().post(bare).rule, "disclosure-missing")
        self.assertFalse(self.reads(ML2, subject))
        self.assertEqual(self.reader().post(statement).status, 201)
        self.assertEqual(self.reader().post(bare).status, 200)  # one that is there already may come without
        self.assertTrue(self.reads(ML2, subject))

    def test_no_answer_tells_that_there_is_a_case(self):
        there, nowhere = self.supported(ML1), case()

        def both(ask):
            a, b = ask(there), ask(nowhere)
            of_time = ("accepted",) if a.rule == "emergency-term" else ()  # it names the moment
            told = [{k: v for k, v in answer.json().items() if k not in of_time} for answer in (a, b)]
            self.assertEqual((a.status, told[0]), (b.status, told[1]))
            return a.rule

        size = self.server.size()
        for hours in (30, -1):
            data = self.access(hours=hours)
            self.assertEqual(both(lambda s: self.break_glass(ML2, s, data)), "emergency-term")
        self.assertEqual(both(lambda s: self.break_glass(ML2, s, **{"If-Match": '"1"'})), "precondition-not-taken")
        self.assertEqual(both(lambda s: self.break_glass(ML2, s, hidden={})), "disclosure-missing")
        # Nor a group that is taken back.
        training = self.by(ML2).statement("case.closed", case(), {"reason": "moved"})
        self.assertEqual(both(lambda s: self.reader().post_list(
            [self.by(ML2).statement(OPENED, s, self.access(), {"note": DANGER}), training], atomic=True)),
            "not-in-a-group")
        self.assertEqual(self.break_glass(ML2, nowhere).rule, "stream-unknown")
        self.assertEqual(self.server.size(), size)

    def test_only_an_emergency_comes_this_way(self):
        step = self.by(ML1).statement("case.closed", case(), {"reason": "moved"})
        post = lambda body, kind: self.reader().request("POST", "/v1/break-glass", body.encode(), {"Content-Type": kind})
        self.assertEqual(post(step, "application/sd-jwt").rule, "break-glass-type")
        self.assertEqual(post("{}", "application/json").status, 415)
        self.assertEqual(self.reader(ML1).get("/v1/break-glass").status, 405)

    def test_union_and_readers_have_no_emergencies(self):
        subject = self.supported(ML1)
        for slug in ("udml", "observatoire", "magistrat"):
            self.assertEqual(self.break_glass(slug, subject).rule, "emitter-forbidden")
        self.assertEqual(self.break_glass(ML1, subject).rule, "emergency-by-holder")


class Ending(Emergency, OverTime):
    def test_ends_by_itself(self):
        subject = self.supported(ML1)
        self.look(MOUVEMENT, subject, hours=6)
        clock.move(hours=5)
        self.assertIn(NOTE, self.first(MOUVEMENT, subject).text)
        clock.move(hours=2)
        self.assertFalse(self.reads(MOUVEMENT, subject))
        self.assertEqual(self.first(MOUVEMENT, subject).status, 404)
        self.assertEqual(self.events(MOUVEMENT, stream=subject), [])
        self.assertEqual(len(self.case_of(ML1, subject)["emergencyAccesses"]), 1)
        clock.move(days=8)
        overdue = self.reader(ML1).get("/v1/deadlines?kind=emergency_review&overdue=true").json()["deadlines"]
        self.assertEqual(len(overdue), 1)
        self.look(MOUVEMENT, subject)  # the first was not judged: another is possible
        self.assertTrue(self.reads(MOUVEMENT, subject))


if __name__ == "__main__":
    main()
