"""Statements that are not what they seem: salts that can be guessed, disclosures of others, texts that have two readings."""
import contextlib
import json
import os
import uuid

from acts import eventually
from harness import (AMICALE, ANALYST, ASSESSED, DETECTED, ML1, ML2, PREF, Key, Signatory, b64u, case, compact, digest,
                     disclosure, jwt_of, run, unb64u, wrapping_key)
from load import entries
from stage import files_with, staged
from table import Row, Skipped, control
from wire import said

TYP = "cloudevents+sd-jwt"
ROOM = "the room of a case"
SALTS, DISCLOSURES, FIRST, SIGNED, ERASED = ("salts", "disclosures", "a stranger who posts first", "what is signed",
                                             "what remains of what was erased")
NO = r"4.. \S+"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@contextlib.contextmanager
def stage():
    with staged("--clock-seconds", 1) as s:
        s.case = s.minor(ML1)
        yield s


def salted(salt, name="note", value="exemple"):
    return b64u(compact([salt, name, value]))


def detected(s, disclosures, digests=None, slug=ML1, **more):
    """A detection with these disclosures, and the digests of others where they are given."""
    signatory = s.by(slug)
    data = {**DETECTED, **more, "_sd": [digest(d) for d in disclosures] if digests is None else digests}
    event = signatory.event("case.detected", case(), data, _sd_alg="sha-256")
    return "~".join([signatory.key.jwt(event, TYP), *disclosures, ""])


def posted(s, statement):
    return said(s.reader().post(statement))


def with_salts(*salts):
    """The attempt: one statement, its disclosures by these salts."""
    names = (("note", "exemple"), ("gender", "woman"))
    return lambda s: posted(s, detected(s, [salted(salt, *names[i]) for i, salt in enumerate(salts)]))


def fresh():
    return b64u(os.urandom(16))


def salts():
    for name, salt in (("22 times A", "A" * 22), ("a text of 22 A and more", "A" * 43), ("16 bytes of ones", b64u(b"\xff" * 16)),
                       ("16 bytes of one value", b64u(b"7" * 16)), ("32 bytes of zeros", b64u(bytes(32))), ("no text", ""),
                       ("64 bits", b64u(os.urandom(8))), ("120 bits", b64u(os.urandom(15))), ("no base64url", "!" * 22),
                       ("standard base64", "++//++//++//++//++//+w"), ("stray bits", "B" * 22), ("padding", fresh() + "=="),
                       ("a blank within", fresh()[:11] + " " + fresh()[:11]), ("a number", 12345678901234567890), ("null", None),
                       ("a list", [fresh()]), ("22 characters of Unicode", "é" * 22), ("a length of 4n+1", fresh() + "AAA")):
        yield Row(name, SALTS, with_salts(salt), NO)
    yield Row("one salt for two disclosures", SALTS, lambda s: with_salts(*[fresh()] * 2)(s), NO)
    yield Row("one salt in two statements of a signatory", SALTS, twice(ML1), r"201, then 4.. \S+")
    yield Row("a constant salt among good ones", SALTS, lambda s: with_salts(fresh(), "A" * 22)(s), NO)
    yield Row("a constant salt in a list of statements", SALTS,
              lambda s: str([r["status"] for r in s.reader().post_list([detected(s, [salted("A" * 22)])] * 1).json()["results"]]),
              r"\[4..\]")
    yield control("salts of `relais sign`", SALTS, by_our_signer, "4 of 4 salts differ, all of 128 bits: True")
    yield control("a salt of 128 bits", SALTS, lambda s: with_salts(fresh())(s), "201")
    yield control("a salt of 256 bits", SALTS, lambda s: with_salts(b64u(os.urandom(32)))(s), "201")


def by_our_signer(s):
    """Salts of `relais sign`, the same event signed twice."""
    event = s.by(ML1).event("case.detected", case(), {**DETECTED, "note": "exemple", "gender": "woman"})
    made = [run("sign", "--key", s.ledger.key_file(ML1), "--source", s.by(ML1).source, "-", stdin=compact(event)).stdout.strip()
            for _ in range(2)]
    found = [unb64u(json.loads(unb64u(d))[0]) for statement in made for d in statement.split("~")[1:-1]]
    return f"{len(set(found))} of {len(found)} salts differ, all of 128 bits: {all(len(x) >= 16 and len(set(x)) > 4 for x in found)}"


def twice(slug):
    def attempt(s):
        salt = fresh()
        return ", then ".join(posted(s, detected(s, [salted(salt, value=value)], slug=slug)) for value in ("eins", "zwei"))
    return attempt


