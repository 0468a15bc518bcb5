"""kill -9 at random moments under load, ten times: while it appends, while it rebuilds its projections, while it starts. Every
acknowledged event is there with the receipt that was handed out, the tree agrees with every receipt, and the projections equal a
rebuild."""
import contextlib
import subprocess
import threading
import time
import unittest

import harness
from harness import ANALYST, RELAIS, Ledger, dice, main, run
from load import Load, check_duplicates, check_receipts

CYCLES = 10
LONGEST = 1.2  # seconds from the first answer to the kill


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
    process = subprocess.Popen([RELAIS, "serve", "--data", str(ledger.data), "--listen", "127.0.0.1:0"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(dice.random() * 0.1)
    process.kill()
    process.wait()


class Crash(unittest.TestCase):
    def test_kill(self):
        ledger = Ledger()
        self.addCleanup(ledger.remove)
        server = ledger.serve()
        self.addCleanup(lambda: server.kill() if server.process.poll() is None else None)
        ledger.found(server)
        acknowledged = []
        for cycle in range(CYCLES):
            with self.subTest(cycle=cycle, seed=harness.SEED):
                with rebuilding(ledger) if cycle % 2 else contextlib.nullcontext(), Load(server) as load:
                    while load.count() == 0 and not load.unexpected:
                        time.sleep(0.001)
                    time.sleep(dice.random() * LONGEST)
                    server.kill()
                self.assertEqual(load.unexpected, [])
                acknowledged += load.acknowledged
                kill_while_it_starts(ledger)
                server = ledger.serve()
                check_duplicates(self, load.acknowledged, server)
                # Nothing of the time before has gone either.
                check_duplicates(self, dice.sample(acknowledged, min(50, len(acknowledged))), server)
        with self.subTest("the tree agrees with every receipt", seed=harness.SEED):
            analyst = server.client(ANALYST)
            check_receipts(self, acknowledged, analyst, server.size(), ledger.vkey)
            analyst.close()
        with self.subTest("everything is re-derived, projections included", seed=harness.SEED):
            self.assertEqual(server.stop(), 0, server.errors())
            ledger.verify()
        print(f"{len(acknowledged)} events were acknowledged in {CYCLES} lives of the server")


if __name__ == "__main__":
    main()
