"""Every look at a case leaves a trace that its holder sees and can prove, without any code of Relais: the real program, killed,
on a full disk, and on a store that was cut."""
import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
import unittest
import uuid

import harness
import verify_receipt
from acts import COMMISSION, HASH, IDENTITY, NOTE, POLICE, Acts, id_of
from harness import (AMICALE, ANALYST, DETECTED, ML1, ML2, ML3, MOUVEMENT, PREF, Ledger, LedgerTest, case, copy_ledger, digest,
                     in_seconds, main, next_page, run)

READERS = 4


def reads_vkey(ledger_vkey):
    """The key of the log of reads: the ledger's, under another name (c2sp.org/signed-note)."""
    name, _, key = ledger_vkey.split("+", 2)
    raw = verify_receipt.unbase64(key, "the key")
    name += "/reads"
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    return f"{name}+{key_id}+{key}"


def check_read(vkey, receipt, read):
    """Whether a look, as it is listed, is the entry that the receipt proves; and each part one that it signs."""
    head, _, note = receipt.partition("\n\n")
    lines = head.split("\n")
    extra = verify_receipt.unbase64(lines[1].removeprefix("extra "), "extra")
    index = verify_receipt.decimal(lines[2].removeprefix("index "), "index")
    proof = [verify_receipt.unbase64(line, "proof") for line in lines[3:]]
    size, root = verify_receipt.open_checkpoint(note, vkey)
    leaf = hashlib.sha256(b"\0" + extra + read["record"].encode()).digest()
    verify_receipt.check_inclusion(index, size, leaf, proof, root)
    record = json.loads(read["record"])
    for name in ("signatory", "kid", "token", "purpose", "route", "status"):
        if record[name] != read[name]:
            raise verify_receipt.Invalid(f"{name} is not what the entry says")
    for look in read["looks"]:
        at = record["looks"].index(digest(look["look"])) if digest(look["look"]) in record["looks"] else -1
        if at < 0 or ("detail" in look and record["details"][at] != digest(look["detail"])):
            raise verify_receipt.Invalid("a part that the entry does not sign")
        signed = {**json.loads(look["look"]), **json.loads(look.get("detail", "{}"))}
        del signed["salt"]
        if signed != {name: value for name, value in look.items() if name not in ("look", "detail")}:
            raise verify_receipt.Invalid("a look is not what its parts say")
    return index


def all_reads(client, path):
    found = []
    while path:
        answer = client.get(path)
        assert answer.status == 200, answer
        found += answer.json()["reads"]
        path = next_page(answer)
    return found


