"""What a reader learns of cases that are not its own: from answers, lists, cursors, streams."""
import base64
import contextlib
import http.client
import re
import uuid

from acts import NOTE, id_of
from harness import AMICALE, ANALYST, ASSESSED, DETECTED, ML1, ML2, ML3, MOUVEMENT, PREF, Key, all_pages, case
from stage import staged
from table import Row, control
from wire import said

IDS = "ids that others use"
HIDDEN, LISTS, CURSORS, NOTES, STREAM, WRITING = ("hidden as absent", "lists", "cursors", "what was confided", "event streams",
                                                 "writing to find out")


@contextlib.contextmanager
def stage():
    """ML1 has a case; AMICALE supports it, MOUVEMENT has declined. ML2 has one of its own, ML3 none."""
    with staged("--clock-seconds", 3600) as s:
        s.case = s.minor(ML1)
        s.referral = s.ask(ML1, s.case, AMICALE)
        s.accept_referral(AMICALE, s.case, s.referral)
        declined = s.ask(ML1, s.case, MOUVEMENT)
        s.act(MOUVEMENT, "referral.received", s.case, {"referral_id": declined})
        s.act(MOUVEMENT, "referral.declined", s.case,
              {"referral_id": declined, "decline_reason": "no_capacity", "alternative": AMICALE})
        s.minor(ML2)
        for _ in range(6):
            s.act(ML1, "case.risk_assessed", s.case, ASSESSED)
        s.events_of_case = s.events(ML1, stream=s.case)
        s.event = s.events_of_case[0]["id"]
        s.absent_case, s.absent_event = case(), str(uuid.uuid4())
        yield s


def fill(s, text, hidden):
    """A path with what is hidden in it, or what is absent in its place."""
    subject, event = (s.case, s.event) if hidden else (s.absent_case, s.absent_event)
    return text.format(case=id_of(subject), CASE=id_of(subject).upper(), stream=subject, event=event)


def normal(s, answer):
    """Status, header and body without what must differ."""
    text = answer.body.decode(errors="replace")
    for hidden, absent in ((id_of(s.case), id_of(s.absent_case)), (s.event, s.absent_event)):
        text = text.replace(hidden, "ID").replace(absent, "ID").replace(hidden.upper(), "ID").replace(absent.upper(), "ID")
    headers = sorted((k.lower(), v) for k, v in answer.headers.items() if k.lower() not in ("date", "traceparent"))
    headers = [(k, v.replace(id_of(s.case), "ID").replace(id_of(s.absent_case), "ID")) for k, v in headers]
    return answer.status, headers, text


def told(answer):
    return said(answer) if answer.body else str(answer.status)


def alike(path, who=ML2, method="GET", **headers):
    """The attempt: whether hidden and absent are one answer."""
    def attempt(s):
        hidden, absent = (s.reader(who).request(method, fill(s, path, h), None, headers) for h in (True, False))
        if normal(s, hidden) == normal(s, absent):
            return f"{told(hidden)}, as absent"
        return f"{told(hidden)} {normal(s, hidden)}, absent {told(absent)} {normal(s, absent)}"
    return attempt


