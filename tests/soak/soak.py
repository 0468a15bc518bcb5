#!/usr/bin/python3
"""Mixed load for some minutes, with all that a server does beside: its memory and its file handles have to stay what they
were once it is warm.

    tests/soak/soak.py [--minutes 20] [--every 30]

Prints them over time. Fails where, between the first quarter behind the warm-up (a quarter of the time) and the last one, the
median of the memory grows by more than MOST_MIB and MOST_PART of it, the handles but those of the store's tables by more than
MOST_HANDLES; where there are more than MOST_TABLES of these; or where a request gets no good answer."""
import argparse
import contextlib
import random
import statistics
import sys
import time

from steady import Cases, Connection, Process, Steady, percentile, serving

from harness import ANALYST, ML1, Live, Threads

MOST_MIB = 24      # RocksDB's write buffers come and go by as much
MOST_PART = 0.10
MOST_HANDLES = 8   # connections that are open at the moment
MOST_TABLES = 640  # 512 and 128 that the two stores keep open. Each purge leaves a small one in each family
WRITES, READS = 40, 80  # a second


class Beside(Threads):
    """What happens now and then: streams come and go, something is erased, projections are rebuilt, keys are wrapped anew,
    connections are opened and left."""

    def __init__(self, server, cases, seconds):
        self.server, self.cases, self.failed = server, cases, []
        jobs = [(self.follow, 0.5), (self.erase, max(seconds / 40, 1)), (self.rebuild, max(seconds / 40, 2)),
                (self.rotate, max(seconds / 10, 3)), (self.leave, 0.2)]
        super().__init__(*((self.run, *job) for job in jobs))

    def run(self, job, every):
        die = random.Random(every)
        while not self.ended.wait(every):
            try:
                job(die)
            except (OSError, AssertionError) as e:
                self.failed.append(f"{job.__name__}: {e}")

    def follow(self, die):
        with contextlib.closing(Live(self.server, self.server.client(die.choice((ML1, ANALYST))))) as live:
            for _ in range(die.randrange(1, 20)):
                live.next()

    def erase(self, die):
        """What a case disclosed that was opened a moment ago."""
        fresh = Cases(self.server, 1, (ML1,))
        with contextlib.closing(Connection(self.server)) as connection:
            erasure = fresh.signers[ML1].post("case.data_erased", fresh.of[ML1][0], {"basis": "art17", "targets": [1]})
            reply = connection.exchange(erasure)
        if reply is None or reply.status != 201:
            raise AssertionError(f"an erasure: {reply} {reply.body if reply else ''}")

    def administer(self, path):
        answer = self.server.administer("POST", path)
        if answer.status not in (200, 202):
            raise AssertionError(f"{path}: {answer}")

    def rebuild(self, _):
        self.administer("/admin/rebuild")

    def rotate(self, _):
        self.administer("/admin/rotate-wrapping-key")

    def leave(self, die):
        """Connections that are left in the middle of something."""
        for sent in (b"", b"GET / HT", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"):
            with contextlib.closing(Connection(self.server)) as left:
                left.exchange(self.cases.read(die))
                if left.socket:
                    left.socket.sendall(sent)


def grown(samples, of):
    """Medians of the first quarter behind the warm-up, and of the last."""
    quarter = max(len(samples) // 4, 1)
    median = lambda part: statistics.median(getattr(s, of) for s in part)  # noqa: E731
    return median(samples[quarter:2 * quarter] or samples), median(samples[-quarter:])


class Sample:
    def __init__(self, process, begun):
        self.at = time.monotonic() - begun
        self.mib, self.threads, self.cpu = process.rss_mib(), process.threads(), process.cpu_seconds()
        self.handles, self.tables = process.handles()


def run(minutes, every):
    seconds = minutes * 60
    every = min(every, seconds / 8)
    with serving("--clock-seconds", 1, "--max-requests-per-second", 0) as server:
        cases = Cases(server, 120)
        process, samples, begun = Process(server.process.pid), [], time.monotonic()
        print(f"{'s':>6} {'RSS MiB':>9} {'handles':>8} {'tables':>7} {'threads':>8} {'CPU':>6} {'write p99 ms':>13} "
              f"{'read p99 ms':>12} {'entries':>9}")
        with (Steady(server, cases.assess, WRITES / 2, 2) as writers, Steady(server, cases.read, READS / 2, 2) as readers,
              Beside(server, cases, seconds) as beside):
            cpu, bad = process.cpu_seconds(), []
            while (left := seconds - (time.monotonic() - begun)) > 0:
                time.sleep(min(every, left))
                s = Sample(process, begun)
                samples.append(s)
                (w, bad_w), (r, bad_r) = writers.take(), readers.take()
                bad += bad_w + bad_r
                print(f"{s.at:6.0f} {s.mib:9.1f} {s.handles:8} {s.tables:7} {s.threads:8} {(s.cpu - cpu) / every:6.0%} "
                      f"{percentile(w, 0.99) or 0:13.1f} {percentile(r, 0.99) or 0:12.1f} {server.size():9}", flush=True)
                cpu = s.cpu
        sent = (writers.sent, readers.sent)
    (mib, mib_now), (handles, handles_now) = grown(samples, "mib"), grown(samples, "handles")
    print(f"{sent[0]} writes, {sent[1]} reads, {len(bad)} without a good answer; memory {mib:.1f} -> {mib_now:.1f} MiB "
          f"(at most +{MOST_MIB} or +{MOST_PART:.0%}), handles {handles:.0f} -> {handles_now:.0f} (at most +{MOST_HANDLES})")
    problems = bad[:5] + beside.failed[:5]
    if mib_now - mib > max(MOST_MIB, MOST_PART * mib):
        problems.append("the memory has grown")
    if handles_now - handles > MOST_HANDLES:
        problems.append("the handles have grown")
    if max(s.tables for s in samples) > MOST_TABLES:
        problems.append("the store keeps too many tables open")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--every", type=float, default=30, help="seconds between two lines")
    options = parser.parse_args()
    problems = run(options.minutes, options.every)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
