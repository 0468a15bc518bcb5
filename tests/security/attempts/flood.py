"""Clients that want everything: memory, places for bodies, connections, file handles. What others get meanwhile."""
import contextlib
import http.client
import resource
import select
import time
import uuid

from acts import eventually
from harness import AMICALE, DETECTED, ML1, ML2, SD_JWT, case, jwt_of
from stage import bare, staged
from table import Row, control
from wire import connect, pour, read_all, read_reply, said, send_whole

MIB = 1 << 20
# Of the whole process. What clients send is kept up to the bodies that are being read; what is no body, not at all.
BUDGET_MIB, BUDGET_BODIES_MIB = 128, 448
MEMORY, PLACES, HANDLES, STREAMS = "memory", "places for bodies", "connections and handles", "streams"
WAIT, OPEN = "how long to wait", "what is open to all"
HEAD = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/sd-jwt\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ATTACKER, OTHER = "127.0.0.1", "127.0.0.2"


@contextlib.contextmanager
def stage():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with staged("--clock-seconds", 3600) as s:
            yield s
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- memory

def resident_mib(process, what="VmRSS"):
    """Now, or with VmHWM the most it ever was."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what)) // 1024


def kept(budget, attack):
    """The attempt: how much memory a fresh server had at most while it was attacked."""
    def attempt(s):
        s.server.stop()
        s.serve("--clock-seconds", 3600)
        with contextlib.ExitStack() as stack:
            attack(s, lambda source=ATTACKER: stack.enter_context(connect(s.server, source)))
            peak = resident_mib(s.server.process, "VmHWM")
        alive = s.server.get("/livez").status
        return f"{alive}, within {budget} MiB" if peak <= budget else f"{alive}, {peak} MiB"
    return attempt


def endless(head, piece, connections=4, most=64 * MIB):
    """`head`, and then `piece` for as long as it is taken."""
    def attack(s, open_one):
        del s
        for _ in range(connections):
            connection = open_one()
            connection.sendall(head)
            pour(connection, piece * (MIB // len(piece)), most)
    return attack


def half_sent(head, body, connections):
    """Bodies that are sent but for their end."""
    def attack(s, open_one):
        del s
        for _ in range(connections):
            connection = open_one()
            connection.sendall(head)
            send_whole(connection, body)
    return attack


def unread(request, times, connections):
    """Requests one behind the other, whose answers nobody reads."""
    def attack(s, open_one):
        del s
        for _ in range(connections):
            connection = open_one()
            connection.setblocking(False)
            data = request * times
            deadline = time.monotonic() + 2
            while data and time.monotonic() < deadline:
                if select.select([], [connection], [], 0.2)[1]:
                    data = data[connection.send(data):]
                else:
                    break
    return attack


def large_answers(s, open_one):
    """800 pages of a list, asked for by a partner and read by nobody."""
    for _ in range(5):
        entries = [s.by(ML1).statement("practice.shared", f"library/{uuid.uuid4()}", {"title": "t", "summary": "s" * 4_000})
                   for _ in range(100)]
        s.reader().post_list(entries)
    token = s.by(ML2).token(s.ledger.origin)
    request = f"GET /v1/events?type=practice.shared&limit=500 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    for i in range(800):
        with contextlib.suppress(OSError):
            open_one(f"127.0.1.{1 + i // 200}").sendall(request.encode())
    size, grown_at = 0, time.monotonic()
    while time.monotonic() < grown_at + 1 and size < 2 * BUDGET_BODIES_MIB:
        now = resident_mib(s.server.process)
        if now > size + 1:
            size, grown_at = now, time.monotonic()
        time.sleep(0.05)


def whole(body, connections=4):
    """A body that is sent whole, and answered."""
    def attack(s, open_one):
        content = body(s) if callable(body) else body
        opened = [open_one() for _ in range(connections)]
        for connection in opened:
            connection.settimeout(20)
            with contextlib.suppress(ConnectionError):
                connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                                   % (b"application/json" if content[:1] in b"[{" else SD_JWT.encode(), len(content)) + content)
        for connection in opened:
            read_reply(connection)
    return attack


def memory():
    for name, attack in (
            ("a chunk extension without end", endless(CHUNKED + b"1;", b"a")),
            ("a chunk extension's value without end", endless(CHUNKED + b'1;a="', b"b")),
            ("a chunk size without end", endless(CHUNKED, b"0")),
            ("trailers without end", endless(CHUNKED + b"0\r\n", b"Name: value\r\n   ")),
            ("one trailer without end", endless(CHUNKED + b"0\r\nName: ", b"v")),
            ("an extension at each of many chunks", endless(CHUNKED, b"1;" + b"a" * 8_189 + b"\r\nx\r\n")),
            ("a header without end", endless(HEAD + b"X: ", b"v")),
            ("header lines without end", endless(HEAD, b"Name: value\r\n   ")),
            ("a target without end", endless(b"GET /", b"a")), ("a method without end", endless(b"", b"A")),
            ("line ends without end", endless(b"", b"\r\n")),
            ("200 headers that are all but complete", half_sent(HEAD + b"X: ", b"v" * 16_000, 200)),
            ("answers that nobody reads", unread(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n", 20_000, 32))):
        yield Row(name, MEMORY, kept(BUDGET_MIB, attack), f"200, within {BUDGET_MIB} MiB")
    announced = HEAD + b"Content-Length: 16777216\r\n\r\n"
    for name, attack in (
            ("40 bodies of 16 MiB that never end", half_sent(announced, b"a" * (16 * MIB - 1), 40)),
            ("40 of them in chunks", half_sent(CHUNKED, b"ff0000\r\n" + b"a" * 0xFF0000, 40)),
            ("40 of them in very small chunks", half_sent(CHUNKED, b"1\r\na\r\n" * MIB, 40)),
            ("800 answers of 2 MB that nobody reads", large_answers),
            ("brackets of 16 MiB", whole(b"[" * (16 * MIB - 1))), ("a list of four million texts", whole(
                b'{"statements":[' + b'"",' * (4 * MIB) + b'""]}')),
            ("an object of two million members", whole(b"{" + b'"a":1,' * (2 * MIB) + b'"b":1}')),
            ("a million tildes", whole(b"a" + b"~" * MIB)),
            ("a text of escapes", whole(b'{"statements":["' + b"\\u0041" * (2 * MIB) + b'"]}'))):
        yield Row(name, MEMORY, kept(BUDGET_BODIES_MIB, attack), f"200, within {BUDGET_BODIES_MIB} MiB")


# --- what others get meanwhile

def statement(s):
    return s.by(ML2).statement("case.detected", case(), DETECTED).encode()


def others(s, source):
    """What a writer at `source` gets, and what /readyz says."""
    body = statement(s)
    request = HEAD + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
    with connect(s.server, source) as writer:
        writer.sendall(request)
        written = read_reply(writer)
    with connect(s.server, source) as reader:
        reader.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        ready = read_reply(reader)
    return f"written {written}, ready {ready}"


def stalled(head, body=b"", count=16, source=ATTACKER):
    """The attempt: so many requests that never end; then others write. That the server has seen each, its 100 tells."""
    whole_head = head.endswith(b"\r\n\r\n")

    def attempt(s):
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context(connect(s.server, ATTACKER)) for _ in range(count)]
            for connection in opened:
                connection.sendall(head[:-2] + b"Expect: 100-continue\r\n\r\n" if whole_head else head)
            for connection in opened if whole_head else ():
                read_reply(connection, 2)
            for connection in opened if body else ():
                send_whole(connection, body)
            return others(s, source)
    return attempt


def places():
    announced = b"Content-Length: 16777216\r\n\r\n"
    fine = "written 201, ready 200"
    for name, head in (("chunks that never come", CHUNKED), ("16 MiB that never come", HEAD + announced),
                       ("an unknown path with 16 MiB", b"GET /nothing HTTP/1.1\r\nHost: x\r\n" + announced),
                       ("/livez with 16 MiB", b"GET /livez HTTP/1.1\r\nHost: x\r\n" + announced),
                       ("a list that never comes", HEAD.replace(b"sd-jwt", b"json") + announced)):
        yield Row(f"16 times {name}; the same address writes", PLACES, stalled(head), fine)
        yield Row(f"200 times {name}; another address writes", PLACES, stalled(head, count=200, source=OTHER), fine)
    yield Row("16 times all of 16 MiB but the end; another address writes", PLACES,
              stalled(HEAD + announced, b"a" * (16 * MIB - 1), source=OTHER), fine)
    yield Row("16 times the same in chunks; another address writes", PLACES,
              stalled(CHUNKED, b"ff0000\r\n" + b"a" * 0xFF0000, source=OTHER), fine)
    yield Row("250 half headers; another address writes", PLACES, stalled(HEAD, count=250, source=OTHER), fine)
    yield control("nobody else", PLACES, lambda s: others(s, ATTACKER), fine)


# --- connections, handles, streams

def idle(server, count, stack):
    """Connections that say nothing, of several addresses, since each has its share."""
    opened = []
    for i in range(count):
        with contextlib.suppress(OSError):
            opened.append(stack.enter_context(connect(server, f"127.0.1.{1 + i // 200}")))
    return opened


def erasure_without_handles(s):
    """Erases while 1,000 connections hold the handles; what a writer gets then, and when they are gone."""
    del s
    with bare() as t, contextlib.ExitStack() as stack:
        server = t.serve("--clock-seconds", 1, under=("prlimit", "--nofile=1024:1024"))
        t.ledger.found(server)
        subject = case()
        whole_statement = t.by(ML1).statement("case.detected", subject, DETECTED, {"note": "a note that must be forgotten by all"})
        writer = t.reader()  # has its connection before the others come
        writer.post(whole_statement)
        idle(server, 1000, stack)
        erased = post(t, writer, "case.data_erased", subject, {"basis": "art17", "targets": [1]})
        # The look at what is to be purged comes once a second; its failure must not be that of the disk.
        deadline = time.monotonic() + 4
        meanwhile = post(t, writer, "case.detected", case(), DETECTED)
        while time.monotonic() < deadline and meanwhile == "201" and server.purge_owed():
            meanwhile = post(t, writer, "case.detected", case(), DETECTED)
        stack.close()
        with contextlib.suppress(AssertionError):
            eventually(lambda: post(t, t.server.client(), "case.detected", case(), DETECTED) == "201", "a write", 30)
        then = post(t, t.server.client(), "case.detected", case(), DETECTED)
        with contextlib.suppress(AssertionError):
            eventually(lambda: not server.purge_owed(), "the purge", 30)
        where = ["the files"] if server.purge_owed() else []
        return f"erased {erased}, meanwhile {meanwhile}, then {then}, left in {where}"


def post(t, client, name, subject, data):
    try:
        return said(client.post(t.by(ML1).statement(name, subject, data)))
    except (OSError, http.client.HTTPException) as e:
        return type(e).__name__


def connections_of_one_address(s):
    with contextlib.ExitStack() as stack:
        for _ in range(600):
            with contextlib.suppress(OSError):
                stack.enter_context(connect(s.server, ATTACKER)).send(b"GET /livez HTTP/1.1\r\nX: ")
        return others(s, OTHER)


def streams_of_one(s):
    """Streams until one is refused; what another signatory gets then."""
    def open_stream(who):
        connection = http.client.HTTPConnection(ATTACKER, s.server.port, timeout=20)
        connection.request("GET", "/v1/events/live", None, {"Authorization": f"Bearer {s.by(who).token(s.ledger.origin)}"})
        return connection, connection.getresponse()

    with contextlib.ExitStack() as stack:
        statuses = []
        for who in (ML1,) * 101 + (AMICALE,):
            connection, response = open_stream(who)
            stack.callback(connection.close)
            stack.callback(response.close)
            statuses.append(response.status)
        return f"{statuses.count(200) <= 26}, refused {set(statuses[26:101])}, another gets {statuses[-1]}"


def posting_again(s):
    """One statement in 2,000 requests: no entry is added, and others write."""
    first = statement(s).decode()
    s.reader().post(first)
    size = s.server.size()
    s.reader().post_list([first, jwt_of(first) + "~"] * 500)
    return f"{s.server.size() - size} entries, {others(s, OTHER)}"


def told_to_wait(s):
    """What a signatory is told whose share of the disk is used up: a day's worth, of which 600 kB are left to come."""
    del s
    with bare() as t:
        t.ledger.found(t.serve("--clock-seconds", 3600, "--max-megabytes-per-day", 1))
        for _ in range(2):
            shared = [t.by(ML1).statement("practice.shared", f"library/{uuid.uuid4()}", {"title": "t", "summary": "s" * 4_000})
                      for _ in range(100)]
            answer = t.reader().post_list(shared)
        return f"{said(answer)}, more than an hour: {int(answer.headers['Retry-After']) > 3_600}"