def hidden_rows():
    paths = ("/v1/cases/{case}", "/v1/cases/{CASE}", "/v1/cases/{case}?asOf=1", "/v1/cases/{case}?asOf=99999999",
             "/v1/cases/{case}/timeline",
             "/v1/cases/{case}/timeline?limit=1", "/v1/events/{event}", "/v1/events/{event}?format=sd-jwt",
             "/v1/events/{event}?source=urn:relais:rhone-2023:mission-locale-1", "/v1/events/{event}?source=x",
             "/v1/events/{event}/receipt")
    for path in paths:
        yield Row(f"GET {path}", HIDDEN, alike(path), r"404 not-found, as absent")
    yield Row("HEAD of a case", HIDDEN, alike("/v1/cases/{case}", method="HEAD"), "404, as absent")
    yield Row("HEAD of a receipt", HIDDEN, alike("/v1/events/{event}/receipt", method="HEAD"), "404, as absent")
    for tag in ("*", '"10"', 'W/"1"'):
        yield Row(f"a case, If-None-Match: {tag}", HIDDEN, alike("/v1/cases/{case}", **{"If-None-Match": tag}),
                  "404 not-found, as absent")
    for path in ("/v1/cases/{case}", "/v1/events/{event}", "/v1/cases/{case}/timeline"):
        yield Row(f"the préfecture, {path}", HIDDEN, alike(path, PREF), "404 not-found, as absent")
    yield Row("the analyst, a case", HIDDEN, alike("/v1/cases/{case}", ANALYST), "404 not-found, as absent")
    for path in ("/v1/events?stream={stream}", "/v1/audit?stream={stream}", "/v1/events?stream={stream}&order=desc&limit=1",
                 "/v1/events?stream={stream}&signatory=mission-locale-1", "/v1/events?stream={stream}&type=case.detected",
                 "/v1/audit?stream={stream}&from=3&limit=1"):
        yield Row(f"GET {path}", HIDDEN, alike(path), "200, as absent")
    for path in (
            "/v1/events?subject={stream}", "/v1/events?case={case}", "/v1/cases?id={case}",
            "/v1/referrals?box=inbox&case={case}", "/v1/deadlines?case={case}"):
        yield Row(f"GET {path}", HIDDEN, alike(path), r"400 query-unknown, as absent")
    yield Row("looks at a case", HIDDEN, alike("/v1/audit/reads?case={case}"), "200, as absent")
    yield Row("another's looks at a case", HIDDEN, alike(f"/v1/audit/reads?case={{case}}&signatory={ML1}"), "200, as absent")
    yield Row("all looks of another", HIDDEN, lambda s: said(s.reader(ML2).get(f"/v1/audit/reads?signatory={ML1}")),
              "400 case-missing")
    yield Row("the receipt of a look at a case", HIDDEN, alike("/v1/audit/reads/0/receipt?case={case}"),
              "404 not-found, as absent")
    yield control("who takes part", HIDDEN, lambda s: said(s.reader(ML1).get(fill(s, "/v1/cases/{case}", True))), "200")


# --- lists

def told_in(path, who):
    """The attempt: whether a list speaks of the case or of its events, over all pages."""
    def attempt(s):
        answer = s.reader(who).get(path)
        secrets = [id_of(s.case), s.referral, *(e["id"] for e in s.events_of_case)]
        return f"{answer.status}, {[x for x in secrets if x in answer.text]}"
    return attempt


def lists():
    paths = ("/v1/cases?limit=500", "/v1/events?limit=500", "/v1/audit?limit=500", f"/v1/audit?signatory={ML1}&limit=500",
             "/v1/events?type=*&limit=500", "/v1/events?type=referral.*", "/v1/events?order=desc&limit=500",
             "/v1/referrals?box=inbox&limit=500",
             "/v1/referrals?box=outbox&limit=500", "/v1/deadlines?limit=500", "/v1/capabilities?need=shelter&territory=69387",
             "/v1/keys", "/v1/psp?limit=500", "/v1/sessions?limit=500", "/v1/accreditations?limit=500",
             "/v1/library?limit=500", "/v1/network?limit=500", "/v1/convention")
    for who in (ML2, ML3, PREF):
        for path in paths:
            yield Row(f"{who}, {path}", LISTS, told_in(path, who), r"200, \[\]")
    yield Row("a stream by a pattern", LISTS, told_in("/v1/events?stream=case/*", ML2), r"4.., \[\]")
    yield Row("private parts of keys", LISTS, lambda s: str('"d"' in s.reader(ML2).get("/v1/keys").text), "False")
    yield control("who takes part", LISTS, told_in("/v1/cases?limit=500", ML1), "200, ." + "[^]].*")


# --- cursors

def position(cursor):
    """The index that a cursor says; None where it says none."""
    with contextlib.suppress(ValueError):
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return int(text) if re.fullmatch(rb"\d+", text) else None
    return None


def acts_told(query, order="asc", path="/v1/audit"):
    """The attempt: a walk from every place; where a cursor says more than the place of the last item."""
    def attempt(s):
        told = set()
        for place in range(s.server.size()):
            start = f"from={place}" if order == "asc" else f"to={place + 1}"
            page = s.reader(ML2).get(f"{path}?{query}&limit=1&order={order}&{start}").json()
            at = position(page.get("next", ""))
            last = page["events"][-1]["index"] if page["events"] else None
            if at is not None and (last is None or abs(at - last) > 1):
                told.add(at)
        return f"told {sorted(told)}"
    return attempt


