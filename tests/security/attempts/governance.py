"""A stolen key, a signatory that would stay, and what a refusal tells: what the others can do then, and what one learns."""
import contextlib
import json
import os
import uuid
from datetime import timedelta

from acts import COMMISSION, GENDARMERIE, HASH, IDENTITY, POLICE, UDML, eventually, id_of, paris_day
from harness import (AMICALE, ASSESSED, DETECTED, ML1, ML2, ML3, MOUVEMENT, PREF, Key, case, clock, digest, rfc3339, run)
from stage import bare, staged
from table import Row, control
from wire import said

STOLEN, ROGUE, LAST, SESSIONS, LOOKS = ("a stolen key", "a signatory that would stay", "the only one of its role",
                                        "sessions by their names", "a look without a trace")
ENDLESS, APPEAL, SHORT = "a right without an end", "another's appeal", "the last of the disk"
CONVENTION = "convention/rhone-2023"
ML4, ML5 = "mission-locale-4", "mission-locale-5"


@contextlib.contextmanager
def stage():
    with staged("--clock-seconds", 1) as s:
        for slug in (AMICALE, MOUVEMENT):
            s.accredit(slug)
        s.appoint()
        yield s


def tried(s, who, name, subject, data, hidden=None, key=None, headers=None, **attributes):
    return said(s.reader().post(s.by(who).statement(name, subject, data, hidden, key, **attributes), **(headers or {})))


def proposed(s, by, act, **members):
    """-> the proposal, and what came back"""
    proposal = {"proposal_id": f"exemple-{uuid.uuid4()}"}
    return proposal, tried(s, by, "governance.proposed", CONVENTION, {**proposal, "act": act, "reason": "exemple", **members})


def decided(s, voters, act, effect, more=None, by=None, **members):
    """Proposed by the first of them, approved by the others: what the act of who states the quorum gets."""
    proposal, came = proposed(s, voters[0], act, **members)
    if came != "201":
        return came
    for voter in voters[1:]:
        s.act(voter, "governance.approved", CONVENTION, proposal)
    return tried(s, by or voters[0], effect, CONVENTION, {**proposal, **(more or {})})


def brought_back(s, voters, slug):
    """The others give it a key that it has made."""
    new = Key()
    proof = s.by(slug).key_data(new, s.ledger.origin)["proof"]
    came = decided(s, voters, "enrol_first_key", "key.first_enrolled", {"proof": proof}, signatory=slug, public_key=new.x)
    if came == "201":
        s.by(slug).key = new
    return came


def used_up(s):
    """A thief enrols as many keys as it may, and revokes every key there is; what the others can do for its owner."""
    subject, stream = s.minor(ML2), f"signatory/{ML2}"
    owner, enrolled, answers = s.by(ML2), [], []
    while not answers or answers[-1] == "201" and len(enrolled) < 110:
        key = Key()
        answers.append(tried(s, ML2, "key.enrolled", stream, owner.key_data(key, s.ledger.origin)))
        enrolled.append(key)
    for key in (*enrolled[:-1], owner.key):
        s.act(ML2, "key.revoked", stream, {"kid": key.kid, "reason": "lost"})
    back = brought_back(s, (PREF, AMICALE, ML1), ML2)
    again = tried(s, ML2, "key.enrolled", stream, owner.key_data(Key(), s.ledger.origin))
    read = said(s.server.client(ML2).get(f"/v1/cases/{id_of(subject)}"))
    return f"{len(enrolled) - 1} and {answers[-1]}; back {back}, enrols {again}, reads {read}"


def the_only_one(s):
    """The préfecture's key is stolen: the others stop it, and bring the préfecture back, without its vote."""
    stolen = s.by(PREF).key
    few = decided(s, (AMICALE, ML1, ML2), "revoke_key", "key.revoked_by_quorum", signatory=PREF)
    most = decided(s, (AMICALE, MOUVEMENT, UDML, ML1, ML2, ML3, ML4, ML5), "revoke_key", "key.revoked_by_quorum", signatory=PREF)
    signs = tried(s, PREF, "practice.shared", "library/exemple", {"title": "t", "summary": "s"}, key=stolen)
    back = brought_back(s, (AMICALE, MOUVEMENT, UDML, ML1, ML2, ML3, ML4, ML5), PREF)
    votes = proposed(s, PREF, "amend_convention", document_hash=HASH, terms=[{"name": "psp-review-days", "value": 50}])[1]
    return f"three {few}, eight {most}; it signs {signs}; back {back}, proposes {votes}"


