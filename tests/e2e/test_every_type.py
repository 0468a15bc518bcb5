"""Every event type through the real API: one that is accepted, and one that is refused with its rule.

Accepted: the story over REST, as each signatory; what time alone can bring about is accepted in the story that is
played in process, whose clock moves. Refused: the same payload, in form, signed by the analyst, who may emit nothing;
where only the ledger's own key may sign, by the préfecture."""
import json
import unittest
from types import SimpleNamespace

from harness import ANALYST, PREF, Key, Ledger, Server, Signatory, all_pages, main, run, unb64u

# What others may sign as well, and the clock signs when time has brought it.
TEXT = "exemple : un texte qui dit quelque chose"  # of a member that must be disclosed
OF_A_COMMAND = {"relais.log.key_rotated.v1"}  # of the host, while no server runs: test_log_key.py
ALSO_OF_THE_CLOCK = {"relais.psp.ended.v1", "relais.case.data_erased.v1"}


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
        cls.system = {e["type"] for e in cls.catalogue if e["emitters"] == ["system"]} - OF_A_COMMAND

        folder = cls.ledger.folder
        run("scenario", "--url", cls.server.url, "--keys", cls.ledger.keys, "--convention", cls.ledger.convention,
            "--vkey", cls.ledger.vkey, "--out", folder / "online")
        run("scenario", "--data", folder / "years", "--seed", 3, "--save-keys", folder / "seeded",
            "--out", folder / "offline")
        cls.accepted = {}
        for story in ("offline", "online"):
            for receipt in sorted((folder / story).glob("*.tlog-proof")):
                event = payload_of(receipt.with_suffix(".sd-jwt").read_text())
                cls.accepted[event["type"]] = (story, event)
        cls.by_system = cls.signed_by_system(folder / "years", folder / "seeded")

    @classmethod
    def signed_by_system(cls, data, keys):
        """What the ledger's own key signed in the story that passes time, by type, as an analyst reads it."""
        analyst = Signatory(ANALYST, Key((keys / f"{ANALYST}.jwk").read_text()))
        years = SimpleNamespace(folder=keys, data=data, origin=cls.ledger.origin, signatories={ANALYST: analyst})
        server = Server(years)
        cls.addClassCleanup(server.stop)
        client = server.client(ANALYST)
        cls.addClassCleanup(client.close)
        signatories = client.get("/v1/signatories").json()["signatories"]
        system = next(s["id"] for s in signatories if s["roles"] == ["system"])
        return {e["type"]: e for e in all_pages(client, f"/v1/events?signatory={system}&limit=500", "events")}

    def test_every_type_is_accepted(self):
        every = {e["type"] for e in self.catalogue} - OF_A_COMMAND
        self.assertEqual(set(self.accepted) | set(self.by_system), every)
        self.assertEqual(set(self.accepted) & self.system, set())
        self.assertEqual(set(self.by_system), self.system | ALSO_OF_THE_CLOCK)
        self.assertGreater(sum(story == "online" for story, _ in self.accepted.values()), 70)

    def refuse(self, emitter, event_type, subject, data):
        client = self.server.client()
        self.addCleanup(client.close)
        size = self.server.size()
        name = event_type.removeprefix("relais.").removesuffix(".v1")
        data = {k: v for k, v in data.items() if k != "_sd"}
        fields = next(e["fields"] for e in self.catalogue if e["type"] == event_type)
        hidden = {f["name"]: TEXT for f in fields if f["sensitive"] and (f["required"] or "requiredWhen" in f)}
        answer = client.post(self.ledger.signatories[emitter].statement(name, subject, data, hidden))
        problem = answer.json()
        self.assertEqual((answer.status, problem["rule"]), (403, "emitter-forbidden"), problem)
        self.assertTrue(problem["source"])
        self.assertTrue(problem["accepted"])
        self.assertEqual(self.server.size(), size)

    def test_every_type_is_refused(self):
        for event_type, (_, event) in sorted(self.accepted.items()):
            with self.subTest(event_type):
                self.refuse(ANALYST, event_type, event["subject"], event["data"])
        for event_type in sorted(self.system):
            with self.subTest(event_type):
                event = self.by_system[event_type]
                self.refuse(PREF, event_type, event["stream"], event["data"])


if __name__ == "__main__":
    main()
