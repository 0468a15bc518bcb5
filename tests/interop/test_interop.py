"""Other people's code against our formats: jwcrypto, an independent receipt checker, and where they are installed the npm
packages @sd-jwt/core and jose.

    npm install --prefix build/interop --no-save @sd-jwt/core@0.19.0 jose@5.10.0
"""
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import AMICALE, DETECTED, ML1, ROOT, LedgerTest, case, digest, disclosure, jwt_of, main, run, unb64u  # noqa: E402
from jwcrypto import jws  # noqa: E402

import verify_receipt  # noqa: E402

NODE_MODULES = ROOT / "build/interop/node_modules"
CHECKER = HERE / "verify_receipt.py"


def verified_payload(statement, key):
    """What jwcrypto reads from a statement once it has checked its signature."""
    token = jws.JWS()
    token.deserialize(jwt_of(statement), key.jwk, alg="EdDSA")
    return json.loads(token.payload)


class Interop(LedgerTest):
    hidden = {"note": "exemple é", "gender": "woman", "indicators": ["un", "deux"]}

    def signed_by_relais(self, slug, subject):
        """A statement that `relais sign` makes of a plain event."""
        event = {"type": "relais.case.detected.v1", "subject": subject, "data": {**DETECTED, **self.hidden}}
        return run("sign", "--key", self.ledger.key_file(slug), "--source", self.by(slug).source, "-",
                   stdin=json.dumps(event)).stdout.strip()

    def check_statement(self, statement, slug, subject):
        payload = verified_payload(statement, self.by(slug).key)
        self.assertEqual((payload["specversion"], payload["subject"], payload["source"]), ("1.0", subject, self.by(slug).source))
        self.assertEqual({k: v for k, v in payload["data"].items() if k != "_sd"}, DETECTED)
        disclosures = statement.split("~")[1:-1]
        self.assertEqual(sorted(payload["data"]["_sd"]), sorted(map(digest, disclosures)))
        parts = [json.loads(unb64u(d)) for d in disclosures]
        self.assertEqual({name: value for _, name, value in parts}, self.hidden)
        self.assertTrue(all(len(unb64u(salt)) >= 16 for salt, _, _ in parts))

    def test_jwcrypto_verifies_what_relais_signs_and_returns(self):
        subject = case()
        statement = self.signed_by_relais(ML1, subject)
        self.check_statement(statement, ML1, subject)
        client = self.server.client(ML1)
        answer = self.accept(client, statement)
        back = client.get(f"/v1/events/{answer.json()['id']}?format=sd-jwt")
        self.assertEqual((back.status, back.headers.get_content_type()), (200, "application/sd-jwt"))
        self.assertEqual(jwt_of(back.text.strip()), jwt_of(statement))
        self.check_statement(back.text.strip(), ML1, subject)
        client.close()

    def test_relais_takes_what_jwcrypto_signs(self):
        """Every other test does; here with the newer name of the algorithm too (RFC 9864)."""
        client = self.server.client(AMICALE)
        statement = self.by(AMICALE).statement("case.detected", case(), DETECTED, self.hidden)
        self.accept(client, statement)
        key = self.by(AMICALE).key
        header = {"alg": "Ed25519", "typ": "application/cloudevents+sd-jwt", "kid": key.kid}
        event = self.by(AMICALE).event("case.detected", case(), DETECTED)
        self.accept(client, key.raw(json.dumps(header, indent=1), json.dumps(event, indent=1)) + "~")
        client.close()

    def test_receipts(self):
        client = self.server.client(ML1)
        folder = self.ledger.folder
        (folder / "log.vkey").write_text(self.ledger.vkey + "\n")
        for number in range(5):
            statement = self.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple"})
            answer = self.accept(client, statement).json()
            receipt = client.get(f"/v1/events/{answer['id']}/receipt").text
            self.assertEqual(receipt, answer["receipt"])
            self.check_receipt(number, receipt, statement)
        client.close()

    def check_receipt(self, number, receipt, statement):
        files = [self.ledger.folder / name for name in ("log.vkey", f"{number}.tlog-proof", f"{number}.sd-jwt")]
        files[1].write_text(receipt)
        files[2].write_text(statement)
        command = ["/usr/bin/python3", str(CHECKER), *map(str, files)]
        self.assertEqual(subprocess.run(command, capture_output=True, timeout=60).returncode, 0)
        command[2] = self.ledger.vkey  # the key's text in place of a file
        self.assertEqual(subprocess.run(command, capture_output=True, timeout=60).returncode, 0)
        relais = ("verify", "--receipt", files[1], "--statement", files[2], "--vkey", files[0])
        run(*relais)
        for name, bad_receipt, bad_statement in tampered(receipt, statement):
            with self.subTest(tampered=name):
                with self.assertRaises(verify_receipt.Invalid):
                    verify_receipt.verify(self.ledger.vkey, bad_receipt, bad_statement)
                files[1].write_text(bad_receipt)
                files[2].write_text(bad_statement)
                run(*relais, ok=(1,))
        # Disclosures are not part of the entry: with fewer of them the receipt still holds, and both say how many are missing.
        verify_receipt.verify(self.ledger.vkey, receipt, jwt_of(statement))
        self.assertEqual(verify_receipt.check_disclosures(statement), (1, 0))
        self.assertEqual(verify_receipt.check_disclosures(jwt_of(statement) + "~"), (0, 1))
        files[1].write_text(receipt)
        for text, counts in ((statement, (1, 0)), (jwt_of(statement) + "~", (0, 1))):
            files[2].write_text(text)
            report = json.loads(run(*relais, "--json").stdout)
            self.assertEqual((report["disclosures"], report["withheld"]), counts)
            self.assertTrue(report["not_covered"])

    def test_usage(self):
        done = subprocess.run(["/usr/bin/python3", str(CHECKER)], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 2)

    def test_npm(self):
        node = shutil.which("node")
        if not node:
            self.skipTest("no node here")
        if not (NODE_MODULES / "@sd-jwt/core").is_dir() or not (NODE_MODULES / "jose").is_dir():
            self.skipTest("@sd-jwt/core and jose are not under build/interop: " + __doc__.strip().splitlines()[-1].strip())
        subject = case()
        ours = self.signed_by_relais(ML1, subject)
        private = json.loads(self.by(ML1).key.jwk.export_private())
        event = self.by(ML1).event("case.detected", case(), {**DETECTED, **self.hidden})
        work = {"ours": ours, "key": private, "kid": self.by(ML1).key.kid, "event": event, "hidden": list(self.hidden)}
        script = Path(shutil.copy(HERE / "sd_jwt.mjs", NODE_MODULES.parent))  # modules are found from where it lies
        done = subprocess.run([node, str(script)], input=json.dumps(work), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        theirs = json.loads(done.stdout)
        self.assertEqual(theirs["payload"]["subject"], subject)
        self.assertEqual(theirs["payload"]["data"], {**DETECTED, **self.hidden})
        client = self.server.client(ML1)
        self.accept(client, theirs["statement"])
        back = client.get(f"/v1/events/{event['id']}").json()
        self.assertEqual(back["data"], event["data"])
        client.close()


def tampered(receipt, statement):
    """(what, receipt, statement), each with one thing that does not hold."""
    lines = receipt.split("\n")
    extra = next(i for i, line in enumerate(lines) if line.startswith("extra "))
    index = next(i for i, line in enumerate(lines) if line.startswith("index "))
    empty = lines.index("")
    signature = next(i for i, line in enumerate(lines) if line.startswith("\u2014"))

    def changed(at, line):
        return "\n".join([*lines[:at], line, *lines[at + 1:]])

    def other(text, at):
        return text[:at] + ("B" if text[at] != "B" else "C") + text[at + 1:]

    number = int(lines[index].split()[1])
    true = statement.split("~")[1]
    yield "disclosure forged", receipt, statement + disclosure("note", "forged") + "~"
    yield "disclosure in place of the true one", receipt, jwt_of(statement) + "~" + disclosure("note", "forged") + "~"
    yield "disclosure twice", receipt, statement + true + "~"
    yield "disclosure changed", receipt, statement.replace(true, other(true, 30))
    yield "disclosure without its tilde", receipt, statement[:-1]
    yield "statement", receipt, other(statement, len(jwt_of(statement)) // 2)
    yield "time of receipt", changed(extra, other(lines[extra], len("extra ") + 9)), statement
    yield "no time of receipt", "\n".join(lines[:extra] + lines[extra + 1:]), statement
    yield "index", changed(index, f"index {number - 1}"), statement
    yield "index past the end", changed(index, f"index {number + 1_000_000}"), statement
    yield "proof", changed(index + 1, other(lines[index + 1], 5)), statement
    yield "proof too short", "\n".join(lines[:index + 1] + lines[index + 2:]), statement
    yield "proof too long", changed(empty, lines[index + 1] + "\n"), statement
    yield "origin", changed(empty + 1, lines[empty + 1] + "x"), statement
    yield "tree size", changed(empty + 2, str(int(lines[empty + 2]) + 1)), statement
    yield "root", changed(empty + 3, other(lines[empty + 3], 5)), statement
    yield "signature", changed(signature, other(lines[signature], len(lines[signature]) - 20)), statement
    yield "no signature", "\n".join(lines[:signature]), statement
    yield "format", changed(0, "c2sp.org/tlog-proof@v2"), statement


if __name__ == "__main__":
    main()
