"""Credentials that are none: tokens, and keys that would make them."""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from harness import AMICALE, ML1, ML2, Key, Signatory, b64u, compact, in_seconds, jwt_of, unb64u
from stage import staged
from table import Row, control
from wire import exchange, said

TYP = "relais-access+jwt"
ORDER = 2**252 + 27742317777372353535851937790883648493  # of Ed25519's base point (RFC 8032, section 5.1)
UNSIGNED, HEADER, CLAIMS, TEXT, PLACE, KEYS = ("algorithms and signatures", "header of a token", "claims of a token",
                                               "text of a token",
                                               "place of a token", "keys")
NO = r"401 \S+"


@contextlib.contextmanager
def stage():
    with staged("--clock-seconds", 3600) as s:
        s.revoked, s.later = Key(), Key()
        s.act(AMICALE, "key.enrolled", own(AMICALE), s.by(AMICALE).key_data(s.revoked, s.ledger.origin))
        s.act(AMICALE, "key.revoked", own(AMICALE), {"kid": s.revoked.kid, "reason": "lost"})
        s.act(AMICALE, "key.enrolled", own(AMICALE),
              s.by(AMICALE).key_data(s.later, s.ledger.origin, valid_from=in_seconds(86_400)))
        yield s


def own(slug):
    return f"signatory/{slug}"


def claims(s, **other):
    now = int(time.time())
    body = {"iss": s.by(ML1).source, "aud": s.ledger.origin, "iat": now, "exp": now + 240, "jti": "1", "purpose": "to try", **other}
    return {k: v for k, v in body.items() if v is not None}


def head(s, **other):
    body = {"alg": "EdDSA", "typ": TYP, "kid": s.by(ML1).key.kid, **other}
    return {k: v for k, v in body.items() if v is not None}