def disclosures():
    def one(text_of, **more):
        return lambda s: posted(s, detected(s, [b64u(text_of(fresh()))], **more))

    note, other = disclosure("note", "exemple"), disclosure("note", "fremd")
    for name, attempt in (
            ("the same twice", lambda s: posted(s, detected(s, [note, note], [digest(note)]))),
            ("a digest twice", lambda s: posted(s, detected(s, [note], [digest(note)] * 2))),
            ("one that no digest is of", lambda s: posted(s, detected(s, [other], [digest(note)]))),
            ("one more than there are digests", lambda s: posted(s, detected(s, [note, other], [digest(note)]))),
            ("one of another signatory's statement",
             lambda s: posted(s, s.by(ML2).statement("case.detected", case(), DETECTED) + foreign(s))),
            ("a changed value", lambda s: posted(s, jwt_of(detected(s, [note])) + "~" + salted(fresh(), value="anders") + "~")),
            ("two with one name", lambda s: posted(s, detected(s, [note, other]))),
            ("a reserved name", lambda s: posted(s, detected(s, [disclosure("_sd", ["x"])]))),
            ("three dots for a name", lambda s: posted(s, detected(s, [disclosure("...", "x")]))),
            ("the name of a clear member", lambda s: posted(s, detected(s, [disclosure("risk", "low")]))),
            ("a name that no type has", lambda s: posted(s, detected(s, [disclosure("admin", True)]))),
            ("a value without a name", lambda s: posted(s, detected(s, [b64u(compact([fresh(), "x"]))]))),
            ("four members", lambda s: posted(s, detected(s, [b64u(compact([fresh(), "note", "x", "y"]))]))),
            ("a name that is a number", lambda s: posted(s, detected(s, [b64u(compact([fresh(), 1, "x"]))]))),
            ("digests within a disclosure", lambda s: posted(s, detected(s, [disclosure("note", {"_sd": [digest(other)]})]))),
            ("a member twice", one(lambda salt: '["' + salt + '","note",{"a":1,"a":2}]')),
            ("bad UTF-8", one(lambda salt: b'["' + salt.encode() + b'","note","\xff"]')),
            ("half a surrogate", one(lambda salt: '["' + salt + '","note","\\ud800"]')),
            ("64 levels", one(lambda salt: '["' + salt + '","note",' + "[" * 64 + "]" * 64 + "]")),
            ("stray bits", lambda s: posted(s, detected(s, [stray(disclosure("note", "exempl"))]))),
            ("padding", lambda s: posted(s, detected(s, [note + "="]))),
            ("an empty one", lambda s: posted(s, jwt_of(detected(s, [note])) + "~~")),
            ("1,000 of them", lambda s: posted(s, detected(s, [disclosure("note", i) for i in range(1_000)]))),
            ("one of 100,000 bytes", lambda s: posted(s, detected(s, [disclosure("note", "x" * 100_000)]))),
            ("a key binding", lambda s: posted(s, detected(s, [note]) + jwt_of(s.by(ML1).statement("case.detected", case(),
                                                                                                   DETECTED)))),
            ("digests outside of the data",
             lambda s: posted(s, s.by(ML1).key.jwt({**s.by(ML1).event("case.detected", case(), DETECTED), "_sd": [digest(note)],
                                                    "_sd_alg": "sha-256"}, TYP) + f"~{note}~")),
            ("another hash",
             lambda s: posted(s, s.by(ML1).key.jwt(s.by(ML1).event("case.detected", case(), {**DETECTED, "_sd": [digest(note)]},
                                                                   _sd_alg="md5"), TYP) + f"~{note}~")),
            ("one that was erased", erased_again)):
        yield Row(name, DISCLOSURES, attempt, NO)
    yield control("one as it should be", DISCLOSURES, lambda s: posted(s, detected(s, [disclosure("note", "exemple")])), "201")


def foreign(s):
    """A disclosure of ML1's that the log holds already."""
    hers = detected(s, [disclosure("note", "hers")])
    s.reader().post(hers)
    return hers.split("~")[1] + "~"


def erased_again(s):
    whole, _ = erased(s, "exemple, einmal")
    return posted(s, whole)


def erased(s, note):
    """A statement whose disclosures were erased, and its case."""
    subject = case()
    whole = s.by(ML1).statement("case.detected", subject, DETECTED, {"note": note})
    s.reader().post(whole)
    s.reader().post(s.by(ML1).statement("case.data_erased", subject, {"basis": "art17", "targets": [1]}))
    return whole, subject


# --- a stranger who posts first, or again