def noted(s):
    """What whoever makes the ledger is told of the example convention."""
    made = run("init", "--json", "--convention", s.ledger.convention, "--data", s.ledger.folder / "noted")
    notes = json.loads(made.stdout)["notes"]
    return f"{sorted(n.split()[4] for n in notes)}, {all('prefecture, 8 of the 15 others decide' in n for n in notes)}"


def outrun(s):
    """Whoever has the key rotates it while the others decide."""
    one, _ = proposed(s, PREF, "revoke_key", kid=s.by(ML3).key.kid)
    every, _ = proposed(s, PREF, "revoke_key", signatory=ML3)
    new = Key()
    s.act(ML3, "key.rotated", f"signatory/{ML3}", s.by(ML3).key_data(new, s.ledger.origin))
    for proposal in (one, every):
        for voter in (AMICALE, ML1):
            s.act(voter, "governance.approved", CONVENTION, proposal)
    answers = [tried(s, PREF, "key.revoked_by_quorum", CONVENTION, proposal) for proposal in (one, every)]
    signs = tried(s, ML3, "practice.shared", "library/exemple", {"title": "t", "summary": "s"}, key=new)
    return f"that key {answers[0]}, every key {answers[1]}; signs {signs}; back {brought_back(s, (PREF, AMICALE, ML1), ML3)}"


def excluded(s):
    """One that has made up a case is withdrawn; another, which the quorum names, signs for what it holds."""
    subject, closed = s.minor(ML5), case()
    s.act(ML5, "case.detected", closed, DETECTED)
    s.act(ML5, "case.dismissed", closed, {"reason": "duplicate"})
    voters = (PREF, AMICALE, ML1)
    alone = decided(s, voters, "withdraw_signatory", "signatory.withdrawn", {"reason": "excluded"}, signatory=ML5)
    given = decided(s, voters, "withdraw_signatory", "signatory.withdrawn", {"reason": "excluded"}, signatory=ML5, successor=ML4)
    taken = decided(s, voters, "withdraw_signatory", "signatory.withdrawn", {"reason": "excluded"}, by=ML4,
                    signatory=ML5, successor=ML4)
    reader = s.reader(ML4)
    with contextlib.suppress(AssertionError):
        eventually(lambda: all(reader.get(f"/v1/cases/{id_of(c)}").status == 200 for c in (subject, closed)), "the cases", 20)
    holds = [reader.get(f"/v1/cases/{id_of(c)}").json().get("holder") for c in (subject, closed)]
    last = s.events(ML4, stream=subject)[-1]
    erased = tried(s, ML4, "case.data_erased", closed, {"basis": "art17"})
    signs = tried(s, ML5, "case.risk_assessed", subject, ASSESSED)
    return (f"with a case {alone}, unasked {given}, by it {taken}; holds {holds == [ML4, ML4]}, "
            f"by {last['signatory']} {last['type']}; erases {erased}; the other {signs}")


# --- what a refusal tells

def named(who):
    """The attempt: a recusal on a session by its name, of who was not convened to it, through the session's life."""
    def attempt(s):
        subject = s.minor(ML1)
        session = f"session/seance-{uuid.uuid4().hex[:8]}"
        absent = session + "-bis"
        present = [m for m in COMMISSION if m not in (GENDARMERIE, MOUVEMENT)]

        def told(on):
            data = {"case_id": id_of(subject), "ground": "knows_person"}
            return {tried(s, who, "member.recused", on, data)} | {
                tried(s, who, "member.recused", on, data, headers={"If_Match": f'"{n}"'}) for n in range(1, 5)}
        answers = [told(absent)]
        s.act(PREF, "session.convened", session, {"held_on": paris_day(), "members": present, "quorum": 2,
                                                  "cases": [id_of(subject)]})
        answers.append(told(session))
        s.act(POLICE, "member.recused", session, {"case_id": id_of(subject), "ground": "knows_person"})
        answers.append(told(session))
        s.hold(session, present)
        answers.append(told(session))
        return f"{sorted(set().union(*answers))}, alike {len(set(map(frozenset, answers))) == 1}"
    return attempt


