"""Sealed disclosures: what a sealer, a stranger, another signatory or a lying host tries with a JWE. All of them are made by
jwcrypto and by hand; what only a reader can notice, `relais open` is asked for."""
import contextlib
import copy
import json
import os

from acts import HASH, IDENTITY
from harness import (AMICALE, ANALYST, DETECTED, ML1, ML2, PREF, Key, b64u, case, compact, digest, disclosure, run, unb64u)
from jwcrypto import jwk
from sealing import SealKey, Sealing, header_of, post, seal, seal_text, submission
from stage import files_with, staged
from table import Row, control
from wire import said

KEYS, FORM, PLACE, READERS, OPENING, STRANGERS, CLEAR, HOST = (
    "whom it is sealed to", "form of a JWE", "what it stands for", "recipients", "what was sealed", "a stranger who posts later",
    "what must be sealed", "what even the host cannot read")
NO = r"4.. (jwe|sealed|sealing|json|submission|must|disclosure)-\S+"
SECRET = b"marqueur-scelle-3391"
P = 2**255 - 19
# u-coordinates of order 1, 2, 4 and 8 (https://cr.yp.to/ecdh.html), and second encodings of them.
LOW_ORDER = (0, 1, 325606250916557431795983626356110631294008115727848805560023387167927233504,
             39382357235489614581723060781553021112529911719440698176882885853963445705823, P - 1, P, P + 1,
             2**255, 2**255 + 1, 2**256 - 20)


@contextlib.contextmanager
def stage():
    with staged() as s:
        s.enrol = lambda slug: Sealing.enrol_sealing_key(s, slug)
        s.keys = {slug: s.enrol(slug) for slug in (ML1, ML2)}
        s.key_files = {}
        for slug, key in s.keys.items():
            s.key_files[slug] = s.folder / f"{slug}.seal.jwk"
            s.key_files[slug].write_text(key.private_json())
            s.key_files[slug].chmod(0o600)
        yield s


def hidden(s, slug=ML1, name="case.detected", subject=None, data=None, member="note", value=None):
    """-> (a bare statement, the disclosure that it hides)"""
    value = value or SECRET.decode()
    return Sealing.hidden_statement(s, slug, name, subject or case(), data or DETECTED, member, value)


def made(s, to=(ML1, ML2)):
    """-> (a bare statement, its disclosure sealed)"""
    statement, text = hidden(s)
    return statement, seal(text, [s.keys[slug] for slug in to], "note")


def sent(s, statement, *sealed, by=ML1):
    return said(post(s.reader(by) if by else s.server.client(), submission(statement, *sealed)))


def taken(client, statement):
    answer = client.post(statement)
    assert answer.status == 201, answer


def changed(change, to=(ML1, ML2)):
    """The attempt: a new statement with its JWE, which `change` was done to."""
    def attempt(s):
        statement, sealed = made(s, to)
        sealed = copy.deepcopy(sealed)
        change(sealed)
        return sent(s, statement, sealed)
    return attempt


def header(**members):
    """Members of the protected header are set, or taken out where they are None."""
    def change(sealed):
        protected = {**header_of(sealed), **members}
        sealed["protected"] = b64u(compact({k: v for k, v in protected.items() if v is not None}))
    return change


def recipient(**members):
    """The same of the first recipient's header."""
    def change(sealed):
        old = {**sealed["recipients"][0]["header"], **members}
        sealed["recipients"][0]["header"] = {k: v for k, v in old.items() if v is not None}
    return change


def put(name, value):
    return lambda sealed: sealed.__setitem__(name, value)


def epk(**members):
    return lambda sealed: recipient(epk={**sealed["recipients"][0]["header"]["epk"], **members})(sealed)


