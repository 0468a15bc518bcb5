"""A data folder that is not what it was: rolled back, damaged, with other keys; and a disk that is filled."""
import concurrent.futures
import contextlib
import os
import re
import shutil
import subprocess
import threading
import time
import uuid

from acts import eventually
from harness import DETECTED, ML1, RELAIS, Key, Ledger, case, copy_ledger, jwt_of, run, wrapping_key
from stage import Stage, bare, start, verdict
from table import Row, Skipped, control
from wire import said

ROLLED, KEYS, DAMAGE, DISK, MODES, READS = ("a store rolled back", "keys of a folder", "damage in the store",
                                            "a disk that fills", "modes of keys", "a log of reads that is lost")
MIB = 1 << 20
PLACES = {"its first bytes": lambda size: 3, "its middle": lambda size: size // 2,
          "two thirds": lambda size: 2 * size // 3, "its properties": lambda size: size - 400, "its index": lambda size: size - 120,
          "the padding of its footer": lambda size: size - 20, "its last bytes": lambda size: size - 2}


@contextlib.contextmanager
def stage():
    """A ledger with an older copy of its store beside it; another ledger; and the story's data folder."""
    s = Stage()
    try:
        s.ledger.found(s.serve("--clock-seconds", 3600))
        s.server.stop()
        s.older = s.folder / "older"
        shutil.copytree(s.ledger.data / "store", s.older)
        s.serve("--clock-seconds", 3600)
        s.minor(ML1)
        s.server.stop()
        s.other = Ledger()
        s.addCleanup(s.other.remove)
        s.story = s.folder / "story"
        run("scenario", "--data", s.story, "--seed", 1)
        s.files = sorted(f.name for f in (s.story / "store").glob("*.sst"))
        yield s
    finally:
        s.doCleanups()


@contextlib.contextmanager
def copied(data):
    copy = data.parent / f"copy-{uuid.uuid4()}"
    copy_ledger(data, copy, "*.sock")
    try:
        yield copy
    finally:
        shutil.rmtree(copy)
        wrapping_key(copy).unlink()


def with_folder(change, data=lambda s: s.ledger.data):
    """The attempt: a start on a copy of the folder that was changed."""
    def attempt(s):
        with copied(data(s)) as copy:
            change(s, copy)
            return start(copy)
    return attempt


def older(change=lambda s, data: None):
    """With the older store, and `head` changed."""
    def both(s, data):
        shutil.rmtree(data / "store")
        shutil.copytree(s.older, data / "store")
        change(s, data)
    return with_folder(both)


def rolled_back():
    heads = (("deleted", lambda s, d: (d / "head").unlink()), ("emptied", lambda s, d: (d / "head").write_bytes(b"")),
             ("zeros", lambda s, d: (d / "head").write_bytes(bytes(8192))), ("cut", lambda s, d: os.truncate(d / "head", 100)),
             ("noise", lambda s, d: (d / "head").write_bytes(os.urandom(8192))),
             ("of another log", lambda s, d: shutil.copy(s.other.data / "head", d / "head")
              if (s.other.data / "head").exists() else (d / "head").write_bytes(b"other\n1\nAAAA\n\n")),
             ("a folder", lambda s, d: ((d / "head").unlink(), (d / "head").mkdir())))
    yield Row("an older store", ROLLED, older(), "refused")
    for name, change in heads:
        yield Row(f"an older store, head {name}", ROLLED, older(change), "refused")
        yield Row(f"the store as it is, head {name}", ROLLED, with_folder(change), "refused")
    yield Row("no store, head deleted", ROLLED, with_folder(lambda s, d: (shutil.rmtree(d / "store"), (d / "head").unlink())),
              "refused")
    yield Row("an empty store", ROLLED, with_folder(lambda s, d: (shutil.rmtree(d / "store"), (d / "store").mkdir())), "refused")
    yield control("the store as it is", ROLLED, with_folder(lambda s, d: None), "started")
    yield control("nothing but the genesis, without a head", ROLLED, with_folder(
        lambda s, d: (d / "head").unlink(missing_ok=True), lambda s: s.other.data), "started")


def completion(change):
    """A statement is taken without what it discloses, then with it, and the server is killed; `change` of the write-ahead log, of
    which so many bytes were there before the completion. -> a start; the way out that it names, and a start behind it."""
    def attempt(s):
        with bare() as t:
            t.ledger.found(t.serve("--clock-seconds", 3600))
            whole = t.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple"})
            log = max((t.ledger.data / "store").glob("*.log"))
            assert t.reader().post(jwt_of(whole) + "~").status == 201
            before = len(log.read_bytes().rstrip(b"\0"))
            assert t.reader().post(whole).json()["disclosuresAdded"] == 1
            t.server.kill()
            change(log, before)
            verified = run("verify", "--data", t.ledger.data, ok=None)
            answer = f"verify {verdict(verified.returncode, 'holds')}, start {start(t.ledger.data)}"
            named = re.search(r"relais (rebuild --data \S+ --head \S+?),", verified.stderr)
            if not named:
                return answer
            code = run(*named[1].split(), ok=None).returncode
            return f"{answer}; the way out {code}, {start(t.ledger.data)}"
    return attempt


