"""Files that are none where one is read, files of the wrong form, and what a data folder has that nobody has written."""
import contextlib
import os
import re
import resource
import struct
import subprocess
import uuid

from falselog import FalseLog, Host
from harness import CONVENTION, DETECTED, ML1, RELAIS, Key, Ledger, case, run, unb64u
from rocks import Rocks
from stage import Stage, start, verdict
from table import Row, control

from attempts.store import copied

KINDS, MODES, HEAD, STRAYS, FORMS, EMPTY, HANDLES, OVER, LEFT = (
    "files that are none", "modes of folders", "a head that contradicts itself", "strays in the store", "forms of a convention",
    "values that are empty", "too few handles", "files of somebody else's", "what a killed process has left")


@contextlib.contextmanager
def stage():
    s = Stage()
    try:
        s.ledger.found(s.serve("--clock-seconds", 3600))
        s.minor(ML1)
        s.reader().post(s.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple"}))
        s.server.stop()
        s.statement = s.by(ML1).statement("case.detected", case(), DETECTED)
        (s.folder / "statement").write_text(s.statement)
        (s.folder / "event.json").write_text('{"type":"relais.case.detected.v1","subject":"case/%s","data":{}}' % uuid.uuid4())
        s.key = s.folder / "key.jwk"
        run("key", "new", "--out", s.key)
        yield s
    finally:
        s.doCleanups()


def program(*command, seconds=20, stdin=None, **more):
    """How it ended, and whether it said why. A program that waits for ever is killed."""
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, timeout=seconds, input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None, check=False, **more)
    except subprocess.TimeoutExpired:
        return "hangs"
    return verdict(done.returncode, "accepted") + ("" if done.stderr.strip() or done.stdout.strip() else ", nothing told")