def bare_first(s):
    """The JWT without its disclosures comes before the signer's whole statement: what the signer reads then."""
    whole = s.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple, ganz"})
    stranger = posted(s, jwt_of(whole) + "~")
    signer = s.reader().post(whole)
    read = s.reader(ML1).get(f"/v1/events/{signer.json()['id']}").json()["data"].get("note")
    return f"{stranger}, then {said(signer)}, note {read}"


def withheld_twice(s):
    """The stranger withholds one of two."""
    whole = s.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple, ganz", "gender": "woman"})
    s.reader().post("~".join(whole.split("~")[:2]) + "~")
    signer = s.reader().post(whole).json()
    data = s.reader(ML1).get(f"/v1/events/{signer['id']}").json()["data"]
    return f"note {data.get('note')}, gender {data.get('gender')}"


def receipt_for(post):
    """Whether who posts again what it has seen of a statement with disclosures gets its receipt."""
    def attempt(s):
        whole = s.by(ML1).statement("case.detected", case(), DETECTED, {"note": "exemple, ganz"})
        s.reader().post(whole)
        answer = post(s, whole)
        body = answer.json()
        told = body if "results" not in body else body["results"][0]
        return f"{answer.status}, receipt {'receipt' in told}, index {'index' in told}"
    return attempt


def by_analyst(s, whole):
    """What the analyst reads in the log, sent again."""
    log = entries(s.reader(ANALYST), s.server.size())
    jwt = next(e[8:].decode() for e in reversed(log) if e[8:].decode() == jwt_of(whole))
    return s.reader().post(jwt + "~")


def first():
    yield Row("the JWT alone, before the signer", FIRST, bare_first, "201, then 200, note exemple, ganz")
    yield Row("the JWT with one of two disclosures", FIRST, withheld_twice, "note exemple, ganz, gender woman")
    nothing = r"(200|4..), receipt False, index False"
    yield Row("the JWT again, by who has read the log", FIRST, receipt_for(by_analyst), nothing)
    yield Row("the JWT again, in a list", FIRST, receipt_for(lambda s, w: s.reader().post_list([jwt_of(w) + "~"])),
              r"(200|207|4..), receipt False, index False")
    yield Row("the JWT again with a stranger's token", FIRST, receipt_for(lambda s, w: s.reader(ML2).post(jwt_of(w) + "~")),
              nothing)
    yield control("the whole statement again", FIRST, receipt_for(lambda s, w: s.reader().post(w)), "200, receipt True, index True")


# --- what is signed

def stray(text):
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) ^ 1]