def forms():
    yield control("a JWE of jwcrypto", FORM, changed(lambda sealed: None), "201")
    for alg in ("none", "dir", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "A256KW", "RSA1_5", "RSA-OAEP-256",
                "PBES2-HS512+A256KW", "ecdh-es+a256kw", "", 1):
        yield Row(f"alg {alg!r}", FORM, changed(recipient(alg=alg)), NO)
    yield Row("no alg", FORM, changed(recipient(alg=None)), NO)
    yield Row("alg in the protected header", FORM, changed(header(alg="ECDH-ES+A256KW")), NO)
    for enc in ("none", "A128GCM", "A192GCM", "A256CBC-HS512", "XC20P", "", None):
        yield Row(f"enc {enc!r}", FORM, changed(header(enc=enc)), NO)
    yield Row("enc beside the authenticated part", FORM, changed(lambda j: (header(enc=None)(j), recipient(enc="A256GCM")(j))), NO)
    yield Row("compressed, as the header says", FORM, changed(header(zip="DEF")), "400 jwe-compressed")
    yield Row("compressed, by jwcrypto", FORM, compressed, "400 jwe-compressed")
    yield Row("zip in a recipient's header", FORM, changed(recipient(zip="DEF")), "400 jwe-compressed")
    yield Row("crit", FORM, changed(header(crit=["exp"], exp=1)), "400 jwe-critical")
    for name, value in (("p2c", 2**31), ("jku", "http://127.0.0.1/"), ("jwk", {"kty": "oct"}), ("x5u", "http://127.0.0.1/"),
                        ("apu", "QQ"), ("apv", "QQ"), ("typ", "JWE"), ("iv", "AA")):
        yield Row(f"{name} in a recipient's header", FORM, changed(recipient(**{name: value})), NO)
    for name in ("unprotected", "aad", "header", "encrypted_key", "ephemeral"):
        yield Row(f"a member {name}", FORM, changed(put(name, {"alg": "none"} if name in ("unprotected", "header") else "QQ")), NO)
    for name in ("protected", "recipients", "iv", "ciphertext", "tag"):
        yield Row(f"no {name}", FORM, changed(lambda j, name=name: j.pop(name)), NO)
    yield Row("a tag of 12 bytes", FORM, changed(lambda j: put("tag", j["tag"][:16])(j)), "400 jwe-size")
    yield Row("no tag at all", FORM, changed(put("tag", "")), "400 jwe-size")
    yield Row("an iv of 16 bytes", FORM, changed(put("iv", b64u(bytes(16)))), "400 jwe-size")
    yield Row("a padded iv", FORM, changed(put("iv", b64u(bytes(12)) + "=")), "400 jwe-size")
    yield Row("a key of 32 bytes in place of a wrapped one", FORM,
              changed(lambda j: j["recipients"][0].__setitem__("encrypted_key", b64u(bytes(32)))), "400 jwe-size")
    yield Row("a ciphertext of 64 KiB and one byte", FORM, changed(put("ciphertext", b64u(bytes(64 * 1024 + 1)))), "413 jwe-too-large")
    yield Row("the compact serialization", FORM, lambda s: sent(s, made(s)[0], "e30.QQ.QQ.QQ.QQ"), NO)
    yield Row("a protected header with a member twice", FORM, changed(lambda j: put("protected", b64u(
        compact(header_of(j))[:-1] + ',"enc":"A256GCM"}'))(j)), "400 json-duplicate-member")
    yield Row("a JWE with a member twice", FORM, member_twice, "400 json-duplicate-member")


def compressed(s):
    statement, text = hidden(s)
    protected = {"enc": "A256GCM", "relais_digest": digest(text), "relais_member": "note", "zip": "DEF"}
    return sent(s, statement, seal_text(text, [s.keys[ML1]], protected))


def member_twice(s):
    statement, sealed = made(s)
    body = submission(statement, sealed).replace('"tag":', '"tag":"AAAAAAAAAAAAAAAAAAAAAA","tag":', 1)
    return said(post(s.reader(ML1), body))


def points():
    for u in LOW_ORDER:
        x = b64u(u.to_bytes(32, "little"))
        yield Row(f"an ephemeral point of low order, {x[:8]}…", KEYS, changed(epk(x=x)), "400 jwe-epk")
        yield Row(f"a sealing key of low order, {x[:8]}…", KEYS, enrolling(x), "422 format-x25519")
    yield Row("a second encoding of the base point", KEYS, changed(epk(x=b64u((9 + 2**255).to_bytes(32, "little")))), "400 jwe-epk")
    p256 = json.loads(jwk.JWK.generate(kty="EC", crv="P-256").export_public())
    yield Row("an ephemeral key on P-256", KEYS, changed(recipient(epk={k: p256[k] for k in ("kty", "crv", "x", "y")})), NO)
    for members in ({"crv": "P-256"}, {"crv": "X448"}, {"crv": "Ed25519"}, {"kty": "EC"}, {"kty": "oct"}, {"x": ""}, {"x": "AA"},
                    {"x": b64u(bytes(33))}, {"d": b64u(os.urandom(32))}, {"y": b64u(bytes(32))}):
        yield Row(f"an ephemeral key with {compact(members)[:40]}", KEYS, changed(epk(**members)), NO)
    yield Row("no ephemeral key", KEYS, changed(recipient(epk=None)), NO)
    yield Row("one ephemeral key for two recipients", KEYS, changed(
        lambda j: recipient(epk=j["recipients"][1]["header"]["epk"])(j)), "400 jwe-epk")
    yield Row("one in the protected header for both", KEYS, changed(lambda j: header(epk=j["recipients"][0]["header"]["epk"])(j)), NO)


