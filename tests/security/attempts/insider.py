"""What a reader that sees part of a case learns of the rest: by numbers, pages, tags, refusals, deadlines, streams."""
import contextlib
import http.client
import json
import re
import time
import uuid

from acts import COMMISSION, HASH, IDENTITY, MAGISTRATE, NOTE, POLICE, UDML, id_of, paris_day
from harness import AMICALE, ASSESSED, DETECTED, ML1, ML2, ML3, MOUVEMENT, PREF, Key, Live, Signatory, all_pages, case, in_seconds
from stage import staged
from table import Row, control
from wire import said

DEBATES, AFTER, BACK, MEMBER, NEED, CONSENT = ("that a debate took place", "after one's part has ended", "after stepping back",
                                               "the rest of a file", "what is not needed", "after a consent was taken back")
PAYLOAD, OTHERS = "exemple : pour ce destinataire", "exemple : pour un autre destinataire"
VOTES, CONVENTION = "votes that nobody gave", "convention/rhone-2023"
LATER = "exemple : confié plus tard"
TAKEN_OVER, ENDLESS, HANDED = "what another was told", "a right without an end", "a case that was handed over"


def file_of(s, holder=ML1):
    """An adult's case with a referral that the Amicale has accepted, and its application."""
    subject = s.supported(holder)
    s.consent(holder, subject, "referral")
    s.accept_referral(AMICALE, subject, s.ask(holder, subject, AMICALE, "consent"))
    s.consent(holder, subject, "psp")
    s.act(AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
    return subject


def of_its_own_making(s):
    """The union attaches missions locales whose keys it has made, and has them vote on a signatory that it would have."""
    new = f"exemple-{uuid.uuid4().hex[:8]}"
    made = []
    for _ in range(3):
        slug, key = f"mission-locale-{uuid.uuid4().hex[:6]}", Key()
        s.ledger.signatories[slug] = Signatory(slug, key)
        s.act(UDML, "mission_locale.attached", f"signatory/{UDML}",
              {"mission_locale": slug, "name": "Exemple", **s.ledger.signatories[slug].key_data(key, s.ledger.origin)})
        made.append(slug)
    proposal = {"proposal_id": f"exemple-{uuid.uuid4()}"}
    s.act(UDML, "governance.proposed", CONVENTION, {
        **proposal, "act": "admit_signatory", "signatory": new, "name": "Exemple", "roles": ["aa"], "public_key": Key().x,
        "reason": "exemple"})
    votes = {said(s.reader().post(s.by(slug).statement("governance.approved", CONVENTION, proposal))) for slug in made}
    own = {said(s.reader().post(s.by(slug).statement("governance.proposed", CONVENTION, {
        **proposal, "proposal_id": f"exemple-{uuid.uuid4()}", "act": "withdraw_signatory", "signatory": AMICALE,
        "reason": "exemple"}))) for slug in made}
    return f"votes {votes}, proposals {own}"


OWN_STREAM = f"signatory/{UDML}"


def gone_from_union(s):
    """-> a mission locale that its union attached, and that has left"""
    key = Key()
    signatory = Signatory(f"mission-locale-{uuid.uuid4().hex[:6]}", key)
    s.ledger.signatories[signatory.slug] = signatory
    s.act(UDML, "mission_locale.attached", OWN_STREAM, attaching(s, signatory, key))
    leaves = key.jwt({"aud": f"{s.ledger.origin}/mission_locale.detached", "iss": signatory.source}, "relais-key-proof+jwt")
    s.act(UDML, "mission_locale.detached", OWN_STREAM, {"mission_locale": signatory.slug, "proof": leaves})
    return signatory


def attaching(s, signatory, key, **proof):
    return {"mission_locale": signatory.slug, "name": "Exemple", **signatory.key_data(key, s.ledger.origin), **proof}


def brought_back(proof):
    """The union brings back one that has left, with a new key; the proof is made of the signatory, its old key and the new one."""
    def attempt(s):
        gone, new = gone_from_union(s), Key()
        data = attaching(s, gone, new, **proof(s, gone, new))
        return said(s.reader().post(s.by(UDML).statement("mission_locale.attached", OWN_STREAM, data)))
    return attempt


def vouched(by):
    return lambda s, gone, new: {"proof": gone.vouched(by(s, gone, new), new, s.ledger.origin)}


def replayed(s):
    """The proof by which a mission locale was attached, which all read, presented as its consent to a quorum's admission."""
    key = Key()
    signatory = s.ledger.signatories["exemple-ml"] = Signatory(f"mission-locale-{uuid.uuid4().hex[:6]}", key)
    data = attaching(s, signatory, key)
    s.act(UDML, "mission_locale.attached", OWN_STREAM, data)
    proposal = {"proposal_id": f"exemple-{uuid.uuid4()}"}
    s.act(PREF, "governance.proposed", CONVENTION, {
        **proposal, "act": "admit_signatory", "signatory": signatory.slug, "name": "Exemple", "roles": ["ml"],
        "public_key": key.x, "reason": "exemple"})
    for slug in (UDML, AMICALE, ML1, ML2, ML3):
        s.reader().post(s.by(slug).statement("governance.approved", CONVENTION, proposal))
    return said(s.reader().post(s.by(ML2).statement("signatory.admitted", CONVENTION, {**proposal, "proof": data["proof"]})))


def named_by_a_session(s):
    """The préfecture convenes a session on a case that was never applied for, and on one that there is not."""
    subject, absent = s.minor(ML1), case()
    s.reader(ML1).get(f"/v1/cases/{id_of(subject)}")
    for named in (subject, absent):
        s.convene(named)
    seen = {who: [s.reader(who).get(path).json().get("reads") if "audit" in path else said(s.reader(who).get(path))
                  for named in (subject, absent)
                  for path in (f"/v1/audit/reads?case={id_of(named)}", f"/v1/cases/{id_of(named)}",
                               f"/v1/cases/{id_of(named)}/timeline")] for who in (PREF, POLICE, MAGISTRATE)}
    return str({json.dumps(answers[:3] == answers[3:] and answers[0] == []) for answers in seen.values()})


def hold_of(s, by, subject):
    hold = {"hold_id": str(uuid.uuid4()), "reason": "defence_of_rights", "ends_on": paris_day(300)}
    return hold["hold_id"], said(s.reader().post(s.by(by).statement("case.legal_hold_placed", subject, hold)))


def held_for_ever(s):
    """An association places a hold, takes its application back, and goes on; the person asks to be erased."""
    subject = file_of(s)
    earlier, placed = hold_of(s, AMICALE, subject)
    s.act(AMICALE, "psp.ended", subject, {"outcome": "withdrawn", "ended_on": paris_day()})
    _, again = hold_of(s, AMICALE, subject)
    lifted = said(s.reader().post(s.by(ML1).statement("case.legal_hold_lifted", subject, {"hold_id": earlier})))
    erased_ = said(s.reader().post(s.by(ML1).statement("case.data_erased", subject, {"basis": "art17", "targets": [1]})))
    return f"{placed}, {again}, {lifted}, {erased_}"


def emergency(s, by, subject, seconds=0.3):
    access = {"access_id": str(uuid.uuid4()), "reason": "immediate_danger", "until": in_seconds(seconds)}
    return said(s.reader().post(s.by(by).statement("case.emergency_access_opened", subject, access,
                                                   {"note": "exemple : menaces, structure injoignable"})))


def unreviewed(s):
    subject, answers = s.supported(ML1), []
    for _ in range(5):
        answers.append(emergency(s, ML2, subject))
        time.sleep(0.35)
    return str(answers)


def sibling_barred(s):
    """Of two missions locales of one union one was found not justified: whether the other learns that there is a case."""
    slugs = []
    for _ in range(2):
        key = Key()
        signatory = Signatory(f"mission-locale-{uuid.uuid4().hex[:6]}", key)
        s.ledger.signatories[signatory.slug] = signatory
        s.act(UDML, "mission_locale.attached", OWN_STREAM, attaching(s, signatory, key))
        slugs.append(signatory.slug)
    subject = s.supported(ML1)
    opened_ = s.act(slugs[0], "case.emergency_access_opened", subject, {
        "access_id": str(uuid.uuid4()), "reason": "immediate_danger", "until": in_seconds(30)},
        {"note": "exemple : menaces, structure injoignable"})
    access = s.reader(ML1).get(f"/v1/events/{opened_['id']}").json()["data"]["access_id"]
    s.act(ML1, "case.emergency_access_reviewed", subject, {"access_id": access, "outcome": "not_justified"})
    return str([emergency(s, slugs[0], subject), emergency(s, slugs[1], subject), emergency(s, slugs[1], case())])


def debate(s, subject, opinion, recused=()):
    session = s.convene(subject)
    for slug in recused:
        s.act(slug, "member.recused", session, {"case_id": id_of(subject), "ground": "knows_person"})
    s.hold(session)
    return session, s.act(PREF, "psp.opinion_given", subject, s.opinion(session, len(COMMISSION) - 2 - len(recused), 1, opinion))


UNMOVED = ("/v1/cases/{case}", "/v1/cases/{case}/timeline", "/v1/cases/{case}/timeline?limit=1", "/v1/cases?limit=500",
           "/v1/cases?phase=PSP", "/v1/events?stream={stream}&limit=500", "/v1/events?stream={stream}&order=desc&limit=1",
           "/v1/audit?stream={stream}&limit=500", "/v1/audit?stream={stream}&order=desc&limit=1", "/v1/deadlines?limit=500",
           "/v1/deadlines?kind=inactivity", "/v1/referrals?box=outbox&limit=500", "/v1/events?stream={stream}&type=psp.*",
           "/v1/events?stream={stream}&axis=commission&limit=1", "/v1/audit?type=psp.opinion_given",
           f"/v1/audit?stream={{stream}}&signatory={PREF}", "/v1/events?type=session.*", "/v1/events?type=member.recused",
           "/v1/psp?limit=500", "/v1/psp?phase=APPLIED", "/v1/psp?phase=OPINED", "/v1/sessions")


def fill(path, subject):
    return path.format(case=id_of(subject), stream=subject)


def look(s, who, subject):
    """Answers as they are, by path: body, tag, link."""
    answers = {path: s.reader(who).get(fill(path, subject)) for path in UNMOVED}
    return {path: (a.status, a.headers.get("etag"), a.headers.get("link") is None, shape(a.json())) for path, a in answers.items()}


def shape(body):
    """Without cursors, which are new with each answer, and without who looked, of which this is one."""
    return {k: v for k, v in body.items() if k not in ("next", "looks")}, "next" in body


@contextlib.contextmanager
def stage():
    with staged("--clock-seconds", 3600) as s:
        for slug in (AMICALE, MOUVEMENT):
            s.accredit(slug)
        s.appoint()
        s.file = file_of(s)
        s.first = s.events(ML1, stream=s.file)[0]["index"]
        s.before = look(s, ML1, s.file)
        s.live = Live(s.server, s.reader(ML1), query=f"?stream={s.file}")
        _, adjourned = debate(s, s.file, "adjourned", [POLICE])
        s.session, s.opinion_given = debate(s, s.file, "favourable")
        s.after = look(s, ML1, s.file)
        s.hidden = [adjourned["index"], s.opinion_given["index"]]
        ended(s)
        yield s
        s.live.close()


def ended(s):
    """A case that ML2 was asked to help with and declined, that ML1 handed to ML3, and on which MOUVEMENT has done its part."""
    s.gone = s.minor(ML1)
    declined = s.ask(ML1, s.gone, ML2)
    s.act(ML2, "referral.received", s.gone, {"referral_id": declined})
    s.declined = s.act(ML2, "referral.declined", s.gone, {"referral_id": declined, "decline_reason": "no_capacity"})
    done = s.ask(ML1, s.gone, MOUVEMENT)
    s.accept_referral(MOUVEMENT, s.gone, done)
    s.act(MOUVEMENT, "referral.completed", s.gone, {"referral_id": done, "outcome": "service_given"})
    s.act(ML1, "case.transfer_requested", s.gone, {"to": ML3, "reason": "capacity", "kind": "permanent"})
    s.act(ML3, "case.transfer_accepted", s.gone)
    s.told = {who: s.reader(who).get(f"/v1/events?stream={s.gone}&limit=500").json()["events"] for who in (ML1, ML2, MOUVEMENT)}
    s.completed_tag = s.reader(MOUVEMENT).get(fill("/v1/cases/{case}/timeline", s.gone)).headers["etag"]
    for _ in range(3):
        s.later = s.act(ML3, "case.risk_assessed", s.gone, ASSESSED, {"factors": [LATER]})


def as_absent(path, who, subject=lambda s: s.gone, event=lambda s: s.later["id"]):
    """The attempt: whether a path with what is hidden in it is answered as with what does not exist."""
    def attempt(s):
        answers = []
        for hidden in (True, False):
            names = {"case": id_of(subject(s)), "stream": subject(s), "event": event(s)} if hidden else \
                    {"case": str(uuid.uuid4()), "stream": case(), "event": str(uuid.uuid4())}
            answer = s.reader(who).get(path.format(**names))
            headers = sorted((k.lower(), v) for k, v in answer.headers.items() if k.lower() not in ("date", "traceparent"))
            answers.append((answer.status, headers, answer.text))
        return f"{said(s.reader(who).get(fill(path.replace('{event}', event(s)), subject(s))))}, alike {answers[0] == answers[1]}"
    return attempt


# --- debates, by the holder of the case, a mission locale

def unmoved(path):
    return lambda s: f"unmoved {s.before[path] == s.after[path]}"


def not_modified(s):
    tag = s.before["/v1/cases/{case}"][1]
    return s.reader(ML1).get(fill("/v1/cases/{case}", s.file), If_None_Match=tag).status


def changes_by_index(s):
    """Where the case changes, by asking for it as of every index: not at a debate."""
    seen = [s.reader(ML1).get(f"/v1/cases/{id_of(s.file)}?asOf={i}").text for i in range(s.first, s.opinion_given["index"] + 1)]
    changed = {s.first + n for n in range(1, len(seen)) if seen[n] != seen[n - 1]}
    return f"at a debate {sorted(changed & set(s.hidden))}, elsewhere {len(changed)}"


def gaps(path, member, name):
    def attempt(s):
        numbers = [i[name] for i in all_pages(s.reader(ML1), fill(path, s.file), member)]
        return f"gaps {[b for a, b in zip(numbers, numbers[1:]) if b != a + 1]} of {len(numbers)}"
    return attempt


def versions(s):
    """What the holder counts, and where its case truly stands in the log."""
    counted = s.case_of(ML1, s.file)["version"]
    return counted, s.case_of(PREF, s.file)["version"]


def if_match(counted):
    """The attempt: an act with the version that the holder counts, or with the true one."""
    def attempt(s):
        mine, true = versions(s)
        statement = s.by(ML1).statement("case.risk_assessed", s.file, {**ASSESSED, "risk": "medium"})
        answer = s.reader().post(statement, If_Match=f'"{mine if counted else true}"')
        if answer.status == 201:
            return f"201, version {answer.json()['version'] - mine}, tag {int(answer.headers['etag'].strip(chr(34))) - mine}"
        words = re.findall(r"\d+", answer.json()["detail"] + answer.json()["accepted"] + answer.json().get("state", ""))
        return f"{said(answer)}, told {[n for n in map(int, words) if n != true]}"
    return attempt


def corrected(own):
    """The attempt: a correction of the holder's last act by the number that it counts, or by the true one."""
    def attempt(s):
        s.act(ML1, "case.risk_assessed", s.file, {**ASSESSED, "risk": "medium"})
        mine, true = versions(s)
        statement = s.by(ML1).statement("case.corrected", s.file, {"target_version": mine if own else true, "reason": "wrong_value",
                                                                   "risk": "low"})
        answer = s.reader().post(statement)
        if answer.status != 201:
            return f"{said(answer)}, told {[n for n in (mine, true) if str(n) in str(answer.json().get('accepted', ''))]}"
        last = s.reader(ML1).get(fill("/v1/cases/{case}/timeline?limit=500", s.file)).json()["items"]
        by_pref = s.reader(PREF).get(fill("/v1/cases/{case}/timeline?limit=500", s.file)).json()["items"]
        return f"201, of {last[-1]['target'] - mine}, truly {by_pref[-1]['target'] - true}"
    return attempt


def erased(s):
    """An erasure names what it destroys as the holder counts, and destroys that."""
    step = {"step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"}
    done = s.act(ML1, "support.step_done", s.file, step, {"detail": LATER})
    s.act(ML1, "case.data_erased", s.file, {"basis": "art17", "targets": [done["version"]]})
    return f"found {LATER in s.reader(ML1).get('/v1/events/' + done['id']).text}"


def told_by_stream(s):
    """What the holder's stream, open all the time, said while the debates took place."""
    s.act(ML1, "case.risk_assessed", s.file, {**ASSESSED, "risk": "medium"})
    event = s.live.next()
    return f"first {json.loads(event.data)['type']}, {json.loads(event.data)['version'] - s.before['/v1/cases/{case}'][3][0]['version']}"


def resumed(s):
    """A stream from where the debates are: nothing of them."""
    connection = http.client.HTTPConnection("127.0.0.1", s.server.port, timeout=10)
    connection.request("GET", f"/v1/events/live?stream={s.file}", None,
                       {"Authorization": f"Bearer {s.by(ML1).token(s.ledger.origin)}", "Last-Event-ID": str(s.hidden[0] - 1)})
    response, text, end = connection.getresponse(), "", s.server.size() - 1
    while f"id: {end}\n" not in text:
        text += response.readline().decode()
    response.close()
    connection.close()
    return f"told {[i for i in s.hidden if f'id: {i}' + chr(10) in text]}, opinion {'opinion' in text}"


def psp_of(s):
    psp = s.case_of(ML1, s.file)["psp"]
    return f"{psp['phase']} {sorted(set(psp) & {'opinion', 'session'})}"


def tried(s, who, name, subject, data):
    return said(s.reader().post(s.by(who).statement(name, subject, data)))


def handed_over(name, data, open_=False):
    """The attempt: who handed a case over acts on what it recorded; then its holder does."""
    def attempt(s):
        subject = case()
        if open_:
            s.act(ML1, "case.detected", subject, DETECTED, {"note": NOTE})
        else:
            subject = s.minor(ML1)
            s.consent(ML1, subject, "referral")
        s.act(ML1, "case.transfer_requested", subject, {"to": ML3, "reason": "capacity", "kind": "permanent"})
        s.act(ML3, "case.transfer_accepted", subject)
        return f"{tried(s, ML1, name, subject, data)}, {tried(s, ML3, name, subject, data)}"
    return attempt


def promised(s):
    """Who is asked promises something, and declines; who has accepted promises, and completes."""
    subject, answers = s.minor(ML1), []
    asked, helps = s.ask(ML1, subject, MOUVEMENT), s.ask(ML1, subject, ML2)
    s.act(MOUVEMENT, "referral.received", subject, {"referral_id": asked})
    s.accept_referral(ML2, subject, helps)
    for who in (MOUVEMENT, ML2):
        answers.append(tried(s, who, "contribution.committed", subject, {"contribution_id": str(uuid.uuid4()), "kind": "expertise"}))
    s.act(MOUVEMENT, "referral.declined", subject, {"referral_id": asked, "decline_reason": "no_capacity"})
    s.act(ML2, "referral.completed", subject, {"referral_id": helps, "outcome": "service_given"})
    return str(answers + [said(s.reader(who).get(fill("/v1/cases/{case}", subject))) for who in (MOUVEMENT, ML2)])


def in_danger(s):
    """An association without a part opens an emergency access to a file that a session has adjourned."""
    subject = s.supported(ML1)
    s.consent(ML1, subject, "psp")
    s.consent(ML1, subject, "referral")
    s.accept_referral(AMICALE, subject, s.ask(ML1, subject, AMICALE, "consent"))
    s.act(AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
    debate(s, subject, "adjourned")
    opened_ = emergency(s, MOUVEMENT, subject, 600)
    reader = s.reader(MOUVEMENT)
    psp = reader.get(fill("/v1/cases/{case}", subject)).json()["psp"]
    versions_ = [i["version"] for i in reader.get(fill("/v1/cases/{case}/timeline?limit=500", subject)).json()["items"]]
    return (f"{opened_}, {psp['phase']} {sorted(set(psp) & {'opinion', 'session'})}, "
            f"gaps {versions_ != list(range(1, len(versions_) + 1))}")


def confided_to_the_applicant(s):
    """What comes after the person has taken back every consent, and when one is given again."""
    subject = file_of(s)
    for scope in ("referral", "psp"):
        s.act(ML1, "case.consent_withdrawn", subject, {"scope": scope})
    event = s.act(ML1, "support.step_planned", subject, {"step_id": str(uuid.uuid4()), "need": "shelter"}, {"detail": LATER})
    told = [LATER in s.reader(AMICALE).get(f"/v1/events/{event['id']}").text]
    s.consent(ML1, subject, "psp", [PREF])
    told.append(LATER in s.reader(AMICALE).get(f"/v1/events/{event['id']}").text)
    return str(told)


def handed():
    yield Row("a former holder dismisses", HANDED, handed_over("case.dismissed", {"reason": "duplicate"}, True), "403 not-holder, 201")
    yield Row("a former holder corrects the age", HANDED, handed_over("case.corrected", {
        "target_version": 1, "reason": "wrong_value", "age_band": "13_15"}), "403 not-holder-or-accepted, 201")
    yield Row("a former holder annuls a consent", HANDED, handed_over("case.annulled", {
        "target_version": 3, "reason": "entered_by_mistake"}), "403 not-author, 201")
    yield Row("a promise of who is asked, and of who completes", AFTER, promised,
              r"\['403 part-ended', '201', '404 not-found', '404 not-found'\]")
    yield Row("an emergency access to a file", DEBATES, in_danger, r"201, APPLIED \[\], gaps False")
    yield Row("what is confided, to the applicant", CONSENT, confided_to_the_applicant, r"\[False, True\]")


def debates():
    for path in UNMOVED:
        yield Row(f"GET {path}, before and behind", DEBATES, unmoved(path), "unmoved True")
    yield control("the préfecture sees them", DEBATES, lambda s: len(s.events(PREF, stream=s.file, type="psp.opinion_given")), "2")
    yield control("so does the association that presents", DEBATES,
                  lambda s: len(s.events(AMICALE, stream=s.file, type="psp.opinion_given")), "2")
    yield control("and the positions of the log tell of them", DEBATES,
                  lambda s: versions(s)[1] - versions(s)[0], "2")
    yield Row("the tag from before", DEBATES, not_modified, "304")
    yield Row("the parcours in the case", DEBATES, psp_of, r"APPLIED \[\]")
    yield Row("the case as of every index", DEBATES, changes_by_index, r"at a debate \[\], elsewhere [1-9]\d*")
    yield Row("gaps in the timeline", DEBATES, gaps("/v1/cases/{case}/timeline?limit=500", "items", "version"), r"gaps \[\] of \d+")
    yield Row("gaps in pages of one", DEBATES, gaps("/v1/cases/{case}/timeline?limit=1", "items", "version"), r"gaps \[\] of \d+")
    yield Row("gaps in the list of events", DEBATES, gaps("/v1/events?stream={stream}&limit=500", "events", "version"),
              r"gaps \[\] of \d+")
    yield Row("gaps in the audit", DEBATES, gaps("/v1/audit?stream={stream}&limit=2", "events", "version"), r"gaps \[\] of \d+")
    for path in ("/v1/events/{event}", "/v1/events/{event}?format=sd-jwt", "/v1/events/{event}/receipt"):
        yield Row(f"GET {path} of an opinion", DEBATES, as_absent(path, ML1, lambda s: s.file, lambda s: s.opinion_given["id"]),
                  "404 not-found, alike True")
    yield Row("the stream that was open", DEBATES, told_by_stream, "first relais.case.risk_assessed.v1, 1")
    yield Row("a stream from there on", DEBATES, resumed, r"told \[\], opinion False")
    yield Row("If-Match with what it counts", DEBATES, if_match(True), "201, version 1, tag 1")
    yield Row("If-Match with the true position", DEBATES, if_match(False), r"412 stream-moved, told \[\]")
    yield Row("a correction by what it counts", DEBATES, corrected(True), "201, of 0, truly 0")
    yield Row("a correction by the true position", DEBATES, corrected(False), r"404 target-unknown, told \[\]")
    yield Row("an erasure by what it counts", DEBATES, erased, "found False")


# --- after one's part has ended

def told_since(who):
    """The attempt: what it is told of the case beyond what it was told when its part ended."""
    def attempt(s):
        now = s.reader(who).get(f"/v1/events?stream={s.gone}&limit=500").json()
        return f"{len(now['events']) - len(s.told[who])} more of {len(now['events'])}, next {'next' in now}"
    return attempt


def only_own(who):
    def attempt(s):
        return f"{ {e['signatory'] for e in s.events(who, stream=s.gone)} }"
    return attempt


def oracle(who, name, data):
    """The attempt: a refused act under every version: whether one of them is answered otherwise."""
    def attempt(s):
        answers = {said(s.reader().post(s.by(who).statement(name, s.gone, data), If_Match=f'"{n}"')) for n in range(1, 20)}
        return ", ".join(sorted(answers))
    return attempt


def state_told(who, name, data):
    """The attempt: whether the refusal says where the case stands."""
    def attempt(s):
        answer = s.reader().post(s.by(who).statement(name, s.gone, data))
        phase = s.case_of(ML3, s.gone)["phase"]
        return f"{said(answer)}, told {phase in answer.text}"
    return attempt


def in_lists(who):
    def attempt(s):
        texts = [s.reader(who).get(p).text for p in ("/v1/cases?limit=500", "/v1/deadlines?limit=500")]
        return f"{[id_of(s.gone) in t for t in texts]}"
    return attempt


def completed_timeline(s):
    answer = s.reader(MOUVEMENT).get(fill("/v1/cases/{case}/timeline?limit=500", s.gone))
    last = answer.json()["items"][-1]["type"]
    return f"{last}, tag moved {answer.headers['etag'] != s.completed_tag}, next {'next' in answer.json()}"


def disclosed(who, *texts):
    """The attempt: which of these texts it can open."""
    def attempt(s):
        client = s.reader(who)
        found = "".join(client.get(f"/v1/events/{e['id']}").text for e in s.events(who, stream=s.gone))
        return f"{[t in found for t in texts]}"
    return attempt


def after():
    for who, what in ((ML1, "the former holder"), (ML2, "who has declined")):
        for path in ("/v1/cases/{case}", "/v1/cases/{case}/timeline", "/v1/cases/{case}?asOf=1", "/v1/events/{event}",
                     "/v1/events/{event}/receipt"):
            yield Row(f"{what}, {path}", AFTER, as_absent(path, who), "404 not-found, alike True")
        yield Row(f"{what}, lists", AFTER, in_lists(who), r"\[False, False\]")
        yield Row(f"{what}, acts of others", AFTER, only_own(who), "{'" + who + "'}")
        yield Row(f"{what}, more acts", AFTER, told_since(who), r"0 more of [1-9], next False")
        yield Row(f"{what}, versions tried on a refused act", AFTER, oracle(who, "support.step_planned", {
            "step_id": str(uuid.uuid4()), "need": "shelter"}), r"403 not-holder-or-accepted")
        yield Row(f"{what}, the state by a refusal", AFTER, state_told(who, "case.reopened", {}), r"403 not-holder, told False")
        yield control(f"{what} has its own acts", AFTER,
                      lambda s, who=who: said(s.reader(who).get(f"/v1/events/{s.told[who][0]['id']}/receipt")), "200")
    yield Row("who has declined, the state by an annulment", AFTER, state_told(ML2, "case.annulled", {
        "target_version": 1, "reason": "entered_by_mistake"}), r"403 not-author, told False")
    yield Row("who has declined, how many acts there are", AFTER, lambda s: str(s.reader().post(s.by(ML2).statement(
        "case.corrected", s.gone, {"target_version": 999, "reason": "wrong_value", "risk": "low"})).json()["accepted"]),
        r"[^0-9]*")
    yield Row("who has done its part, the case", AFTER, as_absent("/v1/cases/{case}", MOUVEMENT), "404 not-found, alike True")
    yield Row("who has done its part, later acts", AFTER, as_absent("/v1/events/{event}", MOUVEMENT), "404 not-found, alike True")
    yield Row("who has done its part, the timeline", AFTER, completed_timeline,
              "relais.referral.completed.v1, tag moved False, next False")
    yield Row("who has done its part, more acts", AFTER, told_since(MOUVEMENT), r"0 more of [1-9]\d*, next False")
    yield Row("who has done its part, what was confided later", AFTER, disclosed(MOUVEMENT, NOTE, LATER), r"\[True, False\]")
    yield Row("who has declined, what was confided", AFTER, disclosed(ML2, NOTE, LATER), r"\[False, False\]")


# --- a préfecture that has stepped back, and members

def stepped_back(s):
    """A file of which the préfecture's official steps back: once a stage."""
    if not hasattr(s, "left_file"):
        s.left_file = file_of(s)
        event = s.events(PREF, stream=s.left_file)[0]["id"]
        session = s.convene(s.left_file)
        for slug in (PREF, MAGISTRATE):
            s.act(slug, "member.recused", session, {"case_id": id_of(s.left_file), "ground": "knows_person"})
        s.left_event = event
        s.applied = s.events(AMICALE, stream=s.left_file, type="psp.applied")[0]["id"]
    return s.left_file


def left(path, who):
    def attempt(s):
        subject = stepped_back(s)
        return as_absent(path, who, lambda _: subject, lambda s: s.applied)(s)
    return attempt


def lists_of(who):
    def attempt(s):
        subject = stepped_back(s)
        paths = ("/v1/cases?limit=500", "/v1/deadlines?limit=500", "/v1/events?type=case.*&limit=500",
                 "/v1/audit?type=psp.*&limit=500", "/v1/referrals?limit=500", "/v1/psp?limit=500")
        return f"{[id_of(subject) in s.reader(who).get(p).text for p in paths]}"
    return attempt


def refused_state(s):
    subject = stepped_back(s)
    answer = s.reader().post(s.by(PREF).statement("psp.suspended", subject, {"reason": "person_asks"}))
    return f"{said(answer)}, told {any(p in answer.text for p in ('APPLIED', 'OPINED', 'PSP'))}"


def back():
    for who in (PREF, MAGISTRATE):
        for path in ("/v1/cases/{case}", "/v1/cases/{case}/timeline", "/v1/events/{event}", "/v1/events/{event}?format=sd-jwt",
                     "/v1/events/{event}/receipt"):
            yield Row(f"{who}, {path}", BACK, left(path, who), "404 not-found, alike True")
        for path in ("/v1/events?stream={stream}", "/v1/audit?stream={stream}"):
            yield Row(f"{who}, {path}", BACK, left(path, who), "200, alike True")
        yield Row(f"{who}, lists", BACK, lists_of(who), r"\[False, False, False, False, False, False\]")
    yield Row("the préfecture, the state by a refusal", BACK, refused_state, r"409 psp-transition, told False|409 case-transition, told False")
    yield control("the association goes on", BACK, lambda s: said(s.reader(AMICALE).get(
        f"/v1/cases/{id_of(stepped_back(s))}")), "200")
    yield Row("a member counts the commission's acts", MEMBER, lambda s: str([e["version"] for e in s.events(
        MAGISTRATE, stream=s.file)]), r"\[1, 2, 3\]")
    yield Row("a member, what supports the person", MEMBER, lambda s: str({e["type"].split(".")[1] for e in s.events(
        MAGISTRATE, stream=s.file)}), r"{'psp'}")


# --- need, consent

def opened(who, *texts):
    """The attempt: which of these it can open on a case with two referrals of their own payloads."""
    def attempt(s):
        if not hasattr(s, "two"):
            s.two = s.minor(ML1)
            for to, payload in ((ML2, PAYLOAD), (AMICALE, OTHERS)):
                s.act(ML1, "referral.requested", s.two, {
                    "referral_id": str(uuid.uuid4()), "to": to, "need": "shelter", "urgency": "urgent",
                    "legal_basis": "l226_2_2"}, {"payload": payload})
            referral = s.reader(AMICALE).get("/v1/referrals?open=true").json()["referrals"][0]["id"]
            s.accept_referral(AMICALE, s.two, referral)
        client = s.reader(who)
        found = "".join(client.get(f"/v1/events/{e['id']}").text for e in s.events(who, stream=s.two))
        return f"{[t in found for t in texts]}"
    return attempt


def identity_of(s, subject):
    event = s.events(PREF, stream=subject, type="psp.applied")[0]["id"]
    return [IDENTITY in s.reader(PREF).get(f"/v1/events/{event}").text,
            len(s.reader(PREF).get(f"/v1/events/{event}?format=sd-jwt").text.split("~")) - 2]


def identity_withdrawn(s):
    subject = file_of(s)
    told = [identity_of(s, subject)]
    s.act(ML1, "case.consent_withdrawn", subject, {"scope": "psp"})
    told.append(identity_of(s, subject))
    s.consent(ML1, subject, "psp", [ML1])  # covers another
    told.append(identity_of(s, subject))
    s.consent(ML1, subject, "psp", [PREF])
    told.append(identity_of(s, subject))
    return str(told)


def on_an_open_stream(s):
    """The consent goes while a stream is open, then an act with a disclosure comes."""
    subject = s.supported(ML1)
    s.consent(ML1, subject, "referral")
    s.ask(ML1, subject, ML2, "consent")
    live = Live(s.server, s.reader(ML2))
    s.act(ML1, "case.consent_withdrawn", subject, {"scope": "referral"})
    later = s.act(ML1, "support.step_done", subject, {"step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"},
                  {"detail": LATER})
    own = s.minor(ML2)
    event = json.loads(live.next().data)
    live.close()
    return f"own first {event['stream'] == own}, {said(s.reader(ML2).get('/v1/events/' + later['id']))}"


def need():
    yield Row("an addressee that has not answered", NEED, opened(ML2, NOTE, PAYLOAD, OTHERS), r"\[False, True, False\]")
    yield Row("one that has accepted", NEED, opened(AMICALE, NOTE, PAYLOAD, OTHERS), r"\[True, False, True\]")
    yield control("the holder", NEED, opened(ML1, NOTE, PAYLOAD, OTHERS), r"\[True, True, True\]")
    yield Row("the préfecture, a referral's payload", NEED, lambda s: str([NOTE in s.reader(PREF).get(
        f"/v1/events/{e['id']}").text for e in s.events(PREF, stream=s.file, type="referral.requested")]), r"\[False\]")
    yield Row("the identity, through the consent's life", CONSENT, identity_withdrawn,
              r"\[\[True, 1\], \[False, 0\], \[False, 0\], \[True, 1\]\]")
    yield Row("an open stream", CONSENT, on_an_open_stream, "own first True, 404 not-found")


def rows():
    yield Row("a union's missions locales, with keys of its making", VOTES, of_its_own_making,
              r"votes \{'403 no-vote'\}, proposals \{'403 no-vote'\}")
    yield Row("back by a key of the union's making", TAKEN_OVER, brought_back(lambda s, gone, new: {}), "401 return-not-proven")
    yield Row("back by the new key's word", TAKEN_OVER, brought_back(vouched(lambda s, gone, new: new)), "401 return-not-proven")
    yield Row("back by the union's word", TAKEN_OVER, brought_back(vouched(lambda s, gone, new: s.by(UDML).key)), "401 return-not-proven")
    yield control("back by its own", TAKEN_OVER, brought_back(vouched(lambda s, gone, new: gone.key)), "201")
    yield Row("admitted by the proof of its attachment", TAKEN_OVER, replayed, "401 key-proof")
    yield Row("a session on what was never applied for", MEMBER, named_by_a_session, r"\{'true'\}")
    yield Row("a hold of who has taken the application back", ENDLESS, held_for_ever, "201, 403 part-ended, 201, 201")
    yield Row("one emergency after the other", ENDLESS, unreviewed,
              r"\['201', '201', '201', '409 emergency-unreviewed', '409 emergency-unreviewed'\]")
    yield Row("a case, by an access of another of the union", "that there is a case", sibling_barred,
              r"\['403 emergency-barred', '404 stream-unknown', '404 stream-unknown'\]")
    for part in (debates, after, back, need, handed):
        yield from part()
