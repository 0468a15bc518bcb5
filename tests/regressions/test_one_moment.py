"""Every read of one answer is of one moment: a reader never sees half of what a writer adds to the same case."""
import threading
import unittest
import uuid

from harness import ASSESSED, DETECTED, ML1, LedgerTest, case, main


class OneMoment(LedgerTest):
    def test_a_timeline_under_a_writer(self):
        """The state and the timeline of a case, read while events are appended to it: the timeline ends where the state
        does."""
        subject = case()
        with_client = self.server.client(ML1)
        self.addCleanup(with_client.close)
        self.accept(with_client, self.by(ML1).statement("case.detected", subject, DETECTED))
        self.accept(with_client, self.by(ML1).statement("case.risk_assessed", subject, ASSESSED))
        done = threading.Event()
        faults, seen = [], []

        def read():
            client = self.server.client(ML1)
            while not done.is_set():
                answer = client.get("/v1/" + subject.replace("case/", "cases/") + "/timeline?limit=500")
                if answer.status != 200:
                    faults.append(str(answer))
                    break
                page = answer.json()
                if page["items"][-1]["version"] != page["version"]:
                    faults.append(f"version {page['version']}, last item {page['items'][-1]['version']}")
                    break
                seen.append(page["version"])
            client.close()

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            for _ in range(20):
                steps = [self.by(ML1).statement("support.step_planned", subject,
                                                {"step_id": str(uuid.uuid4()), "need": "shelter"}) for _ in range(20)]
                for statement in steps:
                    self.accept(with_client, statement)
                if faults:
                    break
        finally:
            done.set()
            for reader in readers:
                reader.join()
        self.assertEqual(faults, [])
        self.assertGreater(len(set(seen)), 10)


if __name__ == "__main__":
    main()
