"""All that a server does, at once: writers, readers, streams, erasures and their purges, rebuilds, new wrapping keys, and a
SIGTERM in the middle of it, again and again. Short here; under ThreadSanitizer, and for longer:

    RELAIS_BIN=build/tsan/relais RELAIS_STRESS_SECONDS=300 python3 tests/e2e/test_stress.py

A race that the sanitizer finds is in the server's log, and its exit code is not 0."""
import contextlib
import http.client
import os
import random
import time
import unittest

import harness
from acts import Acts
from harness import AMICALE, ANALYST, ASSESSED, DETECTED, ML1, ML2, ML3, Ledger, Live, Threads, case, dice, main

SECONDS = float(os.environ.get("RELAIS_STRESS_SECONDS", "6"))
ROUND = min(max(SECONDS / 3, 2), 20)
GONE = (OSError, http.client.HTTPException, AssertionError, ValueError)  # the server is, or its last answer was cut short
# What a server may say that is busy or about to stop.
EXPECTED = {200, 201, 202, 204, 207, 304, 409, 429, 503}


class Mixed(Threads):
    """Threads that do what clients do, until the server is gone or they are told to stop."""

    def __init__(self, server):
        self.server = server
        self.acknowledged = []
        self.unexpected = []
        self.counts = {}
        jobs = [(self.write, ML1), (self.write, ML2), (self.write, AMICALE), (self.write_lists, ML3), (self.read, ML1),
                (self.read, ML2), (self.read_log, ANALYST), (self.follow, ML1), (self.follow, ANALYST), (self.administer, None)]
        super().__init__(*((self.run, job, slug, random.Random(dice.random())) for job, slug in jobs))

    def run(self, job, slug, die):
        client = self.server.client(slug if job in (self.read, self.read_log) else None)
        done = 0
        with contextlib.suppress(*GONE):
            while not self.ended.is_set():
                job(client, slug, die)
                done += 1
        client.close()
        with self.lock:
            self.counts[job.__name__] = self.counts.get(job.__name__, 0) + done

    def expect(self, answer):
        if answer.status not in EXPECTED:
            with self.lock:
                self.unexpected.append(answer)

    def post(self, client, statements):
        answer = client.post(statements[0]) if len(statements) == 1 else client.post_list(statements, atomic=True)
        self.expect(answer)
        if answer.status in (200, 201):
            with self.lock:
                self.acknowledged += statements

    def write(self, client, slug, die):
        by = self.server.ledger.signatories[slug]
        subject = case()
        self.post(client, [by.statement("case.detected", subject, DETECTED, {"note": "exemple"})])
        self.post(client, [by.statement("case.risk_assessed", subject, ASSESSED)])
        if die.random() < 0.3:
            erasure = by.statement("case.data_erased", subject, {"basis": "art17", "targets": [1]})
            self.expect(client.post(erasure))

    def write_lists(self, client, slug, die):
        by = self.server.ledger.signatories[slug]
        subject = case()
        self.post(client, [by.statement("case.detected", subject, DETECTED, {"note": "exemple"})] +
                  [by.statement("case.risk_assessed", subject, ASSESSED) for _ in range(die.randrange(1, 80))])

    def read(self, client, slug, die):
        listed = client.get(f"/v1/cases?limit={die.randrange(1, 20)}")
        self.expect(listed)
        if listed.status == 200:
            for item in listed.json()["cases"][:3]:
                for behind in ("", "/timeline", "?asOf=20"):
                    answer = client.get(f"/v1/cases/{item['id']}{behind}")
                    if answer.status != 404:  # asOf: it was not there yet
                        self.expect(answer)
        for path in ("/v1/events?limit=20", "/v1/audit/reads?limit=5", "/v1/deadlines", "/v1/referrals?box=inbox", "/readyz"):
            self.expect(client.get(path))

    def read_log(self, client, slug, die):
        for path in ("/log/checkpoint", "/log/keys", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/5", "/v1/events?limit=100",
                     "/v1/keys", "/v1/signatories"):
            self.expect(client.get(path))

    def follow(self, client, slug, die):
        live = Live(self.server, self.server.client(slug), query="?from=0")
        with contextlib.closing(live):
            for _ in range(die.randrange(1, 30)):
                live.next()

    def administer(self, client, slug, die):
        self.expect(self.server.administer("POST", "/admin/rebuild"))
        self.expect(self.server.administer("GET", "/metrics"))
        if die.random() < 0.2:
            self.expect(self.server.administer("POST", "/admin/rotate-wrapping-key"))


class Stress(Acts, unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.start()
        self.addCleanup(lambda: self.server.stop())
        self.ledger.found(self.server)

    def start(self):
        self.server = self.ledger.serve("--clock-seconds", 1, "--max-requests-per-second", 0, "--max-megabytes-per-day", 0)

    def test_all_at_once_and_a_stop(self):
        acknowledged, counts = [], {}
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            with Mixed(self.server) as mixed:
                time.sleep(min(ROUND, max(0.5, until - time.monotonic())) * (0.5 + dice.random() / 2))
                self.assertEqual(self.server.stop(timeout=120), 0, self.server.errors())
            self.assertEqual(mixed.unexpected, [], f"RELAIS_SEED={harness.SEED}")
            acknowledged += mixed.acknowledged
            for name, count in mixed.counts.items():
                counts[name] = counts.get(name, 0) + count
            self.start()
        print(counts, flush=True)
        self.assertTrue(all(counts.values()), f"{counts} RELAIS_SEED={harness.SEED}")
        self.check_known(acknowledged)
        self.assertEqual(self.server.stop(timeout=120), 0, self.server.errors())
        self.ledger.verify()

    def check_known(self, statements):
        """Sent again without disclosures, which may be erased: each is there already."""
        client = self.server.client()
        for at in range(0, len(statements), 500):
            part = [s.split("~")[0] + "~" for s in statements[at:at + 500]]
            results = client.post_list(part).json()["results"]
            self.assertEqual([r["status"] for r in results], [200] * len(part), "an acknowledged statement is lost")
        client.close()


if __name__ == "__main__":
    main()
