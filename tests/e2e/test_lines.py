"""Lists as lines (application/x-ndjson) over the socket: the same as all pages, each with its trace."""
import json

from acts import Acts, id_of
from harness import AMICALE, ANALYST, ML1, LedgerTest, all_pages, main

LINES = "application/x-ndjson"


class Lines(Acts, LedgerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        cls.cases = [self.minor(ML1) for _ in range(7)]
        for subject in cls.cases[:3]:
            self.ask(ML1, subject, AMICALE)
        self.doCleanups()

    def lines(self, slug, path):
        answer = self.reader(slug).get(path, Accept=LINES)
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, LINES), answer)
        return [json.loads(line) for line in answer.body.decode().splitlines() if line]

    def test_are_the_items_of_all_pages(self):
        for slug, path, member in ((ML1, "/v1/cases", "cases"), (AMICALE, "/v1/referrals?box=inbox", "referrals"),
                                   (ANALYST, "/v1/events?order=desc", "events"), (ML1, "/v1/audit", "events"), (ML1, "/v1/deadlines", "deadlines")):
            with self.subTest(path):
                joint = "&" if "?" in path else "?"
                pages = all_pages(self.reader(slug), f"{path}{joint}limit=500", member)
                self.assertGreater(len(pages), 2)
                for asked in (path, f"{path}{joint}limit=2"):
                    self.assertEqual(self.lines(slug, asked), pages)

    def test_a_filter_and_a_cursor_count(self):
        self.assertEqual(self.lines(ML1, "/v1/cases?phase=CLOSED"), [])
        first = self.reader(ML1).get("/v1/cases?limit=2").json()
        rest = self.lines(ML1, f"/v1/cases?cursor={first['next']}")
        self.assertEqual([c["id"] for c in first["cases"] + rest], sorted(id_of(s) for s in self.cases))

    def test_what_is_refused_is_refused_at_once(self):
        for path, status in (("/v1/cases?phase=OPEN", 400), ("/v1/cases?limit=501", 400), ("/v1/cases?cursor=x", 400), ("/v1/casse", 404)):
            self.assertEqual(self.reader(ML1).get(path, Accept=LINES).status, status, path)

    def test_what_is_no_list_comes_as_it_is(self):
        path = f"/v1/cases/{id_of(self.cases[0])}"
        self.assertEqual(self.reader(ML1).get(path, Accept=LINES).json()["id"], id_of(self.cases[0]))

    def test_each_page_leaves_a_trace(self):
        def seen():
            return len(all_pages(self.reader(ML1), "/v1/audit/reads?limit=500", "reads"))
        before = seen()
        self.lines(ML1, "/v1/cases?limit=2")
        self.assertGreaterEqual(seen() - before, 4)


if __name__ == "__main__":
    main()
