"""What a signatory signs: statements (RFC 9901), access tokens, and what it seals (RFC 7516)."""
import base64
import hashlib
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from jwcrypto import jwe, jwk, jws

TOKEN_SECONDS = 240  # 300 at most
PADDED_BYTES = 256   # what is sealed tells of its length so much (docs/decisions/0025-sealed-disclosures.md)


def b64u(data):
    """Base64url without padding, of bytes or of a text's UTF-8."""
    return base64.urlsafe_b64encode(data.encode() if isinstance(data, str) else data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def digest(text):
    return b64u(hashlib.sha256(text.encode()).digest())


def now():
    """RFC 3339, with milliseconds."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass(frozen=True)
class Statement:
    """A signed statement with what it discloses; `sealed` are the disclosures that the host cannot read."""

    sd_jwt: str
    sealed: list = field(default_factory=list)

    @property
    def jwt(self):
        """What stands in the log."""
        return self.sd_jwt.split("~", 1)[0]

    @property
    def event(self):
        """What it says, without what is disclosed."""
        payload = self.jwt.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    @property
    def media_type(self):
        return "application/json" if self.sealed else "application/sd-jwt"

    @property
    def submission(self):
        """As an element of a list."""
        return {"statement": self.sd_jwt, "sealed": self.sealed} if self.sealed else self.sd_jwt

    @property
    def body(self):
        """As the body of a request."""
        return (compact(self.submission) if self.sealed else self.sd_jwt).encode()


@dataclass(frozen=True)
class SealingKey:
    """An X25519 key as `/v1/keys` tells it."""

    kid: str
    x: str

    def public(self):
        return jwk.JWK(kty="OKP", crv="X25519", x=self.x)


class Signer:
    """A signatory's key, an Ed25519 JWK with its private part, and the source that it signs as."""

    def __init__(self, key, source):
        self.key = jwk.JWK.from_json(key) if isinstance(key, str) else key
        self.source = source
        self.kid = self.key.thumbprint()

    @classmethod
    def from_file(cls, path, source):
        """A key file that `relais key new` made without a passphrase."""
        members = json.loads(Path(path).read_text())
        if members.get("kty") != "OKP":
            raise ValueError(f"{path} is no JWK of an Ed25519 key, or has a passphrase")
        return cls(jwk.JWK(**{name: members[name] for name in ("kty", "crv", "x", "d")}), source)

    def jwt(self, payload, media_type):
        token = jws.JWS(compact(payload).encode())
        header = {"alg": "EdDSA", "typ": media_type, "kid": self.kid}
        token.add_signature(self.key, None, compact(header), None)
        return token.serialize(compact=True)

    def token(self, origin, purpose):
        """A token for reading the log `origin`, for some minutes."""
        issued = int(time.time())
        return self.jwt({"iss": self.source, "aud": origin, "iat": issued, "exp": issued + TOKEN_SECONDS,
                         "jti": str(uuid.uuid4()), "purpose": purpose}, "relais-access+jwt")

    def statement(self, type_, subject, data, sensitive=(), seal_to=None, event_id=None, at=None):
        """Signs an event. Members of `data` that are named in `sensitive` are disclosed, each with a salt of its own; those
        that `seal_to` names are sealed to these keys instead."""
        seal_to = seal_to or {}
        hidden = {name: disclosure(name, value, padded=name in seal_to) for name, value in data.items() if name in sensitive}
        event = {"specversion": "1.0", "id": event_id or str(uuid.uuid4()), "source": self.source, "type": type_,
                 "subject": subject, "time": at or now(), "data": {k: v for k, v in data.items() if k not in hidden}}
        if hidden:
            # In the order of the digests, which tells nothing of the members.
            event["data"]["_sd"] = sorted(map(digest, hidden.values()))
            event["_sd_alg"] = "sha-256"
        open_ = [text for name, text in hidden.items() if not seal_to.get(name)]
        sealed = [seal(text, name, seal_to[name]) for name, text in hidden.items() if seal_to.get(name)]
        return Statement("~".join([self.jwt(event, "cloudevents+sd-jwt"), *open_, ""]), sealed)


def disclosure(name, value, padded=False):
    """Its text, with a salt of its own; padded by white space behind the JSON, which is no part of it."""
    raw = compact([b64u(secrets.token_bytes(16)), name, value]).encode()
    return b64u(raw + b" " * (-len(raw) % PADDED_BYTES) if padded else raw)


def seal(text, member, keys):
    """The JWE of a disclosure, for these keys (docs/FORMATS.md, Sealed disclosure)."""
    token = jwe.JWE(text.encode(), protected=compact({"enc": "A256GCM", "relais_digest": digest(text),
                                                      "relais_member": member}))
    for key in keys:
        token.add_recipient(key.public(), header=compact({"alg": "ECDH-ES+A256KW", "kid": key.kid}))
    sealed = json.loads(token.serialize())
    if "recipients" not in sealed:  # jwcrypto writes one recipient in the flattened serialization
        sealed["recipients"] = [{"header": sealed.pop("header"), "encrypted_key": sealed.pop("encrypted_key")}]
    return sealed
