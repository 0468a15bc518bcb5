"""Several signatories that write at once, and remember what was acknowledged; the tree as an outsider computes it."""
import hashlib
import http.client
import random

from harness import AMICALE, ASSESSED, DETECTED, ML1, ML2, ML3, Threads, case, dice, jwt_of

import verify_receipt  # found through harness

WRITERS = (ML1, ML2, ML3, AMICALE)


class Load(Threads):
    """One thread a writer: each opens cases and assesses them, one statement or a short list a request, until it is told to
    stop or the server is gone. `acknowledged` holds (statement, receipt) of every answer that was read whole."""

    def __init__(self, server, writers=WRITERS):
        super().__init__(*((self._write, slug, random.Random(dice.random())) for slug in writers))
        self.server = server
        self.acknowledged = []
        self.unexpected = []

    def count(self):
        with self.lock:
            return len(self.acknowledged)

    def _write(self, slug, random_):
        signatory = self.server.ledger.signatories[slug]
        client = self.server.client()
        subject = None
        try:
            while not self.ended.is_set():
                if subject is None or random_.random() < 0.3:
                    subject = case()
                    statements = [signatory.statement("case.detected", subject, DETECTED, {"note": "exemple"})]
                else:
                    statements = [signatory.statement("case.risk_assessed", subject, ASSESSED)
                                  for _ in range(random_.choice((1, 1, 1, 2, 5)))]
                if not self._send(client, statements):
                    return
        finally:
            client.close()

    def _send(self, client, statements):
        try:
            answer = client.post(statements[0]) if len(statements) == 1 else client.post_list(statements, atomic=True)
        except (OSError, http.client.HTTPException):
            return False  # the server is gone: nothing was acknowledged
        if answer.status == 503:
            return False  # it is about to stop
        if answer.status not in (201, 207, 200):
            self.unexpected.append(answer)
            return False
        with self.lock:
            self.acknowledged += list(zip(statements, receipts_of(answer, len(statements)), strict=True))
        return True


def receipts_of(answer, count):
    """Receipts in the answer to `count` statements that were accepted."""
    body = answer.json()
    if count == 1 and "results" not in body:
        return [body["receipt"]]
    return [result["receipt"] for result in body["results"]]


class Tree:
    """Roots of an RFC 9162 tree at every size, from its leaves."""

    def __init__(self, leaves):
        self.roots = {}
        peaks = []  # of perfect subtrees, largest first: (leaves, hash)
        for leaf in leaves:
            peaks.append((1, leaf))
            while len(peaks) > 1 and peaks[-2][0] == peaks[-1][0]:
                (size, left), (_, right) = peaks[-2:]
                peaks[-2:] = [(2 * size, node(left, right))]
            root = peaks[-1][1]
            for _, left in reversed(peaks[:-1]):
                root = node(left, root)
            self.roots[sum(size for size, _ in peaks)] = root


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def entries(analyst, size, begun=0):
    """Every entry of the log, by its bundles, from the one of this number on."""
    found = []
    for bundle in range(begun, (size + 255) // 256):
        width = min(256, size - 256 * bundle)
        path = f"/log/tile/entries/{tile_number(bundle)}" + ("" if width == 256 else f".p/{width}")
        answer = analyst.get(path)
        assert answer.status == 200, answer
        data = answer.body
        while data:
            length = int.from_bytes(data[:2], "big")
            found.append(data[2:2 + length])
            data = data[2 + length:]
    assert len(found) == size - 256 * begun, (len(found), size, begun)
    return found


def tile_number(n):
    groups = [f"{n % 1000:03}"]
    while n := n // 1000:
        groups.insert(0, f"x{n % 1000:03}")
    return "/".join(groups)


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def check_receipts(test, acknowledged, analyst, size, vkey):
    """Each receipt holds by itself, is for this statement at this place, and its checkpoint is of this very tree."""
    log = entries(analyst, size)
    tree = Tree(leaf(e) for e in log)
    for statement, receipt in acknowledged:
        index, covered, received_at = verify_receipt.verify(vkey, receipt, statement)
        test.assertEqual(log[index], received_at.to_bytes(8, "big") + jwt_of(statement).encode())
        _, root = verify_receipt.open_checkpoint(receipt.partition("\n\n")[2], vkey)
        test.assertEqual(root, tree.roots[covered], f"the receipt of entry {index} is of another tree of {covered}")


def check_duplicates(test, acknowledged, server):
    """Sent again, each acknowledged statement gets the receipt that it got first."""
    client = server.client()
    for at in range(0, len(acknowledged), 100):
        part = acknowledged[at:at + 100]
        answer = client.post_list([statement for statement, _ in part])
        test.assertIn(answer.status, (200, 207), answer)
        results = answer.json()["results"]
        test.assertEqual([r["status"] for r in results], [200] * len(part), "an acknowledged statement is lost")
        test.assertEqual([r["receipt"] for r in results], [receipt for _, receipt in part])
    client.close()