def signed_rows():
    def event(**more):
        return lambda s: s.by(ML1).event("case.detected", case(), DETECTED, **more)

    def signed(make, key=None, **head):
        return lambda s: posted(s, (key or s.by(ML1).key).jwt(make(s), TYP, **head) + "~")

    def raw(change=lambda payload: payload, **head):
        """The payload's text, changed before it is signed, and members of the header."""
        def attempt(s):
            key = s.by(ML1).key
            header = compact({"alg": "EdDSA", "typ": TYP, "kid": key.kid, **head})
            return posted(s, key.raw(header, change(compact(event()(s)))) + "~")
        return attempt

    def edited(change):
        """The statement's text, changed after it was signed."""
        return lambda s: posted(s, change(jwt_of(s.by(ML1).statement("case.detected", case(), DETECTED))) + "~")

    def act(slug, name, subject, data):
        return lambda s: posted(s, s.by(slug).statement(name, subject(s) if callable(subject) else subject, data))

    def accepted_then(change):
        """A statement is accepted; its change must be no second entry."""
        def attempt(s):
            jwt = jwt_of(s.by(ML1).statement("case.detected", case(), DETECTED))
            s.reader().post(jwt + "~")
            size = s.server.size()
            return f"{posted(s, change(jwt) + '~')}, {s.server.size() - size} more"
        return attempt

    def plus_order(jwt):
        text, _, signature = jwt.rpartition(".")
        bytes_ = unb64u(signature)
        order = 2**252 + 27742317777372353535851937790883648493
        return f"{text}.{b64u(bytes_[:32] + (int.from_bytes(bytes_[32:], 'little') + order).to_bytes(32, 'little'))}"

    own_key = Key()
    for name, attempt in (
            ("alg none", raw(alg="none")), ("a key of its own", signed(event(), own_key)),
            ("a key in the header", signed(event(), own_key, jwk={"kty": "OKP", "crv": "Ed25519", "x": own_key.x})),
            ("crit", raw(crit=["x"])), ("another typ", signed(event(), typ="JWT")), ("no kid", signed(event(), kid=None)),
            ("another signatory's source", lambda s: posted(s, Signatory(ML2, s.by(ML1).key).statement("case.detected", case(),
                                                                                                       DETECTED))),
            ("the system's source", lambda s: posted(s, Signatory("system", s.by(ML1).key).statement("case.detected", case(),
                                                                                                     DETECTED))),
            ("another convention", lambda s: posted(s, Signatory(ML1, s.by(ML1).key, "paris").statement("case.detected", case(),
                                                                                                        DETECTED))),
            ("a member twice", raw(lambda p: p[:-1] + ',"id":"x"}')),
            ("a member twice, escaped", raw(lambda p: p[:-1] + ',"\\u0069d":"x"}')),
            ("bad UTF-8", raw(lambda p: p[:-1].encode() + b',"x":"\xff"}')),
            ("text behind the object", raw(lambda p: p + "{}")), ("a byte order mark", raw(lambda p: "\ufeff" + p)),
            ("a number that no double holds", raw(lambda p: p[:-1] + ',"x":1e400}')),
            ("half a surrogate", raw(lambda p: p[:-1] + ',"x":"\\udfff"}')), ("an unknown attribute", signed(event(x="y"))),
            ("a time of 2,000 years ago", signed(event(time="0026-01-01T00:00:00Z"))),
            ("a leap second", signed(event(time="2016-12-31T23:59:60Z"))), ("an id of 129 bytes", signed(event(id="i" * 129))),
            ("an empty id", signed(event(id=""))), ("an id with a NUL", signed(event(id="a\0b"))),
            ("an id with an escape", signed(event(id="a\x1b[31mb"))), ("an id with a line end", signed(event(id="a\r\nb"))),
            ("an id that is a path", signed(event(id=".."))), ("stray bits in the signature", edited(stray)),
            ("padding", edited(lambda j: j + "==")), ("a blank within", edited(lambda j: j[:20] + " " + j[20:])),
            ("no signature", edited(lambda j: j.rpartition(".")[0] + ".")),
            ("the signature of another",
             lambda s: edited(lambda j: j.rpartition(".")[0] + "." + jwt_of(s.by(ML1).statement("case.detected", case(),
                                                                                                DETECTED)).rpartition(".")[2])(s)),
            ("the order added to a signature", edited(plus_order)),
            ("a detection by the préfecture", act(PREF, "case.detected", lambda s: case(), DETECTED)),
            ("an act on a case of others", act(ML2, "case.risk_assessed", lambda s: s.case, ASSESSED)),
            ("a closing out of turn", act(ML1, "case.closed", lambda s: s.case, {"reason": "goals_met"})),
            ("an erasure in a case of others", act(ML2, "case.data_erased", lambda s: s.case, {"basis": "art17", "targets": [1]})),
            ("an erasure of what is not there", act(ML1, "case.data_erased", lambda s: s.case,
                                                    {"basis": "art17", "targets": [999]})),
            ("an answer to a referral of others", lambda s: act(ML2, "referral.accepted", s.case,
                                                                {"referral_id": s.ask(ML1, s.case, AMICALE)})(s)),
            ("an answer to no referral", act(AMICALE, "referral.accepted", lambda s: s.case, {"referral_id": str(uuid.uuid4())})),
            ("another's convention", act(ANALYST, "convention.signed", "convention/rhone-2023", {"document_hash": "A" * 43})),
            ("a precondition that does not hold",
             lambda s: said(s.reader().post(s.by(ML1).statement("case.risk_assessed", s.case, ASSESSED), If_Match='"99"')))):
        yield Row(name, SIGNED, attempt, NO)
    yield Row("an accepted one with stray bits", SIGNED, accepted_then(stray), r"4.. \S+, 0 more")
    yield Row("an accepted one with the order added", SIGNED, accepted_then(plus_order), r"4.. \S+, 0 more")
    yield Row("the id of another of its statements", SIGNED, reused_id, r"4.. \S+")
    yield control("a detection as it should be", SIGNED, signed(event()), "201")


def reused_id(s):
    event = s.by(ML1).event("case.detected", case(), DETECTED)
    s.reader().post(s.by(ML1).sign(event))
    return posted(s, s.by(ML1).sign({**event, "subject": case()}))


# --- what remains of what was erased

def left_on_disk(s):
    """Files that hold the disclosure, or the key that opened it, once the purge has had its time."""
    key = wrapping_key(s.ledger.data).read_text().split('"k":"')[1][:43].encode()
    whole, _ = erased(s, "exemple, auf der Platte")
    secret = whole.split("~")[1].encode()
    with contextlib.suppress(AssertionError):
        eventually(lambda: not s.server.purge_owed(), "the purge", 20)
    return f"files {files_with(s.ledger.folder, secret) + files_with(s.ledger.folder, key)}"