def completions():
    def zeros(log, at):
        with log.open("r+b") as file:
            file.seek(at)
            file.write(bytes(log.stat().st_size - at))

    lost = "verify refused, start refused; the way out 0, started"
    yield Row("zeros for an acknowledged completion", ROLLED, completion(zeros), lost)
    yield Row("an acknowledged completion cut off", ROLLED, completion(os.truncate), lost)
    yield Row("a bit of an acknowledged completion", ROLLED, completion(lambda log, at: flipped(log, at + 20)),
              "verify refused, start refused")
    yield control("a completion that is there", ROLLED, completion(lambda log, at: None), "verify holds, start started")


def reads_lost():
    """The log of reads, without a trace of it, or as it was."""
    def attempt(change, data=None):
        def both(s):
            with bare() as t:
                t.ledger.found(t.serve("--clock-seconds", 3600))
                subject = t.minor(ML1)
                t.case_of(ML1, subject)
                t.server.stop()
                folder = t.ledger.data
                shutil.copytree(folder / "reads", t.folder / "older")
                t.serve("--clock-seconds", 3600)
                t.case_of(ML1, subject)
                t.server.stop()
                change(t, folder)
                verified = run("verify", "--data", folder, ok=None)
                answer = f"verify {verdict(verified.returncode, 'holds')}, start {start(folder)}"
                named = re.search(r"relais (rebuild --data \S+ --reads-anew \d+),", verified.stderr)
                if not named:
                    return answer
                wrong = run(*named[1].split()[:-1], 1_000_000, ok=None).returncode
                code = run(*named[1].split(), ok=None).returncode
                return f"{answer}; the way out {code}, with another number {wrong}, {start(folder)}"
        return both

    def removed(*names):
        def change(_, data):
            for name in names:
                shutil.rmtree(data / name) if (data / name).is_dir() else (data / name).unlink()
        return change

    def older(t, data):
        shutil.rmtree(data / "reads")
        shutil.copytree(t.folder / "older", data / "reads")

    def another(t, data):
        empty = begun(t, data)
        shutil.rmtree(data / "reads")
        shutil.copytree(empty, data / "reads")

    def shorter(s):
        """A log of reads that has entries, and fewer than it had, is not begun anew by their number."""
        with bare() as t:
            t.ledger.found(t.serve("--clock-seconds", 3600))
            subject = t.minor(ML1)
            t.case_of(ML1, subject)
            t.server.stop()
            shutil.copytree(t.ledger.data / "reads", t.folder / "older")
            t.serve("--clock-seconds", 3600)
            t.case_of(ML1, subject)
            t.server.stop()
            older(t, t.ledger.data)
            had = re.search(r"and had (\d+), as the ledger knows", run("verify", "--data", t.ledger.data, ok=None).stderr)[1]
            anew = run("rebuild", "--data", t.ledger.data, "--reads-anew", had, ok=None)
            return f"{anew.returncode} {'reads-there' in anew.stderr}, start {start(t.ledger.data)}"

    lost = "verify refused, start refused; the way out 0, with another number 1, started"
    yield Row("no log of reads, and no key of it", READS, attempt(removed("reads", "reads.vkey")), lost)
    yield Row("no log of reads", READS, attempt(removed("reads")), lost)
    yield Row("the log of reads of before the last start", READS, attempt(older), "verify refused, start refused")
    yield Row("another one, empty, of the same key", READS, attempt(another), lost)
    yield Row("the log of reads of before, to be begun anew", READS, shorter, "1 True, start refused")
    yield control("its key alone gone", READS, attempt(removed("reads.vkey")), "verify refused, start started")
    yield control("the log of reads as it is", READS, attempt(lambda t, d: None), "verify holds, start started")


def begun(t, data):
    """An empty log of reads by the ledger's key, as a ledger of before has begun it."""
    with contextlib.ExitStack() as stack:
        copy = stack.enter_context(copied(data))
        shutil.rmtree(copy / "reads")
        size = re.search(r"--reads-anew (\d+)", run("verify", "--data", copy, ok=None).stderr)[1]
        run("rebuild", "--data", copy, "--reads-anew", size)
        shutil.copytree(copy / "reads", t.folder / "begun")
    return t.folder / "begun"


