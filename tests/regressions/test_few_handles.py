"""Connections take no handles from the store: with few allowed, an erasure still reaches the files and statements go on."""
import re
import socket
import time
import unittest

from harness import DETECTED, ML1, Ledger, case, main

ALLOWED = 1024
IDLE = 1000
NOTE = "N0T3" * 40


class FewHandles(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.server = self.ledger.serve("--clock-seconds", 1, "--max-connections-per-address", 2 * IDLE,
                                        under=("prlimit", f"--nofile={ALLOWED}:{ALLOWED}"))
        self.addCleanup(lambda: self.server.stop())
        self.ledger.found(self.server)
        self.client = self.server.client(ML1)
        self.addCleanup(lambda: self.client.close())

    def post(self, type, subject, data, **more):
        return self.client.post(self.ledger.signatories[ML1].statement(type, subject, data, **more))

    def idle(self):
        held = []
        for _ in range(IDLE):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.server.port))
            held.append(one)
        self.addCleanup(lambda: [one.close() for one in held])
        time.sleep(1)  # accepted, as far as they are
        return held

    def in_the_files(self):
        return any(NOTE.encode() in file.read_bytes() for file in (self.ledger.data / "store").iterdir() if file.is_file())

    def wait(self, what, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"{what}\n{self.server.errors()}")
            time.sleep(0.2)

    def test_an_erasure_beside_idle_connections(self):
        subject = case()
        answer = self.post("case.detected", subject, DETECTED, hidden={"note": NOTE})
        self.assertEqual(answer.status, 201, answer)
        held = self.idle()
        answer = self.post("case.data_erased", subject, {"basis": "art17", "targets": [1]})
        self.assertEqual(answer.status, 201, answer)
        self.wait("the erasure stays undone", lambda: "gone from the files" in self.server.errors())
        answer = self.post("case.detected", case(), DETECTED)
        self.assertEqual(answer.status, 201, answer)
        for one in held:
            one.close()
        self.assertEqual(self.server.get("/readyz").status, 200)


if __name__ == "__main__":
    main()