def strangers(request):
    """700 requests without a token that holds, from one address, of which 500 are paid for: what it is told, what others get."""
    def attempt(s):
        del s
        with bare() as t:
            t.ledger.found(t.serve("--clock-seconds", 3600, "--max-requests-per-second", 50))
            with connect(t.server, ATTACKER) as connection:
                connection.sendall(request * 699 + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                replies = read_all(connection)
            limited = [r for r in replies if r.status == 429]
            told = all(r.rule == "too-many-requests-of-address" and int(r.headers["retry-after"]) >= 1 for r in limited)
            return f"limited {len(limited) > 0}, told {told}, others {others(t, OTHER)}, its own statements {post_from(t, ATTACKER)}"
    return attempt


def post_from(t, source):
    """A statement from this address, whose signatory answers for it."""
    body = statement(t)
    with connect(t.server, source) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        return read_reply(connection)


def open_to_all():
    fine = "limited True, told True, others written 201, ready 200, its own statements 201"
    for path in ("/log/checkpoint", "/log/tile/0/000.p/1", "/log/vkey", "/log/reads/checkpoint", "/livez", "/readyz", "/metrics",
                 "/nothing", "/v1/cases"):
        yield Row(f"a flood of GET {path}", OPEN, strangers(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()), fine)
    yield Row("a flood of OPTIONS", OPEN, strangers(b"OPTIONS /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"), fine)
    yield Row("a flood of false tokens", OPEN,
              strangers(b"GET /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\n\r\n"), fine)


def rows():
    yield from open_to_all()
    yield Row("a share of the disk that comes back in hours", WAIT, told_to_wait, "429 too-much-stored, more than an hour: True")
    yield from memory()
    yield from places()
    yield Row("600 connections of one address", HANDLES, connections_of_one_address, "written 201, ready 200")
    yield Row("erasing while 1,000 idle connections hold the handles", HANDLES, erasure_without_handles,
              r"erased 201, meanwhile 201, then 201, left in \[\]")
    yield Row("101 streams of one signatory", STREAMS, streams_of_one, r"True, refused \{429\}, another gets 200")
    yield Row("one statement 1,000 times", PLACES, posting_again, "0 entries, written 201, ready 200")
