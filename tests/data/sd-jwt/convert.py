#!/usr/bin/python3
"""Makes an SD-JWT of each specification.yml in this folder: <case>/sd-jwt.json beside it.

Written against RFC 9901, not against the code under test. The result is deterministic: salts, decoys and keys are hashes of
names. Needs python3-yaml and python3-cryptography.
"""
import base64
import hashlib
import json
import pathlib

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = pathlib.Path(__file__).parent
TYP = "example+sd-jwt"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Issuer:
    """Turns the node tree of user_claims, in which !sd marks what is selectively disclosable, into a payload."""

    def __init__(self, case):
        self.case = case
        self.count = 0
        self.by_digest = {}  # digest -> (text, parts), decoys excepted

    def fresh(self, what):
        self.count += 1
        return hashlib.sha256(f"{self.case}/{what}/{self.count}".encode()).digest()

    def hide(self, *parts):
        parts = [b64(self.fresh("salt")[:16]), *parts]
        text = b64(json.dumps(parts, ensure_ascii=False).encode())
        digest = b64(hashlib.sha256(text.encode()).digest())
        self.by_digest[digest] = (text, parts)
        return digest

    def scalar(self, node):
        tag = node.tag
        if tag == "!sd":
            plain = node.style is None
            tag = yaml.SafeLoader("").resolve(yaml.ScalarNode, node.value, (plain, not plain))
        return yaml.SafeLoader("").construct_object(yaml.ScalarNode(tag, node.value))

    def value(self, node):
        """The node's value with what is marked inside it hidden; the node's own mark is its holder's matter."""
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [
                {"...": self.hide(self.value(n))} if n.tag == "!sd" else self.value(n) for n in node.value
            ]
        out, digests = {}, []
        for key, child in node.value:
            name = str(self.scalar(key))
            if key.tag == "!sd":
                digests.append(self.hide(name, self.value(child)))
            else:
                out[name] = self.value(child)
        if digests:
            digests.append(b64(self.fresh("decoy")))
            out["_sd"] = sorted(digests)
        return out


def select(issuer, claims, wanted, chosen):
    """The holder's choice: the disclosures that holder_disclosed_claims names, in `chosen`."""
    if isinstance(claims, list):
        wanted = wanted if isinstance(wanted, list) else []
        for element, want in zip(claims, wanted):
            if isinstance(element, dict) and "..." in element:
                if want:
                    text, parts = issuer.by_digest[element["..."]]
                    chosen.append(text)
                    select(issuer, parts[1], want, chosen)
            else:
                select(issuer, element, want, chosen)
    elif isinstance(claims, dict):
        wanted = wanted if isinstance(wanted, dict) else {}
        for digest in claims.get("_sd", []):
            text, parts = issuer.by_digest.get(digest, (None, None))
            if text is not None and wanted.get(parts[1]):
                chosen.append(text)
                select(issuer, parts[2], wanted[parts[1]], chosen)
        for name, child in claims.items():
            if name != "_sd":
                select(issuer, child, wanted.get(name), chosen)


def sign(case, payload):
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(case.encode()).digest())
    x = b64(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
    header = {"alg": "EdDSA", "typ": TYP, "kid": b64(thumbprint)}
    text = b64(compact(header).encode()) + "." + b64(compact(payload).encode())
    return x, text + "." + b64(key.sign(text.encode()))


def convert(path):
    case = path.parent.name
    tree = {key.value: node for key, node in yaml.compose(path.read_text()).value}
    issuer = Issuer(case)
    payload = issuer.value(tree["user_claims"])
    spec = {name: issuer.value(node) for name, node in tree.items() if name != "user_claims"}  # no !sd in these
    payload["_sd_alg"] = "sha-256"
    chosen = []
    select(issuer, payload, spec["holder_disclosed_claims"], chosen)
    x, jwt = sign(case, payload)
    everything = [text for text, _ in issuer.by_digest.values()]
    result = {
        "typ": TYP,
        "x": x,
        "key_binding": bool(spec.get("key_binding")),
        "issued": "~".join([jwt, *everything, ""]),
        "presented": "~".join([jwt, *chosen, ""]),
        "expected": spec["expect_verified_user_claims"],
    }
    (path.parent / "sd-jwt.json").write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    for specification in sorted(HERE.glob("*/specification.yml")):
        convert(specification)
