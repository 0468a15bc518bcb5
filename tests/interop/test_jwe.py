"""Sealed disclosures by other people's code: jwcrypto, and where node and npm `jose` are installed, that too.

    npm install --prefix build/interop --no-save jose@5.10.0

What they made is in tests/data/jwe, where unit_crypto opens it; what Relais makes of a seed stands beside it (relais-2.json) and
is opened here.
"""
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import DETECTED, ROOT, Key, Signatory, case, compact, digest, disclosure, main, run, unb64u  # noqa: E402
from jwcrypto import jwe, jwk  # noqa: E402
from sealing import SealKey, seal  # noqa: E402

DATA = ROOT / "tests/data/jwe"
NODE_MODULES = ROOT / "build/interop/node_modules"
TEXT = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
OWN = {"relais_digest": "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0", "relais_member": "identity"}
KEYS = json.loads((DATA / "keys.json").read_text())
OURS = json.loads((DATA / "relais-2.json").read_text())


def opened_by_jwcrypto(sealed, key):
    token = jwe.JWE()
    token.deserialize(json.dumps(sealed))
    token.decrypt(jwk.JWK(**{name: key[name] for name in ("kty", "crv", "x", "d")}))
    return token.payload.decode()


def run_jose(case, work):
    """What jwe.mjs prints of `work`; skips aloud where there is no node, or no jose for it."""
    node = shutil.which("node")
    if not node:
        case.skipTest("no node here")
    if not (NODE_MODULES / "jose").is_dir():
        case.skipTest("jose is not under build/interop: npm install --prefix build/interop --no-save jose@5.10.0")
    script = Path(shutil.copy(HERE / "jwe.mjs", NODE_MODULES.parent))  # modules are found from where it lies
    done = subprocess.run([node, str(script)], input=json.dumps(work), capture_output=True, text=True, timeout=60)
    case.assertEqual(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


class Jwe(unittest.TestCase):
    def test_jwcrypto_opens_what_relais_seals(self):
        header = json.loads(unb64u(OURS["protected"]))
        self.assertEqual(header, {"enc": "A256GCM", **OWN})
        for key in KEYS:
            self.assertEqual(opened_by_jwcrypto(OURS, key), TEXT)
        changed = {**OURS, "tag": OURS["iv"] + "AAAAAA"}
        with self.assertRaises(jwe.InvalidJWEData):
            opened_by_jwcrypto(changed, KEYS[0])

    def test_jose_opens_what_relais_seals(self):
        theirs = run_jose(self, {"jwe": OURS, "keys": KEYS, "text": TEXT, "own": OWN})
        self.assertEqual([one["text"] for one in theirs["opened"]], [TEXT, TEXT])
        self.assertEqual(theirs["opened"][0]["header"], {"enc": "A256GCM", **OWN})
        for sealed in theirs["sealed"]:
            self.assertEqual(opened_by_jwcrypto(sealed, KEYS[-1]), TEXT)

    def test_relais_opens_what_jose_and_jwcrypto_seal(self):
        """A statement whose note they sealed, to both keys and to the last alone."""
        text = disclosure("note", "exemple scellé")
        author = Signatory("exemple", Key())
        event = author.event("case.detected", case(), {**DETECTED, "_sd": [digest(text)]}, _sd_alg="sha-256")
        statement = author.key.jwt(event, "cloudevents+sd-jwt") + "~"
        own = {"relais_digest": digest(text), "relais_member": "note"}
        theirs = [seal(text, [SealKey(compact(key)) for key in keys], "note") for keys in (KEYS, KEYS[-1:])]
        if shutil.which("node") and (NODE_MODULES / "jose").is_dir():
            theirs += run_jose(self, {"jwe": OURS, "keys": KEYS, "text": text, "own": own})["sealed"]
        with tempfile.NamedTemporaryFile("w", suffix=".jwk") as file:
            file.write(compact(KEYS[-1]))
            file.flush()
            for sealed in theirs:
                done = run("open", "--json", "--key", file.name, "-", stdin=compact({"statement": statement, "sealed": [sealed]}))
                self.assertEqual(json.loads(done.stdout)["opened"][0]["value"], "exemple scellé")


if __name__ == "__main__":
    main()