class WhoLooked(Acts, LedgerTest):
    sits = False

    def commission(self):
        """Once for all tests: they share a ledger."""
        if not WhoLooked.sits:
            self.accredit(AMICALE)
            self.appoint()
            WhoLooked.sits = True

    def test_the_holder_sees_who_looked_and_can_prove_it(self):
        subject = self.minor(ML1)
        other = self.minor(ML2)
        self.ask(ML1, subject, ML3)
        note = self.events(ML3, stream=subject, type="referral.requested")[0]
        looked = self.reader(ML3).request("GET", f"/v1/events/{note['id']}", None, {
            "Authorization": "Bearer " + self.by(ML3).token(self.ledger.origin, purpose="réponse à l'orientation")})
        self.assertEqual(looked.status, 200, looked)
        self.reader(ANALYST).get("/v1/audit")  # both cases at once

        holder = self.reader(ML1)
        listed = all_reads(holder, f"/v1/audit/reads?case={id_of(subject)}&limit=3")
        mine = [r for r in listed if r["purpose"] == "réponse à l'orientation"]
        self.assertEqual(len(mine), 1, listed)
        read = mine[0]
        self.assertEqual((read["signatory"], read["kid"], read["route"], read["status"]),
                         (ML3, self.by(ML3).key.kid, "GET /v1/events/{id}", 200))
        look = read["looks"][0]
        self.assertEqual((look["case"], look["events"], look["disclosed"]), (id_of(subject), [note["index"]], [note["index"]]))
        by_analyst = next(r for r in listed if r["signatory"] == ANALYST)
        self.assertNotIn(id_of(other), json.dumps(by_analyst), "the holder of one case learns of another")

        vkey = reads_vkey(self.ledger.vkey)
        self.assertEqual(self.server.get("/log/reads/vkey").text.strip(), vkey)
        for shown in (read, by_analyst):
            receipt = holder.get(f"/v1/audit/reads/{shown['index']}/receipt?case={id_of(subject)}")
            self.assertEqual(receipt.status, 200, receipt)
            self.assertEqual(check_read(vkey, receipt.text, shown), shown["index"])
            for name, value in (("purpose", "autre"), ("signatory", ML2)):
                with self.assertRaises(verify_receipt.Invalid):
                    check_read(vkey, receipt.text, {**shown, name: value})
            with self.assertRaises(verify_receipt.Invalid):
                check_read(vkey, receipt.text, {**shown, "record": shown["record"].replace(shown["signatory"], ML2)})

        looks = self.case_of(ML1, subject)["looks"]
        row = next(r for r in looks if r["purpose"] == "réponse à l'orientation")
        self.assertEqual((row["signatory"], row["times"], row["first"]), (ML3, 1, read["receivedAt"]))
        self.assertEqual(holder.get(f"/v1/cases/{id_of(subject)}/timeline").json()["looks"][0].keys(), row.keys())
        self.assertNotIn("looks", self.case_of(ML3, subject))
        self.assertEqual(all_reads(self.reader(ML2), f"/v1/audit/reads?case={id_of(subject)}"), [])

    def test_the_commission_sees_the_looks_at_its_files(self):
        subject = self.supported(AMICALE)
        path = f"/v1/audit/reads?case={id_of(subject)}"
        self.case_of(AMICALE, subject)
        self.assertEqual(all_reads(self.reader(PREF), path), [])
        self.commission()
        self.apply(AMICALE, subject)
        self.convene(subject)
        seen = {r["signatory"] for r in all_reads(self.reader("magistrat"), path)}
        self.assertIn(AMICALE, seen)
        self.assertEqual(all_reads(self.reader(ML1), path), [])
        self.assertEqual(json.loads(self.ledger.verify().stdout)["ok"], True)

    def applied_for(self):
        """A case of ML1 that the association supports too, and has applied for."""
        self.commission()
        subject = self.supported(ML1)
        self.consent(ML1, subject, "referral")
        self.accept_referral(AMICALE, subject, self.ask(ML1, subject, AMICALE, "consent"))
        self.consent(ML1, subject, "psp")
        self.act(AMICALE, "psp.applied", subject, {"dossier_hash": HASH}, {"identity": IDENTITY})
        return subject

    def test_what_was_given_to_others_tells_of_no_debate_and_no_count(self):
        """The holder's looks before and after an opinion that it does not see; and those that the commission sees."""
        subject = self.applied_for()
        session = self.convene(subject)
        self.hold(session)
        path = f"/v1/audit/reads?case={id_of(subject)}&limit=500"

        def looks(who):
            for by in (PREF, POLICE, AMICALE, ML1):
                for asked in (f"/v1/events?stream={subject}&limit=500", f"/v1/cases/{id_of(subject)}/timeline",
                              "/v1/referrals?box=outbox", "/v1/deadlines", "/v1/events?type=psp.*"):
                    self.reader(by).get(asked)
            listed = all_reads(self.reader(who), path)
            return {(r["signatory"], r["route"], *sorted(r["looks"][0].keys() - {"case", "look"})) for r in listed
                    if r["route"] != "GET /v1/audit/reads"}

        before = looks(ML1)
        self.act(PREF, "psp.opinion_given", subject, self.opinion(session, len(COMMISSION) - 2, 1, "adjourned"))
        self.assertEqual(looks(ML1), before)
        detailed = {signatory for signatory, _, *members in before if members}
        self.assertEqual(detailed, {ML1}, "its own")
        for who in (PREF, POLICE):
            of_others = [l for l in looks(who) if l[0] != who]
            self.assertIn((ML1, "GET /v1/deadlines"), of_others)
            self.assertEqual([l for l in of_others if len(l) > 2], [], who)

    def test_a_look_in_an_emergency_names_its_access(self):
        """To the holder, and to who sees the opening; and many purposes of another do not hide it."""
        subject = self.applied_for()
        self.convene(subject)
        for k in range(101):
            self.assertEqual(self.reader(AMICALE).request("GET", f"/v1/cases/{id_of(subject)}", None, {
                "Authorization": "Bearer " + self.by(AMICALE).token(self.ledger.origin, purpose=f"p{k}")}).status, 200)
        opened = self.act(MOUVEMENT, "case.emergency_access_opened", subject, {
            "access_id": str(uuid.uuid4()), "reason": "immediate_danger", "until": in_seconds(3600)}, {"note": NOTE})
        self.assertEqual(self.reader(MOUVEMENT).get(f"/v1/cases/{id_of(subject)}").status, 200)
        path = f"/v1/audit/reads?case={id_of(subject)}"
        for who, sees in ((ML1, True), (PREF, True), (MOUVEMENT, True), (POLICE, False)):
            found = [r["looks"][0] for r in all_reads(self.reader(who), path)
                     if (r["signatory"], r["route"]) == (MOUVEMENT, "GET /v1/cases/{id}")]
            self.assertEqual([look["emergency"] for look in found], [opened["index"]] if sees else [], who)
        looks = self.case_of(ML1, subject)["looks"]
        self.assertEqual([row["times"] for row in looks if row["signatory"] == MOUVEMENT], [2], "and its list")
        self.assertEqual([row["times"] for row in looks if row["signatory"] == AMICALE and "purpose" not in row], [97])


