"""What was confided is searched for, byte by byte, wherever it has no business: each sensitive value of these acts is
marked with a text of its own."""
import contextlib
import os
import uuid

from acts import HASH, paris_day
from harness import AMICALE, DETECTED, ML1, ML2, b64u, case, compact, digest, disclosure, run
from stage import staged
from table import Row, control

CLEAR, TOLD, CORE = ("what was confided, in clear", "what was confided, in an error", "memory on the disk")


class Marks:
    def __init__(self):
        self.all = []

    def new(self, what):
        mark = f"marque-{what}-{uuid.uuid4().hex}"
        self.all.append(mark.encode())
        return mark

    def within(self, data):
        """Those that these bytes hold: in clear, or as the base64url that a disclosure is."""
        return sorted({m.split(b"-")[1].decode() for m in self.all if m in data or any(f in data for f in shifted(m))})


def shifted(mark):
    """The inner part of a text in base64url, whichever byte of a group of three it begins at."""
    return [b64u(bytes(shift) + mark)[4:-4].encode() for shift in range(3)]


@contextlib.contextmanager
def stage():
    with staged("--clock-seconds", 1) as s:
        s.marks = Marks()
        confide(s, s.marks.new)
        s.told = b"".join(refused(s, s.marks.new))
        yield s


def confide(s, mark):
    """One act of every kind that has something to confide and that these two cases allow."""
    s.minor_case = case()
    s.act(ML1, "case.detected", s.minor_case, DETECTED,
          {"note": mark("note"), "indicators": [mark("indicator"), mark("indicator2")]})
    s.act(ML1, "case.risk_assessed", s.minor_case, {"risk": "high", "grid_version": "2024-1"}, {"factors": [mark("factor")]})
    s.act(ML1, "protection.report_transmitted", s.minor_case, {"crip": "metropole", "parents_informed": "pending"},
          {"receipt": mark("receipt")})
    referral = str(uuid.uuid4())
    s.act(ML1, "referral.requested", s.minor_case,
          {"referral_id": referral, "to": ML2, "need": "shelter", "urgency": "urgent", "legal_basis": "l226_2_2"},
          {"payload": mark("payload")})
    s.act(ML2, "referral.received", s.minor_case, {"referral_id": referral})
    s.act(ML2, "referral.declined", s.minor_case, {"referral_id": referral, "decline_reason": "no_capacity"}, {"detail": mark("declined")})
    adult = case()
    s.act(AMICALE, "case.detected", adult, {**DETECTED, "age_band": "22_25"}, {"note": mark("adult")})
    s.act(AMICALE, "case.risk_assessed", adult, {"risk": "medium", "grid_version": "2024-1"})
    s.act(AMICALE, "support.step_done", adult, {"step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"},
          {"detail": mark("detail")})
    s.accredit(AMICALE)
    s.act(AMICALE, "case.consent_given", adult, {"scope": "psp", "form_hash": HASH, "recipients": []}, {"given_by": mark("giver")})
    s.act(AMICALE, "psp.applied", adult, {"dossier_hash": HASH}, {"identity": mark("identity")})
    s.act(ML1, "coordination.meeting_held", s.minor_case, {"held_on": paris_day(), "attending": [ML1, ML2]},
          {"decisions": mark("decisions")})