def next_after_last(query, other):
    """The attempt: whether `next` is there behind the last visible act, where hidden ones follow and where none do."""
    def attempt(s):
        def has_next(q):
            page = s.reader(ML2).get(f"/v1/audit?{q}&limit=1").json()
            return len(page["events"]), "next" in page
        return f"alike {has_next(query) == has_next(other)}"
    return attempt


def walked(s):
    """One event a page, against all in one."""
    return f"{len(all_pages(s.reader(ML2), '/v1/events?limit=1', 'events'))} of {len(s.events(ML2))} events"


def first_cursor(s, who, path):
    page = s.reader(who).get(path).json()
    return page["next"]


def with_cursor(of, at, who=ML1, reader=None, change=lambda c: c):
    """The attempt: the cursor of one list used by a reader for another."""
    def attempt(s):
        of_, at_ = (p.format(case=id_of(s.case), stream=s.case) for p in (of, at))
        cursor = change(first_cursor(s, who, of_))
        return said(s.reader(reader or who).get(f"{at_}{'&' if '?' in at_ else '?'}cursor={cursor}"))
    return attempt


def flipped(cursor):
    return ("B" if cursor[0] != "B" else "C") + cursor[1:]


def cursors():
    for query in (f"signatory={ML1}", "type=c*", "type=*", "axis=detection", "type=case.risk_assessed", f"signatory={AMICALE}",
                  f"signatory={ML1}&type=c*"):
        for order in ("asc", "desc"):
            yield Row(f"audit of {query}, {order}", CURSORS, acts_told(query, order), r"told \[\]")
    yield Row(f"events of {ML1}", CURSORS, acts_told(f"signatory={ML1}", path="/v1/events"), r"told \[\]")
    yield Row("whether hidden acts follow", CURSORS, next_after_last(f"signatory={ML1}", f"signatory={ML3}"), "alike True")
    yield Row("whether hidden acts follow, by type", CURSORS,
              next_after_last(f"signatory={ML1}&type=c*", f"signatory={ML3}&type=c*"),
              "alike True")
    listed = "/v1/events?limit=1"
    foreign = r"400 \S+"
    yield control("a walk by its own cursors", CURSORS, walked, r"(\d+) of \1 events")
    yield control("its own cursor", CURSORS, with_cursor(listed, listed), "200")
    yield Row("another reader's cursor", CURSORS, with_cursor(listed, listed, reader=ML2), foreign)
    yield Row("another reader's cursor of the audit", CURSORS, with_cursor("/v1/audit?limit=1", "/v1/audit?limit=1", reader=ML2),
              foreign)
    yield Row("another reader's cursor of cases", CURSORS, with_cursor("/v1/events?limit=1", "/v1/cases?limit=1", reader=ML2),
              foreign)
    for name, at in (
            ("another list", "/v1/audit?limit=1"), ("another signatory", f"{listed}&signatory={ML2}"),
            ("another order", f"{listed}&order=desc"), ("another stream", listed + "&stream={stream}"),
            ("another type", f"{listed}&type=case.detected"), ("cases", "/v1/cases?limit=1"),
            ("a timeline", "/v1/cases/{case}/timeline"), ("referrals", "/v1/referrals?box=outbox&limit=1"),
            ("deadlines", "/v1/deadlines?limit=1")):
        yield Row(f"a cursor of events for {name}", CURSORS, with_cursor(listed, at), foreign)
    yield Row("a timeline's cursor for events", CURSORS, with_cursor("/v1/cases/{case}/timeline?limit=1", listed), foreign)
    for name, change in (
            ("made up: 5", lambda c: "NQ"), ("made up: 2^64 - 1", lambda c: "MTg0NDY3NDQwNzM3MDk1NTE2MTU"),
            ("flipped", flipped), ("without its end", lambda c: c[:-1]), ("doubled", lambda c: c + c),
            ("of 4,000 bytes", lambda c: "A" * 4_000), ("zeros", lambda c: "A" * 44), ("padded", lambda c: c + "=")):
        yield Row(f"a cursor {name}", CURSORS, with_cursor(listed, listed, change=change), foreign)


