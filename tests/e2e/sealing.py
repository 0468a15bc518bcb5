"""Sealed disclosures by jwcrypto alone: X25519 keys, JWEs to several of them, and what opens them."""
import hashlib
import json

from harness import Key, b64u, compact, digest, disclosure, jwt_of, unb64u
from jwcrypto import jwe, jwk

ENC, ALG = "A256GCM", "ECDH-ES+A256KW"


class SealKey:
    """An X25519 key as jwcrypto has it, or of a relais key file."""

    def __init__(self, jwk_json=None):
        if jwk_json:
            members = json.loads(jwk_json)
            self.jwk = jwk.JWK(**{name: members[name] for name in ("kty", "crv", "x", "d")})
        else:
            self.jwk = jwk.JWK.generate(kty="OKP", crv="X25519")
        self.x = json.loads(self.jwk.export_public())["x"]
        thumbprint = {"crv": "X25519", "kty": "OKP", "x": self.x}
        self.kid = b64u(hashlib.sha256(compact(thumbprint).encode()).digest())

    def public(self):
        return jwk.JWK(kty="OKP", crv="X25519", x=self.x)

    def private_json(self):
        """A key file of ours."""
        d = json.loads(self.jwk.export())["d"]
        return compact({"kty": "OKP", "crv": "X25519", "x": self.x, "kid": self.kid, "d": d}) + "\n"


def seal_text(text, keys, protected, header=None):
    """A JWE in the general serialization; `header` is that of each recipient beside kid."""
    token = jwe.JWE(text.encode() if isinstance(text, str) else text, protected=compact(protected))
    for key in keys:
        token.add_recipient(key.public(), header=compact({"alg": ALG, "kid": key.kid, **(header or {})}))
    sealed = json.loads(token.serialize())
    if "recipients" not in sealed:  # jwcrypto writes one recipient in the flattened serialization
        sealed["recipients"] = [{"header": sealed.pop("header"), "encrypted_key": sealed.pop("encrypted_key")}]
    return sealed


def seal(text, keys, member, **protected):
    """The JWE of a disclosure. Members of the protected header that are None are left out."""
    header = {"enc": ENC, "relais_digest": digest(text), "relais_member": member, **protected}
    return seal_text(text, keys, {k: v for k, v in header.items() if v is not None})


def unseal(sealed, key):
    token = jwe.JWE()
    token.deserialize(compact(sealed))
    token.decrypt(key.jwk)
    return token.payload.decode()


def header_of(sealed):
    return json.loads(unb64u(sealed["protected"]))


class Sealing:
    """Beside Acts: signatories with sealing keys."""

    def enrol_sealing_key(self, slug, key=None):
        """A second signing key of the signatory, with the sealing key."""
        key = key or SealKey()
        signatory = self.by(slug)
        self.act(slug, "key.enrolled", f"signatory/{slug}",
                 signatory.key_data(Key(), self.ledger.origin, sealing_key=key.x))
        return key

    def hidden_statement(self, slug, name, subject, data, member, value):
        """-> (the bare statement, the disclosure that it hides)"""
        text = disclosure(member, value)
        event = self.by(slug).event(name, subject, {**data, "_sd": [digest(text)]}, _sd_alg="sha-256")
        return jwt_of(self.by(slug).key.jwt(event, "cloudevents+sd-jwt")) + "~", text


def submission(statement, *sealed):
    return compact({"statement": statement, "sealed": list(sealed)})


def post(client, body):
    return client.request("POST", "/v1/events", body.encode(), {"Content-Type": "application/json"})