def limited():
    """For what would read for ever."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


# --- what is put in the place of a file

def fifo(path):
    os.mkfifo(path, 0o600)


def endless(path):
    path.symlink_to("/dev/zero")


def folder(path):
    path.mkdir(mode=0o700)


def loop(path):
    path.symlink_to(path.name)


WRONG = {"a FIFO": fifo, "/dev/zero": endless, "a folder": folder, "a loop of links": loop}


def in_place(name, put):
    """A start and a verification of a ledger with something else in the place of one of its files."""
    def attempt(s):
        with copied(s.ledger.data) as data:
            path = next(data.glob(name))
            path.unlink()
            put(path)
            serve = program(RELAIS, "serve", "--data", data, "--listen", "127.0.0.1:0", "--clock-seconds", 3600, seconds=8,
                            preexec_fn=limited) if name != "convention.toml" else "refused"
            return f"serve {serve}, verify {program(RELAIS, 'verify', '--data', data, preexec_fn=limited)}"
    return attempt


COMMANDS = {
    "sign, its event": lambda s, f: ("sign", "--key", s.key, "--source", "urn:relais:x:y", f),
    "sign, its key": lambda s, f: ("sign", "--key", f, "--source", "urn:relais:x:y", s.folder / "event.json"),
    "sign, its passphrase": lambda s, f: ("sign", "--key", s.key, "--passphrase-file", f, "--source", "urn:relais:x:y",
                                          s.folder / "event.json"),
    "key show": lambda s, f: ("key", "show", "--file", f),
    "key new, its passphrase": lambda s, f: ("key", "new", "--out", s.folder / f"new-{uuid.uuid4()}", "--passphrase-file", f),
    "token": lambda s, f: ("token", "--key", f, "--source", "urn:relais:x:y", "--audience", "relais.example/x", "--purpose", "p"),
    "init": lambda s, f: ("init", "--convention", f, "--data", s.folder / f"made-{uuid.uuid4()}"),
    "scenario": lambda s, f: ("scenario", "--convention", f, "--data", s.folder / f"made-{uuid.uuid4()}"),
    "submit": lambda s, f: ("submit", "--url", "http://127.0.0.1:1", f),
    "submit, its vkey": lambda s, f: ("submit", "--url", "http://127.0.0.1:1", "--vkey", f, s.folder / "statement"),
    "submit, its CA": lambda s, f: ("submit", "--url", "https://127.0.0.1:1", "--ca", f, s.folder / "statement"),
    "verify, its receipt": lambda s, f: ("verify", "--receipt", f, "--statement", s.folder / "statement", "--vkey",
                                         s.ledger.vkey),
    "verify, its statement": lambda s, f: ("verify", "--receipt", s.folder / "statement", "--statement", f, "--vkey",
                                           s.ledger.vkey),
    "data-inclusion": lambda s, f: ("data-inclusion", "import", f, "--out", s.folder / f"made-{uuid.uuid4()}"),
    "serve, its certificate": lambda s, f: ("serve", "--data", s.ledger.data, "--listen", "127.0.0.1:0", "--tls-cert", f,
                                            "--tls-key", s.key),
    "serve, its TLS key": lambda s, f: ("serve", "--data", s.ledger.data, "--listen", "127.0.0.1:0", "--tls-cert", s.key,
                                        "--tls-key", f),
    "serve, its token for metrics": lambda s, f: ("serve", "--data", s.ledger.data, "--listen", "127.0.0.1:0",
                                                  "--metrics-token", f),
}


def given(command, put):
    def attempt(s):
        path = s.folder / f"odd-{uuid.uuid4()}"
        put(path)
        return program(RELAIS, *COMMANDS[command](s, path), seconds=8, preexec_fn=limited)
    return attempt


def kept(suffix, put):
    """A receipt comes where something else is in the place of the file it is kept in."""
    def attempt(s):
        log = FalseLog()
        receipts = s.folder / f"receipts-{uuid.uuid4()}"
        statement = s.by(ML1).statement("case.detected", case(), DETECTED, id="odd")
        place = receipts / s.by(ML1).source
        place.mkdir(parents=True)
        put(place / f"odd{suffix}")
        with Host(log.tile, log.add(statement)) as host:
            return program(RELAIS, "submit", "--url", host.url, "--vkey", log.vkey, "--receipts", receipts, "-",
                           stdin=statement.encode() + b"\n", seconds=8, preexec_fn=limited)
    return attempt


def kinds():
    for name in ("head", "log.vkey", "keys/log.jwk", "keys/system.jwk", "convention.toml", "store/CURRENT", "store/MANIFEST-*",
                 "store/*.sst", "reads.vkey", "reads/head"):
        for what, put in WRONG.items():
            yield Row(f"{what} for {name}", KINDS, in_place(name, put), "serve refused, verify refused" if "jwk" not in name else
                      "serve refused, verify .*(accepted|refused)")
    for what in ("a FIFO", "/dev/zero"):
        yield Row(f"{what} for store/IDENTITY", KINDS, in_place("store/IDENTITY", WRONG[what]), "serve refused, verify refused")
    for command in COMMANDS:
        for what, put in WRONG.items():
            yield Row(f"{command}: {what}", KINDS, given(command, put), "refused")
    for suffix in (".tlog-proof", ".json"):
        for what, put in WRONG.items():
            # A link that leads nowhere holds nothing, and is replaced.
            yield Row(f"{what} for a kept {suffix}", KINDS, kept(suffix, put), "accepted" if put is loop else "refused")
    yield Row("generate, into a FIFO", KINDS, lambda s: program(RELAIS, "generate", "--out", made_fifo(s), "--cases", 1, seconds=8),
              "refused")
    yield control("sign, from a link to a file", KINDS, lambda s: program(
        RELAIS, "key", "show", "--file", linked(s, s.key)), "accepted")


def over_a_file(*command):
    """A command that makes a file, where one of somebody else's is: it is as it was."""
    def attempt(s):
        mine = s.folder / f"mine-{uuid.uuid4()}"
        folder = s.folder / f"folder-{uuid.uuid4()}"
        folder.mkdir()
        names = ("structures.json", "services.json", "partner-1.json", "001.sd-jwt")
        for path in (mine, *(folder / n for n in names)):
            path.write_text("mine\n")
        code, text = run_program(*(str(a).replace("{file}", str(mine)).replace("{folder}", str(folder))
                                   .replace("{data}", str(s.ledger.data)).replace("{scratch}", str(s.folder / f"made-{uuid.uuid4()}"))
                                   for a in command))
        kept = all(p.read_text() == "mine\n" for p in (mine, *(folder / n for n in names)))
        left = sorted(p.name for p in folder.iterdir() if p.name not in names) + [p.name for p in s.folder.glob("mine-*.new")]
        return f"{verdict(code, 'done')}, told {'file-exists' in text}, kept {kept}, left {left}"
    return attempt