def in_memory(process, secret):
    """How often these bytes are in the memory of a process of ours."""
    found = 0
    with contextlib.ExitStack() as stack:
        try:
            maps = stack.enter_context(open(f"/proc/{process.pid}/maps", encoding="utf-8"))
            memory = stack.enter_context(open(f"/proc/{process.pid}/mem", "rb", 0))
        except PermissionError as e:
            raise Skipped("reads another process's memory, which takes root") from e
        for line in maps:
            span, rights, *_ = line.split()
            if rights.startswith("rw"):
                begin, end = (int(x, 16) for x in span.split("-"))
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    memory.seek(begin)
                    found += memory.read(end - begin).count(secret)
    return found


def left_in_memory(s):
    """Fragments of the note, and of the disclosure's text, once it is gone from the disk."""
    marker = "exemple-" + uuid.uuid4().hex
    whole, subject = erased(s, marker)
    text = whole.split("~")[1].encode()
    for _ in range(3):  # read by who may, before: caches hold what is read
        s.reader(ML1).get(f"/v1/events?stream={subject}")
    with contextlib.suppress(AssertionError):
        eventually(lambda: not s.server.purge_owed(), "the purge", 20)
    with contextlib.suppress(AssertionError):
        eventually(lambda: in_memory(s.server.process, text[-40:]) + in_memory(s.server.process, marker.encode()) == 0, "wiping",
                   10)
    return f"{in_memory(s.server.process, text[-40:])} texts, {in_memory(s.server.process, marker.encode())} notes"


def read_after(path):
    def attempt(s):
        whole, subject = erased(s, "exemple, gelesen")
        event = s.reader().post(jwt_of(whole) + "~").json().get("id") or s.reader(ML1).get(
            f"/v1/events?stream={subject}").json()["events"][0]["id"]
        answer = s.reader(ML1).get(path.format(event=event, case=subject.split("/")[1], stream=subject))
        return f"{answer.status}, {'gelesen' in answer.text or whole.split('~')[1] in answer.text}"
    return attempt


def erased_rows():
    for path in ("/v1/events/{event}", "/v1/events/{event}?format=sd-jwt", "/v1/cases/{case}", "/v1/cases/{case}/timeline",
                 "/v1/events?stream={stream}", "/v1/cases/{case}?asOf=1000000"):
        yield Row(f"reading {path}", ERASED, read_after(path), r"(200|4..), False")
    yield Row("the disclosure on the disk", ERASED, left_on_disk, r"files \[\]")
    yield Row("the disclosure in memory", ERASED, left_in_memory, "0 texts, 0 notes")


# --- the room of a case

def referred(s, *answers):
    """A case of ML1, and what ML2 has answered to the referral of it."""
    subject = s.minor(ML1)
    referral = s.ask(ML1, subject, ML2)
    for name, more in answers:
        s.act(ML2, f"referral.{name}", subject, {"referral_id": referral, **more})
    return subject


def contribution(answers, who=ML2):
    """The attempt: a commitment by who has answered so."""
    def attempt(s):
        data = {"contribution_id": str(uuid.uuid4()), "kind": "expertise"}
        return posted(s, s.by(who).statement("contribution.committed", referred(s, *answers), data))
    return attempt


def filled(s):
    """The attempt: 2,100 acts of who has accepted a referral; what the holder may do then."""
    subject = referred(s, ("received", {}), ("accepted", {}))
    taken = 0
    for _ in range(6):
        acts = [s.by(ML2).statement("case.risk_assessed", subject, ASSESSED) for _ in range(350)]
        taken += sum(r["status"] == 201 for r in s.reader().post_list(acts).json()["results"])
    holder = posted(s, s.by(ML1).statement("case.risk_assessed", subject, ASSESSED))
    return f"{taken} taken, the holder {holder}"


def room():
    received, no = ("received", {}), "403 part-ended"
    accepted = (received, ("accepted", {}))
    yield Row("by who has declined", ROOM, contribution((received, ("declined", {"decline_reason": "other"}))), no)
    yield Row("by who has taken the referral back", ROOM, contribution((("cancelled", {}),)), no)
    yield Row("by who has completed it", ROOM, contribution((*accepted, ("completed", {"outcome": "attended"}))), no)
    yield control("by who has accepted", ROOM, contribution(accepted), "201")
    yield control("by the holder", ROOM, contribution((), ML1), "201")
    yield Row("all of it, by who has accepted", ROOM, filled, "1998 taken, the holder 201")


def rows():
    for part in (salts, disclosures, first, signed_rows, erased_rows, room):
        yield from part()
