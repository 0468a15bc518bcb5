"""Sealed disclosures from end to end: who runs the ledger never has the text, and its readers open it, with Relais and with
jwcrypto, each what the other sealed."""
import json
import tempfile
from pathlib import Path

from acts import HASH, IDENTITY, Acts
from harness import AMICALE, ASSESSED, DETECTED, ML1, ML2, MOUVEMENT, PREF, Key, LedgerTest, case, compact, main, run, unb64u
from sealing import SealKey, Sealing, header_of, post, seal, submission, unseal

SECRET = "marqueur-scellé-7741"


class Sealed(Acts, Sealing, LedgerTest):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="relais-sealed-", dir=self.ledger.folder))
        self.clients = {}
        for slug in (ML1, ML2, PREF, AMICALE, MOUVEMENT):
            self.clients[slug] = self.server.client(slug)
            self.addCleanup(self.clients[slug].close)

    def file(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def key_of(self, slug):
        """One enrolment a class: the preference of a must-seal member begins with it."""
        keys = type(self).__dict__.get("seal_keys")
        if keys is None:
            keys = type(self).seal_keys = {}
        if slug not in keys:
            keys[slug] = self.enrol_sealing_key(slug)
        return keys[slug]

    def plaintext_on_disk(self, secret=SECRET):
        needle = secret.encode()
        data = self.ledger.data
        return [f.name for f in data.rglob("*") if f.is_file() and needle in f.read_bytes()]

    def submission_of(self, slug, event_id):
        answer = self.clients[slug].get(f"/v1/events/{event_id}?format=submission")
        self.assertEqual(answer.status, 200, answer)
        return answer

    def test_what_relais_seals_jwcrypto_and_relais_open(self):
        to = [self.key_of(ML1), self.key_of(ML2)]
        files = [self.file(f"{i}.seal.jwk", key.private_json()) for i, key in enumerate(to)]
        event = self.by(ML1).event("case.detected", case(), {**DETECTED, "note": SECRET, "gender": "woman"})
        line = run("sign", "--key", self.ledger.key_file(ML1), "--seal-to", files[0], "--seal-to", to[1].x, "--seal", "note", "-",
                   stdin=compact(event)).stdout
        made = json.loads(line)
        self.assertEqual(len(made["statement"].split("~")), 3, "the gender is disclosed, the note is not")
        self.assertEqual(len(made["sealed"]), 1)
        self.assertEqual(header_of(made["sealed"][0])["relais_member"], "note")
        for key in to:
            self.assertEqual(json.loads(unb64u(unseal(made["sealed"][0], key)))[2], SECRET)
        path = self.file("event.json", line)
        vkey = self.file("log.vkey", self.ledger.vkey + "\n")
        sent = run("submit", "--json", "--url", f"http://127.0.0.1:{self.server.port}", "--vkey", vkey, path)
        self.assertTrue(json.loads(sent.stdout)["verified"], sent.stdout)
        back = self.submission_of(ML1, event["id"])
        self.assertEqual(back.json(), made)
        shown = self.clients[ML1].get(f"/v1/events/{event['id']}").json()
        self.assertEqual((shown["sealed"], shown["data"].get("note"), shown["data"]["gender"]), (1, None, "woman"))
        for key in files:
            opened = json.loads(run("open", "--json", "--key", key, "--signer", self.public_file(ML1), "-",
                                    stdin=back.text).stdout)
            self.assertEqual((opened["verified"], opened["opened"][0]["value"]), (True, SECRET))
        self.assertEqual(self.plaintext_on_disk(), [])

    def public_file(self, slug):
        jwk = json.loads(self.by(slug).key.jwk.export_public())
        return self.file(f"{slug}.public.jwk", compact(jwk))

    def test_what_jwcrypto_seals_relais_takes_and_opens(self):
        key = self.key_of(ML1)
        statement, text = self.hidden_statement(ML1, "case.detected", case(), DETECTED, "note", SECRET)
        answer = post(self.clients[ML1], submission(statement, seal(text, [key], "note")))
        self.assertEqual(answer.status, 201, answer)
        back = self.submission_of(ML1, answer.json()["id"]).text
        opened = run("open", "--sd-jwt", "--key", self.file("own.seal.jwk", key.private_json()), "-", stdin=back).stdout.strip()
        self.assertEqual(opened, f"{statement}{text}~")
        listed = self.clients[ML1].post_list([json.loads(submission(statement, seal(text, [key], "note"))), statement])
        self.assertEqual([r["status"] for r in listed.json()["results"]], [200, 200], listed)

    def test_a_retry_needs_no_token_and_a_completion_does(self):
        key = self.key_of(ML1)
        statement, text = self.hidden_statement(ML1, "case.detected", case(), DETECTED, "note", SECRET)
        sealed = seal(text, [key], "note")
        stranger = self.server.client()
        first = self.accept(stranger, statement).json()
        refused = post(stranger, submission(statement, sealed))
        self.assertEqual((refused.status, refused.rule), (403, "sealed-stranger"), refused)
        self.assertEqual(post(self.clients[ML2], submission(statement, sealed)).rule, "sealed-stranger")
        done = post(self.clients[ML1], submission(statement, sealed))
        self.assertEqual((done.status, done.json()["disclosuresAdded"]), (200, 1), done)
        again = post(stranger, submission(statement, sealed))
        self.assertEqual((again.status, again.json()["receipt"]), (200, first["receipt"]), again)
        bare = stranger.post(statement)
        self.assertNotIn("receipt", bare.json())
        stranger.close()

    def test_an_identity_is_sealed_once_the_prefecture_has_a_key(self):
        self.accredit(AMICALE)
        subject = self.supported(AMICALE)
        self.consent(AMICALE, subject, "psp")
        own, pref = self.key_of(AMICALE), self.key_of(PREF)
        clear = self.by(AMICALE).statement("psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
        refused = self.clients[AMICALE].post(clear)
        self.assertEqual((refused.status, refused.rule), (422, "must-be-sealed"), refused)
        event = self.by(AMICALE).event("psp.applied", subject, {"dossier_hash": HASH, "identity": SECRET})
        sign = ("sign", "--key", self.ledger.key_file(AMICALE), "-")
        warned = run(*sign, stdin=compact(event))
        self.assertIn("identity is not sealed", warned.stderr)
        alone = run(*sign, "--seal-to", own.x, stdin=compact(event)).stdout.strip()
        self.assertEqual(post(self.clients[AMICALE], alone).rule, "sealed-recipient-missing")
        both = run(*sign, "--seal-to", own.x, "--seal-to", pref.x, stdin=compact(event))
        self.assertEqual(both.stderr, "")
        answer = post(self.clients[AMICALE], both.stdout.strip())
        self.assertEqual(answer.status, 201, answer)
        for slug, key in ((PREF, pref), (AMICALE, own)):
            back = self.submission_of(slug, event["id"]).json()
            self.assertEqual(json.loads(unb64u(unseal(back["sealed"][0], key)))[1:], ["identity", SECRET])
        self.assertEqual(len(unseal(back["sealed"][0], own)) % 4, 2, "256 bytes in base64url: a padded length")
        self.assertEqual(self.plaintext_on_disk(), [])
        version = answer.json()["version"]
        self.act(AMICALE, "case.data_erased", subject, {"basis": "art17", "targets": [version]})
        self.assertEqual(self.submission_of(AMICALE, event["id"]).json()["sealed"], [])

    def test_sealed_again_for_a_new_holder(self):
        old, new = self.key_of(ML1), self.key_of(ML2)
        subject = case()
        statement, text = self.hidden_statement(ML1, "case.detected", subject, DETECTED, "note", SECRET)
        event_id = post(self.clients[ML1], submission(statement, seal(text, [old], "note"))).json()["id"]
        self.act(ML1, "case.risk_assessed", subject, ASSESSED)
        referral = self.ask(ML1, subject, ML2)
        own = self.file("old.seal.jwk", old.private_json())
        again = run("reseal", "--key", own, "--seal-to", new.x, "-", stdin=self.submission_of(ML1, event_id).text).stdout
        url = ("submit", "--url", f"http://127.0.0.1:{self.server.port}")
        self.assertIn("sealed-stranger", run(*url, "-", stdin=again, ok=(3,)).stdout)
        token = self.by(ML1).token(self.ledger.origin)
        run(*url, "--token", token, "-", stdin=again)
        self.accept_referral(ML2, subject, referral)  # who is only asked opens nothing but what it was sent
        back = self.submission_of(ML2, event_id).text
        reader = self.file("new.seal.jwk", new.private_json())
        self.assertIn(SECRET, run("open", "--key", reader, "-", stdin=back).stdout)
        self.assertIn(SECRET, run("open", "--key", own, "-", stdin=back).stdout)
        run("open", "--key", self.file("other.seal.jwk", SealKey().private_json()), "-", stdin=back, ok=(1,))

    def test_keys(self):
        made = self.folder / "made.seal.jwk"
        run("key", "new", "--seal", "--out", made)
        key = SealKey(made.read_text())
        self.assertEqual(run("key", "thumbprint", made).stdout.strip(), key.kid)
        self.assertEqual(json.loads(run("key", "show", "--public", made).stdout)["x"], key.x)
        self.assertEqual(made.stat().st_mode & 0o777, 0o600)
        passphrase = self.file("passphrase", "correct horse\n")
        hidden = self.folder / "hidden.seal.jwk"
        run("key", "new", "--seal", "--out", hidden, "--passphrase-file", passphrase)
        kid = run("key", "show", "--file", hidden, "--passphrase-file", passphrase, "--field", "kid").stdout.strip()
        self.assertEqual(json.loads(hidden.read_text())["kid"], kid)
        known = self.key_of(ML2)
        listed = self.clients[ML1].get("/v1/keys").json()["keys"]
        self.assertEqual([k["signatory"] for k in listed if k.get("sealingKid") == known.kid], [ML2])
        taken = self.by(ML1).statement("key.enrolled", f"signatory/{ML1}",
                                       self.by(ML1).key_data(Key(), self.ledger.origin, sealing_key=known.x))
        self.assertEqual(self.clients[ML1].post(taken).rule, "sealing-key-known")


if __name__ == "__main__":
    main()
