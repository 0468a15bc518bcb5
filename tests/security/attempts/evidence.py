"""A host that has the key of its log, and would have nobody keep what proves that it forked it."""
import base64
import contextlib
import datetime
import fcntl
import json
import os
import shutil
import threading
import time
import types
import uuid

from falselog import FalseLog, Host, text
from harness import DETECTED, ML1, RELAIS, ROOT, b64u, case, jwt_of, rfc3339
from stage import bare as stage  # noqa: F401, who keeps receipts asks no server of ours
from table import Row, control

from attempts.client import program

EVIDENCE, FLOOD, PLACE, FUTURE, PAST, OUTSIDE = (
    "evidence of a fork", "evidence without end", "folders of receipts", "times to come", "times of before",
    "verifying from outside")
SCRIPT = ROOT / "tests/interop/verify_receipt.py"


class Victim:
    """Keeps the receipts of a log whose host has its key; the first is in the folder."""

    def __init__(self, s):
        self.s = s
        self.folder = s.folder / f"victim-{uuid.uuid4()}"
        self.log = FalseLog()
        first = self.statement()
        self.said = self.ask(self.log.tile, self.log.add(first), first)

    def statement(self, **attributes):
        return self.s.by(ML1).statement("case.detected", case(), DETECTED, **attributes)

    def ask(self, tile, answer, *statements):
        """What the program says of one answer to these statements, and its exit code in front."""
        with Host(tile, answer) as host:
            code, text = program(RELAIS, "submit", "--url", host.url, "--vkey", self.log.vkey, "--receipts", self.folder, "-",
                                 stdin="".join(x + "\n" for x in statements))
        return f"{code} {text}"

    def fork(self, statement):
        """A history that does not have the first statement."""
        other = self.log.history(0)
        other.add(self.statement())
        return other, other.add(statement)

    def has(self, answer):
        texts = {f.read_text() for f in self.folder.rglob("*") if f.is_file()}
        return "kept" if answer["receipt"] in texts else "lost"


def hidden(_):
    return None


def place_taken(s):
    """Under the statement's name lies a receipt that is not proven, then the fork comes, then the first one's proof."""
    v = Victim(s)
    statement = v.statement()
    grown = v.log.history()
    decoy = grown.add(statement)
    other, forked = v.fork(statement)
    for tile, answer in ((hidden, decoy), (other.tile, forked), (grown.tile, decoy)):
        v.ask(tile, answer, statement)
    return v.has(forked)


def under_another(s):
    """The fork's receipt is of another statement than the one that was sent."""
    v = Victim(s)
    other, forked = v.fork(v.statement())
    v.ask(other.tile, forked, v.statement())
    return v.has(forked)


def too_few_answers(s):
    v = Victim(s)
    two = v.statement(), v.statement()
    other, forked = v.fork(two[0])
    v.ask(other.tile, {"results": [{**forked, "status": 201}]}, *two)
    return v.has(forked)


def inside_a_refusal(s):
    """The log's key has signed a fork, and the answer says that the statement was refused."""
    v = Victim(s)
    two = v.statement(), v.statement()
    other, forked = v.fork(two[0])
    said = v.ask(other.tile, {"results": [{**forked, "status": 422, "rule": "r", "detail": "d"}] * 2}, *two)
    return f"{said[0]} {v.has(forked)}"


def receipt_there(s):
    """The statement has a receipt; a second one of the same log has it at another place."""
    v = Victim(s)
    statement = v.statement()
    v.ask(v.log.tile, v.log.add(statement), statement)
    second = v.log.add(statement)
    v.ask(v.log.tile, second, statement)
    return v.has(second)


def seen_is_beside_it(s):
    """The checkpoint that it contradicts stays beside it, when the log has long gone on."""
    v = Victim(s)
    seen = (v.folder / "log.checkpoint").read_text()
    statement = v.statement()
    other, forked = v.fork(statement)
    v.ask(other.tile, forked, statement)
    for receipt in v.folder.rglob("*.tlog-proof"):
        receipt.unlink()
    more = v.statement()
    v.ask(v.log.tile, v.log.add(more), more)
    return "kept" if seen in {f.read_text() for f in v.folder.rglob("*") if f.is_file()} else "lost"


