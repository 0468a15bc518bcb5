"""kill -9 at random moments under mixed load: while it appends, reads, erases and completes, while the clock signs what time has
brought, while it rebuilds its projections, while it starts. Every acknowledged event is there with the receipt that was handed out,
every disclosure that was kept, every erasure, every trace of a read; the tree agrees with every receipt, and the projections equal a
rebuild.

    test_crash.py               10 lives of a server
    test_crash.py --long [N]    N of them (1,000), with a verification of everything behind each hundredth
"""
import contextlib
import json
import subprocess
import sys
import threading
import time
import unittest

import harness
from harness import ANALYST, RELAIS, Ledger, clock, dice, jwt_of, main, run
from mixed_load import MixedLoad, Outsider, Promises, check_promises

LONG = "--long" in sys.argv
CYCLES = 10
LONGEST = 1.0  # seconds from the first answer to the kill
DAYS = 16  # that pass between two lives: the second next clock ends what nobody has answered
SAMPLE = 50
if LONG:
    at = sys.argv.index("--long")
    CYCLES = int(sys.argv[at + 1]) if len(sys.argv) > at + 1 else 1_000
    del sys.argv[at:at + 2]


@contextlib.contextmanager
def rebuilding(ledger):
    """`relais rebuild` over and over, beside the server and after its end."""
    stop = threading.Event()

    def go_on():
        while not stop.is_set():
            run("rebuild", "--data", ledger.data, ok=None)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def kill_while_it_starts(ledger):
    process = subprocess.Popen([RELAIS, "serve", "--data", str(ledger.data), "--listen", "127.0.0.1:0", "--trust-clock"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clock.environment())
    time.sleep(dice.random() * 0.1)
    process.kill()
    process.wait()


class Crash(unittest.TestCase):
    def setUp(self):
        self.addCleanup(clock.reset)
        clock.move()
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.server = self.serve()
        self.addCleanup(lambda: self.server.kill() if self.server.process.poll() is None else None)
        self.ledger.found(self.server)
        self.all = Promises()
        self.disclosed = {}
        self.outsider = Outsider(self.ledger.vkey)
        self.looks = 0

    def serve(self):
        return self.ledger.serve("--clock-seconds", 1)

    def one_life(self, cycle):
        with rebuilding(self.ledger) if cycle % 4 == 1 else contextlib.nullcontext(), MixedLoad(self.server) as load:
            while load.count() == 0 and not load.unexpected:
                time.sleep(0.001)
            time.sleep(dice.random() * LONGEST)
            self.server.kill()
        self.assertEqual(load.unexpected, [])
        if cycle % 3 == 0:
            clock.move(days=DAYS)
        if cycle % 2:
            kill_while_it_starts(self.ledger)
        self.server = self.serve()
        load.told.settle()
        check_promises(self, load.told, self.server)
        self.looks += sum(map(len, load.told.looks.values()))
        analyst = self.server.client(ANALYST)
        self.outsider.follow(self, analyst, self.server.size())
        self.outsider.check(self, load.told.receipts)
        analyst.close()
        self.all.add(load.told)
        self.disclosed |= {jwt_of(s): s for s in load.told.disclosed}
        self.check_before()

    def check_before(self):
        """Nothing of the lives before has gone either."""
        some = Promises()
        some.receipts = dice.sample(self.all.receipts, min(SAMPLE, len(self.all.receipts)))
        some.erased = dice.sample(self.all.erased, min(SAMPLE, len(self.all.erased)))
        some.doubtful = self.all.doubtful
        jwts = {jwt_of(s) for s, _ in some.receipts}
        some.disclosed = [self.disclosed[jwt] for jwt in jwts & self.disclosed.keys()]
        check_promises(self, some, self.server)

    def verify(self):
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        self.ledger.verify()

    def test_kill(self):
        for cycle in range(CYCLES):
            with self.subTest(cycle=cycle, seed=harness.SEED):
                self.one_life(cycle)
                if cycle % 100 == 99:
                    self.verify()
                    self.server = self.serve()
                    print(f"{cycle + 1} lives: {len(self.outsider.log)} entries", flush=True)
            if self.server.process.poll() is not None:
                return  # what is wrong was said
        with self.subTest("everything is re-derived, projections included", seed=harness.SEED):
            self.verify()
        by_clock = sum(1 for entry in self.outsider.log if self.of_clock(entry))
        if CYCLES >= 10:
            self.assertGreater(by_clock, 0, "the clock has signed nothing")
        print(f"{len(self.all.receipts)} events, {len(self.disclosed)} disclosures, {len(self.all.erased)} erasures and {self.looks} "
              f"looks were acknowledged in {CYCLES} lives of the server, and the clock signed {by_clock} events")

    @staticmethod
    def of_clock(entry):
        payload = json.loads(harness.unb64u(entry[8:].decode().split(".")[1]))
        return payload["type"] in ("relais.referral.expired.v1", "relais.case.became_dormant.v1")


if __name__ == "__main__":
    main()