# --- disclosures

def note_read(who):
    """The attempt: whether a reader finds the note anywhere."""
    def attempt(s):
        client = s.reader(who)
        paths = [f"/v1/cases/{id_of(s.case)}", f"/v1/cases/{id_of(s.case)}/timeline", f"/v1/events?stream={s.case}&limit=500",
                 "/v1/events?limit=500", "/v1/referrals?box=inbox&limit=500"]
        for e in s.events_of_case:
            paths += [f"/v1/events/{e['id']}", f"/v1/events/{e['id']}?format=sd-jwt"]
        texts = [client.get(p).text for p in paths]
        shown = sum(NOTE in t for t in texts)
        disclosed = sum(t.count("~") > 1 for t in texts)
        return f"note {shown}, disclosures {disclosed}"
    return attempt


def notes():
    for who in (ML2, ML3, PREF, MOUVEMENT, ANALYST, "udml", "magistrat", "police"):
        yield Row(f"by {who}", NOTES, note_read(who), "note 0, disclosures 0")
    for who in (ML1, AMICALE):
        yield control(f"by {who}, which supports the person", NOTES, note_read(who), r"note [1-9]\d*, disclosures [1-9]\d*")


# --- event streams

def followed(query, who=ML2, **headers):
    """The attempt: what a stream tells up to where the log is."""
    def attempt(s):
        size = s.server.size()
        connection = http.client.HTTPConnection("127.0.0.1", s.server.port, timeout=10)
        connection.request("GET", "/v1/events/live?" + query.format(stream=s.case, absent=s.absent_case), None,
                           {"Authorization": f"Bearer {s.by(who).token(s.ledger.origin)}", **headers})
        response = connection.getresponse()
        text = ""
        try:
            if response.status != 200:
                return f"{response.status}"
            while f"id: {size - 1}\n" not in text:
                text += response.readline().decode()
        finally:
            response.close()
            connection.close()
        ids = [e["id"] for e in s.events_of_case]
        return f"200, {sum(i in text for i in ids)} of the case, {text.count('data:')} events"
    return attempt


def streams():
    none = "200, 0 of the case, "
    yield Row("everything from the start", STREAM, followed("from=0"), none + r"[1-9]\d* events")
    yield Row("everything from behind event 0", STREAM, followed("", **{"Last-Event-ID": "0"}), none + r"[1-9]\d* events")
    yield Row("the case's stream", STREAM, followed("from=0&stream={stream}"), none + "0 events")
    yield Row("an absent case's stream", STREAM, followed("from=0&stream={absent}"), none + "0 events")
    yield Row("acts of its signatory", STREAM, followed(f"from=0&signatory={ML1}"), none + "1 events")
    yield Row("types of cases", STREAM, followed("from=0&type=referral.*"), none + "0 events")
    yield Row("the position behind a piece", STREAM, position_after_a_piece, r"told \[\]")
    yield Row("a negative position", STREAM, followed("", **{"Last-Event-ID": "-1"}), "4..")
    yield Row("the greatest position", STREAM, followed("", **{"Last-Event-ID": "18446744073709551615"}), "4..")
    yield control("who takes part", STREAM, followed("from=0&stream={stream}", ML1), r"200, [1-9]\d* of the case, [1-9]\d* events")


