"""Answers in gzip and zstd over the socket, as this language's library and as curl read them; what is disclosed comes as it is."""
import gzip
import json
import subprocess

from acts import Acts
from harness import ML1, LedgerTest, main

LONG = "exemple : un texte long, inventé. " * 50


class Coded(Acts, LedgerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        cls.subject = self.minor(ML1)
        for _ in range(20):
            self.step(ML1, cls.subject)
        cls.disclosed = self.act(ML1, "case.risk_assessed", cls.subject, {"risk": "high", "grid_version": "2026-1"}, {"factors": [LONG]})["id"]
        cls.timeline = f"/v1/cases/{cls.subject.removeprefix('case/')}/timeline"
        cls.convention = "/v1/convention"
        cls.event = f"/v1/events/{cls.disclosed}"
        self.doCleanups()

    def test_a_list_in_gzip(self):
        reader = self.reader(ML1)
        plain, coded = reader.get(self.convention), reader.get(self.convention, Accept_Encoding="gzip, deflate")
        self.assertEqual((coded.headers["Content-Encoding"], coded.headers["Vary"]), ("gzip", "accept-encoding"))
        self.assertEqual(json.loads(gzip.decompress(coded.body)), plain.json())
        self.assertLess(len(coded.body), len(plain.body) / 2)
        # One content, one tag, in whatever coding it came.
        tag = coded.headers["ETag"]
        self.assertEqual(tag, "W/" + plain.headers["ETag"])
        for asked in ({}, {"Accept_Encoding": "gzip"}):
            self.assertEqual(reader.get(self.convention, If_None_Match=tag, **asked).status, 304)

    def test_who_looked_is_never_coded(self):
        """The purposes are others' words: how long they come out beside one's own would tell of them."""
        answer = self.reader(ML1).get(self.timeline, Accept_Encoding="zstd, gzip")
        self.assertIn("looks", answer.json())
        self.assertGreater(len(answer.body), 1_700)
        self.assertNotIn("Content-Encoding", answer.headers)

    def test_what_curl_reads(self):
        url = f"http://127.0.0.1:{self.server.port}/openapi.json"
        plain = subprocess.run(["curl", "-sS", url], check=True, capture_output=True).stdout
        for name in ("gzip", "zstd"):
            with self.subTest(name):
                read = subprocess.run(["curl", "-sS", "--compressed", "-H", f"Accept-Encoding: {name}", url], check=True, capture_output=True)
                self.assertEqual(read.stdout, plain)

    def test_what_is_disclosed_is_never_coded(self):
        answer = self.reader(ML1).get(self.event, Accept_Encoding="zstd, gzip")
        self.assertIn(LONG, answer.body.decode())
        self.assertGreater(len(answer.body), 1_700)
        self.assertNotIn("Content-Encoding", answer.headers)


if __name__ == "__main__":
    main()