def keys():
    def key_of_other(*names):
        return with_folder(lambda s, d: [shutil.copy(s.other.data / n, d / n) for n in names])

    def written(name, text):
        return with_folder(lambda s, d: (d / name).write_text(text(d) if callable(text) else text))

    for names in (("keys/system.jwk",), ("keys/log.jwk",), ("log.vkey",), ("keys/log.jwk", "log.vkey"),
                  ("keys/log.jwk", "keys/system.jwk", "log.vkey")):
        yield Row(f"another ledger's {' and '.join(names)}", KEYS, key_of_other(*names), "refused")
    for name in ("keys/system.jwk", "keys/log.jwk", "log.vkey"):
        yield Row(f"no {name}", KEYS, with_folder(lambda s, d, name=name: (d / name).unlink()), "refused")
        yield Row(f"an empty {name}", KEYS, written(name, ""), "refused")
    for name in ("system", "log"):
        other = "log" if name == "system" else "system"
        yield Row(f"{other}.jwk for {name}.jwk", KEYS, with_folder(
            lambda s, d, name=name, other=other: shutil.copy(d / f"keys/{other}.jwk", d / f"keys/{name}.jwk")), "refused")
        yield Row(f"a new key for {name}.jwk", KEYS, written(f"keys/{name}.jwk", lambda d: Key().jwk.export()), "refused")
        yield Row(f"{name}.jwk without its private part", KEYS, written(
            f"keys/{name}.jwk", lambda d, name=name: Key((d / f"keys/{name}.jwk").read_text()).jwk.export_public()), "refused")
        for mode in (0o644, 0o604, 0o640, 0o666, 0o602, 0o660, 0o777):
            yield Row(f"{name}.jwk with mode {mode:o}", MODES, with_folder(
                lambda s, d, name=name, mode=mode: (d / f"keys/{name}.jwk").chmod(mode)), "refused")
    yield control("keys with mode 600", MODES, with_folder(lambda s, d: (d / "keys/log.jwk").chmod(0o600)), "started")
    yield control("keys with mode 400", MODES, with_folder(lambda s, d: (d / "keys/log.jwk").chmod(0o400)), "started")
    yield Row("the folder that `relais init` makes", MODES, lambda s: oct(s.ledger.data.stat().st_mode & 0o777), "0o700")
    yield Row("the keys that it makes", MODES, lambda s: str({oct((s.ledger.data / f"keys/{n}.jwk").stat().st_mode & 0o777)
                                                              for n in ("log", "system")}), r"\{'0o600'\}")


def over_a_ledger():
    """Commands that make a folder or a key, where one is."""
    def over(arguments):
        def attempt(s):
            with copied(s.ledger.data) as copy:
                before = {f.name: f.read_bytes() for f in (copy / "keys").iterdir()}
                done = run(*(a.format(copy) if isinstance(a, str) else a for a in arguments(s)), ok=None)
                kept = before == {f.name: f.read_bytes() for f in (copy / "keys").iterdir()}
                return f"{verdict(done.returncode, 'done')}, keys kept {kept}, {start(copy)}"
        return attempt

    expected = "refused, keys kept True, started"
    yield Row("init over a ledger", KEYS, over(lambda s: ("init", "--convention", s.ledger.convention, "--data", "{}")), expected)
    yield Row("scenario over a ledger", KEYS, over(lambda s: ("scenario", "--data", "{}")), expected)
    yield Row("generate over a ledger", KEYS, over(lambda s: ("generate", "--data", "{}", "--cases", "1")), expected)
    yield Row("a new key over a key", KEYS, over(lambda s: ("key", "new", "--out", "{}/keys/log.jwk")), expected)
    yield Row("two servers on one folder", KEYS, two_servers, "refused")
    for name in ("keys/log.jwk", "keys/system.jwk", "head", "log.vkey", "reads/head"):
        yield Row(f"{name} deleted while it is served", KEYS, gone_while_served(name), "told True")