def enrolling(x):
    def attempt(s):
        signatory = s.by(ML1)
        data = signatory.key_data(Key(), s.ledger.origin, sealing_key=x)
        return said(s.reader(ML1).post(signatory.statement("key.enrolled", f"signatory/{ML1}", data)))
    return attempt


def places():
    def of_another(s):
        return sent(s, hidden(s)[0], made(s)[1])

    def under_another_digest(s):
        statement, text = hidden(s)
        return sent(s, statement, seal(text, [s.keys[ML1]], "note", relais_digest=digest("another text")))

    def as_member(member):
        def attempt(s):
            statement, text = hidden(s)
            return sent(s, statement, seal(text, [s.keys[ML1]], member))
        return attempt

    def twice(s):
        statement, sealed = made(s)
        return sent(s, statement, sealed, sealed)

    def two_members(s):
        statement, text = hidden(s)
        return sent(s, statement, *[seal(text, [s.keys[ML1]], member) for member in ("note", "gender")])

    def and_clear(s):
        statement, text = hidden(s)
        return sent(s, f"{statement}{text}~", seal(text, [s.keys[ML1]], "note"))

    yield Row("moved to another statement", PLACE, of_another, "400 sealed-unreferenced")
    yield Row("under a digest that nobody signed", PLACE, under_another_digest, NO)
    for member in ("risk", "identity", "_sd", "", "data.note", "x" * 65, "id"):
        yield Row(f"as the member {member[:12]!r}", PLACE, as_member(member), NO)
    yield Row("without a digest", PLACE, changed(header(relais_digest=None)), NO)
    yield Row("with a digest of 31 bytes", PLACE, changed(header(relais_digest=b64u(bytes(31)))), NO)
    yield Row("with a number for a digest", PLACE, changed(header(relais_digest=7)), NO)
    yield Row("twice in one request", PLACE, twice, "400 sealed-repeated")
    yield Row("as two members at once", PLACE, two_members, "400 sealed-member")
    yield Row("beside the same in clear", PLACE, and_clear, "400 sealed-and-clear")
    yield Row("65 of them", PLACE, lambda s: (lambda m: sent(s, m[0], *[m[1]] * 65))(made(s)), NO)
    for name, body in (("no list", '{"statement":"x","sealed":{}}'), ("a number", '{"statement":1}'),
                       ("more members", '{"statement":"x","sealed":[],"atomic":true}')):
        yield Row(f"a body with {name}", PLACE, lambda s, body=body: said(post(s.reader(ML1), body)), r"400 \S+")


def readers():
    def to_keys(*keys):
        def attempt(s):
            statement, text = hidden(s)
            return sent(s, statement, seal(text, [*(k(s) for k in keys)], "note"))
        return attempt

    def ended(s):
        key = s.enrol(AMICALE)
        kids = {k["sealingKid"]: k["kid"] for k in s.reader(ML1).get("/v1/keys").json()["keys"] if "sealingKid" in k}
        s.act(AMICALE, "key.revoked", f"signatory/{AMICALE}", {"kid": kids[key.kid], "reason": "compromised"})
        return to_keys(lambda s: key)(s)

    def another_kid(s):
        """Sealed to a key of the attacker's under the name of the prefecture's."""
        statement, text = hidden(s)
        sealed = seal(text, [SealKey()], "note")
        sealed["recipients"][0]["header"]["kid"] = s.by(ML2).key.kid  # a signing key
        return sent(s, statement, sealed)

    def many(s):
        statement, sealed = made(s, (ML1,))
        for _ in range(32):
            extra = seal(disclosure("note", "x"), [SealKey()], "note")["recipients"][0]
            sealed["recipients"].append(extra)
        return sent(s, statement, sealed)

    own = lambda s: s.keys[ML1]
    yield control("to an enrolled key", READERS, to_keys(own), "201")
    yield Row("to a key that nobody enrolled", READERS, to_keys(own, lambda s: SealKey()), "422 sealing-key-unknown")
    yield Row("to a key whose signing key was revoked", READERS, ended, "422 sealing-key-ended")
    yield Row("under the name of a signing key", READERS, another_kid, "422 sealing-key-unknown")
    yield Row("to one key twice", READERS, to_keys(own, own), "400 jwe-recipient-repeated")
    yield Row("to 33 keys", READERS, many, "400 jwe-recipients")
    yield Row("to nobody", READERS, changed(put("recipients", [])), "400 jwe-recipients")
    yield Row("under no name", READERS, changed(recipient(kid=None)), NO)
    yield Row("under a slug", READERS, changed(recipient(kid=PREF)), NO)
    yield Row("the sealing key of another enrolled as one's own", READERS, lambda s: enrolling(s.keys[ML2].x)(s),
              "409 sealing-key-known")