def run_program(*command):
    done = subprocess.run([str(c) for c in (RELAIS, *command)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def over_files():
    expected = r"refused, told True, kept True, left \[\]"
    for name, *command in (
            ("generate --out", "generate", "--cases", 1, "--out", "{file}"),
            ("data-inclusion export", "data-inclusion", "export", "--data", "{data}", "--out", "{folder}"),
            ("scenario --out", "scenario", "--data", "{scratch}", "--out", "{folder}")):
        yield Row(name, OVER, over_a_file(*command), expected)
    yield Row("generate --out, into a ledger", OVER, into_a_ledger, "refused, told True, made False")


def into_a_ledger(s):
    path = s.ledger.data / f"load-{uuid.uuid4()}"
    code, text = run_program("generate", "--cases", 1, "--out", path)
    return f"{verdict(code, 'done')}, told {'path-in-ledger' in text}, made {path.exists()}"


def made_fifo(s):
    path = s.folder / f"fifo-{uuid.uuid4()}"
    fifo(path)
    return path


def linked(s, to):
    path = s.folder / f"link-{uuid.uuid4()}"
    path.symlink_to(to)
    return path


# --- modes, head, handles, values

def with_mode(name, mode):
    def attempt(s):
        with copied(s.ledger.data) as data:
            (data / name).chmod(mode)
            answer = start(data)
            (data / name).chmod(0o700)
            return answer
    return attempt


def head_with(size, root):
    """A head whose other slot has what the log's key has signed of another tree; of the newest one's size, or a smaller."""
    def attempt(s):
        with copied(s.ledger.data) as data:
            slots = [(data / "head").read_bytes()[i:i + 4096] for i in (0, 4096)]
            sizes = [int(x.split(b"\n")[1]) for x in slots]
            newest = sizes.index(max(sizes))
            seed = unb64u(re.search(r'"d":"([^"]+)"', (data / "keys/log.jwk").read_text())[1])
            log = FalseLog(slots[0].split(b"\n")[0].decode(), seed)
            note = log.note(size(max(sizes)), root).encode() if root else slots[newest].rstrip(b"\0")
            slots[1 - newest] = note.ljust(4096, b"\0")
            (data / "head").write_bytes(b"".join(slots))
            done = subprocess.run([RELAIS, "verify", "--data", data], capture_output=True, text=True, timeout=60, check=False)
            return f"{start(data)}, verify {verdict(done.returncode, 'accepted')}" + (
                ", told" if "self-check-head" in done.stderr else "")
    return attempt


def with_handles(count):
    def attempt(s):
        with copied(s.ledger.data) as data:
            done = subprocess.run(["prlimit", f"--nofile={count}:{count}", RELAIS, "serve", "--data", data, "--listen",
                                   "127.0.0.1:0"], capture_output=True, text=True, timeout=20, check=False)
            return f"{verdict(done.returncode, 'ended')}{', told' if 'ulimit -n' in done.stderr else ''}"
    return attempt


def given_empty(*arguments):
    return lambda s: str(run(*(a.format(s.ledger.data, s.folder / "statement") for a in arguments), ok=None).returncode)


def folders():
    for name in (".", "keys", "store", "reads", "reads/store"):
        for mode in (0o777, 0o770, 0o720, 0o702, 0o1777):
            yield Row(f"the folder {name} with mode {mode:o}", MODES, with_mode(name, mode), "refused")
        yield control(f"the folder {name} with mode 750", MODES, with_mode(name, 0o750), "started")
    for name, size, root in (("of the same size", lambda n: n, bytes(32)), ("of one less", lambda n: n - 1, bytes(32)),
                             ("of the genesis", lambda n: 1, bytes(32))):
        yield Row(f"a head with another tree {name}", HEAD, head_with(size, root), "refused, verify refused, told")
    yield control("a head with one checkpoint twice", HEAD, head_with(lambda n: n, None), "started, verify accepted")
    for count in (12, 20, 23):
        yield Row(f"{count} handles", HANDLES, with_handles(count), "refused, told")
    for name, *arguments in (("rebuild --head", "rebuild", "--data", "{0}", "--head", ""),
                             ("submit --receipts", "submit", "--url", "http://127.0.0.1:1", "--receipts", "", "{1}"),
                             ("submit --vkey", "submit", "--url", "http://127.0.0.1:1", "--vkey", "", "{1}"),
                             ("verify --token", "verify", "--url", "http://127.0.0.1:1", "--vkey", "x", "--token", ""),
                             ("replay --until", "replay", "--data", "{0}", "--until", ""),
                             ("scenario --data", "scenario", "--data", ""),
                             ("generate --out", "generate", "--cases", "1", "--out", "")):
        yield Row(name, EMPTY, given_empty(*arguments), "2")


# --- strays

def stray(family, key, value, make=False, store="store"):
    """A record that no entry owns: what `relais verify` says of it, and whether it names the family."""
    def attempt(s):
        with copied(s.ledger.data) as data:
            with Rocks(data / store) as rocks:
                if make:
                    rocks.make(family)
                rocks.put(family, *(x(rocks) if callable(x) else x for x in (key, value)))
            done = subprocess.run([RELAIS, "verify", "--data", data], capture_output=True, text=True, timeout=60, check=False)
            named = re.search(rf"\b{re.escape(family)}\b", done.stderr)
            return verdict(done.returncode, "accepted") + (", named" if named else "")
    return attempt


def number(n):
    return struct.pack(">Q", n)


def strays():
    rows = [("entries", number(5000), b"x"), ("entries", b"\0\0", b"x"), ("entries", number(3) + b"\0", b"x"),
            ("events", number(5000), b"x"), ("events", b"", b"x"), ("events", number(3) + b"\0", b"x"),
            ("ids", b"zzz\0\0\1", number(1)), ("ids", b"", b"x"), ("ids", b"zzz\0\0\1", number(5000)),
            ("streams", lambda r: r.records("streams")[0][0][:-4] + b"\0\0\0\x63", number(1)), ("streams", b"", b"x"),
            ("nodes", b"\5" + number(1), bytes(64)), ("nodes", b"\0" + number(9), bytes(64)), ("nodes", b"", b"x"),
            ("nodes", b"\0", b"x"), ("disclosures", number(5000), b"\0"), ("disclosures", b"", b"x"),
            ("disclosures", b"\0" * 7, b"x"),
            ("disclosures", number(3) + b"\0", b"\0"), ("checkpoints", number(5000), b"x"), ("checkpoints", b"\xff", b"x"),
            ("checkpoints", number(0), b"x"), ("checkpoints", b"", b"x"), ("meta", b"zzz", b"x"), ("meta", b"purge", b"\0"),
            ("meta", b"purge", number(5000)), ("default", b"x", b"y")]
    for family, key, value in rows:
        # An entry too many is found by the opening already, which compares with the last checkpoint.
        expected = "refused(, named)?" if family in ("entries", "events") or (family, key) in (
            ("checkpoints", number(5000)), ("checkpoints", b"\xff")) else "refused, named"
        yield Row(f"in {family}: {key if isinstance(key, bytes) else 'a version'}", STRAYS, stray(family, key, value), expected)
    yield Row("in the projections", STRAYS, stray("projections.1", b"zzz", b"x"), "refused.*")  # a record too many
    yield Row("a family of another name", STRAYS, stray("extra", b"x", b"y", make=True), "refused, named")
    yield Row("projections of no number", STRAYS, stray("projections.x", b"x", b"y", make=True), "refused, named")
    yield from strays_of_reads()
    yield control("the store as it is", STRAYS, lambda s: verdict(run("verify", "--data", s.ledger.data, ok=None).returncode,
                                                                  "accepted"), "accepted")


def strays_of_reads():
    """Nobody has looked at anything yet: the log of reads has its empty tree's checkpoint alone."""
    rows = [(family, key, b"x") for family in ("events", "ids", "streams", "keystore") for key in (number(0), b"", b"zzz")]
    rows += [("nodes", b"\0" + number(0), bytes(32)), ("nodes", b"", b"x"), ("disclosures", number(0), b"x"),
             ("disclosures", b"", b"x"), ("disclosures", b"\0" * 9, b"x"), ("disclosures", b"\0" * 3, b"x"),
             ("entries", b"\0" * 3, b"x"), ("entries", b"\0" * 9, b"x"), ("checkpoints", b"", b"x"), ("checkpoints", b"\0" * 7, b"x"),
             ("meta", b"zzz", b"x")]
    for family, key, value in rows:
        # The opening finds one of entries and checkpoints by itself where it is the last.
        yield Row(f"in the reads' {family}: {key}", STRAYS, stray(family, key, value, store="reads/store"), "refused(, named)?")
    for key in (b"zzz", b"S", b"C", b"A", b"C" + bytes(3)):
        yield Row(f"in the reads' indices: {key}", STRAYS, stray("projections.1", key, b"x", store="reads/store"), "refused.*")


def left_behind(*names, kept=()):
    """Files that a process left when it was killed, at the next start; and such as are not of its making."""
    def attempt(s):
        with copied(s.ledger.data) as data:
            for name in names:
                path = data / name
                path.write_text(Key().jwk.export() if name.endswith(".next") else "half of")
                path.chmod(0o600)
            for name in kept:
                (data / name).mkdir() if name.endswith("/") else (data / name).write_text("mine")
            answer = start(data)
            return (f"{answer}, left {[n for n in names if (data / n).exists()]}, "
                    f"kept {all((data / n).exists() for n in kept)}")
    return attempt


def leftovers():
    yield Row("halves of files, and a key that was never put in place", LEFT, left_behind(
        "log.vkey.4242.new", "reads.vkey.1.new", "keys/log.jwk.77.new", "keys/system.jwk.next",
        kept=("notes.new", "log.vkey..new", "4242.new", "folder.1.new/")), r"started, left \[\], kept True")


# --- conventions

def convention(change):
    def attempt(s):
        text = CONVENTION.read_text()
        for slug in set(re.findall("@([a-z0-9-]+)@", text)):
            text = text.replace(f"@{slug}@", Key().x)
        changed = change(text)
        file = s.folder / f"convention-{uuid.uuid4()}.toml"
        file.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
        return program(RELAIS, "init", "--convention", file, "--data", s.folder / f"made-{uuid.uuid4()}")
    return attempt


def member(name, value):
    return convention(lambda t: re.sub(rf"(?m)^{name} = .*$", lambda _: f"{name} = {value}", t, count=1))


def table(name, value):
    return convention(lambda t: f"{name} = {value}\n{without(name, t)}")


def without(name, text):
    """The text without the tables of that name."""
    return re.sub(rf"(?ms)^\[+{name}\]+.*?(?=^\[|\Z)", "", text)


def forms():
    deep = "a." * 50_000
    for name, change in (
            ("a dotted key of 50,000 parts", lambda t: f"{deep}b = 1\n{t}"), ("the same in quotes", lambda t: '"a".' * 50_000 + "b=1"),
            ("the same in a header", lambda t: f"{t}\n[{deep}b]\n"), ("in a header of a list", lambda t: f"[[{deep}b]]\n"),
            ("the same in an inline table", lambda t: f"x = {{{deep}b = 1}}\n{t}"),
            ("the same with blanks", lambda t: deep.replace(".", " . ") + "b = 1\n" + t),
            ("behind a text with a quote", lambda t: f'x = "\\""\n{deep}b=1'),
            ("behind a long text", lambda t: f'x = """\n"\\"" ""\n"""\n{deep}b=1'),
            ("behind a comment", lambda t: f"# \'\'\'\n{deep}b=1"), ("lists in lists", lambda t: "x = " + "[" * 50_000),
            ("tables in tables", lambda t: "x = " + "{a=" * 50_000), ("nothing", lambda t: ""),
            ("10 MB", lambda t: t + "\n#" + "x" * (10 << 20)), ("a NUL", lambda t: t + "\0"),
            ("no UTF-8", lambda t: t.encode() + b"\xff"), ("UTF-16", lambda t: t.encode("utf-16")),
            ("a quote that does not end", lambda t: t + 'x = "'), ("a member twice", lambda t: 'id = "a"\n' + t)):
        yield Row(name, FORMS, convention(change), "refused")
    values = ("1", "-1", "1.5", "inf", "nan", "true", "07:32:00", "1979-05-27T07:32:00Z", "0000-01-01", "[[]]", "[1]", "{}",
              "{a = 1}", '""', "9223372036854775807", "9223372036854775808", "1e400", '"\\u0000"', "[{}, 1]")
    for name in ("id", "title", "signed_on", "origin", "territories"):
        for value in values:
            if (name, value) != ("title", '"\\u0000"'):
                yield Row(f"{name} = {value}", FORMS, member(name, value), "refused")
        yield Row(f"{name}.x = 1", FORMS, convention(lambda t, n=name: re.sub(rf"(?m)^{n} = .*$", f"{n}.x = 1", t, count=1)),
                  "refused")
    for name in ("terms", "quorum", "signatory"):
        for value in values:
            yield Row(f"{name} = {value}", FORMS, table(name, value),
                      "refused" if (name, value) != ("terms", "{}") else "accepted")
        yield Row(f"{name}.x.y = 1", FORMS, convention(lambda t, n=name: f"{n}.x.y = 1\n{without(n, t)}"), "refused")
    for slip in (lambda t: t, lambda t: "\ufeff" + t, lambda t: t + "\n# " + "." * 100,
                 lambda t: t.replace('title = "', 'title = "' + "." * 100, 1)):
        yield control("the example, in a form that TOML has", FORMS, convention(slip), "accepted")


def rows():
    for part in (kinds, folders, over_files, strays, leftovers, forms):
        yield from part()