def gone_while_served(name):
    """A file that is read at the start alone goes while the server runs: who runs it is told by its name, at once."""
    def attempt(s):
        with copied(s.ledger.data) as copy:
            server = subprocess.Popen([RELAIS, "serve", "--data", str(copy), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)
            end = threading.Timer(30, server.kill)  # of a server that says nothing
            end.start()
            try:
                server.stdout.readline()
                (copy / name).unlink()
                told = next((line for line in server.stderr if name.encode() in line and b"is gone" in line), b"")
            finally:
                end.cancel()
                server.kill()
                server.communicate()
            return f"told {bool(told)}"
    return attempt


def two_servers(s):
    with copied(s.ledger.data) as copy:
        first = subprocess.Popen([RELAIS, "serve", "--data", str(copy), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        first.stdout.readline()
        try:
            return start(copy)
        finally:
            first.kill()
            first.communicate()


# --- damage

def flipped(path, at):
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def noticed(s, name, damage):
    """Whether `relais verify` notices the damage of one file and names the file; or at least a start notices."""
    with copied(s.story) as copy:
        damage(copy / "store" / name)
        done = run("verify", "--data", copy, ok=None)
        if done.returncode != 0:
            return "named" if name.removesuffix(".sst") in done.stdout + done.stderr else "noticed"
        return "noticed" if start(copy).startswith("refused") else "unnoticed"


def each_file(damage):
    """The attempt: the same damage in each file by itself."""
    def attempt(s):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = dict(zip(s.files, pool.map(lambda name: noticed(s, name, damage), s.files), strict=True))
        unnoticed = [n for n, r in results.items() if r == "unnoticed"]
        unnamed = [n for n, r in results.items() if r == "noticed"]
        return f"{len(results)} files, unnoticed {unnoticed}, not named {unnamed}"
    return attempt


def damage():
    all_named = r"\d+ files, unnoticed \[\], not named \[\]"
    for name, place in PLACES.items():
        yield Row(f"a bit of {name}, in each file", DAMAGE, each_file(lambda path, place=place: flipped(path, max(0, place(
            path.stat().st_size)))), all_named)
    yield Row("a byte too few, in each file", DAMAGE, each_file(lambda path: os.truncate(path, path.stat().st_size - 1)), all_named)
    yield Row("bytes behind the end, of each file", DAMAGE, each_file(lambda path: path.open("ab").write(b"more")), all_named)
    yield Row("each file deleted", DAMAGE, each_file(lambda path: path.unlink()), all_named)
    for name in ("CURRENT", "MANIFEST-*"):
        for how, change in (("deleted", lambda p: p.unlink()), ("emptied", lambda p: p.write_bytes(b"")),
                            ("noise", lambda p: p.write_bytes(os.urandom(100)))):
            yield Row(f"{name} {how}", DAMAGE,
                      with_folder(lambda s, d, n=name, c=change: [c(p) for p in (d / "store").glob(n)]), "refused")


# --- a disk that fills

def fill(file, leave):
    """Writes until so much of the disk is free."""
    with file.open("ab", buffering=0) as out:
        while (free := os.statvfs(file).f_bavail * os.statvfs(file).f_frsize) > leave:
            try:
                out.write(bytes(min(free - leave, MIB)))
            except OSError:
                return


@contextlib.contextmanager
def small_disk(size):
    """A stage whose folder is on a disk of its own."""
    if os.geteuid() != 0:
        raise Skipped("mounts a small disk, which takes root")
    with bare() as t:
        disk = t.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "none", disk], check=True)
        t.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=True)
        copy_ledger(t.ledger.data, disk / "data")
        t.ledger.data = disk / "data"
        yield t


def posted(t, name, subject, data, hidden=None):
    try:
        return said(t.reader().post(t.by(ML1).statement(name, subject, data, hidden)))
    except OSError as e:
        return type(e).__name__


def under_the_watermark(s):
    """4 MiB are left of a reserve of 8: what is refused, and what still works."""
    del s
    with small_disk(128) as t:
        t.ledger.found(t.serve("--clock-seconds", 1, "--reserve", 8))
        subject = t.minor(ML1)
        fill(t.ledger.data.parent / "fill", 4 * MIB)
        with contextlib.suppress(AssertionError):
            eventually(lambda: posted(t, "case.detected", case(), DETECTED).startswith("507"), "a refusal", 5)
        append = posted(t, "case.detected", case(), DETECTED)
        erasure = posted(t, "case.data_erased", subject, {"basis": "art17", "targets": [1]})
        read = t.reader(ML1).get(f"/v1/cases/{subject.split('/')[1]}").status
        ready = t.server.get("/readyz").json()
        code = t.server.stop()
        return f"append {append}, erasure {erasure}, read {read}, storage {ready.get('storage')}, stopped with {code}"


def file_size_limit(s):
    """RLIMIT_FSIZE, whose signal ends a process that does not expect it."""
    del s
    with bare() as t:
        t.ledger.found(t.serve("--clock-seconds", 3600, under=("prlimit", f"--fsize={4 * MIB}")))
        deadline = time.monotonic() + 20
        answer = "201"
        while answer == "201" and time.monotonic() < deadline:
            answer = posted(t, "case.detected", case(), DETECTED, {"note": "n" * 8_000})
        try:
            read = t.server.get("/log/checkpoint").status
        except OSError as e:
            read = type(e).__name__
        return f"append {answer}, read {read}, stopped with {t.server.stop()}"


def disk():
    yield Row("less room than the watermark", DISK, under_the_watermark,
              r"append 507 \S+, erasure 201, read 200, storage low, stopped with 0")
    yield Row("a limit on the size of files", DISK, file_size_limit, r"append 50[37] \S+, read 200, stopped with 0")


def rows():
    for part in (rolled_back, completions, reads_lost, keys, over_a_ledger, damage, disk):
        yield from part()