def rule_of(said):
    return next((r for r in ("history-differs", "history-unproven") if r in said), said)


def wrong_tile(tile):
    def attempt(s):
        v = Victim(s)
        statement = v.statement()
        answer = v.log.add(statement)
        return rule_of(v.ask(lambda path: tile(v.log.tile(path)), answer, statement))
    return attempt


def true_fork(s):
    v = Victim(s)
    statement = v.statement()
    other, forked = v.fork(statement)
    return rule_of(v.ask(other.tile, forked, statement))


def replaced(goes_on):
    """Whoever has stolen the key puts one of its own in its place: in the tree that was seen, or in another."""
    def attempt(s):
        v = Victim(s)
        thief, tree = FalseLog(v.log.origin), v.log if goes_on else v.log.history(0)

        def x(log):
            return b64u(base64.b64decode(log.vkey.split("+", 2)[2])[1:])

        proof = s.by(ML1).key.jwt({"aud": "", "iss": ""}, "relais-key-proof+jwt")
        rotation = s.by(ML1).statement("log.key_rotated", "convention/rhone-2023", {
            "proposal_id": "p", "old_key": x(v.log), "new_key": x(thief), "reads_size": 0, "proof": proof})
        receipt = tree.add(rotation)["receipt"]
        body = receipt.split("\n\n", 1)[1].rsplit("\n\n", 1)[0] + "\n"
        receipt += f"\u2014 {thief.origin} {base64.b64encode(thief.id + thief.key.sign(body.encode())).decode()}\n"
        chain = {"keys": [{"vkey": v.log.vkey}, {"vkey": thief.vkey, "statement": rotation, "receipt": receipt}]}
        thief.leaves = tree.leaves[:]
        statement = v.statement()
        said = v.ask(lambda path: json.dumps(chain).encode() if path == "/log/keys" else thief.tile(path),
                     thief.add(statement), statement)
        keys = len((v.folder / "log.vkey").read_text().splitlines())
        return f"{rule_of(said) if said[0] != '0' else '0'} {keys} {v.has({'receipt': receipt})}"
    return attempt


def named_like_ours(name):
    """A statement whose source is called as a file of the folder is."""
    def attempt(s):
        folder = s.folder / f"named-{uuid.uuid4()}"
        log = FalseLog()
        codes = []
        for attributes in ({"source": name}, {}, {}):
            statement = s.by(ML1).statement("case.detected", case(), DETECTED, **attributes)
            with Host(log.tile, log.add(statement)) as host:
                codes.append(program(RELAIS, "submit", "--url", host.url, "--vkey", log.vkey, "--receipts", folder, "-",
                                     stdin=statement + "\n")[0])
        return f"{codes}, {(folder / 'log.vkey').is_file()}, {(folder / 'log.checkpoint').is_file()}"
    return attempt


def kept_file_damaged(s):
    """The error is about the file of the folder that is damaged, not about an option that nobody has given."""
    v = Victim(s)
    (v.folder / "log.vkey").write_text("garbage\n")
    with Host(hidden) as host:
        code, text = program(RELAIS, "submit", "--json", "--url", host.url, "--receipts", v.folder, "-",
                             stdin=v.statement() + "\n")
    return f"{code} {json.loads(text)['error']['field'].rsplit('/', 1)[-1]}"


def flood(answers_at_once):
    """100 forks of one statement, each another (in one answer, the first to one, the others to a second): how many pieces of evidence are kept, and that the first is among them."""
    def attempt(s):
        v = Victim(s)
        statement = v.statement()
        forks = [v.fork(statement) for _ in range(100)]
        if answers_at_once:
            v.ask(forks[0][0].tile, {"results": [{**forked, "status": 201} for _, forked in forks]}, statement, v.statement())
        else:
            for other, forked in forks[:40]:
                v.ask(other.tile, forked, statement)
        pieces = [f for f in v.folder.rglob("*.unconfirmed")]
        names = all(len(f.name.split(".")[-2]) == 32 for f in pieces)
        return f"{len(pieces)} pieces, 128 bits {names}, the first {v.has(forks[0][1])}"
    return attempt