class Crash(unittest.TestCase):
    def test_every_answered_read_is_there_after_a_kill(self):
        ledger = Ledger()
        self.addCleanup(ledger.remove)
        server = ledger.serve()
        self.addCleanup(lambda: server.kill() if server.process.poll() is None else None)
        ledger.found(server)
        by = ledger.signatories[ML1]
        client = server.client(ML1)
        subject = case()
        self.assertEqual(client.post(by.statement("case.detected", subject, DETECTED)).status, 201)
        client.close()
        answered = []
        for life in range(4):
            threads = [threading.Thread(target=self.read, args=(ledger, server, subject, f"{life}.{t}", answered))
                       for t in range(READERS)]
            before = len(answered)
            for t in threads:
                t.start()
            while len(answered) < before + 20:
                time.sleep(0.01)
            time.sleep(harness.dice.random() * 0.3)
            server.kill()
            for t in threads:
                t.join()
            server = ledger.serve()
        client = server.client(ML1)
        purposes = [r["purpose"] for r in all_reads(client, f"/v1/audit/reads?case={id_of(subject)}&limit=500")]
        self.assertEqual(sorted(set(answered) - set(purposes)), [], "answered without a trace")
        self.assertEqual(len(set(answered)), len(answered))
        client.close()
        self.assertEqual(server.stop(), 0, server.errors())
        verified = json.loads(ledger.verify().stdout)
        self.assertGreaterEqual(verified["reads"], len(answered))

    @staticmethod
    def read(ledger, server, subject, name, answered):
        """Looks at the case until the server is gone, each time for a purpose of its own."""
        client = server.client(ML1)
        try:
            for n in range(100_000):
                purpose = f"look {name}.{n}"
                token = ledger.signatories[ML1].token(ledger.origin, purpose=purpose)
                answer = client.request("GET", f"/v1/cases/{id_of(subject)}", None, {"Authorization": f"Bearer {token}"})
                if answer.status == 200:
                    answered.append(purpose)
        except (OSError, harness.http.client.HTTPException):
            pass
        finally:
            client.close()