def refused(s, mark):
    """Answers to statements that err in what they confide."""
    def post(hidden, clear=(), name="case.detected", subject=None):
        data = {**DETECTED, **dict(clear)}
        return s.reader().post(s.by(ML1).statement(name, subject or case(), data, hidden))

    sensitive = [("note", 7), ("note", None), ("gender", "nobody"), ("indicators", "one"), ("indicators", [7])]
    for member, _ in sensitive:
        yield post({}, {member: mark("clear")}).body
        yield post({member: {"a": mark("object")}}).body
        yield post({member: [[mark("nested")]]}).body
    yield post({"gender": mark("vocabulary")}).body
    yield post({"note": mark("long") * 1000}).body
    yield post({"indicators": [mark("list")] * 51}).body
    yield post({"note": mark("first"), "risk": mark("override")}).body
    yield post({"note": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1") + mark("odd")}).body
    # A disclosure that no digest refers to; one twice; a value where a text must be.
    text = disclosure("note", mark("stray"))
    whole = s.by(ML1).statement("case.detected", case(), DETECTED, {"note": mark("own")})
    yield s.reader().post(whole + text + "~").body
    yield s.reader().post(whole + whole.split("~")[1] + "~").body
    yield s.reader().post(whole.replace("~", "~" + b64u(mark("noise")) + "~", 1)).body
    event = s.by(ML1).event("case.detected", case(), {**DETECTED, "_sd": [digest(text)]}, _sd_alg="sha-256")
    for disclosed in (compact(["AAAA", "note", mark("salt")]), compact([b64u(os.urandom(16)), mark("arity")]), mark("text")):
        yield s.reader().post("~".join([s.by(ML1).key.jwt(event, "cloudevents+sd-jwt"), b64u(disclosed), ""])).body
    for path in ("/v1/events?type=", "/v1/cases/", "/v1/events/", "/v1/audit?signatory=", "/v1/deadlines?x="):
        yield s.reader(ML1).get(path + mark("path")).body[:0]  # may be said back to who asked, and is logged nowhere
    # A second erasing, a referral that is not there: refused by rules that have read the case.
    yield post({"note": mark("rule")}, name="referral.accepted", subject=s.minor_case).body


def files(s):
    found = []
    for file in s.ledger.data.rglob("*"):
        with contextlib.suppress(OSError):  # the store removes its own
            if file.is_file() and (names := s.marks.within(file.read_bytes())):
                found.append(f"{file.name}: {names}")
    return " ".join(found) or "nowhere"


def after_a_stop(s):
    s.server.stop()
    return files(s)


def metrics(s):
    return str(s.marks.within(s.server.administer("GET", "/metrics").body))


def key_apart(s):
    """The wrapping key's own bytes, in any file of the folder."""
    key = (s.ledger.folder / "data.wrapping-key").read_text()
    part = key.split('"k":"')[1][:40].encode()
    return str([f.name for f in s.ledger.data.rglob("*") if f.is_file() and part in f.read_bytes()])


def exported(s):
    """Every form of export, as bytes."""
    for form in ("ndjson", "csv", "ocel-json", "ocel-sqlite", "xes"):
        out = s.folder / f"export-{form}"
        if not out.exists():
            run("export", "--data", s.ledger.data, "--format", form, "--out", out)
        for file in out.iterdir():
            yield file.name, file.read_bytes()


def in_exports(s):
    return " ".join(f"{name}: {found}" for name, data in exported(s) if (found := s.marks.within(data))) or "nowhere"


def acts_in_exports(s):
    return str(sum(b"psp.applied" in data for _, data in exported(s)))


def core_limit(s):
    with open(f"/proc/{s.server.process.pid}/limits", encoding="ascii") as limits:
        line = next(line for line in limits if line.startswith("Max core file size"))
    return " ".join(line.split()[4:6])


def readable(s):
    """What the reader who may gets: the search would find it."""
    return str(s.marks.within(s.reader(ML1).get(f"/v1/events?stream={s.minor_case}&limit=1").body
                              + first_event(s)))


def first_event(s):
    found = s.events(ML1, stream=s.minor_case)
    return s.reader(ML1).get(f"/v1/events/{found[0]['id']}").body


def rows():
    yield control("the event, by its maker", CLEAR, readable, r".*'note'.*")
    yield control("the disclosure, as it was sent", CLEAR, lambda s: str(s.marks.within(
        s.reader(ML1).get(f"/v1/events/{s.events(ML1, stream=s.minor_case)[0]['id']}?format=sd-jwt").body)), r".*'note'.*")
    yield Row("in any file of the data folder, while it is served", CLEAR, files, "nowhere")
    yield Row("in what the server logs", CLEAR, lambda s: str(s.marks.within(s.server.log.read_bytes())), r"\[\]")
    yield Row("in the metrics", CLEAR, metrics, r"\[\]")
    yield Row("in the answer to who erred", TOLD, lambda s: str(s.marks.within(s.told)), r"\[\]")
    yield control("the answers to who erred", TOLD, lambda s: str(len(s.told) > 2000), "True")
    yield Row("the wrapping key, in the data folder", CLEAR, key_apart, r"\[\]")
    yield Row("in exports of every form", CLEAR, in_exports, "nowhere")
    yield control("the acts that confided it, in exports of every form", CLEAR, acts_in_exports, "5")
    yield Row("a core dump of the server", CORE, core_limit, "0 0")
    yield Row("in any file of the data folder, behind a stop", CLEAR, after_a_stop, "nowhere")
