#!/usr/bin/python3
"""Checks a Relais receipt offline. Shares no code with Relais; written from the published formats alone:
c2sp.org/tlog-proof, c2sp.org/tlog-checkpoint, c2sp.org/signed-note, RFC 9162 (section 2.1.3.2), RFC 8032, RFC 9901 (section 7.1).

    verify_receipt.py VKEY RECEIPT STATEMENT
    verify_receipt.py VKEY FORK

VKEY       the log's public key "name+hexid+base64(0x01 || key)", or a file that holds it; on further lines, newest first,
           the keys of before, each with a blank and the largest tree that it signs
RECEIPT    file: c2sp.org/tlog-proof@v1
STATEMENT  file: the signed statement (SD-JWT, with all, some or none of its disclosures)
FORK       file: what a client has kept of a log that has signed two histories: JSON, docs/FORMATS.md

Exit code 0: the log's holder has signed a tree that contains exactly this statement, and the statement refers to each disclosure
once; or the two trees of FORK contradict each other. 1: it does not hold. 2: usage.
"""
import base64
import binascii
import hashlib
import json
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Invalid(Exception):
    pass


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text, what):
    """Strict: the one encoding of its bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as e:
        raise Invalid(f"{what} is not base64") from e
    if base64.b64encode(raw).decode() != text:
        raise Invalid(f"{what} is not canonical base64")
    return raw


def decimal(text, what):
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII):
        raise Invalid(f"{what} is not a decimal number")
    return int(text)


def read_vkey(text):
    """-> (name, key id, public key)"""
    name, key_id, key = (text.strip().split("+", 2) + ["", ""])[:3]
    raw = unbase64(key, "the key in the vkey")
    if len(raw) != 33 or raw[0] != 1 or not name:
        raise Invalid("the vkey is not one of an Ed25519 log key")
    if sha256(name.encode(), b"\n", raw)[:4].hex() != key_id:
        raise Invalid("the vkey's id is not that of its key")
    return name, bytes.fromhex(key_id), raw[1:]


def key_of(size, vkeys):
    """The key that signs a tree of this size."""
    lines = vkeys.strip().split("\n")
    chosen = lines[0]
    for line in lines[1:]:
        vkey, _, last = line.rpartition(" ")
        if size <= decimal(last, "the largest tree of a key"):
            chosen = vkey
    return read_vkey(chosen)


def open_checkpoint(note, vkey):
    """Checks the signature of the log. -> (tree size, root)"""
    size = (note.split("\n", 2) + ["", ""])[1]
    name, key_id, key = key_of(decimal(size, "the tree size"), vkey)
    body, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Invalid("the checkpoint is not a signed note")
    body += "\n"
    lines = [line.split(" ") for line in signatures.removesuffix("\n").split("\n")]
    if any(len(parts) != 3 or parts[0] != "\u2014" or not parts[1] for parts in lines):
        raise Invalid("a line behind the checkpoint is no signature")
    for _, signer, text in lines:
        raw = unbase64(text, "a signature line")
        if signer != name or raw[:4] != key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], body.encode())
        except InvalidSignature as e:
            raise Invalid("the log's signature on the checkpoint does not hold") from e
        lines = body.split("\n")
        if len(lines) != 4 or lines[0] != name:
            raise Invalid("the checkpoint is not this log's")
        root = unbase64(lines[2], "the root")
        if len(root) != 32:
            raise Invalid("the root is not a SHA-256")
        return decimal(lines[1], "the tree size"), root
    raise Invalid("no signature by the log on the checkpoint")


def check_inclusion(index, size, leaf, proof, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        raise Invalid("the index is not in the tree")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise Invalid("the proof is too long")
        if fn & 1 or fn == sn:
            r = sha256(b"\x01", p, r)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            r = sha256(b"\x01", r, p)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise Invalid("the proof is too short")
    if r != root:
        raise Invalid("the proof does not lead from the statement to the signed root")


def from_base64url(text, what):
    """Strict, as unbase64 is."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as e:
        raise Invalid(f"{what} is not base64url") from e
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise Invalid(f"{what} is not canonical base64url")
    return raw


def read_json(raw, what):
    def members(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Invalid(f"{what} names a member twice")
        return dict(pairs)

    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=members)
    except (ValueError, RecursionError) as e:  # of text, of JSON, of depth
        raise Invalid(f"{what} is not JSON") from e


def digests_in(value, found):
    """Every digest that stands in a value, once for each place, with whether it is an array element's."""
    if isinstance(value, list):
        for element in value:
            if isinstance(element, dict) and "..." in element:
                if set(element) != {"..."}:
                    raise Invalid("something stands beside an element's digest")
                found.append((element["..."], True))
            else:
                digests_in(element, found)
    elif isinstance(value, dict):
        if "..." in value or not isinstance(value.get("_sd", []), list):
            raise Invalid("digests stand where none may stand")
        found += [(d, False) for d in value.get("_sd", [])]
        for name, member in value.items():
            if name != "_sd":
                digests_in(member, found)


def read_disclosure(text):
    """-> (whether it is an array element's, value)"""
    parts = read_json(from_base64url(text, "a disclosure"), "a disclosure")
    if not isinstance(parts, list) or len(parts) not in (2, 3) or not all(isinstance(p, str) for p in parts[:-1]):
        raise Invalid("a disclosure is not [salt, name, value] or [salt, value]")
    if len(parts) == 3 and parts[1] in ("_sd", "...", "_sd_alg"):
        raise Invalid("a disclosure takes a reserved name")
    return len(parts) == 2, parts[-1]


