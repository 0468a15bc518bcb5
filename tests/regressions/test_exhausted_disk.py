"""Resources that run out are errors, never the end of the process: a full disk, a disk that takes no writes."""
import os
import shutil
import subprocess
import time
import unittest

from harness import DETECTED, ML1, Ledger, case, main

FILL = "fill"


@unittest.skipUnless(os.geteuid() == 0, "mounts a small disk, which takes root")
class SmallDisk(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.disk = self.ledger.folder / "disk"
        self.disk.mkdir()
        # Less than the write-ahead log reserves for itself, which would take statements for a long time yet.
        self.mount("-t", "tmpfs", "-o", "size=40m", "none", self.disk)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=True)
        moved = self.disk / "data"
        shutil.copytree(self.ledger.data, moved)
        self.ledger.data = moved
        self.server = self.ledger.serve()
        self.addCleanup(lambda: self.server.stop())
        self.ledger.found(self.server)
        self.client = self.server.client(ML1)
        self.addCleanup(lambda: self.client.close())

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
        self.assertEqual(self.client.get("/v1/events/" + kept.json()["id"]).status, 200)
        self.assertIsNone(self.server.process.poll())

        # A start on the full disk serves what is there.
        size = self.server.size()
        self.server.stop()
        self.fill()  # what the stop has let go of
        self.client.close()
        self.server = self.ledger.serve()
        self.client = self.server.client(ML1)
        self.assertEqual(self.server.size(), size)
        self.assertEqual(self.client.get("/v1/events/" + kept.json()["id"]).status, 200)
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
        self.server = self.ledger.serve()
        self.client = self.server.client(ML1)
        self.assertEqual(self.client.get("/v1/events/" + kept.json()["id"]).status, 200)
        refused = self.post()
        self.assertEqual((refused.status, refused.rule), (503, "storage-read-only"), refused)
        self.assert_unready("storage-read-only")
        self.mount("-o", "remount,rw", self.disk)
        self.assert_resumes()


if __name__ == "__main__":
    main()
