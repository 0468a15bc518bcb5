"""Several signatories that do at once what a ledger is for, and remember what they were told: acts alone and in lists, disclosures
that are completed later, erasures, looks at cases. And an outsider that follows the tree."""
import http.client
import json
import random
import uuid
from collections import defaultdict

from acts import id_of
from harness import AMICALE, ASSESSED, DETECTED, ML1, ML2, Threads, case, dice, jwt_of, next_page, unb64u
from load import entries, leaf, node, receipts_of

import verify_receipt  # found through harness

WRITERS = (ML1, ML2, AMICALE)
PART = 100  # statements of one request


class Gone(Exception):
    """The server is: nothing was acknowledged."""


class Promises:
    """What signatories were told, of one life of a server or of all. A case is of one life."""

    def __init__(self):
        self.receipts = []  # (statement as it was sent, receipt)
        self.disclosed = []  # statements whose disclosures were kept
        self.erased = []  # those whose disclosures were destroyed
        self.doubtful = set()  # cases of which an erasure was sent, and not answered
        self.looks = defaultdict(list)  # (slug, case): purposes

    def add(self, other):
        self.receipts += other.receipts
        self.disclosed += other.disclosed
        self.erased += other.erased
        self.doubtful |= other.doubtful

    def settle(self):
        """What is erased, or may be, is not disclosed."""
        gone = set(map(jwt_of, self.erased))
        self.disclosed = [s for s in self.disclosed if jwt_of(s) not in gone and subject_of(s) not in self.doubtful]


def subject_of(statement):
    return json.loads(unb64u(statement.split(".")[1]))["subject"]


class MixedLoad(Threads):
    """One thread a writer, each with cases of its own, until it is told to stop or the server is gone."""

    def __init__(self, server):
        super().__init__(*((self._go_on, slug, random.Random(dice.random())) for slug in WRITERS))
        self.server = server
        self.told = Promises()
        self.unexpected = []

    def count(self):
        with self.lock:
            return len(self.told.receipts)

    def _go_on(self, slug, random_):
        writer = Writer(self, slug, random_)
        try:
            while not self.ended.is_set():
                writer.act()
        except Gone:
            pass
        finally:
            writer.client.close()

    def keep(self, what, *told):
        with self.lock:
            getattr(self.told, what).extend(told)


class Writer:
    def __init__(self, load, slug, random_):
        self.load = load
        self.random = random_
        self.slug = slug
        self.signatory = load.server.ledger.signatories[slug]
        self.client = load.server.client(slug)
        self.noted = []  # (subject, statement) of this life, whose note is there
        self.subject = None

    def act(self):
        doing = self.random.choices((self.open, self.assess, self.assess_more, self.complete, self.refer, self.erase, self.look),
                                    (4, 4, 3, 2, 1, 2, 4))[0]
        (self.open if self.subject is None else doing)()

    def ask(self, request):
        try:
            answer = request()
        except (OSError, http.client.HTTPException) as e:
            raise Gone from e
        if answer.status == 503:
            raise Gone  # it is about to stop
        if answer.status not in (200, 201):
            self.load.unexpected.append(answer)
            raise Gone
        return answer

    def send(self, *statements):
        one = len(statements) == 1
        answer = self.ask(lambda: self.client.post(statements[0]) if one else self.client.post_list(statements, atomic=True))
        self.load.keep("receipts", *zip(statements, receipts_of(answer, len(statements)), strict=True))
        self.load.keep("disclosed", *(s for s in statements if not s.endswith(".~") and s.count("~") > 1))

    def detected(self):
        return self.signatory.statement("case.detected", case(), DETECTED, {"note": f"exemple {uuid.uuid4()}"})

    def open(self):
        statement = self.detected()
        self.send(statement)
        self.subject = subject_of(statement)
        self.noted.append((self.subject, statement))

    def assess(self):
        self.send(self.signatory.statement("case.risk_assessed", self.subject, ASSESSED))

    def assess_more(self):
        self.send(*(self.signatory.statement("case.risk_assessed", self.subject, ASSESSED)
                    for _ in range(self.random.choice((2, 3, 8)))))

    def complete(self):
        """First without its disclosure, then with it."""
        statement = self.detected()
        self.send(jwt_of(statement) + "~")
        self.send(statement)
        self.subject = subject_of(statement)
        self.noted.append((self.subject, statement))

    def refer(self):
        """Nobody answers: the clock ends it."""
        self.assess()
        self.send(self.signatory.statement(
            "referral.requested", self.subject,
            {"referral_id": str(uuid.uuid4()), "to": ML1 if self.slug != ML1 else ML2, "need": "shelter", "urgency": "urgent",
             "legal_basis": "l226_2_2"}, {"payload": "exemple"}))
        self.subject = None

    def erase(self):
        if not self.noted:
            return
        subject, statement = self.noted.pop(self.random.randrange(len(self.noted)))
        with self.load.lock:
            self.load.told.doubtful.add(subject)
        self.send(self.signatory.statement("case.data_erased", subject, {"basis": "art17", "targets": [1]}))
        self.load.keep("erased", statement)

    def look(self):
        purpose = str(uuid.uuid4())
        token = self.signatory.token(self.load.server.ledger.origin, purpose=purpose)
        subject = self.subject
        self.ask(lambda: self.client.get(f"/v1/cases/{id_of(subject)}", Authorization=f"Bearer {token}"))
        with self.load.lock:
            self.load.told.looks[self.slug, subject].append(purpose)