def by_trying(s):
    """A participant tries the version of a case on acts that are refused, and on one that is not."""
    subject = s.minor(ML1)
    s.ask(ML1, subject, ML2)

    def answers(name, data):
        return sorted({tried(s, ML2, name, subject, data, headers={"If_Match": f'"{n}"'}) for n in range(1, 9)})
    refused = answers("support.step_done", {"step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"})
    size = s.server.size()
    taken = answers("contribution.delivered", {"contribution_id": str(uuid.uuid4())})
    return f"{refused}, {len(taken)} answer, {s.server.size() - size} entries"


def crossed(s):
    """What a precondition is for: an act that is allowed, on a case that has moved since."""
    subject = s.minor(ML1)
    return tried(s, ML1, "case.risk_assessed", subject, ASSESSED, headers={"If_Match": '"1"'})


# --- an appeal

def refused_file(s, subject):
    s.consent(ML1, subject, "referral")
    for association in (AMICALE, MOUVEMENT):
        s.accept_referral(association, subject, s.ask(ML1, subject, association, "consent"))
    s.consent(ML1, subject, "psp")
    s.act(AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
    session = s.convene(subject)
    s.hold(session)
    s.act(PREF, "psp.opinion_given", subject, s.opinion(session, 0, len(COMMISSION) - 1, "unfavourable"))
    s.act(PREF, "psp.decided", subject, {"decision": "refused", "appeal_route": "contentious", "notified_on": paris_day()},
          {"reasons": "exemple : motifs de fait et de droit"})


def another_applies(s):
    """Within the term of appeal another association applies anew; the first one appeals."""
    subject = s.supported(ML1)
    refused_file(s, subject)
    applied = tried(s, MOUVEMENT, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
    appeal = tried(s, AMICALE, "psp.appeal_filed", subject, {"route": "contentious", "filed_on": paris_day()})
    return f"{applied}, {appeal}"


def closed_over_an_appeal(s):
    """An appeal was filed, the case is closed: who may end the hold of who appealed."""
    subject = s.supported(ML1)
    refused_file(s, subject)
    s.act(AMICALE, "psp.appeal_filed", subject, {"route": "contentious", "filed_on": paris_day()})
    for association in (AMICALE, MOUVEMENT):
        for referral in s.reader(association).get("/v1/referrals?open=true&limit=500").json()["referrals"]:
            if referral["case"] == id_of(subject):
                s.act(association, "referral.completed", subject, {"referral_id": referral["id"], "outcome": "service_given"})
    s.act(ML1, "case.closed", subject, {"reason": "person_refuses"})
    hold = {"hold_id": str(uuid.uuid4())}
    s.act(AMICALE, "case.legal_hold_placed", subject, {**hold, "reason": "defence_of_rights", "ends_on": paris_day(1800)})
    pending = tried(s, ML1, "case.legal_hold_lifted", subject, hold)
    judged = tried(s, PREF, "psp.appeal_judged", subject, {"outcome": "rejected", "judged_on": paris_day()})
    return (f"{pending}; judged {judged}, lifted {tried(s, ML1, 'case.legal_hold_lifted', subject, hold)}, "
            f"erased {tried(s, ML1, 'case.data_erased', subject, {'basis': 'art17'})}")


# --- the last of the disk

def in_a_shortage(attack):
    """The attempt: the disk has less than its reserve; how many of 60 are taken, and what another's erasure gets then."""
    def attempt(s):
        del s
        with bare() as t:
            server = t.serve("--clock-seconds", 3600)
            t.ledger.found(server)
            spare = Key()
            t.act(ML1, "key.enrolled", f"signatory/{ML1}", t.by(ML1).key_data(spare, t.ledger.origin))
            own, other = t.minor(ML1), t.minor(ML2)
            t.assertEqual(server.stop(), 0, server.errors())
            disk = os.statvfs(t.ledger.data)
            t.serve("--clock-seconds", 3600, "--reserve", disk.f_bavail * disk.f_frsize // (1 << 20) + 100_000)
            ordinary = tried(t, ML2, "case.risk_assessed", other, ASSESSED)
            answers = [attack(t, own, spare, n) for n in range(60)]
            erased = tried(t, ML2, "case.data_erased", other, {"basis": "art17", "targets": [1]})
            others = sorted(set(answers) - {"201"})
            return f"ordinary {ordinary}; taken {answers.count('201')}, then {others}; another erases {erased}"
    return attempt


def revoked_again(t, own, spare, n):
    del own
    from_ = rfc3339(clock.now() - timedelta(days=1, seconds=n))
    return tried(t, ML1, "key.revoked", f"signatory/{ML1}", {"kid": spare.kid, "reason": "compromised", "effective_from": from_})


def erased_again(t, own, spare, n):
    """Each destroys what the one before it is said to disclose."""
    del spare
    return tried(t, ML1, "case.data_erased", own, {"basis": "art17", "targets": [1 if n == 0 else 3]})


def with_decoys(t, own, spare, n):
    """Digests of nothing, in a type that hides nothing."""
    del own, n
    event = t.by(ML1).event("key.revoked", f"signatory/{ML1}", {"kid": spare.kid, "reason": "compromised", "_sd": sorted(
        digest(str(uuid.uuid4())) for _ in range(200))})
    return said(t.reader().post(t.by(ML1).key.jwt({**event, "_sd_alg": "sha-256"}, "cloudevents+sd-jwt") + "~"))


def rows():
    yield Row("all the room for keys, and every key revoked", STOLEN, used_up,
              "20 and 409 limit-new-keys; back 201, enrols 201, reads 200")
    yield Row("of the préfecture, whom every quorum names", LAST, the_only_one,
              "three 409 proposal-not-approved, eight 201; it signs 401 key-revoked; back 201, proposes 201")
    yield control("what is said of it beforehand", LAST, noted, r"\['enrol-first-key', 'revoke-key', 'withdraw-signatory'\], True")
    yield Row("a key that is rotated while the others decide", STOLEN, outrun,
              "that key 409 key-revoked-already, every key 201; signs 401 key-revoked; back 201")
    yield Row("a case of its making", ROGUE, excluded,
              "with a case 409 open-cases-first, unasked 403 not-successor, by it 201; holds True, "
              "by relais relais.case.passed_on.v1; erases 201; the other 401 key-revoked")
    for who in (GENDARMERIE, MOUVEMENT):
        yield Row(f"a recusal of {who}, which was not convened", SESSIONS, named(who), r"\['404 session-unknown'\], alike True")
    yield Row("the version, by acts that are refused", LOOKS, by_trying,
              r"\['403 not-holder-or-accepted'\], 1 answer, 0 entries")
    yield control("a precondition that does not hold", LOOKS, crossed, "412 stream-moved")
    yield Row("an application while the first one may appeal", APPEAL, another_applies, "409 psp-appeal-open, 201")
    yield Row("a hold on a closed case, over an appeal", ENDLESS, closed_over_an_appeal,
              "403 hold-not-own; judged 201, lifted 201, erased 201")
    yield Row("60 revocations of one key, each of an earlier day", SHORT, in_a_shortage(revoked_again),
              r"ordinary 507 storage-low; taken 1, then \['507 storage-low'\]; another erases 201")
    yield Row("60 erasures, each of the one before", SHORT, in_a_shortage(erased_again),
              r"ordinary 507 storage-low; taken 1, then \['422 target-is-erasure'\]; another erases 201")
    yield Row("60 revocations of 200 decoys", SHORT, in_a_shortage(with_decoys),
              r"ordinary 507 storage-low; taken 0, then \['4\d\d sd-too-many'\]; another erases 201")
