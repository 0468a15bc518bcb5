"""A host that has the key of its log, and would have nobody keep what proves that it forked it."""
import base64
import fcntl
import json
import os
import time
import uuid

from falselog import FalseLog, Host
from harness import DETECTED, ML1, RELAIS, b64u, case
from stage import bare as stage  # noqa: F401, who keeps receipts asks no server of ours
from table import Row, control

from attempts.client import program

EVIDENCE, FLOOD, PLACE, FUTURE = "evidence of a fork", "evidence without end", "folders of receipts", "times to come"


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


def rows():
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
    for name, tile in (("zeros", lambda t: bytes(len(t))), ("a hash changed", lambda t: t[:-1] + bytes([t[-1] ^ 1])),
                       ("a hash too few", lambda t: t[:-32]), ("a hash too many", lambda t: t + t[:32]), ("nothing", lambda t: b"")):
        yield Row(f"a tile of {name} is no second history", EVIDENCE, wrong_tile(tile), "history-unproven")
    yield control("a second history is one", EVIDENCE, true_fork, "history-differs")
    yield Row("a key of its own, in another tree", EVIDENCE, replaced(False), "history-differs 1 kept")
    yield control("another key, in the tree that was seen", EVIDENCE, replaced(True), "0 2 lost")
    for name in ("log.checkpoint", "log.vkey", "log.checkpoint.1.new"):
        yield Row(f"a source called {name}", EVIDENCE, named_like_ours(name), r"\[0, 0, 0\], True, True")
    yield Row("a key of the folder that is damaged", EVIDENCE, kept_file_damaged, "1 log.vkey")