class Store(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.server = self.ledger.serve()
        self.addCleanup(lambda: self.server.kill() if self.server.process.poll() is None else None)
        self.ledger.found(self.server)
        self.subject = case()
        client = self.server.client(ML1)
        statement = self.ledger.signatories[ML1].statement("case.detected", self.subject, DETECTED)
        self.assertEqual(client.post(statement).status, 201)
        client.close()

    def look(self):
        """-> the size of the log of reads behind it."""
        client = self.server.client(ML1)
        self.assertEqual(client.get(f"/v1/cases/{id_of(self.subject)}").status, 200)
        client.close()
        return int(self.server.get("/log/reads/checkpoint").text.split("\n")[1])

    def restart(self):
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        self.server = self.ledger.serve()

    def refused(self):
        done = run("serve", "--data", self.ledger.data, "--listen", "127.0.0.1:0", "--json", ok=None, timeout=20)
        self.assertNotEqual(done.returncode, 0, "it serves")
        return json.loads(next(line for line in done.stderr.splitlines() if line.startswith("{")))["error"]

    def test_a_restart_goes_on_and_a_cut_store_does_not(self):
        reads = self.ledger.data / "reads"
        self.assertEqual(self.look(), 1)
        self.restart()
        self.assertEqual(self.look(), 2)
        self.server.stop()
        older = self.ledger.folder / "older"
        shutil.copytree(reads / "store", older)
        self.server = self.ledger.serve()
        self.assertEqual(self.look(), 3)
        self.server.stop()
        whole = self.ledger.folder / "whole"
        shutil.copytree(reads, whole)

        shutil.rmtree(reads / "store")
        shutil.copytree(older, reads / "store")
        self.assertEqual(self.refused()["rule"], "self-check-head")
        self.assertIn("self-check-head", self.ledger.verify(ok=None).stderr)
        (reads / "head").unlink()
        self.assertEqual(self.refused()["field"], "reads/head")
        shutil.rmtree(reads)
        self.assertEqual(self.refused()["rule"], "self-check-reads")
        self.assertEqual(self.ledger.verify(ok=None).returncode, 1)

        shutil.copytree(whole, reads)
        (reads / "head").unlink()
        name = self.refused()["accepted"].split("--reads-head ")[1].split(",")[0]
        done = run("rebuild", "--data", self.ledger.data, "--reads-head", name)
        self.assertIn("Given up", done.stdout)
        self.server = self.ledger.serve()
        self.assertEqual(self.look(), 4)
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(json.loads(self.ledger.verify().stdout)["reads"], 4)

    def test_a_ledger_of_before_gets_its_log_of_reads(self):
        data = self.ledger.folder / "before"
        # `relais generate` makes a ledger that never had one.
        run("generate", "--data", data, "--cases", 1, "--seed", 1, "--save-keys", self.ledger.folder / "before-keys")
        self.assertFalse((data / "reads").exists())
        self.assertEqual(json.loads(run("verify", "--data", data, "--json").stdout)["reads"], 0)
        self.server.stop()
        self.ledger.data = data
        self.server = self.ledger.serve()
        self.assertTrue((data / "reads" / "head").exists())
        self.assertEqual(self.server.stop(), 0)
        shutil.rmtree(data / "reads")
        self.assertEqual(self.refused()["rule"], "self-check-reads")


@unittest.skipUnless(os.geteuid() == 0, "mounts a small disk, which takes root")
class FullDisk(Store):
    """Where no trace can be kept, no case data is given."""
    test_a_restart_goes_on_and_a_cut_store_does_not = test_a_ledger_of_before_gets_its_log_of_reads = None

    def test_no_trace_no_answer(self):
        self.server.stop()
        disk = self.ledger.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=True)
        copy_ledger(self.ledger.data, disk / "data")
        self.ledger.data = disk / "data"
        self.server = self.ledger.serve("--reserve", 0, "--clock-seconds", 1)
        kept = self.look()
        self.fill(disk)
        client = self.server.client(ML1)
        self.addCleanup(client.close)
        path = f"/v1/cases/{id_of(self.subject)}"
        answer = self.until_refused(client, path)
        self.assertEqual((answer.status, answer.rule), (503, "trace-failed"), answer)
        self.assertNotIn(id_of(self.subject), answer.text)
        self.assertEqual(client.get("/v1/signatories").status, 200)
        ready = self.server.get("/readyz")
        self.assertEqual(ready.json().get("reads", ready.rule), "refused", ready)

        self.server.stop()
        self.fill(disk)
        self.server = self.ledger.serve("--reserve", 0)
        again = self.server.client(ML1)
        self.addCleanup(again.close)
        self.assertEqual(self.until_refused(again, path).rule, "trace-failed")
        (disk / "fill").unlink()
        deadline = time.monotonic() + 30
        while True:
            try:
                if again.get(path).status == 200:
                    break
            except OSError:
                pass  # the listener is opened anew
            self.assertLess(time.monotonic(), deadline, self.server.errors())
            time.sleep(0.2)
        self.assertGreater(int(self.server.get("/log/reads/checkpoint").text.split("\n")[1]), kept)
        again.close()
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        self.ledger.verify()

    @staticmethod
    def fill(disk):
        with (disk / "fill").open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass

    def until_refused(self, client, path):
        for _ in range(20_000):
            answer = client.get(path)
            if answer.status != 200:
                return answer
        self.fail("a full disk keeps traces without end")


if __name__ == "__main__":
    main()
