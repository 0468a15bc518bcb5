"""Acts that several tests need, each signed by the signatory whose act it is and sent to the server; what is
expected of the answer is asserted here. For a TestCase that has `ledger` and `server`."""
import time
import unittest
import uuid
from datetime import datetime, timedelta

from harness import AMICALE, ASSESSED, DETECTED, MOUVEMENT, PREF, Ledger, all_pages, b64u, case, clock

UDML, MAGISTRATE, POLICE, GENDARMERIE = "udml", "magistrat", "police", "gendarmerie"
HASH = b64u(bytes(32))  # of a document that nobody has
ADULT = {"channel": "outreach", "age_band": "22_25", "territory": "69266", "risk": "medium"}
NOTE = "exemple : confié par la personne"
IDENTITY = "exemple : identité, pour la seule préfecture"
COMMISSION = (PREF, MAGISTRATE, POLICE, GENDARMERIE, AMICALE, MOUVEMENT)


def paris_offset(moment):
    """How far Europe/Paris is ahead of UTC: summer time as Directive 2000/84/EC has it."""

    def last_sunday(month):
        last = moment.replace(month=month, day=31, hour=1, minute=0, second=0, microsecond=0)
        return last - timedelta(days=(last.weekday() + 1) % 7)

    return timedelta(hours=2 if last_sunday(3) <= moment < last_sunday(10) else 1)


def paris_day(days=0):
    """A day in Europe/Paris, from today: the ledger's legal days."""
    now = clock.now()
    return ((now + paris_offset(now)).date() + timedelta(days=days)).isoformat()


def end_of_day(days=0):
    """The moment when that day is over."""
    midnight = datetime.fromisoformat(paris_day(days + 1) + "T00:00:00+00:00")
    return (midnight - paris_offset(midnight)).strftime("%Y-%m-%dT%H:%M:%SZ")


def id_of(subject):
    return subject.split("/")[1]


def eventually(found, what, seconds=30):
    """The first true value of `found`, which is asked again and again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Acts:
    def by(self, slug):
        return self.ledger.signatories[slug]

    def reader(self, slug=None):
        """A client of the server that runs now, for the whole test."""
        clients = self.__dict__.setdefault("_clients", {})
        if (self.server, slug) not in clients:
            clients[self.server, slug] = self.server.client(slug)
            self.addCleanup(clients[self.server, slug].close)
        return clients[self.server, slug]

    def act(self, slug, name, subject, data=None, hidden=None, **attributes):
        """Accepted: the answer."""
        answer = self.reader().post(self.by(slug).statement(name, subject, data or {}, hidden, **attributes))
        self.assertEqual(answer.status, 201, answer)
        return answer.json()

    def refuse(self, rule, slug, name, subject, data=None, hidden=None, **attributes):
        """Refused by this rule, and nothing is appended: the problem."""
        size = self.server.size()
        answer = self.reader().post(self.by(slug).statement(name, subject, data or {}, hidden, **attributes))
        self.assertEqual((answer.rule, self.server.size()), (rule, size), answer)
        return answer.json()

    def events(self, slug, **query):
        """What a reader sees of GET /v1/events, over all pages."""
        asked = "&".join(f"{name}={value}" for name, value in {"limit": 500, **query}.items())
        return all_pages(self.reader(slug), f"/v1/events?{asked}", "events")

    def case_of(self, slug, subject):
        answer = self.reader(slug).get(f"/v1/cases/{id_of(subject)}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    # --- cases

    def minor(self, by):
        """A minor's case, assessed: -> its subject."""
        subject = case()
        self.act(by, "case.detected", subject, DETECTED, {"note": NOTE})
        self.act(by, "case.risk_assessed", subject, ASSESSED)
        return subject

    def supported(self, by):
        """An adult's case, in support."""
        subject = case()
        self.act(by, "case.detected", subject, ADULT, {"note": NOTE, "gender": "woman"})
        self.act(by, "case.risk_assessed", subject, {**ASSESSED, "risk": "medium"})
        self.step(by, subject)
        return subject

    def step(self, by, subject):
        return self.act(by, "support.step_done", subject,
                        {"step_id": str(uuid.uuid4()), "need": "shelter", "result": "done"})

    def ask(self, by, subject, to, basis="l226_2_2"):
        """A referral: its id."""
        referral = str(uuid.uuid4())
        self.act(by, "referral.requested", subject,
                 {"referral_id": referral, "to": to, "need": "shelter", "urgency": "urgent", "legal_basis": basis},
                 {"payload": NOTE})
        return referral

    def accept_referral(self, by, subject, referral):
        self.act(by, "referral.received", subject, {"referral_id": referral})
        self.act(by, "referral.accepted", subject, {"referral_id": referral})

    def consent(self, by, subject, scope, recipients=()):
        self.act(by, "case.consent_given", subject, {"scope": scope, "form_hash": HASH, "recipients": list(recipients)})

    # --- the commission

    def accredit(self, slug):
        stream = f"signatory/{slug}"
        self.act(slug, "accreditation.requested", stream, {"dossier_hash": HASH})
        self.act(PREF, "accreditation.completed", stream, {"complete_on": paris_day()})
        self.act(PREF, "accreditation.granted", stream, {"granted_on": paris_day()})

    def appoint(self, members=COMMISSION):
        for slug in members:
            self.act(PREF, "member.appointed", f"signatory/{PREF}", {"institution": slug, "capacity": "exemple"})

    def apply(self, by, subject):
        """With the person's consent."""
        self.consent(by, subject, "psp")
        return self.act(by, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})

    def convene(self, *subjects, members=COMMISSION):
        """A session on these files: -> its subject."""
        session = f"session/exemple-{uuid.uuid4()}"
        self.act(PREF, "session.convened", session, {"held_on": paris_day(), "members": list(members), "quorum": 2,
                                                     "cases": [id_of(s) for s in subjects]})
        return session

    def hold(self, session, present=COMMISSION):
        self.act(PREF, "session.held", session, {"present": list(present), "minutes_hash": HASH})

    @staticmethod
    def opinion(session, in_favour, against=0, opinion="favourable"):
        return {"session": id_of(session), "opinion": opinion, "in_favour": in_favour, "against": against,
                "abstained": 0}

    def start_parcours(self, by, *subjects):
        """From the application to the start, today."""
        for subject in subjects:
            self.apply(by, subject)
        session = self.convene(*subjects)
        self.hold(session)
        for subject in subjects:
            self.act(PREF, "psp.opinion_given", subject, self.opinion(session, len(COMMISSION) - 1))
            self.act(PREF, "psp.decided", subject, {"decision": "authorised", "notified_on": paris_day()})
            self.act(by, "psp.started", subject, {"starts_on": paris_day()})


class OverTime(Acts, unittest.TestCase):
    """Tests in which time passes: each has a ledger of its own, and a server that goes by `clock`."""

    def setUp(self):
        self.addCleanup(clock.reset)
        clock.move()
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.serve()
        self.ledger.found(self.server)

    def serve(self):
        self.server = self.ledger.serve("--clock-seconds", 1)
        self.addCleanup(self.server.stop)
