"""One call to the disk fails: a write, a sync, a rename, a file that is made or cut or removed; with an error, or with half of what was
asked. Whatever was under way (an act, a list of acts, a read that leaves a trace, an erasure, a start, a rebuild), its answer was an
error and nothing changed, or all of it is there; the server goes on, or ends by itself with an exit code; the next start holds, and
`relais verify` too.

    test_faults.py              a draw of the calls
    test_faults.py --long       every one of them
"""
import contextlib
import errno
import mmap
import os
import shutil
import struct
import subprocess
import sys
import time
import unittest

import harness
from harness import DETECTED, ML1, RELAIS, Ledger, case, copy_ledger, dice, run

LIBRARY = os.environ.get("RELAIS_FAILING_CALLS", str(harness.ROOT / "build/release/tests/libfailing_calls.so"))
WRITE, SYNC, RENAME, CREATE, TRUNCATE, UNLINK = 1, 2, 4, 8, 16, 32
KINDS = {"write": WRITE, "sync": SYNC, "rename": RENAME, "create": CREATE, "truncate": TRUNCATE, "unlink": UNLINK}
HALF = 0
# What the call does instead. A sync is not interrupted, and nothing but a write is done by half.
FATES = {"write": (errno.EIO, errno.ENOSPC, errno.EINTR, HALF), "sync": (errno.EIO, errno.ENOSPC), "rename": (errno.EIO, errno.ENOSPC),
         "create": (errno.EIO, errno.ENOSPC, errno.EMFILE), "truncate": (errno.EIO,), "unlink": (errno.EIO,)}
LONG = "--long" in sys.argv
DRAWN = 6  # calls of each thing that is under way, where not all of them are tried
PATIENCE = 30  # seconds until a server takes statements again


class Faults:
    """The control of failing_calls.cc, shared with the process that has it loaded."""

    FORM = struct.Struct("=IiqIIQQ")

    def __init__(self, folder, under):
        self.file = folder / "faults"
        self.file.write_bytes(bytes(self.FORM.size))
        self.handle = self.file.open("r+b")
        self.map = mmap.mmap(self.handle.fileno(), self.FORM.size)
        self.environment = {"LD_PRELOAD": LIBRARY, "RELAIS_FAULTS": str(self.file), "RELAIS_FAULTS_UNDER": str(under)}

    def set(self, kinds, error=0, left=1 << 60, lasting=False):
        """The `left`-th call from now on fails."""
        # The kinds last: they arm it.
        self.map[4:] = self.FORM.pack(0, error, left, int(lasting), 0, 0, 0)[4:]
        self.map[:4] = struct.pack("=I", kinds)

    def disarm(self):
        self.map[:4] = bytes(4)

    @contextlib.contextmanager
    def paused(self):
        kinds = self.map[:4]
        self.disarm()
        yield
        self.map[:4] = kinds

    def seen(self):
        return self.FORM.unpack(self.map[:])[5]

    def failed(self):
        return self.FORM.unpack(self.map[:])[6]

    def close(self):
        self.map.close()
        self.handle.close()

    def under(self):
        return ("env", *(f"{name}={value}" for name, value in self.environment.items()))


def chosen(count, kinds):
    """Which call of which kind fails, and how: all, or a draw."""
    every = [(kind, n, fate) for kind in kinds for n in range(1, count[kind] + 1) for fate in FATES[kind]]
    return every if LONG else sorted(dice.sample(every, min(DRAWN, len(every))))


class FaultTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.template = Ledger()
        cls.addClassCleanup(cls.template.remove)
        server = cls.template.serve()
        cls.template.found(server)
        client = server.client(ML1)
        cls.stream = case()
        cls.before = [cls.template.signatories[ML1].statement("case.detected", cls.stream, DETECTED, hidden={"note": "n" * 2000})]
        for statement in cls.before:
            assert client.post(statement).status == 201
        client.close()
        assert server.stop() == 0
        cls.tried = 0

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.__name__}: {cls.tried} calls failed")

    def copy(self):
        """The ledger of the template in a folder of its own."""
        ledger = object.__new__(Ledger)
        ledger.__dict__.update(self.template.__dict__)
        ledger.folder = self.template.folder / f"try-{type(self).__name__}-{time.monotonic_ns()}"
        ledger.folder.mkdir()
        ledger.data = ledger.folder / "data"
        copy_ledger(self.template.data, ledger.data)
        self.addCleanup(shutil.rmtree, ledger.folder, True)
        return ledger

    def detected(self, note="n" * 3000):
        return self.template.signatories[ML1].statement("case.detected", case(), DETECTED, hidden={"note": note})

    def check_whole(self, ledger, acknowledged, doubtful=()):
        """All that was acknowledged is there; of the rest each statement is whole or absent; verify holds."""
        server = ledger.serve()
        client = server.client(ML1)
        try:
            for statement in [*self.before, *acknowledged]:
                answer = client.post(statement)
                self.assertEqual(answer.status, 200, f"what was acknowledged is not there: {answer}")
            for statement in doubtful:
                self.assertIn(client.post(statement).status, (200, 201))
            self.assertEqual(client.post(self.detected()).status, 201)
        finally:
            client.close()
            self.assertEqual(server.stop(), 0, server.errors())
        ledger.verify()

    def ended_in_order(self, server):
        """A server that did not survive said so: no signal, no abort."""
        code = server.process.wait(PATIENCE)
        self.assertGreater(code, 0, f"the server was ended by a signal or without an error\n{server.errors()}")


