"""Receipts: that a log has a statement, checked offline (c2sp.org/tlog-proof, c2sp.org/signed-note, RFC 9162)."""
import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Invalid(Exception):
    """A receipt does not hold."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as e:
        raise Invalid("a part of it is not base64") from e
    if base64.b64encode(raw).decode() != text:
        raise Invalid("a part of it is not canonical base64")
    return raw


def decimal(text):
    if not (text.isascii() and text.isdigit() and len(text) < 20) or (text[0] == "0" and text != "0"):
        raise Invalid("a number of it is no decimal number")
    return int(text)


def read_vkey(vkey):
    """-> (name, key id, key): the file log.vkey, or what /log/vkey says."""
    name, key_id, key = (vkey.strip().split("\n")[0].split("+", 2) + ["", ""])[:3]
    raw = unbase64(key)
    if len(raw) != 33 or raw[0] != 1 or sha256(name.encode(), b"\n", raw)[:4].hex() != key_id:
        raise Invalid("the vkey is not one of a log's Ed25519 key")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(raw[1:])


def open_checkpoint(note, vkey):
    """-> (size, root) that the log's key has signed."""
    name, key_id, key = read_vkey(vkey)
    body, _, signatures = note.rpartition("\n\n")
    lines = body.split("\n")
    for signature in signatures.splitlines():
        parts = signature.split(" ")
        if len(parts) != 3 or parts[:2] != ["\u2014", name] or unbase64(parts[2])[:4] != key_id:
            continue
        try:
            key.verify(unbase64(parts[2])[4:], (body + "\n").encode())
        except InvalidSignature as e:
            raise Invalid("the log's signature does not hold") from e
        if len(lines) != 3 or lines[0] != name:
            raise Invalid("the checkpoint is not this log's")
        return decimal(lines[1]), unbase64(lines[2])
    raise Invalid("the log's key has not signed the checkpoint")


def root_of(index, size, leaf, proof):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        raise Invalid("the index is not in the tree")
    place, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Invalid("the proof is too long")
        if place & 1 or place == last:
            node = sha256(b"\x01", sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = sha256(b"\x01", node, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise Invalid("the proof is too short")
    return node


def verify(vkey, receipt, statement):
    """Raises Invalid unless the log's key has signed a tree that holds this statement. -> (index, milliseconds of receipt)

    `statement`: an SD-JWT, of which the JWT alone counts, or a Statement.
    """
    jwt = getattr(statement, "jwt", None) or str(statement).split("~", 1)[0].strip()
    head, _, note = receipt.partition("\n\n")
    lines = head.split("\n")
    if len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Invalid("it is not a receipt")
    if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise Invalid("it does not say when or where")
    received = unbase64(lines[1].removeprefix("extra "))
    index = decimal(lines[2].removeprefix("index "))
    proof = [unbase64(line) for line in lines[3:]]
    if len(received) != 8 or any(len(p) != 32 for p in proof):
        raise Invalid("a part of it has another length")
    size, root = open_checkpoint(note, vkey)
    if root_of(index, size, sha256(b"\x00", received, jwt.encode()), proof) != root:
        raise Invalid("the proof does not lead from the statement to the signed root")
    return index, int.from_bytes(received, "big")
