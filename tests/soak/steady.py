"""Ordinary clients at a steady rate, and what a process takes. Each request has its moment, whether the one before was
answered or not, and its time runs from that moment: a server that stalls is charged for all that would have come
meanwhile."""
import contextlib
import os
import random
import socket
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.path.insert(0, str(ROOT / "tests/security"))

import wire  # noqa: E402
from harness import ASSESSED, DETECTED, ML1, ML2, ML3, SD_JWT, Ledger, case, run  # noqa: E402

TOKEN_SECONDS = 120  # of the 240 that the harness gives one


def percentile(times, part):
    """In milliseconds; None of nothing."""
    ordered = sorted(times)
    return 1e3 * ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else None


class Process:
    """What the kernel says of it."""

    def __init__(self, pid):
        self.folder = Path(f"/proc/{pid}")

    def rss_mib(self):
        return int(self.folder.joinpath("statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def handles(self):
        """Of all but the store's tables, and of those."""
        targets = []
        for handle in self.folder.joinpath("fd").iterdir():
            with contextlib.suppress(OSError):  # closed since it was listed
                targets.append(os.readlink(handle))
        tables = sum(target.endswith(".sst") for target in targets)
        return len(targets) - tables, tables

    def threads(self):
        return len(list(self.folder.joinpath("task").iterdir()))

    def cpu_seconds(self):
        fields = self.folder.joinpath("stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Connection:
    """One connection that is kept; made anew where the server has ended it."""

    def __init__(self, server, source="127.0.0.1"):
        self.server, self.source, self.socket, self.rest = server, source, None, b""

    def exchange(self, request):
        """The reply; None where the connection ended or was silent instead."""
        with contextlib.suppress(OSError):
            if self.socket is None:
                self.socket, self.rest = wire.connect(self.server, self.source), b""
            self.socket.sendall(request)
            while True:
                if found := wire.parse(self.rest):
                    self.rest = found[1]
                    if found[0].headers.get("connection") == "close":
                        self.close()
                    return found[0]
                chunk = self.socket.recv(65_536)
                if not chunk:
                    break
                self.rest += chunk
        self.close()
        return None

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


class Signer:
    """Requests of one signatory, as bytes."""

    def __init__(self, server, slug):
        self.server, self.by = server, server.ledger.signatories[slug]
        self.made, self.token = 0.0, ""

    def get(self, path):
        if time.monotonic() - self.made > TOKEN_SECONDS:
            self.made, self.token = time.monotonic(), self.by.token(self.server.ledger.origin)
        return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode()

    def post(self, name, subject, data, hidden=None):
        body = self.by.statement(name, subject, data, hidden)
        return (f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: {SD_JWT}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


class Steady:
    """`make(die)` gives the next request, `per_second` of them by each of `clients` threads; a context. Kept are the times,
    and the replies that are not `good`."""

    def __init__(self, server, make, per_second, clients=1, good=(200, 201)):
        self.server, self.make, self.every, self.good = server, make, 1 / per_second, good
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.times, self.bad, self.sent = [], [], 0
        self.threads = [threading.Thread(target=self.run, args=(i / per_second / clients,)) for i in range(clients)]

    def run(self, delay):
        die, connection = random.Random(delay), Connection(self.server)
        due = time.monotonic() + delay
        while True:
            late = max(0.0, time.monotonic() - due)  # the answer before took so long
            if self.ended.wait(max(0.0, due - time.monotonic())):
                break
            request = self.make(die)  # signing is the client's own time
            begun = time.monotonic()
            reply = connection.exchange(request)
            took = time.monotonic() - begun + late
            with self.lock:
                self.sent += 1
                self.times.append(took)
                if reply is None or reply.status not in self.good:
                    self.bad.append(str(reply))
            due = max(due + self.every, time.monotonic() - 5)  # what is far behind does not come any more
        connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def take(self):
        """Times and bad replies since the last call."""
        with self.lock:
            taken, self.times, self.bad = (self.times, self.bad), [], []
        return taken


class Cases:
    """A fixed number of cases, so that what is kept of each grows slowly and their number not at all."""

    def __init__(self, server, count, slugs=(ML1, ML2, ML3)):
        self.of = {slug: [] for slug in slugs}
        self.signers = {slug: Signer(server, slug) for slug in slugs}
        connection = Connection(server)
        for n in range(count):
            slug = slugs[n % len(slugs)]
            subject = case()
            made = connection.exchange(self.signers[slug].post("case.detected", subject, DETECTED, {"note": "exemple"}))
            if made is None or made.status != 201:
                raise AssertionError(f"a case could not be opened: {made}")
            self.of[slug].append(subject)
        connection.close()

    def assess(self, die):
        slug = die.choice(list(self.of))
        return self.signers[slug].post("case.risk_assessed", die.choice(self.of[slug]), ASSESSED)

    def read(self, die):
        slug = die.choice(list(self.of))
        one = die.choice(self.of[slug]).replace("case/", "/v1/cases/")
        return self.signers[slug].get(die.choice((one, one, one, one + "/timeline?limit=20", "/v1/cases?limit=10",
                                                  "/v1/events?limit=10", "/v1/deadlines?limit=10", "/log/checkpoint")))


@contextlib.contextmanager
def serving(*arguments):
    """A server of a fresh ledger in force, which has to end well and to hold together then."""
    ledger = Ledger()
    try:
        server = ledger.serve("--max-megabytes-per-day", 0, *arguments)
        try:
            ledger.found(server)
            yield server
        finally:
            code = server.stop(60)
            if code != 0:
                print(f"the server ended with {code}\n{server.errors()}", flush=True)
        if code != 0:
            raise AssertionError(f"the server ended with {code}")
        run("verify", "--data", ledger.data, timeout=1_800)
    finally:
        ledger.remove()
