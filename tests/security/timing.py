#!/usr/bin/python3
"""Measures whether the time of an answer tells what is hidden from what is absent. Not a test: it prints, and judges nothing.

    timing.py [PAIRS]     10,000 pairs of requests for each path, unless it says otherwise; of appends, a tenth

One reader asks for what is hidden from it and for what does not exist, in pairs whose order is drawn; Welch's t-test compares
the two, once with all times and again without the slowest, which are the machine's (Reparaz, Balasch, Verbauwhede: Dude, is my
code constant time?, 2017). Below 4.5 nothing was found; above 10 the difference is certain. The last line compares absent with
absent: what the machine alone makes.
"""
import math
import random
import sys
import time
import uuid

from harness import ASSESSED, DETECTED, ML1, ML2, case
from stage import staged
from wire import connect, parse

PAIRS = 10_000
CASES, EVENTS = 64, 20  # hidden cases, and events of each
KEPT = (1.0, 0.99, 0.95, 0.9, 0.5)  # of all times, the slowest left out
PER_TOKEN = 2_000  # pairs: a token is good for five minutes


def hide(s):
    """Cases that the reader does not see: (subject, id of an event)."""
    hidden = []
    for _ in range(CASES):
        subject = case()
        statements = [s.by(ML1).statement("case.detected", subject, DETECTED)]
        statements += [s.by(ML1).statement("case.risk_assessed", subject, ASSESSED) for _ in range(EVENTS - 1)]
        results = s.reader().post_list(statements).json()["results"]
        hidden.append((subject, results[EVENTS // 2]["id"]))
    return hidden


def absent():
    return [(case(), str(uuid.uuid4())) for _ in range(CASES)]


def get(path):
    def request(s, token, subject, event):
        del s
        target = path.format(case=subject.split("/")[1], stream=subject, event=event)
        return f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    return request


def post(name, data):
    """Refused, so that the same bytes may be sent again."""
    def request(s, token, subject, event):
        del token, event
        body = s.by(ML2).statement(name, subject, data)
        return (f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/sd-jwt\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
    return request


ASKED = {path: get(path) for path in (
    "/v1/events?stream={stream}", "/v1/audit?stream={stream}&limit=1", "/v1/events/{event}", "/v1/events/{event}/receipt",
    "/v1/cases/{case}", "/v1/cases/{case}?asOf=5", "/v1/cases/{case}/timeline")}
ASKED["POST case.risk_assessed"] = post("case.risk_assessed", ASSESSED)


def answer_time(connection, request):
    """Nanoseconds until the answer is whole."""
    started = time.perf_counter_ns()
    connection.sendall(request)
    data = connection.recv(65_536)
    while not parse(data):
        data += connection.recv(65_536)
    return time.perf_counter_ns() - started


def measure(s, request, these, those, pairs):
    """-> (times of these, times of those)"""
    times = ([], [])
    with connect(s.server) as connection:
        for pair in range(pairs):
            if pair % PER_TOKEN == 0:
                token = s.by(ML2).token(s.ledger.origin)
                requests = [[request(s, token, *what) for what in kind] for kind in (these, those)]
            for kind in random.sample((0, 1), 2):
                times[kind].append(answer_time(connection, requests[kind][pair % CASES]))
    return times


def welch(a, b):
    def moments(x):
        mean = sum(x) / len(x)
        return mean, sum((v - mean) ** 2 for v in x) / (len(x) - 1) / len(x)
    (mean_a, var_a), (mean_b, var_b) = moments(a), moments(b)
    return (mean_a - mean_b) / math.sqrt(var_a + var_b or 1)


def cropped(times, kept):
    """Both without what is slower than the slowest of those that are kept of all."""
    limit = sorted(times[0] + times[1])[int(kept * (len(times[0]) + len(times[1]))) - 1]
    return [[t for t in part if t <= limit] for part in times]


def report(name, times):
    median = [sorted(part)[len(part) // 2] / 1000 for part in times]
    values = [welch(*cropped(times, kept)) for kept in KEPT]
    print(f"{name:36} {median[0]:8.1f} {median[1]:8.1f} µs   t " + " ".join(f"{t:8.1f}" for t in values), flush=True)


def main(arguments):
    pairs = int(arguments[0]) if arguments else PAIRS
    with staged("--clock-seconds", 3600, "--max-requests-per-second", 0) as s:
        hidden = hide(s)
        print(f"{pairs} pairs; medians of hidden and absent; t of " + ", ".join(f"{kept:.0%}" for kept in KEPT) + " of the times")
        for name, request in ASKED.items():
            report(name, measure(s, request, hidden, absent(), pairs // 10 if name.startswith("POST") else pairs))
        report("absent against absent", measure(s, ASKED["/v1/events/{event}"], absent(), absent(), pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