def opened(change, key=ML1):
    """The attempt: a host gives the submission with `change` done to its JWE; what the reader is told."""
    def attempt(s):
        statement, sealed = made(s)
        statement, sealed = change(s, statement, sealed) or (statement, sealed)
        done = run("open", "--json", "--key", s.key_files[key], "-", stdin=submission(statement, sealed) + "\n", ok=None)
        if done.returncode == 0:
            return "opened " + json.loads(done.stdout)["opened"][0]["value"]
        return f"exit {done.returncode} {json.loads(done.stderr)['error']['rule']}"
    return attempt


def flip(name):
    def change(s, statement, sealed):
        raw = bytearray(unb64u(sealed[name]))
        raw[0] ^= 1
        sealed[name] = b64u(bytes(raw))
    return change


def openings():
    def wrong_epk(s, statement, sealed):
        sealed["recipients"][0]["header"]["epk"]["x"] = SealKey().x

    def swapped(s, statement, sealed):
        first, second = sealed["recipients"]
        first["encrypted_key"], second["encrypted_key"] = second["encrypted_key"], first["encrypted_key"]

    def swapped_names(s, statement, sealed):
        first, second = (r["header"] for r in sealed["recipients"])
        first["kid"], second["kid"] = second["kid"], first["kid"]

    def stripped(s, statement, sealed):
        del sealed["recipients"][0]

    def other_aad(s, statement, sealed):
        header(relais_member="gender")(sealed)

    def moved(s, statement, sealed):
        return hidden(s)[0], sealed

    def redirected(s, statement, sealed):
        """Moved, with the header that the other statement asks for."""
        other, text = hidden(s)
        header(relais_digest=digest(text))(sealed)
        return other, sealed

    def lie(s, statement, sealed):
        """The sealer hides another text than it has signed for."""
        other, text = hidden(s)
        return other, seal(disclosure("note", "a lie"), [s.keys[ML1]], "note", relais_digest=digest(text))

    def other_member(s, statement, sealed):
        other, text = hidden(s)
        return other, seal(text, [s.keys[ML1]], "gender")

    no = r"exit 1 (jwe-opening|jwe-recipient|nothing-sealed|sealed-differs|sealed-unreferenced)"
    yield control("as it was sealed", OPENING, opened(lambda *_: None), f"opened {SECRET.decode()}")
    yield control("as it was sealed, by the other reader", OPENING, opened(lambda *_: None, ML2), f"opened {SECRET.decode()}")
    for name, change in (("another ephemeral key", wrong_epk), ("wrapped keys swapped", swapped), ("names swapped", swapped_names),
                         ("its recipient stripped", stripped), ("another member in the header", other_aad),
                         ("a bit of the tag", flip("tag")), ("a bit of the iv", flip("iv")), ("a bit of the text", flip("ciphertext")),
                         ("moved to another statement", moved), ("moved, and its header rewritten", redirected),
                         ("another text than was signed", lie), ("the member's name a lie", other_member)):
        yield Row(name, OPENING, opened(change), no)