class Outsider:
    """Follows the log by its bundles: what it has seen does not change, and every receipt is of this very tree."""

    def __init__(self, vkey):
        self.vkey = vkey
        self.log = []
        self.roots = {}
        self._peaks = []

    def follow(self, test, analyst, size):
        test.assertGreaterEqual(size, len(self.log), "the tree has become smaller")
        begun = len(self.log) // 256
        found = entries(analyst, size, begun)
        test.assertEqual(found[:len(self.log) - 256 * begun], self.log[256 * begun:], "an entry has changed")
        for entry in found[len(self.log) - 256 * begun:]:
            self.log.append(entry)
            self._peaks.append((1, leaf(entry)))
            while len(self._peaks) > 1 and self._peaks[-2][0] == self._peaks[-1][0]:
                (n, left), (_, right) = self._peaks[-2:]
                self._peaks[-2:] = [(2 * n, node(left, right))]
            root = self._peaks[-1][1]
            for _, left in reversed(self._peaks[:-1]):
                root = node(left, root)
            self.roots[len(self.log)] = root

    def check(self, test, receipts):
        for statement, receipt in receipts:
            index, covered, received_at = verify_receipt.verify(self.vkey, receipt, statement)
            test.assertEqual(self.log[index], received_at.to_bytes(8, "big") + jwt_of(statement).encode())
            _, root = verify_receipt.open_checkpoint(receipt.partition("\n\n")[2], self.vkey)
            test.assertEqual(root, self.roots[covered], f"the receipt of entry {index} is of another tree of {covered}")


def results(test, client, statements):
    for at in range(0, len(statements), PART):
        answer = client.post_list(statements[at:at + PART])
        test.assertIn(answer.status, (200, 207), answer)
        yield from zip(statements[at:at + PART], answer.json()["results"], strict=True)


def check_promises(test, told, server):
    """Each statement is there, with what it disclosed and with its first receipt, which who knows all of it is given; what was erased
    is not taken again; every look has left its trace."""
    client = server.client()
    gone = set(map(jwt_of, told.erased))
    first = {jwt_of(statement): receipt for statement, receipt in told.receipts}
    disclosed = set(map(jwt_of, told.disclosed))
    whole = {jwt_of(s): s for s, _ in told.receipts if jwt_of(s) not in gone and subject_of(s) not in told.doubtful}
    whole |= {jwt_of(s): s for s in told.disclosed}
    for statement, result in results(test, client, list(whole.values())):
        jwt = jwt_of(statement)
        test.assertEqual(result["status"], 200, f"an acknowledged statement is lost: {result}")
        if jwt in disclosed:
            test.assertNotIn("disclosuresAdded", result, "what was disclosed was lost")
        if "receipt" in result:
            test.assertEqual(result["receipt"], first[jwt])
        else:
            test.assertIn("receiptAt", result)
            test.assertNotIn(jwt, disclosed)
    for _, result in results(test, client, [f"{jwt}~" for jwt in first if jwt not in whole]):
        test.assertEqual(result["status"], 200, f"an acknowledged statement is lost: {result}")
    for _, result in results(test, client, told.erased):
        test.assertEqual((result["status"], result["type"].rsplit("/", 1)[-1]), (409, "disclosures-erased"), result)
    client.close()
    for (slug, subject), purposes in told.looks.items():
        reader = server.client(slug)
        found, path = set(), f"/v1/audit/reads?case={id_of(subject)}&limit=500"
        while path:
            answer = reader.get(path)
            test.assertEqual(answer.status, 200, answer)
            found |= {read["purpose"] for read in answer.json()["reads"]}
            path = next_page(answer)
        reader.close()
        test.assertEqual(set(purposes) - found, set(), "answered without a trace")
