"""A host that lies to who keeps receipts, and receipts and statements that were changed."""
import base64
import contextlib
import copy
import http.server
import json
import socket
import subprocess
import threading
import time
import unicodedata
import uuid

from falselog import FalseLog
from harness import DETECTED, ML1, RELAIS, ROOT, Ledger, Server, b64u, case, compact, copy_ledger, disclosure, jwt_of, run
from serving import Serving
from stage import bare, staged, verdict
from table import Row, control

SUBMIT, WORDS, VERIFY, OUTSIDE, BEFORE = ("kept receipts", "words of a server", "receipts that are verified",
                                          "verifying from outside", "answers before the answer")
SCRIPT = ROOT / "tests/interop/verify_receipt.py"
FORGED = "1  entry 5"  # as a line of `relais submit` begins
ESC = "\x1b[2J\x1b]0;owned\x07"


@contextlib.contextmanager
def stage():
    with staged("--clock-seconds", 3600) as s:
        s.first = s.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple"})
        s.second = s.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple"})
        s.first_answer, s.second_answer = (s.reader().post(x).json() for x in (s.first, s.second))
        s.other = Ledger()
        s.addCleanup(s.other.remove)
        s.trust = ("--vkey", s.ledger.data / "log.vkey") if "--vkey" in run("submit", "--help").stdout else ()
        yield s


