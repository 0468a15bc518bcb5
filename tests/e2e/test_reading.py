"""Selective disclosure to the reader: each gets exactly the members that the matrix opens to it (docs/READING.md), and what it gets
verifies by RFC 9901 as it stands. The check below shares no code with anything; beside it, @sd-jwt/core where it is installed."""
import hashlib
import json
import subprocess
import unittest
import uuid
from pathlib import Path

from acts import HASH, IDENTITY, NOTE, POLICE, Acts, id_of
from harness import (AMICALE, ANALYST, ML1, ML2, MOUVEMENT, PREF, ROOT, LedgerTest, Live, b64u, jwt_of, main, unb64u)
from jwcrypto import jwk, jws

PAYLOAD, PROGRESS, DETAIL, LATER = ("exemple : charge utile", "exemple : bilan", "exemple : détail",
                                    "exemple : confié après le retrait")
NODE_MODULES = ROOT / "build/interop/node_modules"
CHECKER = """
import { SDJwtInstance } from "@sd-jwt/core";
import { createHash, createPublicKey, verify } from "node:crypto";
const [text, x] = process.argv.slice(2);
const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
const checker = new SDJwtInstance({
  hasher: (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
  verifier: (data, signature) => verify(null, Buffer.from(data), key, Buffer.from(signature, "base64url")),
});
const { payload } = await checker.verify(text);
console.log(JSON.stringify(payload));
"""


def processed(text, key):
    """RFC 9901, section 7.1: the payload of an SD-JWT with what it discloses in place. Raises where anything does not hold."""
    jwt, *disclosures, end = text.strip().split("~")
    assert end == "", "a compact SD-JWT without key binding ends with a tilde"
    token = jws.JWS()
    token.deserialize(jwt, jwk.JWK(kty="OKP", crv="Ed25519", x=key.x))
    payload = json.loads(token.payload)
    assert payload.pop("_sd_alg", "sha-256") == "sha-256"
    by_digest = {b64u(hashlib.sha256(d.encode()).digest()): json.loads(unb64u(d)) for d in disclosures}
    assert len(by_digest) == len(disclosures), "a disclosure is there twice"
    digests = payload["data"].pop("_sd", [])
    assert len(set(digests)) == len(digests)
    for digest in digests:
        if digest in by_digest:
            _, name, value = by_digest.pop(digest)
            assert name not in payload["data"] and name not in ("_sd", "...")
            payload["data"][name] = value
    assert not by_digest, "a disclosure that no digest refers to"
    return payload