def check_disclosures(statement):
    """RFC 9901, section 7.1: each disclosure is referred to exactly once, by the signed payload or by another disclosure that
    is. -> (number of disclosures, number of digests without one)"""
    jwt, *rest = statement.strip().split("~")
    disclosures = rest[:-1]
    if rest and rest[-1]:
        raise Invalid("something stands behind the last tilde")
    if jwt.count(".") != 2:
        raise Invalid("the statement is not a JWT")
    payload = read_json(from_base64url(jwt.split(".")[1], "the payload"), "the payload")
    if not isinstance(payload, dict) or payload.get("_sd_alg", "sha-256") != "sha-256":
        raise Invalid("the payload is not an object with digests of SHA-256")
    given = {base64.urlsafe_b64encode(sha256(d.encode())).rstrip(b"=").decode(): d for d in disclosures}
    if len(given) != len(disclosures):
        raise Invalid("a disclosure is given twice")
    found = []
    digests_in(payload, found)
    seen = set()
    for digest, is_element in found:  # grows while disclosures lead to further ones
        if not isinstance(digest, str) or digest in seen:
            raise Invalid("a digest is no text, or appears twice")
        seen.add(digest)
        if digest in given:
            of_element, value = read_disclosure(given[digest])
            if of_element != is_element:
                raise Invalid("a disclosure is not of the kind that its digest stands for")
            digests_in(value, found)
    if not seen.issuperset(given):
        raise Invalid("the statement does not sign one of the disclosures")
    return len(given), len(seen) - len(given)


def verify(vkey, receipt, statement):
    """-> (index, tree size, time of receipt in milliseconds since 1970)"""
    head, separator, note = receipt.partition("\n\n")
    lines = head.split("\n")
    if not separator or len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Invalid("the receipt is not a tlog-proof with an extra line")
    if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise Invalid("the receipt lacks its extra line or its index")
    extra = unbase64(lines[1][len("extra "):], "the extra line")
    if len(extra) != 8:
        raise Invalid("the extra line is not a time of receipt")
    index = decimal(lines[2][len("index "):], "the index")
    proof = [unbase64(line, "a proof line") for line in lines[3:]]
    if any(len(p) != 32 for p in proof):
        raise Invalid("a proof line is not a SHA-256")
    jwt = statement.strip().split("~")[0]
    size, root = open_checkpoint(note, vkey)
    check_inclusion(index, size, sha256(b"\x00", extra, jwt.encode()), proof, root)
    check_disclosures(statement)
    return index, size, int.from_bytes(extra, "big")


def check_consistency(first, second, first_root, second_root, proof):
    """RFC 9162, section 2.1.4.2: the tree of `second` entries begins with that of `first`, which is smaller and not empty."""
    if first & (first - 1) == 0:
        proof = [first_root, *proof]
    if not proof:
        raise Invalid("the proof is too short")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            raise Invalid("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = sha256(b"\x01", c, fr), sha256(b"\x01", c, sr)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            sr = sha256(b"\x01", sr, c)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise Invalid("the proof is too short")
    if (fr, sr) != (first_root, second_root):
        raise Invalid("the proof does not lead from the smaller tree to the signed root of the larger one")


def verify_fork(vkey, text):
    """What convicts the log by itself: two signed trees, and that the larger one begins with another tree of the smaller one's
    size. -> (size of the smaller, of the larger)"""
    fork = read_json(text.encode(), "the evidence")
    if not isinstance(fork, dict) or not isinstance(fork.get("proof"), list) or not all(
            isinstance(t, str) for t in (fork.get("older"), fork.get("newer"), fork.get("newer_begins_with"), *fork["proof"])):
        raise Invalid("the evidence lacks a tree or its proof")
    older, root = open_checkpoint(fork["older"], vkey)
    newer, newer_root = open_checkpoint(fork["newer"], vkey)
    begins = unbase64(fork["newer_begins_with"], "what the larger tree begins with")
    proof = [unbase64(h, "a hash of the proof") for h in fork["proof"]]
    if older == newer:
        if begins != newer_root or proof:
            raise Invalid("two trees of one size need no proof")
    elif not 0 < older < newer:
        raise Invalid("the trees are not in the order of their sizes")
    else:
        check_consistency(older, newer, begins, newer_root, proof)
    if begins == root:
        raise Invalid("the larger tree begins with the smaller one")
    return older, newer


def judge_fork(vkey, fork):
    try:
        if Path(vkey).is_file():
            vkey = Path(vkey).read_text(encoding="utf-8")
        older, newer = verify_fork(vkey, Path(fork).read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError) as e:
        print(e, file=sys.stderr)
        return 2
    except Invalid as e:
        print(f"does not hold: {e}")
        return 1
    print(f"holds: the log has signed a tree of {newer} entries that does not begin with its tree of {older}")
    return 0


def main(arguments):
    if len(arguments) == 2:
        return judge_fork(*arguments)
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    vkey, receipt, statement = arguments
    try:
        if Path(vkey).is_file():
            vkey = Path(vkey).read_text(encoding="utf-8")
        receipt = Path(receipt).read_bytes().decode("utf-8")
        statement = Path(statement).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        print(e, file=sys.stderr)
        return 2
    try:
        index, size, received_at = verify(vkey, receipt, statement)
        disclosed, withheld = check_disclosures(statement)
    except Invalid as e:
        print(f"does not hold: {e}")
        return 1
    print(f"holds: entry {index} of a signed tree of {size}, received {received_at} ms after 1970-01-01T00:00Z")
    print(f"{disclosed} disclosure(s), each signed with it; {withheld} digest(s) without one")
    print("not covered: whether it is true, who signed it, what was withheld or came later, what others were shown")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
