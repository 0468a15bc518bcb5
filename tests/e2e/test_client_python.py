"""The client for Python (clients/python) against the real server: what it signs is taken, what it is told is checked."""
import base64
import hashlib
import subprocess
import sys

from acts import HASH, Acts
from harness import AMICALE, ANALYST, ASSESSED, DETECTED, ML1, ML2, PREF, ROOT, LedgerTest, case, main
from sealing import Sealing, unseal

sys.path.insert(0, str(ROOT / "clients/python/src"))
from relais_client import Client, Invalid, Problem, Signer, receipt  # noqa: E402

CASE = "relais.case.detected.v1"


class PythonClient(Sealing, Acts, LedgerTest):
    def client(self, slug, **more):
        signer = Signer.from_file(self.ledger.key_file(slug), self.by(slug).source)
        client = Client(self.server.url, signer, self.ledger.origin, "test", vkey=self.ledger.vkey, **more)
        self.addCleanup(client.close)
        return client

    def test_signs_appends_and_reads(self):
        relais, subject = self.client(ML1), case()
        statement = relais.statement(CASE, subject, {**DETECTED, "note": "exemple : confié", "gender": "woman"})
        self.assertEqual({k: v for k, v in statement.event["data"].items() if k != "_sd"}, DETECTED)
        self.assertEqual(len(statement.event["data"]["_sd"]), 2)
        accepted = relais.append(statement, if_new=True)
        self.assertEqual((accepted["stream"], accepted["version"]), (subject, 1))
        self.assertEqual(relais.append(statement), accepted, "sent again, it gets its first receipt")
        shown = relais.get_event(id=accepted["id"])
        self.assertEqual(shown["data"], {**DETECTED, "note": "exemple : confié", "gender": "woman"})
        self.assertEqual(relais.get_event(id=accepted["id"], format="sd-jwt").strip().split("~")[0], statement.jwt)
        relais.append(relais.statement("relais.case.risk_assessed.v1", subject, ASSESSED), if_match=1)
        self.assertEqual(relais.get_case(id=subject[5:])["phase"], "ASSESSED")
        self.assertIsNone(relais.get_case(id=subject[5:], if_none_match='"2"'))
        self.assertIn(subject[5:], [c["id"] for c in relais.every("listCases", limit=1)])
        self.assertEqual([i["type"] for i in relais.get_timeline(id=subject[5:])["items"]],
                         [CASE, "relais.case.risk_assessed.v1"])

    def test_what_it_refuses_by_itself(self):
        relais = self.client(ML1)
        with self.assertRaisesRegex(TypeError, "it has: cursor, limit, phase"):
            relais.list_cases(etat="DETECTED")
        with self.assertRaisesRegex(TypeError, "needs"):
            relais.get_case()
        with self.assertRaises(TypeError):
            relais.append_events()
        with self.assertRaisesRegex(ValueError, "knows no event type"):
            relais.statement("relais.case.exemple.v1", case(), {})
        with self.assertRaises(AttributeError):
            relais.exemple  # noqa: B018

    def test_refusals(self):
        relais = self.client(ML1)
        with self.assertRaises(Problem) as refused:
            relais.append(relais.statement(CASE, case(), {**DETECTED, "risk": "exemple"}))
        self.assertEqual((refused.exception.status, refused.exception.rule, refused.exception.field),
                         (422, "vocabulary", "data.risk"))
        self.assertIn("immediate", refused.exception.accepted)
        with self.assertRaises(Problem) as hidden:
            self.client(ML2).get_case(id=case()[5:])
        self.assertEqual(hidden.exception.rule, "not-found")
        with self.assertRaises(Problem) as analyst:
            self.client(ANALYST).append(self.client(ANALYST).statement(CASE, case(), DETECTED))
        self.assertEqual(analyst.exception.rule, "emitter-forbidden")

    def test_lists(self):
        relais = self.client(AMICALE)
        good, bad = relais.statement(CASE, case(), DETECTED), relais.statement("relais.case.closed.v1", case(), {"reason": "moved"})
        results = relais.append_all([good, bad])
        self.assertEqual(results[0]["status"], 201)
        self.assertEqual((results[1].status, results[1].rule), (404, "stream-unknown"))
        with self.assertRaises(Problem) as refused:
            relais.append_all([relais.statement(CASE, case(), DETECTED), bad], atomic=True)
        self.assertEqual(refused.exception.document["results"][0]["position"], 1)

    def test_receipts(self):
        relais = self.client(ML1)
        statement = relais.statement(CASE, case(), DETECTED)
        accepted = relais.append(statement)
        later = relais.get_receipt(id=accepted["id"])
        self.assertEqual(receipt.verify(self.ledger.vkey, later, statement.sd_jwt)[0], accepted["index"])
        other = relais.statement(CASE, case(), DETECTED)
        index = f"index {accepted['index']}"
        for wrong in ((self.ledger.vkey, later, other), (self.ledger.vkey, later.replace(index, index + "1"), statement),
                      (self.ledger.vkey, later[:-20] + "AAAA" + later[-16:], statement), (self.ledger.vkey, "exemple", statement),
                      (self.ledger.vkey[:-4] + "AAA=", later, statement)):
            with self.assertRaises(Invalid):
                receipt.verify(*wrong)
        # A host that signs another log's receipts is found out when it answers.
        lying = self.client(ML1)
        lying.vkey = self.other_vkey()
        with self.assertRaises(Invalid):
            lying.append(relais.statement(CASE, case(), DETECTED))

    def other_vkey(self):
        """The key of another log of the same name."""
        name, raw = self.ledger.origin, b"\x01" + bytes(range(32))
        key_id = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
        return f"{name}+{key_id}+{base64.b64encode(raw).decode()}"

    def test_seals_what_must_be_sealed(self):
        relais = self.client(AMICALE)
        data = {"dossier_hash": HASH, "identity": "exemple : identité"}
        self.assertEqual(relais.statement("relais.psp.applied.v1", case(), data).sealed, [], "nobody has a sealing key yet")
        key = self.enrol_sealing_key(PREF)
        statement = relais.statement("relais.psp.applied.v1", case(), data)
        self.assertEqual(statement.sd_jwt.count("~"), 1, "nothing is disclosed to the host")
        self.assertIn("exemple : identité", self.opened(statement.sealed[0], key))
        longer = relais.statement("relais.psp.applied.v1", case(), {**data, "identity": "exemple : identité " * 5})
        self.assertEqual(len(longer.sealed[0]["ciphertext"]), len(statement.sealed[0]["ciphertext"]), "what is sealed is padded")
        with self.assertRaises(Problem) as refused:  # its form holds: there is no such case
            relais.append(statement)
        self.assertEqual(refused.exception.rule, "stream-unknown")

    @staticmethod
    def opened(sealed, key):
        text = unseal(sealed, key)
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()

    def test_follows(self):
        relais = self.client(ML1)
        first = relais.append(relais.statement(CASE, case(), DETECTED))
        stream = relais.follow(type="case.detected", from_=first["index"])
        self.assertEqual(next(stream)["index"], first["index"])
        second = relais.append(relais.statement(CASE, case(), DETECTED))
        self.assertEqual(next(stream)["id"], second["id"])
        stream.close()
        again = relais.follow(last=first["index"], type="case.detected")
        self.assertEqual(next(again)["index"], second["index"])
        again.close()

    def test_is_a_package(self):
        """Its own folder alone is enough, and it says what it needs."""
        code = "import relais_client, tomllib, pathlib; print(relais_client.__all__)"
        done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, timeout=60, cwd="/",
                              env={"PYTHONPATH": str(ROOT / "clients/python/src"), "PATH": "/usr/bin:/bin"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Signer", done.stdout)


if __name__ == "__main__":
    main()
