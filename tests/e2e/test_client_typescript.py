"""The client for TypeScript (clients/typescript) against the real server, beside the client for Python, and before hosts that lie.
Where node and npm are, it is built under build/client-typescript, of the versions that its package-lock.json pins.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from acts import HASH, Acts
from harness import AMICALE, DETECTED, PREF, ROOT, LedgerTest, case, main, run, unb64u
from sealing import Sealing, unseal

sys.path.insert(0, str(ROOT / "clients/python/src"))
from relais_client import Client, Signer, receipt  # noqa: E402

SOURCE = ROOT / "clients/typescript"
BUILT = ROOT / "build/client-typescript"
NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT")


def npm(*arguments, ok=True):
    done = subprocess.run(["npm", *arguments], cwd=BUILT, capture_output=True, text=True, timeout=240,
                          env={**os.environ, "NO_UPDATE_NOTIFIER": "1"})
    if ok and done.returncode != 0:
        raise AssertionError(f"npm {' '.join(arguments)}\n{done.stdout[-6000:]}{done.stderr[-3000:]}")
    return done


def build():
    """The package as it is here, compiled, in a folder of its own: nothing is written among the sources."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise unittest.SkipTest("no node here, or no npm")
    BUILT.mkdir(parents=True, exist_ok=True)
    for name in ("src", "scripts", "test", "dist"):
        shutil.rmtree(BUILT / name, ignore_errors=True)
    shutil.copytree(SOURCE, BUILT, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", "dist", "api.ts"))
    lock = (BUILT / "package-lock.json").read_text()
    installed = BUILT / "node_modules/.installed"  # of which lock
    if not installed.is_file() or installed.read_text() != lock:
        done = npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", ok=False)
        if any(code in done.stderr for code in NO_NETWORK):
            raise unittest.SkipTest(f"npm has no registry here: {done.stderr[-300:]}")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        installed.write_text(lock)
    npm("run", "build")


class TypeScriptClient(Sealing, Acts, LedgerTest):
    @classmethod
    def setUpClass(cls):
        build()
        super().setUpClass()

    def node(self, *arguments, stdin=None, **environment):
        """node, which finds the ledger by RELAIS_TEST."""
        known = self.ledger.folder / "test.json"
        keys = {slug: json.loads(self.ledger.key_file(slug).read_text()) for slug in self.ledger.slugs}
        known.write_text(json.dumps({
            "root": str(ROOT), "url": self.server.url, "origin": self.ledger.origin, "vkey": self.ledger.vkey, "keys": keys,
            "logKey": json.loads((self.ledger.data / "keys/log.jwk").read_text()),
            "sealingKey": {"kid": self.sealing.kid, "x": self.sealing.x} if self.sealing else None}))
        done = subprocess.run(["node", *arguments], cwd=BUILT, input=stdin, capture_output=True, text=True, timeout=240,
                              env={**os.environ, "RELAIS_TEST": str(known), "RELAIS_EVIDENCE": str(self.evidence), **environment})
        self.assertEqual(done.returncode, 0, done.stdout[-8000:] + done.stderr[-4000:])
        return done

    sealing = None

    @property
    def evidence(self):
        return self.ledger.folder / "log.fork"

    def node_tests(self, file, **environment):
        said = self.node("--test", f"test/{file}.test.mjs", **environment).stdout
        self.assertRegex(said, r"(?m)^# pass [1-9]")
        self.assertRegex(said, r"(?m)^# skipped 0$")

    def test_its_types_are_strict(self):
        """And what they refuse is refused: test/types.ts."""
        npm("run", "check")
        wrong = BUILT / "test/wrong.ts"
        wrong.write_text('import type { Client } from "relais-client";\nexport const wrong = (relais: Client) => relais.listCases({ etat: 1 });\n')
        self.addCleanup(wrong.unlink)
        self.assertIn("'etat' does not exist", npm("run", "check", ok=False).stdout)

    def test_what_would_be_published(self):
        files = {f["path"] for f in json.loads(npm("pack", "--dry-run", "--ignore-scripts", "--json").stdout)[0]["files"]}
        self.assertLessEqual({"package.json", "README.md", "dist/index.js", "dist/index.d.ts", "dist/api.d.ts"}, files)
        self.assertEqual({f for f in files if not f.startswith("dist/")}, {"package.json", "README.md"})

    def test_nothing_of_node_in_it(self):
        """But the one file that gives Node 18 its WebCrypto, which browsers are not given."""
        imported = {name: set(re.findall(r'(?m)^(?:import|export) .*?"([^".][^"]*)";$', (BUILT / "dist" / name).read_text()))
                    for name in os.listdir(BUILT / "dist") if name.endswith(".js")}
        self.assertEqual(imported.pop("webcrypto.node.js"), {"node:crypto"})
        self.assertEqual(set().union(*imported.values()), {"jose", "#webcrypto"})
        where = json.loads((BUILT / "package.json").read_text())["imports"]["#webcrypto"]
        self.assertEqual(where, {"node": "./dist/webcrypto.node.js", "default": "./dist/webcrypto.js"})

    def test_offline(self):
        self.node_tests("offline")

    def test_with_the_webcrypto_of_browsers(self):
        """jose as browsers are given it, over WebCrypto alone."""
        self.node_tests("offline", NODE_OPTIONS="--conditions=browser")
        self.node_tests("ledger", NODE_OPTIONS="--conditions=browser")

    def test_without_a_global_webcrypto(self):
        """As Node 18 is."""
        code = ('import { Signer } from "relais-client";'
                'if (globalThis.crypto) throw new Error("it is there");'
                'const key = JSON.parse(process.argv[1]);'
                'console.log((await Signer.of(key, "urn:x")).kid)')
        done = self.node("--import", "data:text/javascript,delete globalThis.crypto", "--input-type=module", "-e", code,
                         self.ledger.key_file(PREF).read_text())
        self.assertEqual(done.stdout.strip(), self.by(PREF).key.kid)

    def test_with_the_ledger(self):
        self.node_tests("ledger")

    def with_sealing_key(self):
        if self.sealing is None:
            type(self).sealing = self.enrol_sealing_key(PREF)

    def test_before_hosts_that_lie(self):
        self.with_sealing_key()
        self.node_tests("lying")
        done = run("verify", "--fork", self.evidence, "--vkey", self.ledger.vkey, "--json")
        self.assertEqual(done.returncode, 0)

    def test_one_signs_and_seals_and_the_other_opens(self):
        self.with_sealing_key()
        python = Client(self.server.url, Signer.from_file(self.ledger.key_file(AMICALE), self.by(AMICALE).source), self.ledger.origin,
                        "test", vkey=self.ledger.vkey)
        self.addCleanup(python.close)
        statement = python.statement("relais.case.detected.v1", case(), {**DETECTED, "note": "exemple"})
        accepted = python.append(statement)
        sealed = python.statement("relais.psp.applied.v1", case(), {"dossier_hash": HASH, "identity": "exemple : identité"})
        work = {"theirs": sealed.submission, "theirStatement": statement.sd_jwt, "theirReceipt": accepted["receipt"],
                "sealingPair": json.loads(self.sealing.private_json())}
        said = json.loads(self.node("test/interop.mjs", stdin=json.dumps(work)).stdout)
        self.assertEqual(said["opened"], [{"member": "identity", "value": "exemple : identité"}])
        self.assertEqual(said["index"], accepted["index"])
        # And back: receipts by the other client and by `relais verify`, what is sealed by jwcrypto and by `relais open`.
        receipt.verify(self.ledger.vkey, said["receipt"], said["sdJwt"])
        files = [self.ledger.folder / name for name in ("ts.tlog-proof", "ts.sd-jwt", "ts.vkey", "ts.json", "ts.jwk")]
        for file, text in zip(files, (said["receipt"], said["sdJwt"], self.ledger.vkey, said["body"], self.sealing.private_json()),
                              strict=True):
            file.write_text(text)
            file.chmod(0o600)
        report = json.loads(run("verify", "--receipt", files[0], "--statement", files[1], "--vkey", files[2], "--json").stdout)
        self.assertEqual((report["disclosures"], report["withheld"]), (1, 0))
        self.assertEqual(json.loads(unb64u(unseal(said["sealed"][0], self.sealing)))[1:], ["identity", "exemple : identité"])
        opened = json.loads(run("open", "--json", "--key", files[4], files[3]).stdout)
        self.assertEqual(opened["opened"][0]["value"], "exemple : identité")
        answer = self.reader().request("POST", "/v1/events", said["body"].encode(), {"Content-Type": "application/json"})
        self.assertEqual(answer.rule, "stream-unknown", "its form holds: there is no such case")


if __name__ == "__main__":
    main()
