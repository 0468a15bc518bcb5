#!/usr/bin/python3
"""Rude clients beside ordinary ones: what those who read and write wait, with and without each attack; and the memory and the
handles of the server before, at the worst, and behind it.

    tests/soak/rude.py [--seconds 10] [ATTACK…]

The attackers are a process of their own, on the same machine and of lower priority (nice): what they take of the processor, the
server does not have. They come from other addresses of the loopback, but for the flood, which comes from the ordinary clients'
own. Fails where an ordinary client gets no good answer, or the memory or the handles do not come back."""
import argparse
import contextlib
import multiprocessing
import os
import random
import sys
import time

from steady import Cases, Connection, Process, Signer, Steady, percentile, serving

import wire
from harness import ML2, ML3

READS, WRITES = 60, 20  # a second
MOST_MIB, MOST_HANDLES = 64, 8  # more than before, once the attack has ended; handles but those of the store's tables


class Attack:
    """Of a process of its own. Each `round` does a little, and is called until the end."""

    def __init__(self, server, requests):
        self.server, self.requests, self.open, self.done = server, requests, [], 0
        self.die = random.Random(1)

    def connect(self, addresses=8):
        """From one of so many addresses; nothing where the server takes no more."""
        with contextlib.suppress(OSError):
            source = f"127.0.1.{self.die.randrange(1, addresses + 1)}"
            connection = wire.connect(self.server, source)
            self.done += 1
            return connection
        return None

    def keep(self, most, addresses=8):
        """Up to so many connections that are open; those that the server has ended go."""
        for _ in range(50):
            if len(self.open) >= most:
                return
            if connection := self.connect(addresses):
                connection.setblocking(False)
                self.open.append(connection)

    def drop_ended(self):
        still = []
        for connection in self.open:
            try:
                ended = connection.recv(65_536) == b""
            except BlockingIOError:
                ended = False
            except OSError:
                ended = True
            if ended:
                connection.close()
            else:
                still.append(connection)
        self.open = still

    def send(self, connection, data):
        with contextlib.suppress(OSError):
            connection.send(data)

    def round(self):
        raise NotImplementedError


class Nothing(Attack):
    """nobody"""

    def round(self):
        time.sleep(0.1)


class Slowloris(Attack):
    """900 heads that come a byte a second"""

    def round(self):
        self.keep(900)
        for connection in self.open:
            self.send(connection, b"G" if self.die.random() < 0.01 else b"X")
        self.drop_ended()
        time.sleep(1)