def position_after_a_piece(s):
    """A stream sends 64 events at once, and then how far it has looked: the place of the last of them, not that of the next act."""
    key, own = Key(), s.minor(ML2)
    begin = s.server.size()
    for _ in range(64):
        s.act(ML2, "case.risk_assessed", own, ASSESSED)
    s.act(ML3, "key.enrolled", f"signatory/{ML3}", s.by(ML3).key_data(key, s.ledger.origin))
    s.act(ML3, "key.revoked", f"signatory/{ML3}", {"kid": key.kid, "reason": "lost"})
    s.act(ML1, "case.risk_assessed", s.case, ASSESSED)  # hidden, and of the type that is followed
    s.act(ML3, "key.enrolled", f"signatory/{ML3}", s.by(ML3).key_data(Key(), s.ledger.origin))
    connection = http.client.HTTPConnection("127.0.0.1", s.server.port, timeout=20)
    connection.request("GET", f"/v1/events/live?from={begin}&type=case.risk_assessed", None,
                       {"Authorization": f"Bearer {s.by(ML2).token(s.ledger.origin)}"})
    response = connection.getresponse()
    end = s.act(ML2, "case.risk_assessed", own, ASSESSED)["index"]
    told = []
    while not told or told[-1] != end:
        line = response.readline().decode()
        if line.startswith("id: "):
            told.append(int(line[4:]))
    response.close()
    connection.close()
    # Where the log ended before that act everybody knows: by its checkpoint.
    return f"told {[i for i in told if begin + 64 <= i < end - 1]}"


# --- writing to find out

def tried(name, data, who=ML2, **headers):
    """The attempt: whether an act on a hidden case is answered as on an absent one."""
    def attempt(s):
        size = s.server.size()
        body = data(s) if callable(data) else data
        answers = [s.reader().post(s.by(who).statement(name, subject, body), **headers) for subject in (s.case, s.absent_case)]
        first, second = (normal(s, a) for a in answers)
        grown = s.server.size() - size
        difference = "as absent" if first == second else f"absent: {said(answers[1])} {first} {second}"
        return f"{said(answers[0])}, {difference}, {grown} more"
    return attempt


def writing():
    absent = r"(403|404) \S+, as absent, 0 more"
    for name, data in (
            ("case.risk_assessed", ASSESSED), ("case.closed", {"reason": "goals_met"}),
            ("case.data_erased", {"basis": "art17", "targets": [1]}),
            ("referral.accepted", lambda s: {"referral_id": s.referral}),
            ("referral.received", lambda s: {"referral_id": s.referral}),
            ("support.step_planned", lambda s: {"step_id": str(uuid.uuid4()), "need": "shelter"}),
            ("referral.requested", lambda s: {"referral_id": str(uuid.uuid4()), "to": ML2, "need": "shelter", "urgency": "urgent",
                                              "legal_basis": "l226_2_2"})):
        yield Row(name, WRITING, tried(name, data), absent)
        yield Row(f"{name} by an association", WRITING, tried(name, data, "udml"),
                  r"(403|404|422) \S+, as absent, 0 more")
    for tag in ('"1"', '"11"', '"0"'):
        yield Row(f"with If-Match: {tag}", WRITING, tried("case.risk_assessed", ASSESSED, If_Match=tag), absent)
    yield Row("with If-None-Match: *", WRITING, tried("case.risk_assessed", ASSESSED, If_None_Match="*"), absent)
    yield control("who takes part", WRITING, lambda s: said(s.reader().post(s.by(ML1).statement("case.risk_assessed", s.case,
                                                                                                ASSESSED))),
                  "201")


# --- ids that others use

def located(s):
    """What the Location of an act leads to, whose id another source has used before."""
    used, who = str(uuid.uuid4()), []
    for slug in (ML1, ML2):
        statement = s.by(slug).statement("practice.shared", f"library/{uuid.uuid4()}", {"title": "t", "summary": "s"}, id=used)
        answer = s.reader().post(statement)
        found = s.reader(ML2).get(answer.headers["Location"])
        who.append(found.json()["source"] == s.by(slug).source if found.status == 200 else said(found))
    return str(who)


def ambiguous(s):
    """What is told of an id that the reader, and in a hidden case another, has used."""
    used = str(uuid.uuid4())
    s.act(ML1, "case.detected", case(), DETECTED, id=used)
    own = s.act(ML2, "case.detected", case(), DETECTED, id=used)
    found = s.reader(ML2).get(f"/v1/events/{used}")
    return f"{said(found)}, own {found.json().get('subject') == own['stream']}"


def ids():
    yield Row("an id that another source has used first", IDS, located, r"\[True, True\]")
    yield control("an id that is used in a hidden case too", IDS, ambiguous, "200, own True")


def rows():
    for part in (hidden_rows, lists, cursors, notes, streams, writing, ids):
        yield from part()