class Selective(Acts, LedgerTest):
    """A case of mission locale 1: mission locale 2 is asked, the Mouvement has accepted another referral, the Amicale applies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        for slug in (AMICALE, MOUVEMENT):
            self.accredit(slug)
        self.appoint()
        cls.subject = subject = self.supported(ML1)
        self.consent(ML1, subject, "referral")
        self.accept_referral(AMICALE, subject, self.ask(ML1, subject, AMICALE, "consent"))
        self.consent(ML1, subject, "psp")
        cls.events_of = {}
        cls.events_of["step"] = self.act(ML1, "support.step_done", subject, {
            "step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"}, {"detail": DETAIL})["id"]
        cls.referral = str(uuid.uuid4())
        cls.events_of["referral"] = self.act(ML1, "referral.requested", subject, {
            "referral_id": cls.referral, "to": MOUVEMENT, "need": "complaint", "urgency": "urgent",
            "legal_basis": "consent"}, {"payload": PAYLOAD})["id"]
        self.accept_referral(MOUVEMENT, subject, cls.referral)
        cls.events_of["application"] = self.act(AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})["id"]
        cls.events_of["detection"] = self.events(ML1, stream=subject)[0]["id"]
        self.doCleanups()

    def shown(self, slug, what):
        """The sensitive members of an event that a reader gets: the same by JSON, by SD-JWT and by each check of it."""
        event = self.events_of[what]
        answer = self.reader(slug).get(f"/v1/events/{event}")
        if answer.status == 404:
            self.assertEqual(self.reader(slug).get(f"/v1/events/{event}?format=sd-jwt").status, 404)
            return None
        self.assertEqual(answer.status, 200, answer)
        text = self.reader(slug).get(f"/v1/events/{event}?format=sd-jwt").text
        payload = processed(text, self.by(answer.json()["source"].rsplit(":", 1)[1]).key)
        self.assertEqual(payload, answer.json())
        self.by_node(text, self.by(answer.json()["source"].rsplit(":", 1)[1]).key, payload)
        clear = json.loads(unb64u(jwt_of(text).split(".")[1]))["data"]
        return {k: v for k, v in payload["data"].items() if k not in clear}

    def by_node(self, text, key, payload):
        if not (NODE_MODULES / "@sd-jwt/core").is_dir():
            return
        done = subprocess.run(["node", "--input-type=module", "-e", CHECKER, "x", text.strip(), key.x], capture_output=True, text=True,
                              cwd=NODE_MODULES.parent, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["data"], payload["data"])

    def test_each_reader_gets_its_members(self):
        note, step, payload, identity = {"note": NOTE, "gender": "woman"}, {"detail": DETAIL}, {"payload": PAYLOAD}, {"identity": IDENTITY}
        expected = {ML1: (note, step, payload, {}), AMICALE: (note, step, {}, identity), MOUVEMENT: (note, step, payload, {}),
                    PREF: ({}, {}, {}, identity), ANALYST: ({}, {}, {}, {}), ML2: (None, None, None, None)}
        for slug, members in expected.items():
            with self.subTest(slug):
                self.assertEqual(tuple(self.shown(slug, w) for w in ("detection", "step", "referral", "application")), members)

    def test_a_member_gets_the_application_bare(self):
        session = self.convene(self.subject)
        self.assertEqual((self.shown(POLICE, "application"), self.shown(POLICE, "detection")), ({}, None))
        self.act(POLICE, "member.recused", session, {"case_id": id_of(self.subject), "ground": "knows_person"})
        self.assertIsNone(self.shown(POLICE, "application"))

    def test_what_is_added_or_swapped_does_not_verify(self):
        """The check is one: what the ledger withholds cannot be put back wrongly."""
        text = self.reader(ML1).get(f"/v1/events/{self.events_of['step']}?format=sd-jwt").text.strip()
        other = self.reader(ML1).get(f"/v1/events/{self.events_of['detection']}?format=sd-jwt").text.strip().split("~")[1]
        key = self.by(ML1).key
        self.assertEqual(processed(text, key)["data"]["detail"], DETAIL)
        for changed in (text + other + "~", text.replace("~", "~" + other + "~", 1), text[:40] + "A" + text[41:],
                        text + text.split("~")[1] + "~"):
            with self.assertRaises(Exception):
                processed(changed, key)

    def test_the_identity_follows_the_consent(self):
        subject = self.supported(AMICALE)
        self.events_of["other"] = self.apply(AMICALE, subject)["id"]
        self.assertEqual(self.shown(PREF, "other"), {"identity": IDENTITY})
        self.act(AMICALE, "case.consent_withdrawn", subject, {"scope": "psp"})
        self.assertEqual(self.shown(PREF, "other"), {})
        self.assertEqual(self.shown(AMICALE, "other"), {"identity": IDENTITY})
        self.consent(AMICALE, subject, "psp", [PREF])
        self.assertEqual(self.shown(PREF, "other"), {"identity": IDENTITY})

    def test_withdrawal_closes_on_a_stream_that_is_open(self):
        """Rights are judged on each piece: who was asked, and who had accepted."""
        for accept in (False, True):
            with self.subTest(accepted=accept):
                subject = self.supported(ML1)
                self.consent(ML1, subject, "referral")
                referral = self.ask(ML1, subject, ML2, "consent")
                if accept:
                    self.accept_referral(ML2, subject, referral)
                live = Live(self.server, self.reader(ML2))
                self.addCleanup(live.close)
                before = self.confide(subject, DETAIL)
                self.assertEqual(json.loads(live.next().data)["id"], before)
                self.assertEqual(DETAIL in self.reader(ML2).get(f"/v1/events/{before}").text, accept)
                self.act(ML1, "case.consent_withdrawn", subject, {"scope": "referral"})
                after = self.confide(subject, LATER)
                own = self.minor(ML2)
                told = []
                while not told or told[-1]["stream"] != own:
                    told.append(json.loads(live.next().data))
                    self.assertNotIn(LATER, json.dumps(told, ensure_ascii=False))
                # An accepted referral goes on (0013), without what is confided from now on; one that was not answered is over.
                self.assertEqual(after in [e["id"] for e in told], accept)
                answer = self.reader(ML2).get(f"/v1/events/{after}?format=sd-jwt")
                self.assertEqual(answer.status, 200 if accept else 404)
                self.assertNotIn(LATER, "".join(unb64u(d).decode() for d in answer.text.strip().split("~")[1:] if d and accept))

    def confide(self, subject, text):
        return self.act(ML1, "support.step_done", subject, {"step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"},
                        {"detail": text})["id"]


if __name__ == "__main__":
    main()