class HalfClosed(Attack):
    """connections whose client has said its last word, before or behind a request"""

    def round(self):
        for _ in range(20):
            if connection := self.connect():
                self.send(connection, self.die.choice((b"", b"GET / HTTP/1.1\r\nHo", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")))
                with contextlib.suppress(OSError):
                    connection.shutdown(1)
                connection.setblocking(False)
                self.open.append(connection)
        self.drop_ended()
        time.sleep(0.05)


class Idle(Attack):
    """3,000 connections that say nothing, of which the server takes 1,024"""

    def round(self):
        self.keep(3_000, 16)
        self.drop_ended()
        time.sleep(0.05)


class Lies(Attack):
    """bodies that are shorter, longer or never as long as they say; 400 at once"""

    HEAD = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    def round(self):
        self.keep(400)
        for connection in self.open[-50:]:
            self.send(connection, self.HEAD + self.die.choice((
                b"Content-Length: 16000000\r\n\r\n{", b"Content-Length: 3\r\n\r\n" + b"{" * 500,
                b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"x" * 2_000,
                b"Transfer-Encoding: chunked\r\n\r\n3;" + b"e" * 9_000, b"Content-Length: 99999999999\r\n\r\n")))
        for connection in self.open:
            self.send(connection, b"x" * 1_000)
        self.drop_ended()
        time.sleep(0.1)


class Pipelining(Attack):
    """40 connections with 200 requests each at once, whose answers are read late or never"""

    def round(self):
        self.keep(40)
        for connection in self.open:
            self.send(connection, b"GET /log/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
            if self.die.random() < 0.3:
                with contextlib.suppress(OSError):
                    connection.recv(4_096)
        if self.die.random() < 0.2 and self.open:
            self.open.pop().close()
        time.sleep(0.05)


class Flood(Attack):
    """one key that reads and writes as fast as it can"""

    def round(self):
        if not self.open:
            self.open = [Connection(self.server) for _ in range(8)]
        for connection in self.open:
            for request in self.requests:
                if reply := connection.exchange(request):
                    self.done += reply.status < 500


ATTACKS = {a.__name__.lower(): a for a in (Nothing, Slowloris, HalfClosed, Idle, Lies, Pipelining, Flood)}


def attack(kind, server, requests, seconds, told):
    os.nice(10)
    attacker = kind(server, requests)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        attacker.round()
    told.send((attacker.done, len(attacker.open)))
    for connection in attacker.open:
        connection.close()


class Target:
    """What an attacker knows of a server."""

    def __init__(self, server):
        self.port = server.port


def watch(server, kind, requests, cases, seconds):
    """One attack beside ordinary clients: a row."""
    process = Process(server.process.pid)
    before = process.rss_mib(), process.handles()[0]
    ours, theirs = multiprocessing.Pipe()
    attacker = multiprocessing.Process(target=attack, args=(kind, Target(server), requests, seconds + 1, theirs))
    attacker.start()
    time.sleep(1)  # it is in full swing
    cpu, worst = process.cpu_seconds(), before
    with Steady(server, cases.read, READS / 2, 2) as readers, Steady(server, cases.assess, WRITES) as writers:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.25)
            worst = max(worst[0], process.rss_mib()), max(worst[1], process.handles()[0])
    cpu = (process.cpu_seconds() - cpu) / seconds
    done, left = ours.recv()
    attacker.join()
    (r, bad_r), (w, bad_w) = readers.take(), writers.take()
    until = time.monotonic() + 45  # the server's own time-outs
    while process.handles()[0] > before[1] + MOST_HANDLES and time.monotonic() < until:
        time.sleep(0.5)
    after = process.rss_mib(), process.handles()[0]
    problems = [f"{kind.__name__}: {bad}" for bad in (bad_r + bad_w)[:3]]
    if after[0] > before[0] + MOST_MIB:
        problems.append(f"{kind.__name__}: the memory did not come back: {before[0]:.0f} -> {after[0]:.0f} MiB")
    if after[1] > before[1] + MOST_HANDLES:
        problems.append(f"{kind.__name__}: the handles did not come back: {before[1]} -> {after[1]}")
    times = [percentile(t, p) or 0 for t in (r, w) for p in (0.5, 0.99)]
    print(f"{kind.__name__.lower():11} {done:9} {left:6} " + " ".join(f"{t:9.1f}" for t in times) +
          f" {cpu:5.0%}  {before[0]:5.0f} {worst[0]:5.0f} {after[0]:5.0f}  {before[1]:5} {worst[1]:5} {after[1]:5}", flush=True)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacks", nargs="*", default=[], metavar="ATTACK", help=", ".join(ATTACKS))
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    problems = []
    with serving() as server:
        cases = Cases(server, 60, (ML2, ML3))
        flooder = Signer(server, "mission-locale-1")
        requests = [flooder.get("/v1/events?limit=50"), flooder.get("/v1/cases?limit=50"),
                    flooder.post("case.detected", "case/no-uuid", {})] * 4
        print(f"{'':11} {'':9} {'':6} {'readers, ms':>19} {'writers, ms':>19} {'':5}  {'RSS, MiB':>17}  {'handles':>17}\n"
              f"{'attack':11} {'done':>9} {'open':>6} {'p50':>9} {'p99':>9} {'p50':>9} {'p99':>9} {'CPU':>5}  "
              f"{'':>5} {'worst':>5} {'after':>5}  {'':>5} {'worst':>5} {'after':>5}")
        for name in ["nothing"] + (options.attacks or [a for a in ATTACKS if a != "nothing"]) + ["nothing"]:
            problems += watch(server, ATTACKS[name], requests, cases, options.seconds)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