class WhileItRuns(FaultTest):
    """Acts, lists, reads and erasures, on a server that has to recover by itself."""

    def each_fault(self, ledger, act, kinds=tuple(KINDS)):
        """`act(client, faults)` gives (statements, answer). A server that has met a fault goes on by itself, and is then stopped: the
        next fault is another's first."""
        faults = Faults(ledger.folder, ledger.data)
        self.addCleanup(faults.close)
        acknowledged, doubtful = [], []

        @contextlib.contextmanager
        def served():
            server = ledger.serve("--clock-seconds", 1, under=faults.under())
            client = server.client(ML1)
            try:
                yield server, client
            finally:
                faults.disarm()
                client.close()
                code = server.stop()
            self.assertEqual(code, 0, server.errors())

        count = {}
        with served() as (server, client):
            for kind in kinds:
                faults.set(KINDS[kind])
                statements, answer = act(client, faults)
                faults.disarm()
                self.assertLess(answer.status, 300, answer)
                acknowledged += statements
                count[kind] = faults.seen()
        self.assertGreater(count["write"] + count["sync"], 0, "nothing was counted: the library is not loaded")
        for kind, n, fate in chosen(count, kinds):
            with self.subTest(kind=kind, call=n, fate=errno.errorcode.get(fate, "half"), seed=harness.SEED), \
                    served() as (server, client):
                faults.set(KINDS[kind], fate, n)
                statements, answer = act(client, faults)
                faults.disarm()
                type(self).tried += faults.failed() > 0
                if answer.status < 300:
                    acknowledged += statements
                else:
                    self.assertIn(answer.status, (500, 503, 507), answer)
                    self.assertIsNotNone(answer.rule, answer)
                    doubtful += statements
                self.assertIsNone(server.process.poll(), server.errors())
                acknowledged += self.writes_again(client)
        self.check_whole(ledger, acknowledged, doubtful)

    def writes_again(self, client):
        deadline = time.monotonic() + PATIENCE
        while True:
            statement = self.detected()
            answer = None
            with contextlib.suppress(OSError):
                answer = client.post(statement)
            if answer is not None and answer.status == 201:
                return [statement]
            if time.monotonic() > deadline:
                self.fail(f"the server takes nothing any more: {answer}")
            client.close()
            time.sleep(0.2)

    def test_an_act(self):
        def act(client, _):
            statement = self.detected()
            return [statement], client.post(statement)

        self.each_fault(self.copy(), act)

    def test_a_list(self):
        def act(client, _):
            statements = [self.detected() for _ in range(5)]
            return statements, client.post_list(statements, atomic=True)

        self.each_fault(self.copy(), act)

    def test_a_read(self):
        def act(client, _):
            return [], client.get(f"/v1/cases/{self.stream.split('/')[1]}")

        self.each_fault(self.copy(), act)

    def test_an_erasure(self):
        """And the purge behind it, which is owed until it was done."""
        def act(client, faults):
            mine = self.template.signatories[ML1]
            stream = case()
            detected = mine.statement("case.detected", stream, DETECTED, hidden={"note": "s" * 40})
            with faults.paused():
                self.assertEqual(client.post(detected).status, 201)
            answer = client.post(mine.statement("case.data_erased", stream, {"basis": "art17", "targets": [1]}))
            time.sleep(0.5)  # the purge begins behind the answer
            # What it disclosed is not taken again where it was erased; its own words are.
            return [detected.split("~")[0] + "~"], answer

        self.each_fault(self.copy(), act)


class Programs(FaultTest):
    """A start, a rebuild, a rotation: each on a copy of its own."""

    def each_fault(self, *command, kinds=tuple(KINDS), ends=True):
        count = {kind: self.once(command, kind, 0, 1 << 60, ends)[1] for kind in kinds}
        self.assertGreater(sum(count.values()), 0, "nothing was counted: the library is not loaded")
        for kind, n, fate in chosen(count, kinds):
            with self.subTest(kind=kind, call=n, fate=errno.errorcode.get(fate, "half"), seed=harness.SEED):
                ledger, _ = self.once(command, kind, fate, n, ends)
                self.check_whole(ledger, [])
                shutil.rmtree(ledger.folder)

    def once(self, command, kind, fate, n, ends):
        ledger = self.copy()
        faults = Faults(ledger.folder, ledger.data)
        faults.set(KINDS[kind], fate, n)
        arguments = [*faults.under(), RELAIS, *(str(ledger.data) if a is None else a for a in command)]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            if not ends:
                process.stdout.readline()  # it listens, or has ended
                process.terminate()
            said, _ = process.communicate(timeout=PATIENCE * 2)
        finally:
            process.kill()
        seen = faults.seen()
        type(self).tried += faults.failed() > 0
        self.assertGreaterEqual(process.returncode, 0, f"ended by a signal: {said}")
        faults.close()
        return ledger, seen

    def test_a_start(self):
        self.each_fault("serve", "--data", None, "--listen", "127.0.0.1:0", ends=False)

    def test_a_rebuild(self):
        self.each_fault("rebuild", "--data", None)

    def test_a_rotation(self):
        self.each_fault("rotate", "--data", None, "--key", "system")


if __name__ == "__main__":
    if LONG:
        sys.argv.remove("--long")
    harness.main()
