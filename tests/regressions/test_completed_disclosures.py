"""Idempotence covers the whole input: what a later post of one statement brings is kept, or refused by name."""
import unittest

from harness import DETECTED, ML1, LedgerTest, case, jwt_of, main


class CompletedDisclosures(LedgerTest):
    def setUp(self):
        self.client = self.server.client(ML1)
        self.addCleanup(self.client.close)

    def note_of(self, event_id):
        return self.client.get(f"/v1/events/{event_id}").json()["data"].get("note")

    def test_what_was_missing_is_kept(self):
        whole = self.by(ML1).statement("case.detected", case(), DETECTED, hidden={"note": "told later"})
        first = self.accept(self.client, jwt_of(whole) + "~").json()
        self.assertIsNone(self.note_of(first["id"]))
        size = self.server.size()
        again = self.client.post(whole)
        self.assertEqual((again.status, again.json().get("disclosuresAdded")), (200, 1), again)
        self.assertEqual(self.note_of(first["id"]), "told later")
        third = self.client.post(whole)
        self.assertEqual((third.status, third.json()), (200, first), third)
        self.assertEqual(self.server.size(), size)

    def test_in_one_list(self):
        whole = self.by(ML1).statement("case.detected", case(), DETECTED, hidden={"note": "beside"})
        for atomic in (False, True):
            answer = self.client.post_list([jwt_of(whole) + "~", whole], atomic=atomic)
            self.assertLess(answer.status, 300, answer)
        event = self.client.post(whole).json()
        self.assertEqual(self.note_of(event["id"]), "beside")

    def test_what_was_erased_is_not_taken_again(self):
        subject = case()
        whole = self.by(ML1).statement("case.detected", subject, DETECTED, hidden={"note": "to be forgotten"})
        first = self.accept(self.client, whole).json()
        self.accept(self.client, self.by(ML1).statement("case.data_erased", subject, {"basis": "art17", "targets": [1]}))
        again = self.client.post(whole)
        self.assertEqual((again.status, again.rule), (409, "disclosures-erased"), again)
        group = self.client.post_list([whole], atomic=True)
        self.assertEqual(group.json()["results"][0]["status"], 409, group)
        self.assertEqual(self.client.post(jwt_of(whole) + "~").status, 200)
        self.assertIsNone(self.note_of(first["id"]))

    def test_nor_in_the_commit_that_erases_it(self):
        for atomic in (False, True):
            subject = case()
            whole = self.by(ML1).statement("case.detected", subject, DETECTED, hidden={"note": "gone at once"})
            erasure = self.by(ML1).statement("case.data_erased", subject, {"basis": "art17", "targets": [1]})
            answer = self.client.post_list([whole, erasure, whole], atomic=atomic)
            results = answer.json()["results"]
            self.assertEqual(results[-1]["status"], 409, answer)
            self.assertEqual(results[-1]["rule"], "disclosures-erased")
            self.assertEqual(answer.status, 409 if atomic else 207)
            if not atomic:
                self.assertIsNone(self.note_of(results[0]["id"]))
        subject = case()
        whole = self.by(ML1).statement("case.detected", subject, DETECTED, hidden={"note": "gone at once"})
        erasure = self.by(ML1).statement("case.data_erased", subject, {"basis": "art17", "targets": [1]})
        taken = self.client.post_list([whole, erasure, jwt_of(whole) + "~"], atomic=True)
        self.assertEqual(taken.status, 201, taken)
        self.assertIsNone(self.note_of(taken.json()["results"][0]["id"]))

    def test_the_form_of_a_statement(self):
        whole = self.by(ML1).statement("case.detected", case(), DETECTED)
        self.assertEqual(self.client.post(jwt_of(whole)).rule, "sd-jwt-form")
        for end, status in (("\r\n", 201), ("\n", 200), ("", 200)):
            self.assertEqual(self.client.post(whole + end).status, status)


if __name__ == "__main__":
    main()
