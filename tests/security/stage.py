"""What the attempts of a group are made on: a ledger in force, its server, and acts by its signatories."""
import contextlib
import subprocess
import unittest

import harness
from acts import Acts
from harness import RELAIS, Ledger


class Stage(Acts, unittest.TestCase):
    """Acts as tests have them, outside of a test."""

    def __init__(self):
        super().__init__()
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)

    def serve(self, *arguments, under=()):
        """A server that is stopped at the end, if it still runs then."""
        self.server = harness.Server(self.ledger, *arguments, under=under)
        self.addCleanup(self.server.kill)
        return self.server

    @property
    def folder(self):
        return self.ledger.folder


@contextlib.contextmanager
def staged(*arguments, under=()):
    """In force and served, by a server that has borne all of it."""
    stage = Stage()
    try:
        stage.ledger.found(stage.serve(*arguments, under=under))
        yield stage
        stage.assertEqual(stage.server.stop(), 0, stage.server.errors())
    finally:
        stage.doCleanups()


@contextlib.contextmanager
def bare():
    """A stage whose rows serve by themselves."""
    stage = Stage()
    try:
        yield stage
    finally:
        stage.doCleanups()


def verdict(code, good):
    """Of a program that may refuse, and never crash."""
    return good if code == 0 else "refused" if 0 < code < 128 else f"exit {code}"


def start(data, *arguments):
    """Whether a server starts on a folder; it is ended at once."""
    command = [RELAIS, "serve", "--data", data, "--listen", "127.0.0.1:0", *arguments]
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started = process.stdout.readline() != b""
    process.kill() if started else process.wait(20)
    _, told = process.communicate()
    if started:
        return "started"
    return verdict(process.returncode, "ended") + ("" if told.strip() else ", nothing told")


def files_with(data, secret):
    """Names of the files of a data folder that hold these bytes."""
    found = []
    for file in data.rglob("*"):
        with contextlib.suppress(OSError):  # the store removes its own
            if file.is_file() and secret in file.read_bytes():
                found.append(file.name)
    return found
