"""Resources that run out are errors, never the end of the process: a full disk, a disk that takes no writes."""
import os
import subprocess
import time
import unittest

from harness import DETECTED, ML1, Ledger, case, copy_ledger, main

FILL = "fill"


@unittest.skipUnless(os.geteuid() == 0, "mounts a small disk, which takes root")
class SmallDisk(unittest.TestCase):
    size = 40  # MiB
    reserve = 0

    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.disk = self.ledger.folder / "disk"
        self.disk.mkdir()
        # Less than the write-ahead log reserves for itself, which would take statements for a long time yet.
        self.mount("-t", "tmpfs", "-o", f"size={self.size}m", "none", self.disk)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=True)
        moved = self.disk / "data"
        copy_ledger(self.ledger.data, moved)
        self.ledger.data = moved
        self.server = self.serve()
        self.addCleanup(lambda: self.server.stop())
        self.ledger.found(self.server)
        self.client = self.server.client(ML1)
        self.addCleanup(lambda: self.client.close())

    def serve(self):
        return self.ledger.serve("--reserve", self.reserve, "--clock-seconds", 1)

    def mount(self, *arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True)

    def post(self):
        return self.client.post(self.statement())

    def statement(self):
        return self.ledger.signatories[ML1].statement("case.detected", case(), DETECTED, hidden={"note": "n" * 8000})

    def fill(self):
        with (self.disk / FILL).open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass

    def post_until_refused(self):
        for _ in range(2000):
            answer = self.post()
            if answer.status != 201:
                return answer
        self.fail("a full disk takes statements without end")

    def assert_unready(self, rule):
        answer = self.server.get("/readyz")
        self.assertEqual((answer.status, answer.rule), (503, rule), answer)

    def assert_reads_nothing_of_a_case(self, kept):
        """Where nothing keeps who looked; what is no case data is read as before."""
        for _ in range(5_000):  # until the log of reads has no room left either
            answer = self.client.get("/v1/events/" + kept.json()["id"])
            if answer.status != 200:
                break
        self.assertEqual((answer.status, answer.rule), (503, "trace-failed"), answer)
        self.assertEqual(self.client.get("/v1/signatories").status, 200)

    def assert_resumes(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.server.get("/readyz").status == 200 and self.post().status == 201:
                    return
            except OSError:
                pass  # the listener is opened anew
            time.sleep(0.2)
        self.fail(f"writing did not resume\n{self.server.errors()}")

    def test_a_full_disk_is_told_and_passes(self):
        kept = self.post()
        self.assertEqual(kept.status, 201, kept)
        self.fill()
        refused = self.post_until_refused()
        self.assertEqual((refused.status, refused.rule), (507, "storage-full"), refused)
        self.assertIn("accepted", refused.json())
        self.assertEqual(self.post().status, 507)
        self.assert_unready("storage-full")
        self.assert_reads_nothing_of_a_case(kept)
        self.assertIsNone(self.server.process.poll())

        # A start on the full disk serves what is there.
        size = self.server.size()
        self.server.stop()
        self.fill()  # what the stop has let go of
        self.client.close()
        self.server = self.serve()
        self.client = self.server.client(ML1)
        self.assertEqual(self.server.size(), size)
        self.assert_reads_nothing_of_a_case(kept)
        refused = self.post_until_refused()
        self.assertEqual((refused.status, refused.rule), (507, "storage-full"), refused)
        self.assert_unready("storage-full")

        (self.disk / FILL).unlink()
        self.assert_resumes()
        self.assertEqual(self.server.stop(), 0)
        self.ledger.verify()

    def test_a_disk_that_takes_no_writes(self):
        kept = self.post()
        self.assertEqual(kept.status, 201, kept)
        self.server.stop()
        self.mount("-o", "remount,ro", self.disk)
        self.client.close()
        self.server = self.serve()
        self.client = self.server.client(ML1)
        self.assert_reads_nothing_of_a_case(kept)
        refused = self.post()
        self.assertEqual((refused.status, refused.rule), (503, "storage-read-only"), refused)
        self.assert_unready("storage-read-only")
        self.mount("-o", "remount,rw", self.disk)
        self.assert_resumes()


class Reserve(SmallDisk):
    """Less room than is kept back: what is owed to a person passes, anything else waits."""
    size = 48  # the write-ahead log of the log of reads takes 9 as soon as it is written to
    reserve = 24
    test_a_full_disk_is_told_and_passes = test_a_disk_that_takes_no_writes = None

    def test_erasures_have_room_when_nothing_else_has(self):
        by_ml1 = self.ledger.signatories[ML1]
        subject = case()
        kept = self.client.post(by_ml1.statement("case.detected", subject, DETECTED, hidden={"note": "N0T3" * 100}))
        self.assertEqual(kept.status, 201, kept)
        (self.disk / FILL).write_bytes(b"\0" * (20 << 20))
        refused = self.post()
        self.assertEqual((refused.status, refused.rule), (507, "storage-low"), refused)
        self.assertIn("case.data_erased", refused.json()["accepted"])
        ready = self.server.get("/readyz")
        self.assertEqual((ready.status, ready.json().get("storage")), (200, "low"), "a balancer must let erasures through")
        self.assertIn(b"relais_writable 0", self.server.administer("GET", "/metrics").body)
        self.assertEqual(self.client.get("/v1/events/" + kept.json()["id"]).status, 200)
        erasure = self.client.post(by_ml1.statement("case.data_erased", subject, {"basis": "art17", "targets": [1]}))
        self.assertEqual(erasure.status, 201, erasure)
        deadline = time.monotonic() + 20
        while "gone from the files" not in self.server.errors():
            self.assertLess(time.monotonic(), deadline, self.server.errors())
            time.sleep(0.2)
        (self.disk / FILL).unlink()
        self.assertEqual(self.post().status, 201)
        self.assertNotIn("opening anew", self.server.errors())
        (self.disk / FILL).write_bytes(b"\0" * (20 << 20))
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        self.ledger.verify()


class FileSize(unittest.TestCase):
    """`ulimit -f`: a write past it is an error like a full disk, at a stop too."""

    def test_a_file_that_may_not_grow(self):
        ledger = Ledger()
        self.addCleanup(ledger.remove)
        server = ledger.serve(under=("prlimit", f"--fsize={1 << 20}"))
        self.addCleanup(lambda: server.stop())
        ledger.found(server)
        client = server.client(ML1)
        self.addCleanup(client.close)
        answer = None
        for _ in range(400):
            answer = client.post(ledger.signatories[ML1].statement("case.detected", case(), DETECTED,
                                                                   hidden={"note": "n" * 8000}))
            if answer.status != 201:
                break
        self.assertEqual((answer.status, answer.rule), (507, "storage-full"), answer)
        self.assertIsNone(server.process.poll(), server.errors())
        # Opened anew, what stood in the write-ahead log has files of its own, and there is room in a new one.
        deadline = time.monotonic() + 30
        while True:
            self.assertLess(time.monotonic(), deadline, server.errors())
            try:
                if server.get("/readyz").status == 200:
                    break
            except OSError:
                pass  # the listener is opened anew
            time.sleep(0.2)
        self.assertEqual(server.stop(), 0, server.errors())
        ledger.verify()


if __name__ == "__main__":
    main()
