"""Every event type through the real API: one that is accepted, and one that is refused with its rule.

Accepted: the story over REST, as each signatory; what time alone can bring about is accepted in the story that is played in process,
whose clock moves. Refused: the same payload, in form, signed by the analyst, who may emit nothing."""
import json
import unittest

from harness import ANALYST, Ledger, main, run, unb64u


def payload_of(statement):
    return json.loads(unb64u(statement.split("~")[0].split(".")[1]))


class EveryType(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ledger = Ledger()
        cls.addClassCleanup(cls.ledger.remove)
        cls.server = cls.ledger.serve()
        cls.addClassCleanup(cls.server.stop)
        cls.catalogue = json.loads(run("rules", "--json").stdout)["events"]

    def test_accepted_and_refused(self):
        online = self.ledger.folder / "online"
        run("scenario", "--url", self.server.url, "--keys", self.ledger.keys, "--convention", self.ledger.convention,
            "--out", online)
        offline = self.ledger.folder / "offline"
        run("scenario", "--data", self.ledger.folder / "year", "--seed", 3, "--out", offline)
        accepted = {}
        for folder in (offline, online):
            for receipt in sorted(folder.glob("*.tlog-proof")):
                event = payload_of(receipt.with_suffix(".sd-jwt").read_text())
                accepted[event["type"]] = (folder.name, event)
        system = {e["type"] for e in self.catalogue if e["emitters"] == ["system"]}
        every = {e["type"] for e in self.catalogue}
        self.assertEqual(every - system, set(accepted) - system)
        over_rest = {t for t, (folder, _) in accepted.items() if folder == "online"}
        self.assertGreater(len(over_rest), 70)

        # What the clock signed in the story that passes time, as the log itself has it.
        listed = run("replay", "--data", self.ledger.folder / "year", "--projection", "timeline").stdout
        for t in ("referral.expired", "case.data_erased"):
            self.assertIn(f'"{t}"', listed)

        client = self.server.client()
        size = self.server.size()
        analyst = self.ledger.signatories[ANALYST]
        for t, (_, event) in sorted(accepted.items()):
            if t in system:
                continue
            with self.subTest(t):
                data = {k: v for k, v in event["data"].items() if k != "_sd"}
                answer = client.post(analyst.statement(t.removeprefix("relais.").removesuffix(".v1"), event["subject"], data))
                problem = json.loads(answer.body)
                self.assertEqual(answer.status, 403, problem)
                self.assertEqual(problem["rule"], "emitter-forbidden")
                self.assertTrue(problem["source"])
        self.assertEqual(self.server.size(), size)
        client.close()


if __name__ == "__main__":
    main()