def decoys_first(s):
    """20 receipts that nobody can prove fill what is kept of a statement; then comes the fork."""
    v = Victim(s)
    statement = v.statement()
    for _ in range(20):
        grown = v.log.history()
        grown.add(v.statement())
        v.ask(hidden, grown.add(statement), statement)
    other, forked = v.fork(statement)
    v.ask(other.tile, forked, statement)
    return f"{len([*v.folder.rglob('*.unconfirmed')])} pieces, the fork {v.has(forked)}"


def former_name(s):
    """Evidence that was kept under a name of 64 bits is known again, and has no second copy."""
    v = Victim(s)
    statement = v.statement()
    other, forked = v.fork(statement)
    v.ask(other.tile, forked, statement)
    for file in [*v.folder.rglob("*.unconfirmed"), *v.folder.rglob("*.against")]:
        stem, digits, suffix = file.name.rsplit(".", 2)
        file.rename(file.with_name(f"{stem}.{digits[:16]}.{suffix}"))
    v.ask(other.tile, forked, statement)
    return f"{len([*v.folder.rglob('*.unconfirmed')])}, {len([*v.folder.rglob('*.against')])}"


def padded(s):
    """A true receipt in an answer of a mebibyte: what of it is kept."""
    v = Victim(s)
    statement = v.statement()
    answer = v.log.add(statement)
    said = v.ask(v.log.tile, {**answer, "more": "x" * (1 << 20)}, statement)
    large = [f.name for f in v.folder.rglob("*") if f.is_file() and f.stat().st_size > 300_000]
    return f"receipt {v.has(answer)}, {'answer-size' in said}, large {large}"