def read(s, line):
    """GET /v1/cases with this header line."""
    return exchange(s.server, f"GET /v1/cases HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode("latin-1"))


def bearer(s, token):
    return read(s, f"Authorization: Bearer {token}")


def parts(s, header=None, payload=None, sign=None):
    """The attempt with a token of this header and payload, and the signature that `sign` makes of their text."""
    header = compact(head(s)) if header is None else header
    payload = compact(claims(s)) if payload is None else payload
    text = f"{b64u(header)}.{b64u(payload)}"
    signature = s.by(ML1).key.sign(text) if sign is None else sign(text.encode())
    return bearer(s, f"{text}.{b64u(signature)}")


def with_head(**other):
    return lambda s: parts(s, compact(head(s, **other)))


def with_claims(**other):
    return lambda s: parts(s, payload=compact(claims(s, **{k: v(s) if callable(v) else v for k, v in other.items()})))


def good(s):
    return s.by(ML1).token(s.ledger.origin)


def changed(change):
    """A good token's text, changed."""
    return lambda s: bearer(s, change(good(s)))


def unsigned():
    def hmac_by(secret):
        return lambda s: parts(s, compact(head(s, alg="HS256")),
                               sign=lambda text: hmac.new(secret(s.by(ML1).key), text, hashlib.sha256).digest())

    yield Row("alg none without a signature", UNSIGNED, lambda s: parts(s, compact(head(s, alg="none")), sign=lambda text: b""), NO)
    for alg in (
            "none", "None", "nOnE", "HS256", "RS256", "ES256", "PS512", "Ed448", "ed25519", "EDDSA", "EdDSA ", "", 1,
            ["EdDSA"], None, True, {"alg": "EdDSA"}):
        yield Row(f"alg {alg!r} with a good signature", UNSIGNED, with_head(alg=alg), NO)
    yield Row("HS256 with the public key for a secret", UNSIGNED, hmac_by(lambda key: unb64u(key.x)), NO)
    yield Row("HS256 with the public key's text", UNSIGNED, hmac_by(lambda key: key.x.encode()), NO)
    yield Row("HS256 with the public JWK", UNSIGNED, hmac_by(lambda key: key.jwk.export_public().encode()), NO)
    yield Row("HS256 with nothing for a secret", UNSIGNED, hmac_by(lambda key: b""), NO)
    curve = ec.generate_private_key(ec.SECP256R1())
    yield Row("a signature on another curve", UNSIGNED,
              lambda s: parts(s, compact(head(s, alg="ES256")), sign=lambda text: curve.sign(text, ec.ECDSA(hashes.SHA256()))), NO)
    yield Row("the same called EdDSA", UNSIGNED,
              lambda s: parts(s, sign=lambda text: curve.sign(text, ec.ECDSA(hashes.SHA256()))[-64:]), NO)
    yield Row("a signature of Ed448", UNSIGNED, lambda s: parts(s, sign=ed448.Ed448PrivateKey.generate().sign), NO)
    yield Row("another key under this kid", UNSIGNED, lambda s: parts(s, sign=lambda text: Key().sign(text.decode())), NO)
    yield Row("another signatory's key under this kid", UNSIGNED,
              lambda s: parts(s, sign=lambda text: s.by(ML2).key.sign(text.decode())), NO)
    yield Row("the signature of another token", UNSIGNED, lambda s: parts(s, sign=lambda text: unb64u(good(s).split(".")[2])), NO)
    yield Row("no signature", UNSIGNED, lambda s: parts(s, sign=lambda text: b""), NO)
    yield Row("zeros for a signature", UNSIGNED, lambda s: parts(s, sign=lambda text: bytes(64)), NO)
    yield Row("the point of order one, and zero", UNSIGNED, lambda s: parts(s, sign=lambda text: b"\1" + bytes(63)), NO)

    def longer(s):  # S + order: the same equation holds (RFC 8032, section 8.4)
        def sign(text):
            signature = s.by(ML1).key.sign(text.decode())
            return signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
        return parts(s, sign=sign)

    yield Row("a signature with the order added", UNSIGNED, longer, NO)
    yield control("alg Ed25519 (RFC 9864)", UNSIGNED, with_head(alg="Ed25519"), "200")
    yield control("a good token", UNSIGNED, lambda s: bearer(s, good(s)), "200")


def header():
    for typ in (None, "JWT", "cloudevents+sd-jwt", "relais-key-proof+jwt", "", 1):
        yield Row(f"typ {typ!r}", HEADER, with_head(typ=typ), NO)
    for kid in (None, "", "x", 1, ["x"], "../../keys/log.jwk", "' OR 1=1 --", "/dev/null", "A" * 43):
        yield Row(f"kid {kid!r}", HEADER, with_head(kid=kid), NO)
    yield Row("kid with stray bits", HEADER, lambda s: parts(s, compact(head(s, kid=stray(s.by(ML1).key.kid)))), NO)
    yield Row("kid with padding", HEADER, lambda s: parts(s, compact(head(s, kid=s.by(ML1).key.kid + "="))), NO)
    key = Key()
    public = json.loads(key.jwk.export_public())
    for name, more in (("crit", {"crit": ["exp"]}), ("an empty crit", {"crit": []}), ("b64 false", {"b64": False, "crit": ["b64"]}),
                       ("a key of its own", {"jwk": public, "kid": key.kid}), ("a key's address", {"jku": "http://127.0.0.1/x"}),
                       ("a certificate", {"x5c": ["AAAA"]}), ("a certificate's address", {"x5u": "http://127.0.0.1/x"}),
                       ("zip", {"zip": "DEF"}), ("enc", {"enc": "A256GCM"}), ("an unknown member", {"x": "y"}),
                       ("a very long member", {"cty": "y" * 4_000})):
        yield Row(name, HEADER, lambda s, more=more: parts(s, compact(head(s, **more)),
                                                           sign=(lambda t: key.sign(t.decode())) if "jwk" in more else None), NO)
    for name, text in (
            ("alg twice", '{"alg":"none","alg":"EdDSA","typ":"%s","kid":"%s"}'),
            ("kid twice", '{"alg":"EdDSA","typ":"%s","kid":"x","kid":"%s"}'), ("no object", '["EdDSA","%s","%s"]'),
            ("no JSON", "%s %s"), ("a byte order mark", '\ufeff{"alg":"EdDSA","typ":"%s","kid":"%s"}'),
            ("a comment", '{"alg":"EdDSA",/**/"typ":"%s","kid":"%s"}'),
            ("a comma too many", '{"alg":"EdDSA","typ":"%s","kid":"%s",}')):
        yield Row(f"header with {name}", HEADER, lambda s, text=text: parts(s, text % (TYP, s.by(ML1).key.kid)), NO)


def claims_rows():
    now = int(time.time())
    for name, other in (
            ("expired", {"iat": now - 600, "exp": now - 400}), ("expired a second ago", {"iat": now - 100, "exp": now - 1}),
            ("issued in the future", {"iat": now + 3_600, "exp": now + 3_700}), ("ten years", {"exp": now + 315_360_000}),
            ("an hour", {"exp": now + 3_600}), ("six minutes from now", {"iat": now + 50, "exp": now + 360}),
            ("an end before its beginning", {"exp": now - 10, "iat": now}), ("no lifetime", {"iat": now, "exp": now}),
            ("from before 1970", {"iat": -100, "exp": 100}), ("a fraction of a second", {"iat": now + 0.5}),
            ("iat as text", {"iat": str(now)}), ("exp as text", {"exp": str(now + 100)}),
            ("exp of 64 bits", {"exp": 2**64 - 1}), ("exp of 63 bits and iat near", {"exp": 2**63 - 1, "iat": 2**63 - 200}),
            ("nbf of 64 bits", {"nbf": 2**64 - 1}), ("nbf past 9999", {"nbf": 253_402_300_800}), ("nbf as text", {"nbf": str(now)}),
            ("nbf before 1970", {"nbf": -1}), ("nbf of a fraction", {"nbf": now - 0.5}), ("nbf none", {"nbf": []}),
            ("exp true", {"exp": True}), ("exp of 1e10", {"exp": 1e10}), ("exp in milliseconds", {"exp": (now + 100) * 1_000}),
            ("another audience", {"aud": "relais.example/other"}), ("an empty audience", {"aud": ""}),
            ("an audience in capitals", {"aud": "RELAIS.EXAMPLE/RHONE-2023"}),
            ("an audience and a slash", {"aud": "relais.example/rhone-2023/"}),
            ("the audience with a blank", {"aud": "relais.example/rhone-2023 "}),
            ("two audiences", {"aud": ["relais.example/rhone-2023", "x"]}),
            ("another issuer", {"iss": lambda s: s.by(ML2).source}), ("an issuer by short name", {"iss": ML1}),
            ("an issuer in capitals", {"iss": lambda s: s.by(ML1).source.upper()}),
            ("an issuer of another convention", {"iss": "urn:relais:paris-2024:mission-locale-1"}),
            ("the system for an issuer", {"iss": "urn:relais:rhone-2023:system"}), ("an empty issuer", {"iss": ""}),
            ("an issuer and a NUL", {"iss": lambda s: s.by(ML1).source + "\0"}), ("an empty purpose", {"purpose": ""}),
            ("a purpose of 100,000 bytes", {"purpose": "p" * 9_000}), ("a purpose that is no text", {"purpose": ["x"]}),
            ("an empty jti", {"jti": ""}), ("a long jti", {"jti": "j" * 5_000}), ("a jti that is a number", {"jti": 1})):
        yield Row(name.replace("100,000", "9,000"), CLAIMS, with_claims(**other), NO)
    for missing in ("iss", "aud", "iat", "exp", "jti", "purpose"):
        yield Row(f"no {missing}", CLAIMS, with_claims(**{missing: None}), NO)
    for name, text in (
            ("iss twice", lambda c: c.replace('{"iss"', '{"iss":"x","iss"')), ("exp twice", lambda c: c[:-1] + ',"exp":1}'),
            ("an escaped name twice", lambda c: c[:-1] + ',"\\u0069ss":"x"}'), ("a list", lambda c: f"[{c}]"),
            ("no JSON", lambda c: c[:-1]), ("two objects", lambda c: c + c), ("nothing", lambda c: ""),
            ("bad UTF-8", lambda c: c.encode()[:-2] + b'\xff"}'),
            ("1,000 levels", lambda c: c[:-1] + ',"x":' + "[" * 1_000 + "]" * 1_000 + "}"),
            ("NaN", lambda c: c[:-1] + ',"x":NaN}'), ("1e999", lambda c: c[:-1] + ',"x":1e999}')):
        yield Row(f"payload with {name}", CLAIMS, lambda s, text=text: parts(s, payload=text(compact(claims(s)))), NO)


def stray(text):
    """The same bytes in base64url with other unused bits in the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]


def each(change, *which):
    """A token of which these parts are changed."""
    return changed(lambda t: ".".join(change(p) if i in which else p for i, p in enumerate(t.split("."))))


def text():
    for name, change in (
            ("stray bits in the signature", each(stray, 2)), ("padding behind the signature", each(lambda p: p + "==", 2)),
            ("padding behind the header", each(lambda p: p + "=" * (-len(p) % 4 or 4), 0)),
            ("a signature without its end", each(lambda p: p[:-1], 2)), ("half a signature", each(lambda p: p[:43], 2)),
            ("a longer signature", each(lambda p: p + "AAAA", 2)),
            ("another first character", each(lambda p: ("A" if p[0] != "A" else "B") + p[1:], 2)),
            ("the payload in lower case", each(str.lower, 1)),
            ("a blank in the payload", each(lambda p: p[:9] + " " + p[9:], 1)),
            ("a tab behind it", changed(lambda t: t[:-3] + "\t" + t[-3:])),
            ("two parts", changed(lambda t: t.rsplit(".", 1)[0])), ("four parts", changed(lambda t: t + ".x")),
            ("five parts", changed(lambda t: t + "..x")), ("a tilde behind it", changed(lambda t: t + "~")),
            ("another token behind a comma", changed(lambda t: t + "," + t)), ("quotes", changed(lambda t: f'"{t}"')),
            ("percent encoding", changed(lambda t: t.replace(".", "%2e"))),
            ("Unicode full stops", changed(lambda t: t.replace(".", "。").encode().decode("latin-1")))):
        yield Row(name, TEXT, change, NO)
    yield Row("standard base64", TEXT,
              lambda s: bearer(s, ".".join(base64.b64encode(unb64u(p)).decode() for p in good(s).split("."))), NO)
    yield Row("JSON serialisation", TEXT, lambda s: bearer(s, compact(dict(zip(("protected", "payload", "signature"),
                                                                               good(s).split("."),
                                                                                strict=True)))), NO)
    yield Row("a token of 12,000 bytes", TEXT, lambda s: bearer(s, good(s) + "A" * 12_000), NO)
    yield Row("a token of 1 MB", TEXT, lambda s: bearer(s, "A" * 1_000_000), "431 header-too-large")
    yield Row("no text", TEXT, lambda s: read(s, "Authorization: Bearer "), NO)
    yield Row("the scheme alone", TEXT, lambda s: read(s, "Authorization: Bearer"), NO)


def place():
    for scheme in ("Basic", "Token", "JWT", "DPoP", "Bearer Bearer", ""):
        yield Row(f"scheme {scheme!r}", PLACE, lambda s, scheme=scheme: read(s, f"Authorization: {scheme} {good(s)}"), NO)
    for field in ("X-Authorization", "Proxy-Authorization", "X-Access-Token", "Cookie", "Authorisation", "X-Forwarded-User"):
        yield Row(field, PLACE, lambda s, field=field: read(s, f"{field}: Bearer {good(s)}"), NO)
    for name in ("token", "access_token", "authorization"):
        yield Row(f"?{name}=", PLACE,
                  lambda s, name=name: exchange(s.server, f"GET /v1/cases?{name}={good(s)} HTTP/1.1\r\nHost: x\r\n\r\n"),
                  r"40[01] \S+")
    yield Row("user and password", PLACE, lambda s: exchange(s.server, "GET http://x:y@h/v1/cases HTTP/1.1\r\nHost: h\r\n\r\n"),
              r"400 \S+")
    for path in (
            "/v1/cases", "/v1/events", "/v1/events/live", "/v1/audit", "/v1/keys", "/v1/signatories",
            "/v1/referrals?box=inbox", "/v1/deadlines", "/v1/capabilities", "/v1/indicators/trainings",
            "/v1/psp", "/v1/sessions", "/v1/sessions/x", "/v1/accreditations", "/v1/library", "/v1/network", "/v1/convention",
            "/log/tile/entries/000.p/1"):
        yield Row(f"{path} without a token", PLACE, lambda s,
                  path=path: exchange(s.server, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"), NO)
        yield Row(f"HEAD {path} without a token", PLACE,
                  lambda s, path=path: exchange(s.server, f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                  "401|closed")
    yield Row("a statement for a token", PLACE, lambda s: bearer(s, jwt_of(by_ml1(s))), NO)
    yield Row("a statement with its tilde", PLACE, lambda s: bearer(s, by_ml1(s)), NO)
    yield Row("a token for a statement", PLACE, lambda s: said(s.reader().post(good(s) + "~")), r"(400|401) \S+")
    yield Row("a proof of possession for a token", PLACE,
              lambda s: bearer(s, s.by(ML1).key_data(s.by(ML1).key, s.ledger.origin)["proof"]), NO)


def by_ml1(s):
    return s.by(ML1).statement("convention.signed", "convention/rhone-2023", {"document_hash": "A" * 43})


def token_by(key, slug):
    return lambda s: bearer(s, (key(s) if callable(key) else key).jwt(claims(s, iss=s.by(slug).source), TYP))


def file_key(s, name):
    return Key((s.ledger.data / "keys" / name).read_text())


def enrol(data, by=ML1, stream=None):
    def attempt(s):
        statement = s.by(by).statement("key.enrolled", stream or own(by), data(s))
        return said(s.reader().post(statement))
    return attempt


def small_order(x):
    """Enrolling a point of small order: for it anybody can make a signature that holds for every text, or for one in eight."""
    def data(s):
        public = b64u(x)
        kid = b64u(hashlib.sha256(compact({"crv": "Ed25519", "kty": "OKP", "x": public}).encode()).digest())
        text = (b64u(compact({"alg": "EdDSA", "typ": "relais-key-proof+jwt", "kid": kid})) + "."
                + b64u(compact({"aud": s.ledger.origin, "iss": s.by(ML1).source})))
        return {"public_key": public, "proof": f"{text}.{b64u(bytes([1]) + bytes(63))}"}
    return enrol(data)


def proof(key, **body):
    return lambda s: {"public_key": key.x, "proof": key.jwt(
        {k: v(s) if callable(v) else v for k, v in body.items()}, "relais-key-proof+jwt")}


def keys():
    yield Row("a key that nobody enrolled", KEYS, token_by(Key(), ML1), NO)
    yield Row("a revoked key", KEYS, token_by(lambda s: s.revoked, AMICALE), NO)
    yield Row("a key that holds from tomorrow", KEYS, token_by(lambda s: s.later, AMICALE), NO)
    yield Row("the log's key", KEYS, token_by(lambda s: file_key(s, "log.jwk"), ML1), NO)
    yield Row("the system's key for a partner", KEYS, token_by(lambda s: file_key(s, "system.jwk"), ML1), NO)
    new = Key()
    refused = r"4.. \S+"
    origin, source = (lambda s: s.ledger.origin), (lambda s: s.by(ML1).source)
    for name, data in (
            ("a proof for another log", proof(new, aud="relais.example/other", iss=source)),
            ("a proof for another signatory", proof(new, aud=origin, iss=lambda s: s.by(ML2).source)),
            ("a proof without an audience", proof(new, iss=source)),
            ("a proof by another key", lambda s: {**proof(Key(), aud=origin, iss=source)(s), "public_key": new.x}),
            ("no proof", lambda s: {"public_key": new.x}),
            ("a token for a proof", lambda s: {"public_key": s.by(ML1).key.x, "proof": good(s)}),
            ("another signatory's key with its own proof", lambda s: s.by(ML2).key_data(s.by(ML2).key, s.ledger.origin)),
            ("its own key again", lambda s: s.by(ML1).key_data(s.by(ML1).key, s.ledger.origin)),
            ("a key of 31 bytes", lambda s: {**proof(new, aud=origin, iss=source)(s), "public_key": b64u(bytes(31))}),
            ("the revoked key again", lambda s: s.by(ML1).key_data(s.revoked, s.ledger.origin))):
        yield Row(f"enrolling with {name}", KEYS, enrol(data), refused)
    for name, x in (("one", b"\1" + bytes(31)), ("two", b"\xec" + b"\xff" * 30 + b"\x7f"), ("four", bytes(32)),
                    ("eight", bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
                    ("no point", b"\2" + bytes(31)), ("one, not reduced", b"\xee" + b"\xff" * 30 + b"\x7f")):
        yield Row(f"enrolling a point of order {name}", KEYS, small_order(x), refused)
    yield Row("enrolling in another's stream", KEYS,
              enrol(lambda s: s.by(ML1).key_data(new, s.ledger.origin), stream=own(ML2)), refused)
    yield Row("revoking another's key", KEYS, lambda s: said(s.reader().post(
        s.by(ML1).statement("key.revoked", own(ML2), {"kid": s.by(ML2).key.kid, "reason": "lost"}))), refused)
    yield Row("revoking another's key in its own stream", KEYS, lambda s: said(s.reader().post(
        s.by(ML1).statement("key.revoked", own(ML1), {"kid": s.by(ML2).key.kid, "reason": "lost"}))), refused)
    yield Row("a statement by a revoked key", KEYS, lambda s: said(s.reader().post(
        s.by(AMICALE).statement("key.revoked", own(AMICALE), {"kid": s.later.kid, "reason": "lost"}, key=s.revoked))), refused)
    yield Row("a statement with another's source", KEYS, lambda s: said(s.reader().post(
        Signatory(ML2, s.by(ML1).key).statement("key.revoked", own(ML2), {"kid": s.by(ML2).key.kid, "reason": "lost"}))), refused)
    yield control("enrolling a key as it should be", KEYS, enrol(lambda s: s.by(ML1).key_data(new, s.ledger.origin)), "201")
    yield Row("a token that was good before its key was revoked", KEYS, revoked_after_use, "200, then 401 key-revoked")
    yield Row("a stream that was open when its key was revoked", KEYS, revoked_in_mid_stream,
              "200, then the end, nothing else told")
    yield Row("a token that was used and has expired", KEYS, expired_after_use, "200, then 401 token-expired")


def fresh_key(s):
    key = Key()
    s.act(ML2, "key.enrolled", own(ML2), s.by(ML2).key_data(key, s.ledger.origin))
    return key


def revoke(s, key):
    s.act(ML2, "key.revoked", own(ML2), {"kid": key.kid, "reason": "lost"})


def revoked_after_use(s):
    key = fresh_key(s)
    token = key.jwt(claims(s, iss=s.by(ML2).source), TYP)
    before = bearer(s, token)
    revoke(s, key)
    return f"{before}, then {bearer(s, token)}"


def expired_after_use(s):
    now = int(time.time())
    token = s.by(ML1).token(s.ledger.origin, iat=now - 290, exp=now + 2)
    before = after = bearer(s, token)
    while after == "200" and time.time() < now + 20:
        after = bearer(s, token)
    return f"{before}, then {after}"


def revoked_in_mid_stream(s):
    key = fresh_key(s)
    connection = http.client.HTTPConnection("127.0.0.1", s.server.port, timeout=20)
    connection.request("GET", "/v1/events/live", None,
                       {"Authorization": "Bearer " + key.jwt(claims(s, iss=s.by(ML2).source), TYP)})
    response = connection.getresponse()
    revoke(s, key)
    told = response.read().decode()
    response.close()
    connection.close()
    return f"{response.status}, then the end, {'an event told: ' + told if 'data:' in told else 'nothing else told'}"


def rows():
    for part in (unsigned, header, claims_rows, text, place, keys):
        yield from part()