class Liar(Serving):
    """A server that answers what is posted with these bytes, and shows the tiles of the true one."""

    def __init__(self, status, body, true=None, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(content)

            do_POST = answer

            def do_GET(self):
                if true is None or not self.path.startswith("/log/"):
                    return self.answer()
                shown = true.get(self.path)
                self.send_response(shown.status)
                self.send_header("Content-Length", str(len(shown.body)))
                self.end_headers()
                self.wfile.write(shown.body)

            def log_message(self, *_):
                pass

        super().__init__(Handler)


def program(*command, stdin="", seconds=60):
    """Runs it: its exit code and all that it said, as it said it: no line end is translated."""
    done = subprocess.run([str(c) for c in command], input=stdin.encode(), capture_output=True, timeout=seconds, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def manner(text):
    """Whether nothing in a text speaks to a terminal, turns the direction of the line or begins a line of its own."""
    plain = all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in text)
    return "plain" if plain and "\n" + FORGED not in text else f"not plain: {text!r}"


def tree(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


class Keeper:
    """A folder of receipts beside which nothing else is; the first statement's is in it."""

    def __init__(self, s):
        self.s = s
        self.folder = s.folder / f"keeper-{uuid.uuid4()}"
        self.receipts = self.folder / "deep/receipts"
        self.receipts.mkdir(parents=True)
        self.submit(s.server.url, s.first)
        self.before = tree(self.folder)

    def submit(self, url, *statements, more=()):
        return program(RELAIS, "submit", "--url", url, "--receipts", self.receipts, *self.s.trust, *more, "-",
                       stdin="".join(x + "\n" for x in statements))

    def outcome(self, code, text):
        after = tree(self.folder)
        changed = [n for n, b in self.before.items() if after.get(n) != b]
        new = set(after) - set(self.before)
        return ", ".join((verdict(code, "accepted"), f"changed {changed}" if changed else "kept", f"{len(new)} new" if new else
                          "nothing new", manner(text)))


def answered(status=201, statements=None, more=(), **changes):
    """The attempt: the second statement (or these) sent to a server that answers what is true but for these members."""
    def attempt(s):
        body = {**s.second_answer, **{k: v(s) if callable(v) else v for k, v in changes.items()}}
        return lied(status, {k: v for k, v in body.items() if v is not None}, statements, more)(s)
    return attempt


def lied(status, body, statements=None, more=(), **headers):
    def attempt(s):
        keeper = Keeper(s)
        with Liar(status, body(s) if callable(body) else body, s.server, **headers) as liar:
            return keeper.outcome(*keeper.submit(liar.url, *(statements(s) if statements else (s.second,)), more=more))
    return attempt


def of_first(member):
    return lambda s: s.first_answer[member]


def receipt_with(change):
    return lambda s: change(s.second_answer["receipt"])


def receipt_of_other_log(s):
    """A receipt of the same statement by a log with another key."""
    with contextlib.ExitStack() as stack:
        server = s.other.serve()
        stack.callback(server.stop)
        s.other.found(server)
        with contextlib.closing(server.client()) as client:
            return client.post(s.other.signatories[ML1].statement("case.detected", case(), DETECTED)).json()["receipt"]


def two_histories(s):
    """Two servers of one log that has forked: the receipts of both, of one size, in one folder."""
    with bare() as t:
        t.ledger.found(t.serve())
        t.server.stop()
        fork = copy.copy(t.ledger)
        fork.data = t.folder / "fork"
        copy_ledger(t.ledger.data, fork.data)
        servers = [Server(ledger, "--clock-seconds", 3600) for ledger in (t.ledger, fork)]
        for server in servers:
            t.addCleanup(server.kill)
        receipts = t.folder / "receipts"
        trust = ("--vkey", t.ledger.data / "log.vkey") if s.trust else ()
        codes = [run("submit", "--url", server.url, "--receipts", receipts, *trust, "-", ok=None,
                     stdin=t.by(ML1).statement("case.detected", case(), DETECTED) + "\n").returncode for server in servers]
        return f"first {codes[0]}, second {'refused' if codes[1] else 'accepted'}"


class Interim:
    """A server that sends answers of 1xx, so many or without an end, and then the true one."""

    def __init__(self, interim, count, body):
        self.interim, self.count = interim, count
        self.body = json.dumps(body).encode()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(1 << 20)
                    sent = 0
                    while self.count is None or sent < self.count:
                        connection.sendall(self.interim)
                        sent += 1
                    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\n"
                                       b"Content-Length: %d\r\n\r\n%s" % (len(self.body), self.body))
                    connection.recv(1)


def interim(answer, count):
    """What the program makes of the second statement's answer behind these; it is not waited for longer than ten seconds."""
    def attempt(s):
        folder = s.folder / f"interim-{uuid.uuid4()}"
        with Interim(answer, count, s.second_answer) as server:
            code, text = program(RELAIS, "submit", "--url", server.url, "--receipts", folder, "--vkey", s.ledger.data / "log.vkey",
                                 "-", stdin=s.second + "\n", seconds=10)
        return f"{verdict(code, 'accepted')}, {manner(text)}"
    return attempt


def answers_before_the_answer():
    hints, go_on = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"
    for name, answer in (("103", hints), ("100", go_on), ("103 of 7 KiB", hints.replace(b"</x>", b"a" * 7_000))):
        yield Row(f"{name} without an end", BEFORE, interim(answer, None), "refused, plain")
    yield Row("103 with a header without an end", BEFORE, interim(b"HTTP/1.1 103 x\r\nLink: " + b"a" * (1 << 20), None),
              "refused, plain")
    yield Row("101", BEFORE, interim(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 1), "refused, plain")
    for name, answer in (("103", hints), ("100", go_on)):
        yield control(f"{name} twice, and the answer", BEFORE, interim(answer, 2), "accepted, plain")
    yield control("the answer alone", BEFORE, interim(b"", 0), "accepted, plain")


def submitting():
    no = "refused, kept, nothing new, plain"
    for name, changes in (
            ("the first one's id and a receipt that is none", {"id": of_first("id"), "receipt": "garbage"}),
            ("the first one's id and receipt", {"id": of_first("id"), "receipt": of_first("receipt")}),
            ("the first one's whole answer", {k: of_first(k) for k in ("id", "index", "receipt", "stream", "version", "leafHash")}),
            ("a receipt that is none", {"receipt": "garbage"}), ("an empty receipt", {"receipt": ""}),
            ("no receipt", {"receipt": None}), ("a number for a receipt", {"receipt": 5}),
            ("the first one's receipt", {"receipt": of_first("receipt")}),
            ("a receipt of another log", {"receipt": receipt_of_other_log}),
            ("a receipt without its checkpoint", {"receipt": receipt_with(lambda r: r.partition("\n\n")[0] + "\n\n")}),
            ("a receipt without a line of its proof",
             {"receipt": receipt_with(lambda r: "\n".join(r.split("\n")[:3] + r.split("\n")[4:]))}),
            ("a receipt of another index", {"receipt": receipt_with(lambda r: r.replace("index ", "index 1"))}),
            ("a receipt of another time", {"receipt": receipt_with(lambda r: r.replace("extra A", "extra B"))}),
            ("a checkpoint of another size", {"receipt": receipt_with(resized)}),
            ("a signature that was changed", {"receipt": receipt_with(lambda r: r[:-8] + "AAAA" + r[-4:])}),
            ("an id that is a path", {"id": "../../../owned", "receipt": "garbage"}),
            ("a source that is a path", {"source": "../../../../owned", "receipt": "garbage"}),
            ("an absolute path", {"id": "/tmp/owned", "receipt": "garbage"}),
            ("another index than its receipt", {"index": 999_999}), ("an index that is a text", {"index": "x"}),
            ("escape sequences in the id", {"id": "a" + ESC, "receipt": "garbage"}),
            ("escape sequences in the source", {"source": "a" + ESC, "receipt": "garbage"}),
            ("an id with a line end", {"id": f"a\n{FORGED}", "receipt": "garbage"})):
        yield Row(name, SUBMIT, answered(**changes), no)
        if "first one" in name or "escape" in name:
            yield Row(f"{name}, as a duplicate", SUBMIT, answered(200, **changes), no)
    for name, status, body in (
            ("200 and no JSON", 200, b"<html>\x1b[2J</html>"), ("201 and nothing", 201, b""), ("201 and a list", 201, b"[]"),
            ("201 and an empty object", 201, b"{}"), ("201 and 100,000 levels", 201, b"[" * 100_000),
            ("201 and bad UTF-8", 201, b'{"id":"\xff\x1b"}'), ("204", 204, b""), ("a redirection", 302, b"{}")):
        yield Row(name, SUBMIT, lied(status, body, Location="http://127.0.0.1:1/" + ESC.encode().hex()), no)
    yield Row("more than 256 MiB announced", SUBMIT, lied(201, b"{}", Content_Length=str(1 << 40), Connection="close"), no)
    two = lambda s: (s.first, s.second)  # noqa: E731
    for name, results in (
            ("two answers changed about", lambda s: [s.second_answer, s.first_answer]),
            ("one answer for two", lambda s: [s.second_answer]), ("one answer twice", lambda s: [s.second_answer] * 2),
            ("three answers", lambda s: [s.first_answer, s.second_answer, s.second_answer]),
            ("receipts changed about", lambda s: [{**s.first_answer, "receipt": s.second_answer["receipt"]},
                                                  {**s.second_answer, "receipt": s.first_answer["receipt"]}]),
            ("answers that are no objects", lambda s: [1, 2])):
        yield Row(f"a list, {name}", SUBMIT, lied(207, lambda s, r=results: {"results": [
            {**x, "status": 201} if isinstance(x, dict) else x for x in r(s)]}, two),
            # The answer that is of its statement holds, whatever the other is.
            r"refused, changed \['deep/receipts/log.checkpoint', 'deep/receipts/log.newest'\], 2 new, plain" if name == "one answer twice" else no)
    yield Row("two histories of one log", SUBMIT, two_histories, "first 0, second refused")
    yield control("what is true", SUBMIT, answered(), r"accepted, (kept|changed \['deep/receipts/log.checkpoint', 'deep/receipts/log.newest'\]), \d new, plain")


def resized(receipt):
    proof, _, note = receipt.partition("\n\n")
    lines = note.split("\n")
    return proof + "\n\n" + "\n".join([lines[0], str(int(lines[1]) + 1), *lines[2:]])


def words():
    """What a server says of a refusal, and what the program prints of it."""
    problem = {"type": "x/y", "title": "t", "status": 422, "detail": "d", "rule": "r"}
    said = "refused, kept, nothing new, plain"
    for name, text in (
            ("escape sequences", ESC), ("C1 controls", "\u009b2J"), ("a line of its own", f"x\n{FORGED}  accepted"),
            ("a line over this one", f"x\r{FORGED}"), ("backspaces", "x" + "\b" * 40), ("turned direction", "a\u202eb\u2066c"),
            ("a NUL", "a\0b")):
        for member in ("detail", "rule", "title", "field", "accepted", "source", "state"):
            if name == "escape sequences" or member == "detail":
                yield Row(f"{name} in {member}", WORDS, lied(422, {**problem, member: text}), said)
        yield Row(f"{name} in detail, in a list", WORDS, lied(207, {"results": [
            {**problem, "position": i, "detail": text} for i in (0, 1)]}, lambda s: (s.first, s.second)), said)
        yield Row(f"{name} in detail, --json", WORDS, lied(422, {**problem, "detail": text}, more=("--json",)), said)
    yield Row("escape sequences with 503", WORDS, lied(503, {**problem, "status": 503, "detail": ESC}), said)
    yield Row("escape sequences for a status", WORDS, lied(422, {**problem, "status": ESC}), said)


# --- receipts

def timed(ms):
    """A receipt that holds, at a time that nobody can write."""
    def attempt(s):
        log = FalseLog()
        folder = s.folder / f"timed-{uuid.uuid4()}"
        folder.mkdir()
        (folder / "receipt").write_text(log.add(s.first, ms)["receipt"])
        (folder / "statement").write_text(s.first)
        code, text = program(RELAIS, "verify", "--receipt", folder / "receipt", "--statement", folder / "statement", "--vkey",
                             log.vkey)
        return f"{verdict(code, 'holds')}, {manner(text)}"
    return attempt


def verified(statement=lambda x: x, receipt=lambda x: x, vkey=lambda s: s.ledger.vkey, script=False):
    """The attempt: the first statement and its receipt, changed, as `relais verify` judges them, or the independent script."""
    def attempt(s):
        folder = s.folder / f"verify-{uuid.uuid4()}"
        folder.mkdir()
        files = {"statement": statement(s.first), "receipt": receipt(s.first_answer["receipt"]), "vkey": vkey(s)}
        for name, text in files.items():
            (folder / name).write_text(text)
        if script:
            code, text = program("/usr/bin/python3", "-B", SCRIPT, folder / "vkey", folder / "receipt", folder / "statement")
        else:
            code, text = program(RELAIS, "verify", "--receipt", folder / "receipt", "--statement", folder / "statement", "--vkey",
                                 folder / "vkey")
        return f"{verdict(code, 'holds')}, {manner(text)}"
    return attempt


def altered(text):
    """The disclosure with another value."""
    salt, name, _ = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return b64u(compact([salt, name, "altered"]))


def verifying():
    forged = disclosure("note", "forged")
    statements = (
        ("a forged disclosure behind it", lambda x: x + forged + "~"), ("a disclosure with another value", lambda x: jwt_of(x) + "~"
                                                                        + altered(x.split("~")[1]) + "~"),
        ("a disclosure twice", lambda x: x + x.split("~")[1] + "~"),
        ("a forged one of a clear member", lambda x: x + disclosure("risk", "low") + "~"),
        ("a disclosure that is no base64", lambda x: x + "!!!~"), ("an empty disclosure", lambda x: x + "~"),
        ("a key binding", lambda x: x + "a.b.c"), ("a disclosure of no name", lambda x: x + b64u('["' + "s" * 22 + '","x"]') + "~"),
        ("another payload", lambda x: x[:60] + ("A" if x[60] != "A" else "B") + x[61:]),
        ("another signature", lambda x: jwt_of(x)[:-4] + "AAAA~"), ("no signature", lambda x: jwt_of(x).rpartition(".")[0] + ".~"))
    for name, change in statements:
        for script in (False, True):
            yield Row(f"{name}{', by the script' if script else ''}", VERIFY, verified(statement=change, script=script),
                      "refused, plain")
    for name, change in (
            ("another index", lambda r: r.replace("index ", "index 1")),
            ("another time", lambda r: r.replace("extra A", "extra B")), ("another size", resized),
            ("another signature", lambda r: r[:-8] + "AAAA" + r[-4:]),
            ("a line too few", lambda r: "\n".join(r.split("\n")[:3] + r.split("\n")[4:])),
            ("a line too many", lambda r: r.replace("\n\n", "\n" + base64.b64encode(bytes(32)).decode() + "\n\n", 1)),
            ("no checkpoint", lambda r: r.partition("\n\n")[0] + "\n"), ("another version", lambda r: r.replace("@v1", "@v2")),
            ("another origin", lambda r: r.replace("relais.example/rhone-2023\n", "relais.example/other\n")),
            ("text behind it", lambda r: r + "more\n"), ("an extension line", lambda r: r.replace("\n\n— ", "\nmore\n\n— ")),
            ("line ends of two bytes", lambda r: r.replace("\n", "\r\n")), ("nothing", lambda r: ""),
            ("escape sequences", lambda r: ESC + r)):
        for script in (False, True):
            yield Row(f"receipt with {name}{', by the script' if script else ''}", VERIFY,
                      verified(receipt=change, script=script), "refused, plain")
    for ms in (253_402_300_800_000, 2**53, 2**63 - 1, 2**63, 2**64 - 1):
        yield Row(f"received at {ms}", VERIFY, timed(ms), "refused, plain")
    for name, ms in (("the last moment of 9999", 253_402_300_799_999), ("in an hour", int((time.time() + 3_600) * 1_000)),
                     ("in 1970, long before it was made", 0)):
        yield Row(f"received at {name}", VERIFY, timed(ms), "refused, plain")
    for name, ms in (("now", int(time.time() * 1_000)), ("a minute ahead", int((time.time() + 60) * 1_000))):
        yield control(f"received {name}", VERIFY, timed(ms), "holds, plain")
    yield Row("the key of another log", VERIFY, verified(vkey=lambda s: s.other.vkey), "refused, plain")
    yield Row("a key of no form", VERIFY, verified(vkey=lambda s: ESC), "refused, plain")
    for script in (False, True):
        by = ", by the script" if script else ""
        yield control(f"what is true{by}", VERIFY, verified(script=script), "holds, plain")
        yield control(f"a disclosure withheld{by}", VERIFY, verified(statement=lambda x: jwt_of(x) + "~", script=script),
                      "holds, plain")


def from_outside():
    """`relais verify --url` against a server that answers everything with one text."""
    def attempt(body, more=()):
        def verify(s):
            with Liar(200, body(s)) as liar:
                code, text = program(RELAIS, "verify", "--url", liar.url, "--vkey", s.ledger.data / "log.vkey", *more)
            return f"{verdict(code, 'holds')}, {manner(text)}"
        return verify

    def checkpoint(s):
        return s.server.get("/log/checkpoint").body

    for name, body in (("nothing", lambda s: b""), ("escape sequences", lambda s: ESC.encode()),
                       ("a checkpoint and escape sequences", lambda s: checkpoint(s) + ESC.encode()),
                       ("a checkpoint of another size", lambda s: resized("\n\n" + checkpoint(s).decode()).encode()[2:]),
                       ("a true checkpoint for every tile", checkpoint), ("32 MiB of zeros", lambda s: bytes(32 << 20))):
        yield Row(name, OUTSIDE, attempt(body), "refused, plain")
        yield Row(f"{name}, --json", OUTSIDE, attempt(body, ("--json",)), "refused, plain")
    yield control("the true server", OUTSIDE, lambda s: str(run("verify", "--url", s.server.url, "--vkey",
                                                                s.ledger.data / "log.vkey").returncode),
                  "0")


def rows():
    for part in (submitting, answers_before_the_answer, words, verifying, from_outside):
        yield from part()