def folder_in_use(s):
    """Another program holds the folder: the command ends, and names it."""
    v = Victim(s)
    handle = os.open(v.folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with Host(hidden) as host:
            code, text = program(RELAIS, "submit", "--url", host.url, "--receipts", v.folder, "-", stdin=v.statement() + "\n",
                                 seconds=25)
    finally:
        os.close(handle)
    return f"{code} {'folder-locked' in text and str(v.folder) in text}"


def folder_of_a_ledger(place):
    def attempt(s):
        log = FalseLog()
        data = s.ledger.data
        before = {f.name for f in data.rglob("*")}
        statement = s.by(ML1).statement("case.detected", case(), DETECTED)
        with Host(log.tile, log.add(statement)) as host:
            code, text = program(RELAIS, "submit", "--url", host.url, "--vkey", log.vkey, "--receipts", data / place, "-",
                                 stdin=statement + "\n")
        made = {f.name for f in data.rglob("*")} - before
        return f"{code} {'path-in-ledger' in text}, made {sorted(made)}"
    return attempt


def from_the_future(s):
    """A receipt of tomorrow is kept, and the clocks are spoken of."""
    v = Victim(s)
    statement = v.statement()
    answer = v.log.add(statement, int((time.time() + 86_400) * 1_000))
    said = v.ask(v.log.tile, answer, statement)
    return f"{said[0]}, {v.has(answer)}, told {'ahead of this machine' in said}"


def convicts(vkey, fork):
    """What each of the two programs says of a piece of evidence, by it and the log's key alone."""
    codes = [program(*command)[0] for command in ((RELAIS, "verify", "--fork", fork, "--vkey", vkey),
                                                   ("/usr/bin/python3", "-B", SCRIPT, vkey, fork))]
    return " ".join("convicts" if code == 0 else "does not" if code == 1 else f"exit {code}" for code in codes)


def hidden_behind_it(seen, shown):
    """A fork of so many entries where so many were seen; then the host hides its tiles: what is in the folder convicts it."""
    def attempt(s):
        v = Victim(s)
        while len(v.log.leaves) < seen:
            more = v.statement()
            v.ask(v.log.tile, v.log.add(more), more)
        other = v.log.history(0)
        while len(other.leaves) < shown - 1:
            other.add(v.statement())
        statement = v.statement()
        forked = other.add(statement)
        v.ask(other.tile if shown > seen else v.log.tile, forked, statement)
        said = v.ask(hidden, forked, statement)
        found = [*v.folder.rglob("*.fork")]
        return f"{rule_of(said)}, {len(found)} kept, {convicts(v.log.vkey, found[0]) if found else 'nothing'}"
    return attempt


def made_up(change):
    """Evidence against a log that has only grown, or that somebody has changed."""
    def attempt(s):
        log = FalseLog()
        for _ in range(8):
            log.add(s.by(ML1).statement("case.detected", case(), DETECTED))
        other = log.history(2)
        while len(other.leaves) < 8:
            other.add(s.by(ML1).statement("case.detected", case(), DETECTED))

        def root(leaves):
            return base64.b64encode(log.root(leaves)).decode()

        def tree(history, size):
            return history.note(size, history.root(history.leaves[:size]))

        # RFC 9162, 2.1.4: from 3 to 8 entries.
        proof = [root(other.leaves[a:b]) for a, b in ((2, 3), (3, 4), (0, 2), (4, 8))]
        fork = {"older": tree(log, 3), "newer": tree(other, 8), "newer_begins_with": root(other.leaves[:3]), "proof": proof}
        change(fork, log, other, tree, root)
        file = s.folder / f"fork-{uuid.uuid4()}"
        file.write_text(json.dumps(fork))
        return convicts(log.vkey, file)
    return attempt


def forks():
    for seen, shown in ((3, 8), (8, 3), (5, 5), (1, 2), (6, 7)):
        yield Row(f"{seen} were seen, a fork of {shown}, and its tiles hidden", EVIDENCE, hidden_behind_it(seen, shown),
                  "history-(unproven|differs), 1 kept, convicts convicts")
    yield control("evidence made by hand", EVIDENCE, made_up(lambda f, *_: None), "convicts convicts")

    def grown(f, log, other, tree, root):
        f.update(older=tree(other, 3))

    def wrong_beginning(f, log, other, tree, root):
        f.update(newer_begins_with=root(log.leaves[:3]))

    def not_tied(f, log, other, tree, root):
        f.update(newer=tree(log, 8))

    for name, change in (("the larger tree begins with the smaller", grown), ("another beginning", wrong_beginning),
                         ("a proof of another tree", not_tied), ("a hash too few", lambda f, *_: f["proof"].pop()),
                         ("a hash too many", lambda f, *_: f["proof"].append(f["proof"][0])),
                         ("one tree twice", lambda f, *_: f.update(older=f["newer"])),
                         ("the trees exchanged", lambda f, *_: f.update(older=f["newer"], newer=f["older"])),
                         ("no proof", lambda f, *_: f.update(proof=[])),
                         ("numbers for hashes", lambda f, *_: f.update(proof=[1])),
                         ("another key", lambda f, log, *_: f.update(older=FalseLog(log.origin).note(3, bytes(32))))):
        yield Row(f"evidence that is none: {name}", EVIDENCE, made_up(change), "does not does not")


def dated(ahead):
    """A receipt of so many seconds after the statement's own time: by submit, and by verify --receipt."""
    def attempt(s):
        v = Victim(s)
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        # Of the folder there is nothing: what is compared is the statement's time alone.
        shutil.rmtree(v.folder)
        log = FalseLog()
        v.log = log
        statement = v.statement(time=rfc3339(now))
        answer = log.add(statement, int((now.timestamp() + ahead) * 1_000))
        said = v.ask(log.tile, answer, statement)
        file, receipt = s.folder / "dated", s.folder / "dated.tlog-proof"
        file.write_text(statement)
        receipt.write_text(answer["receipt"])
        code, told = program(RELAIS, "verify", "--receipt", receipt, "--statement", file, "--vkey", log.vkey)
        named = "receipt-backdated" in said and "receipt-backdated" in told
        return f"{said[0]} {code}, {v.has(answer)}{', named' if named else ''}"
    return attempt


def out_of_order(*seconds):
    """Receipts of entries that follow each other, at so many seconds from now, in this order; the last one is asked for."""
    def attempt(s):
        v = Victim(s)
        now = time.time()
        shutil.rmtree(v.folder)
        v.log = log = FalseLog()
        statements = [v.statement() for _ in seconds]
        answers = [log.add(x, int((now + t) * 1_000)) for x, t in zip(statements, seconds, strict=True)]
        *first, last = list(zip(statements, answers, strict=True))
        for statement, answer in first:
            v.ask(log.tile, answer, statement)
        said = v.ask(log.tile, last[1], last[0])
        against = any(f.read_text() == first[-1][1]["receipt"] for f in v.folder.rglob("*.against"))
        return f"{said[0]}, {v.has(last[1])}{', named, with the other one' if 'receipt-order' in said and against else ''}"
    return attempt


def an_older_one(seconds):
    """Entry 0 is asked for after entry 1, dated so many seconds from it."""
    def attempt(s):
        v = Victim(s)
        shutil.rmtree(v.folder)
        v.log = log = FalseLog()
        now = time.time()
        first, second = v.statement(), v.statement()
        answers = [log.add(first, int((now + seconds) * 1_000)), log.add(second, int(now * 1_000))]
        v.ask(log.tile, answers[1], second)
        said = v.ask(log.tile, answers[0], first)
        return f"{said[0]}, {v.has(answers[0])}{', named' if 'receipt-order' in said else ''}"
    return attempt


def in_one_run(*seconds):
    """One list, its entries received at so many seconds from now, to a client that keeps no receipts: how many are verified."""
    def attempt(s):
        log, now = FalseLog(), time.time()
        statements = [s.by(ML1).statement("case.detected", case(), DETECTED) for _ in seconds]
        answers = [log.add(x, int((now + t) * 1_000)) for x, t in zip(statements, seconds, strict=True)]
        with Host(log.tile, {"results": [{**a, "status": 201} for a in answers]}) as host:
            code, said = program(RELAIS, "submit", "--url", host.url, "--vkey", log.vkey, "-",
                                 stdin="".join(x + "\n" for x in statements))
        return f"{code}, {said.count('receipt verified')}, {said.count('receipt-order')}"
    return attempt


def times_of_before():
    for name, ahead in (("1970", -1_500_000_000), ("a year", -365 * 86_400), ("5 minutes 10", -310)):
        yield Row(f"received {name} before it was made", PAST, dated(ahead), "1 1, kept, named")
    yield control("received 4 minutes 50 before it was made, by another clock", PAST, dated(-290), "0 0, kept")
    yield control("received when it was made", PAST, dated(0), "0 0, kept")
    yield Row("an entry that was received before the one before it", PAST, out_of_order(200, 0),
              "1, kept, named, with the other one")
    yield Row("the third of three", PAST, out_of_order(0, 200, 100), "1, kept, named, with the other one")
    yield control("entries of one moment", PAST, out_of_order(0, 0, 0), "0, kept")
    yield Row("an entry that was received after the one behind it", PAST, an_older_one(200), "1, kept, named")
    yield control("an entry of before, asked for later", PAST, an_older_one(-200), "0, kept")
    yield Row("one of a list, without a folder of receipts", PAST, in_one_run(0, 50, 20, 60), "1, 3, 1")
    yield control("a list in order, without a folder of receipts", PAST, in_one_run(0, 20, 20, 60), "0, 4, 0")


def looked_at(*histories, more=()):
    """verify --url, of one history after the other, with the newest checkpoint kept: what the last one came to."""
    def attempt(s):
        log = FalseLog()
        for _ in range(3):
            log.add(s.by(ML1).statement("case.detected", case(), DETECTED))
        seen = s.folder / f"seen-{uuid.uuid4()}"
        for make in histories:
            history = make(s, log)

            def shown(path, history=history):
                if path == "/log/checkpoint":
                    return history.note(history.size, history.root(history.leaves)).encode()
                return history.tile(path) if path.startswith("/log/tile/") else None

            before = seen.read_bytes() if seen.exists() else None
            with Host(shown) as host:
                code, text = program(RELAIS, "verify", "--url", host.url, "--vkey", log.vkey, "--checkpoint", seen, *more,
                                     seconds=30)
        changed = before is not None and seen.read_bytes() != before
        found = [*s.folder.glob(seen.name + ".*.fork")]
        rules = ("history-differs", "history-shrunk", "verify-empty", "verify-size", "goes on from")
        rule = next((r for r in rules if r in text), "")
        return f"{code} {rule}{', changed' if changed else ''}{', ' + convicts(log.vkey, found[0]) if found else ''}"
    return attempt


def history(leaves, more=0, size=None):
    """So many leaves of the log, and so many of its own; of a size that is signed."""
    def make(s, log):
        other = log.history(leaves)
        for _ in range(more):
            other.add(s.by(ML1).statement("case.detected", case(), DETECTED))
        other.size = len(other.leaves) if size is None else size
        return other
    return make


def look(log, url, seen):
    """verify --url with what was seen: its exit code and the rule."""
    code, text = program(RELAIS, "verify", "--url", url, "--vkey", log.vkey, "--checkpoint", seen)
    rules = ("folder-locked", "history-differs", "history-shrunk", "goes on from", "begins")
    return f"{code} {next((r for r in rules if r in text), text)}"


def shown_by(history, tile=None):
    """What a server of a history answers."""
    def answer(path):
        if path == "/log/checkpoint":
            return history.note(len(history.leaves), history.root(history.leaves)).encode()
        return (tile or history.tile)(path) if path.startswith("/log/tile/") else None
    return answer


@contextlib.contextmanager
def held(log, history, seen):
    """A look at a history whose first tile is held back; what it came to is its `said`, once it is let go."""
    asked, go_on = threading.Event(), threading.Event()

    def tile(path):
        asked.set()
        go_on.wait(60)
        return history.tile(path)

    with Host(shown_by(history, tile)) as host:
        running = types.SimpleNamespace(said=None)
        thread = threading.Thread(target=lambda: setattr(running, "said", look(log, host.url, seen)))
        thread.start()
        try:
            asked.wait(60)
            yield running
        finally:
            go_on.set()
            thread.join()


def overlapping(s, write=False):
    """3 entries are seen. While a look at a history of 5 is held back comes one at another of 9; or somebody writes that one down."""
    log, seen = FalseLog(), s.folder / f"seen-{uuid.uuid4()}"
    for _ in range(3):
        log.add(s.by(ML1).statement("case.detected", case(), DETECTED))
    five, nine = history(3, 2)(s, log), history(3, 6)(s, log)
    with Host(shown_by(log)) as host:
        look(log, host.url, seen)
    with held(log, five, seen) as first, Host(shown_by(nine)) as host:
        if write:
            seen.write_text(nine.note(9, nine.root(nine.leaves)))
        else:
            second = look(log, host.url, seen)
    if write:
        return f"{first.said}, {seen.read_text().splitlines()[1]}"
    with Host(shown_by(nine)) as host:
        third = look(log, host.url, seen)
    found = [*s.folder.glob(seen.name + ".*.fork")]
    return f"{second}, {first.said}, {third}, {seen.read_text().splitlines()[1]}, {convicts(log.vkey, found[0])}"


def set_back(s):
    """The same history, of 9 entries and then, by who looked before, of 5."""
    log, seen = FalseLog(), s.folder / f"seen-{uuid.uuid4()}"
    for _ in range(9):
        log.add(s.by(ML1).statement("case.detected", case(), DETECTED))
    five = history(5)(s, log)
    with held(log, five, seen) as first:
        seen.write_text(log.note(9, log.root(log.leaves)))
    return f"{first.said}, {seen.read_text().splitlines()[1]}"


def many_forks(s):
    log, seen = FalseLog(), s.folder / f"seen-{uuid.uuid4()}"
    log.add(s.by(ML1).statement("case.detected", case(), DETECTED))
    with Host(shown_by(log)) as host:
        look(log, host.url, seen)
    said = []
    for _ in range(18):
        with Host(shown_by(history(0, 2)(s, log))) as host:
            said.append(look(log, host.url, seen))
    return f"{sorted(set(said))}, {len([*s.folder.glob(seen.name + '.*.fork')])}"


def fat(note):
    """The note with 15 signatures of others, of as many bytes as a note may have."""
    return note + "".join(f"\u2014 w{i}.example {text(os.urandom(6_100))}\n" for i in range(15))


def fat_seen(s):
    log, seen = FalseLog(), s.folder / f"seen-{uuid.uuid4()}"
    log.add(s.by(ML1).statement("case.detected", case(), DETECTED))
    note = log.note(1, log.root(log.leaves))

    def answer(path):
        return fat(note).encode() if path == "/log/checkpoint" else shown_by(log)(path)

    with Host(answer) as host:
        first = look(log, host.url, seen)
    kept = "its own lines" if seen.read_text() == note else "all of it"
    seen.write_text(fat(note))  # as it was kept before
    with Host(shown_by(log)) as host:
        return f"{first}, {kept}, {look(log, host.url, seen)}"


def fat_receipt(s):
    v = Victim(s)
    one, two = v.statement(), v.statement()
    answer = v.log.add(one)
    note = answer["receipt"].partition("\n\n")[2]
    answer["receipt"] = answer["receipt"].replace(note, fat(note))
    first = v.ask(v.log.tile, answer, one)[0]
    kept = "its own lines" if (v.folder / "log.checkpoint").read_text() == note else "all of it"
    return f"{first}, {kept}, {v.ask(v.log.tile, v.log.add(two), two)[0]}"


def checkpoint_lost(*lost):
    """Three receipts are kept, and these files are not any more: then comes another history."""
    def attempt(s):
        v = Victim(s)
        for _ in range(2):
            more = v.statement()
            v.ask(v.log.tile, v.log.add(more), more)
        for name in lost:
            (v.folder / name).unlink()
        statement = v.statement()
        other = v.log.history(0)
        for _ in range(4):
            other.add(v.statement())
        forked = other.add(statement)
        said = v.ask(other.tile, forked, statement)
        more = v.statement()
        after = v.ask(v.log.tile, v.log.add(more), more)[0]
        found = [*v.folder.rglob("*.fork")]
        return f"{said[0]} {rule_of(said)}, {v.has(forked)}, {convicts(v.log.vkey, found[0]) if found else 'no fork'}, {after}"
    return attempt


def decoys_before_a_backdated(s):
    """16 receipts that nobody can prove, and then one that is dated a year before its statement was made, its tiles hidden."""
    v = Victim(s)
    statement = v.statement()
    for _ in range(16):
        grown = v.log.history()
        grown.add(v.statement())
        v.ask(hidden, grown.add(statement), statement)
    grown = v.log.history()
    backdated = grown.add(statement, int((time.time() - 365 * 86_400) * 1_000))
    said = v.ask(hidden, backdated, statement)
    against = any(f.read_text() == jwt_of(statement) + "~" for f in v.folder.rglob("*.against"))
    return f"{said[0]} {'receipt-backdated' in said}, {v.has(backdated)}, its statement beside it {against}"


def from_outside():
    yield Row("an empty tree", OUTSIDE, looked_at(history(0)), "1 verify-empty")
    yield Row("an empty tree, with a token", OUTSIDE, looked_at(history(0), more=("--token", "x")), "1 verify-empty")
    yield Row("an empty tree, where 3 were seen", OUTSIDE, looked_at(history(3), history(0)), "1 history-shrunk")
    yield Row("a tree of 2, where 3 were seen", OUTSIDE, looked_at(history(3), history(2)), "1 history-shrunk")
    yield Row("a tree without an end", OUTSIDE, looked_at(history(3, size=1 << 62)), "1 verify-size")
    yield Row("more entries than are wanted", OUTSIDE, looked_at(history(3), more=("--max-entries", 2)), "1 verify-size")
    yield Row("another history of 5, where 3 were seen", OUTSIDE, looked_at(history(3), history(1, 4)),
              "1 history-differs, convicts convicts")
    yield Row("another history of 3, where 3 were seen", OUTSIDE, looked_at(history(3), history(1, 2)),
              "1 history-differs, convicts convicts")
    yield control("the same", OUTSIDE, looked_at(history(3), history(3)), "0 goes on from")
    yield control("one that has grown", OUTSIDE, looked_at(history(3), history(3, 4)), "0 goes on from, changed")


def remembered():
    yield Row("another history, while a look is held back", OUTSIDE, overlapping,
              "1 folder-locked, 0 goes on from, 1 history-differs, 5, convicts convicts")
    yield Row("another history is written down meanwhile", OUTSIDE, lambda s: overlapping(s, True), "1 history-shrunk, 9")
    yield Row("a larger tree is written down meanwhile", OUTSIDE, set_back, "1 history-shrunk, 9")
    yield Row("18 forks, one look after the other", FLOOD, many_forks, r"\['1 history-differs'\], 16")
    yield Row("a checkpoint with much that others have signed", FLOOD, fat_seen, "0 begins, its own lines, 0 goes on from")
    yield Row("a receipt with much that others have signed", FLOOD, fat_receipt, "0, its own lines, 0")
    yield Row("16 unproven receipts, and then a backdated one", FLOOD, decoys_before_a_backdated,
              "1 True, kept, its statement beside it True")
    for lost in (("log.checkpoint",), ("log.checkpoint", "log.newest")):
        yield Row(f"a fork, and no {' and no '.join(lost)}", EVIDENCE, checkpoint_lost(*lost),
                  "1 history-differs, kept, convicts convicts, 0")


def rows():
    yield from forks()
    yield from remembered()
    yield from times_of_before()
    yield from from_outside()
    yield Row("100 forks of one statement, in one answer", FLOOD, flood(True), "17 pieces, 128 bits True, the first kept")
    yield Row("40 forks of one statement, one after the other", FLOOD, flood(False), "16 pieces, 128 bits True, the first kept")
    yield Row("20 unproven receipts, and then a fork", FLOOD, decoys_first, "17 pieces, the fork kept")
    yield Row("evidence under a former name", FLOOD, former_name, "1, 1")
    yield Row("an answer of a mebibyte", FLOOD, padded, r"receipt kept, True, large \[\]")
    yield Row("a folder that another program holds", PLACE, folder_in_use, "1 True")
    for place in (".", "receipts", "keys/deep/receipts", "store"):
        yield Row(f"receipts in a ledger's folder, {place}", PLACE, folder_of_a_ledger(place), r"1 True, made \[\]")
    yield Row("a receipt of tomorrow", FUTURE, from_the_future, "0, kept, told True")
    for name, attempt in (("its place is taken, and freed again", place_taken),
                          ("with a receipt of another statement", under_another),
                          ("in a list with an answer too few", too_few_answers),
                          ("with a second receipt of one statement", receipt_there),
                          ("what it contradicts, after the log went on", seen_is_beside_it)):
        yield Row(f"a fork, {name}", EVIDENCE, attempt, "kept")
    yield Row("a fork, inside a refusal", EVIDENCE, inside_a_refusal, "1 kept")
    for name, tile in (("zeros", lambda t: bytes(len(t))), ("a hash changed", lambda t: t[:-1] + bytes([t[-1] ^ 1])),
                       ("a hash too few", lambda t: t[:-32]), ("a hash too many", lambda t: t + t[:32]), ("nothing", lambda t: b"")):
        yield Row(f"a tile of {name} is no second history", EVIDENCE, wrong_tile(tile), "history-unproven")
    yield control("a second history is one", EVIDENCE, true_fork, "history-differs")
    yield Row("a key of its own, in another tree", EVIDENCE, replaced(False), "history-differs 1 kept")
    yield control("another key, in the tree that was seen", EVIDENCE, replaced(True), "0 2 lost")
    for name in ("log.checkpoint", "log.vkey", "log.checkpoint.1.new"):
        yield Row(f"a source called {name}", EVIDENCE, named_like_ours(name), r"\[0, 0, 0\], True, True")
    yield Row("a key of the folder that is damaged", EVIDENCE, kept_file_damaged, "1 log.vkey")