def strangers():
    def later(by):
        def attempt(s):
            statement, sealed = made(s)
            taken(s.reader(ML1), statement)
            return sent(s, statement, sealed, by=by)
        return attempt

    def flood(s):
        statement, text = hidden(s)
        taken(s.reader(ML1), statement)
        answers = [sent(s, statement, seal(text, [s.keys[ML1]], "note")) for _ in range(9)]
        return ", ".join(dict.fromkeys(answers))

    def filled(s):
        """A reader fills the copies with rubbish; then the holder seals for another."""
        statement, text = hidden(s)
        assert post(s.reader(ML1), submission(statement, seal(text, [s.keys[ML1], s.keys[ML2]], "note"))).status == 201
        answers = [sent(s, statement, seal(disclosure("note", f"x{n}"), [s.keys[ML2]], "note", relais_digest=digest(text)), by=ML2)
                   for n in range(9)]
        return f"{answers.count('200')} of {', '.join(dict.fromkeys(answers))}; {sent(s, statement, seal(text, [s.keys[ML1]], 'note'))}"

    def unsealed(s):
        statement, text = hidden(s)
        assert post(s.reader(ML1), submission(statement, seal(text, [s.keys[ML1]], "note"))).status == 201
        return said(s.server.client().post(f"{statement}{text}~"))

    def receipt(s):
        """Who came by the JWT seals rubbish to it, so that it looks whole."""
        statement, sealed = made(s)
        assert post(s.reader(ML1), submission(statement, sealed)).status == 201
        rubbish = seal(disclosure("note", "x"), [s.keys[ML1]], "note", relais_digest=header_of(sealed)["relais_digest"])
        answer = post(s.server.client(), submission(statement, rubbish))
        return f"{said(answer)}, a receipt: {'receipt' in answer.json()}"

    def erased(s):
        subject = case()
        statement, text = hidden(s, subject=subject)
        sealed = seal(text, [s.keys[ML1]], "note")
        assert post(s.reader(ML1), submission(statement, sealed)).status == 201
        s.act(ML1, "case.data_erased", subject, {"basis": "art17", "targets": [1]})
        return sent(s, statement, sealed)

    def read(by):
        def attempt(s):
            statement, sealed = made(s)
            event = post(s.reader(ML1), submission(statement, sealed)).json()["id"]
            answer = s.reader(by).get(f"/v1/events/{event}?format=submission")
            return f"{said(answer)} {len(answer.json().get('sealed', []))}"
        return attempt

    yield control("its signer brings it later", STRANGERS, later(ML1), "200")
    yield Row("anybody brings one later", STRANGERS, later(None), "403 sealed-stranger")
    yield Row("another signatory brings one later", STRANGERS, later(ML2), "403 sealed-stranger")
    yield Row("nine copies of one disclosure", STRANGERS, flood, "200, 409 limit-sealed")
    yield Row("what was sealed, in clear, by who can open it", STRANGERS, unsealed, "409 disclosure-sealed")
    yield Row("a reader fills the copies with rubbish", STRANGERS, filled, "3 of 200, 409 limit-sealed; 200")
    yield Row("rubbish that looks whole, for the receipt", STRANGERS, receipt, "403 sealed-stranger, a receipt: False")
    yield Row("what was erased, once more", STRANGERS, erased, "409 disclosures-erased")
    yield control("its signer reads it", STRANGERS, read(ML1), "200 1")
    yield Row("a signatory that has nothing to do with the case reads it", STRANGERS, read(ML2), "404 .*")
    yield Row("the analyst reads it", STRANGERS, read(ANALYST), "200 0")


def musts():
    """In order: the last ones need the prefecture's key, and from then on it has one."""
    def applied(s, *sealed_to, clear=False):
        subject = s.supported(AMICALE)
        s.consent(AMICALE, subject, "psp")
        statement, text = hidden(s, AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, "identity", IDENTITY)
        if clear:
            return said(s.reader(AMICALE).post(f"{statement}{text}~"))
        return sent(s, statement, seal(text, list(sealed_to), "identity"), by=AMICALE)

    def completed(s):
        subject = s.supported(AMICALE)
        s.consent(AMICALE, subject, "psp")
        statement, text = hidden(s, AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, "identity", IDENTITY)
        taken(s.reader(AMICALE), statement)
        return said(s.reader(AMICALE).post(f"{statement}{text}~"))

    def start(s):
        s.accredit(AMICALE)
        s.appoint()
        return applied(s, clear=True)

    def pref(s):
        if PREF not in s.keys:
            s.keys[PREF] = s.enrol(PREF)
        return s.keys[PREF]

    yield control("an identity in clear, while the prefecture has no sealing key", CLEAR, start, "201")
    yield control("an identity that is sealed to the prefecture", CLEAR, lambda s: applied(s, pref(s)), "201")
    yield Row("an identity in clear", CLEAR, lambda s: applied(s, clear=True), "422 must-be-sealed")
    yield Row("an identity in clear, after the statement", CLEAR, completed, "422 must-be-sealed")
    yield Row("an identity with the prefecture stripped", CLEAR, lambda s: applied(s, s.keys[ML1]), "422 sealed-recipient-missing")


def host():
    def searched(s):
        statement, text = hidden(s)
        assert post(s.reader(ML1), submission(statement, seal(text, [s.keys[ML1]], "note"))).status == 201
        return f"in {files_with(s.ledger.data, SECRET)}, as base64url in {files_with(s.ledger.data, text.encode())}"

    yield Row("the text is looked for in every file of the data folder", HOST, searched, r"in \[\], as base64url in \[\]")


def rows():
    for group in (forms, points, places, readers, openings, strangers, musts, host):
        yield from group()
