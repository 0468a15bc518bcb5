"""What is asked of the API when everything is well: appending, reading, following, proving."""
import base64
import json
import threading
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import quote

from harness import (AMICALE, ANALYST, ASSESSED, DETECTED, ML1, ML2, ML3, MOUVEMENT, PREF, SD_JWT, LedgerTest, Live, case, jwt_of,
                     main, next_page, rfc3339, run)
from load import Tree, entries, leaf

import verify_receipt  # found through harness

NOTE = {"note": "exemple : à ne pas lire ailleurs", "gender": "woman"}


def b64(data):
    return base64.b64encode(data).decode()


def id_of(subject):
    return subject.split("/")[1]


class HappyPath(LedgerTest):
    def setUp(self):
        self.clients = {slug: self.server.client(slug) for slug in (ML1, ML2, ML3, AMICALE, MOUVEMENT, PREF, ANALYST)}
        self.anyone = self.server.client()
        for client in (*self.clients.values(), self.anyone):
            self.addCleanup(client.close)

    def open_case(self, slug=ML1, **more):
        """-> (subject, answer to case.detected, its statement)"""
        subject = case()
        statement = self.by(slug).statement("case.detected", subject, {**DETECTED, **more}, NOTE)
        return subject, self.accept(self.anyone, statement), statement

    def act(self, slug, name, subject, data, hidden=None):
        return self.accept(self.anyone, self.by(slug).statement(name, subject, data, hidden)).json()

    def refer(self, subject, by=ML1, to=AMICALE):
        referral = str(uuid.uuid4())
        self.act(by, "referral.requested", subject,
                 {"referral_id": referral, "to": to, "need": "shelter", "urgency": "urgent", "legal_basis": "l226_2_2"},
                 {"payload": "exemple de demande"})
        return referral

    # --- appending

    def test_single(self):
        subject, answer, statement = self.open_case()
        body = answer.json()
        self.assertEqual(answer.headers.get_content_type(), "application/json")
        self.assertEqual(answer.headers["Location"], f"/v1/events/{body['id']}?source={quote(body['source'], safe='')}")
        self.assertEqual((body["stream"], body["version"]), (subject, 1))
        self.assertEqual(answer.headers["ETag"], '"1"')
        index, size, received_at = verify_receipt.verify(self.ledger.vkey, body["receipt"], statement)
        self.assertEqual(index, body["index"])
        self.assertGreater(size, index)
        self.assertEqual(body["leafHash"], b64(leaf(received_at.to_bytes(8, "big") + jwt_of(statement).encode())))
        self.assertLess(abs(received_at / 1000 - time.time()), 60)

        # The same bytes again: the first receipt. The disclosures are not what is signed.
        size = self.server.size()
        for again in (statement, statement + "\r\n"):
            duplicate = self.anyone.post(again)
            self.assertEqual(duplicate.status, 200, duplicate)
            self.assertEqual(duplicate.json(), body)
        # Who does not send all that it hides may be anybody: where the receipt is, and not the receipt.
        duplicate = self.anyone.post(jwt_of(statement) + "~")
        self.assertEqual(duplicate.status, 200, duplicate)
        self.assertEqual(duplicate.json(), {**{name: body[name] for name in ("id", "source", "stream")},
                                            "receiptAt": f"/v1/events/{body['id']}/receipt"
                                                         f"?source={quote(body['source'], safe='')}"})
        self.assertEqual(self.server.size(), size)

    def test_list(self):
        subject = case()
        statements = [self.by(ML1).statement("case.detected", subject, DETECTED, NOTE)]
        statements += [self.by(ML1).statement("case.risk_assessed", subject, ASSESSED) for _ in range(5)]
        statements.insert(3, "refuse.this.one")
        answer = self.anyone.post_list(statements)
        self.assertEqual(answer.status, 207, answer)
        results = answer.json()["results"]
        self.assertEqual([r["status"] for r in results], [201, 201, 201, 400, 201, 201, 201])
        self.assertEqual([r["version"] for r in results if r["status"] == 201], [1, 2, 3, 4, 5, 6])
        for result, statement in zip(results, statements, strict=True):
            if result["status"] == 201:
                verify_receipt.verify(self.ledger.vkey, result["receipt"], statement)
        # Again, and the refused one stays refused.
        again = self.anyone.post_list(statements).json()["results"]
        self.assertEqual([r["status"] for r in again], [200, 200, 200, 400, 200, 200, 200])
        self.assertEqual([r.get("receipt") for r in again], [r.get("receipt") for r in results])

    def test_atomic(self):
        subject = case()
        good = [self.by(ML1).statement("case.detected", subject, DETECTED),
                self.by(ML1).statement("case.risk_assessed", subject, ASSESSED)]
        bad = self.by(ML1).statement("case.closed", subject, {"reason": "goals_met"})  # not from ASSESSED
        size = self.server.size()
        answer = self.anyone.post_list([*good, bad], atomic=True)
        self.assertGreaterEqual(answer.status, 400, answer)
        self.assertIn("case-transition", answer.text)
        self.assertEqual(self.server.size(), size)
        answer = self.anyone.post_list(good, atomic=True)
        self.assertIn(answer.status, (200, 201), answer)
        self.assertEqual(self.server.size(), size + 2)

    def test_if_match(self):
        subject, _, _ = self.open_case()
        assess = lambda: self.by(ML1).statement("case.risk_assessed", subject, ASSESSED)  # noqa: E731
        self.accept(self.anyone, assess(), If_Match='"1"')
        self.assertEqual(self.anyone.post(assess(), If_Match='"1"').status, 412)
        self.accept(self.anyone, assess(), If_Match='"2"')
        self.accept(self.anyone, self.by(ML1).statement("case.detected", case(), DETECTED), If_None_Match="*")

    # --- who reads what

    def test_reading_rights(self):
        subject, answer, _ = self.open_case()
        path, event = f"/v1/cases/{id_of(subject)}", f"/v1/events/{answer.json()['id']}"
        paths = (path, path + "/timeline", event, event + "?format=sd-jwt", event + "/receipt")
        for slug, expected in ((ML1, 200), (ML2, 404), (AMICALE, 404), (PREF, 404)):
            for p in paths:
                with self.subTest(slug=slug, path=p):
                    self.assertEqual(self.clients[slug].get(p).status, expected)
        shown = self.clients[ML1].get(path)
        self.assertEqual(shown.headers["Cache-Control"], "no-store")
        self.assertEqual(shown.json()["phase"], "DETECTED")
        # What does not exist and what is not for you are one answer.
        none = self.clients[ML2].get(f"/v1/cases/{uuid.uuid4()}")
        hidden = self.clients[ML2].get(path)
        self.assertEqual((none.status, none.body), (hidden.status, hidden.body))
        # The list holds the case for its participant alone.
        self.assertIn(id_of(subject), self.ids(self.clients[ML1]))
        self.assertNotIn(id_of(subject), self.ids(self.clients[ML2]))
        # Who is addressed sees the case from then on; what was confided in it, once it has accepted.
        self.act(ML1, "case.risk_assessed", subject, ASSESSED)
        referral = self.refer(subject)
        for p in paths:
            with self.subTest(slug=AMICALE, path=p, after="referral"):
                self.assertEqual(self.clients[AMICALE].get(p).status, 200)
        self.assertEqual(self.clients[ML2].get(path).status, 404)
        self.assertEqual(self.clients[AMICALE].get(event).json()["data"], DETECTED)
        for name in ("referral.received", "referral.accepted"):
            self.act(AMICALE, name, subject, {"referral_id": referral})
        self.assertEqual(self.clients[AMICALE].get(event).json()["data"], {**DETECTED, **NOTE})

    def ids(self, client):
        found, path = [], "/v1/cases?limit=100"
        while path:
            answer = client.get(path)
            found += [c["id"] for c in answer.json()["cases"]]
            path = next_page(answer)
        return found

    def test_event(self):
        subject, answer, statement = self.open_case()
        path = f"/v1/events/{answer.json()['id']}"
        event = self.clients[ML1].get(path)
        self.assertEqual(event.headers.get_content_type(), "application/cloudevents+json")
        shown = event.json()
        self.assertEqual((shown["specversion"], shown["type"], shown["subject"], shown["source"]),
                         ("1.0", "relais.case.detected.v1", subject, self.by(ML1).source))
        self.assertEqual(shown["data"], {**DETECTED, **NOTE})
        signed = self.clients[ML1].get(path + "?format=sd-jwt")
        self.assertEqual(signed.headers.get_content_type(), SD_JWT)
        self.assertEqual(signed.text.strip(), statement)
        receipt = self.clients[ML1].get(path + "/receipt")
        self.assertEqual((receipt.headers.get_content_type(), receipt.text), ("text/plain", answer.json()["receipt"]))
        # The analyst sees the event without what is sensitive, and no case.
        seen = self.clients[ANALYST].get(path)
        self.assertEqual((seen.status, seen.json()["data"]), (200, DETECTED), seen)
        self.assertNotIn("exemple", seen.text)
        self.assertEqual(self.clients[ANALYST].get(f"/v1/cases/{id_of(subject)}").status, 404)
        by_analyst = self.clients[ANALYST].get(path + "?format=sd-jwt")
        self.assertEqual(by_analyst.text.strip(), jwt_of(statement) + "~")

    # --- cases

    def test_etag(self):
        subject, _, _ = self.open_case()
        path = f"/v1/cases/{id_of(subject)}"
        first = self.clients[ML1].get(path)
        self.assertEqual(first.headers["ETag"], '"1"')
        same = self.clients[ML1].get(path, If_None_Match='"1"')
        self.assertEqual((same.status, same.body), (304, b""))
        self.act(ML1, "case.risk_assessed", subject, ASSESSED)
        moved = self.clients[ML1].get(path, If_None_Match='"1"')
        self.assertEqual((moved.status, moved.headers["ETag"], moved.json()["phase"]), (200, '"2"', "ASSESSED"))
        head = self.clients[ML1].request("HEAD", path)
        self.assertEqual((head.status, head.body, head.headers["ETag"]), (200, b"", '"2"'))

    def test_timeline_and_as_of(self):
        subject, opened, _ = self.open_case()
        before = opened.json()["index"]
        time.sleep(0.005)
        between = rfc3339()
        time.sleep(0.005)
        assessed = self.act(ML1, "case.risk_assessed", subject, {**ASSESSED, "risk": "immediate"}, {"factors": ["exemple"]})
        referral = self.refer(subject)
        self.act(AMICALE, "referral.received", subject, {"referral_id": referral})
        path = f"/v1/cases/{id_of(subject)}"
        now = self.clients[ML1].get(path).json()
        self.assertEqual((now["phase"], now["version"], now["risk"], now["holder"]), ("REFERRED", 4, "immediate", ML1), now)
        for moment, expected in ((str(before), "DETECTED"), (between, "DETECTED"), (str(assessed["index"]), "ASSESSED")):
            with self.subTest(asOf=moment):
                then = self.clients[ML1].get(f"{path}?asOf={moment}")
                self.assertEqual((then.status, then.json().get("phase")), (200, expected), then)
        self.assertEqual(self.clients[ML1].get(f"{path}?asOf={before - 1}").status, 404)
        self.assertEqual(self.clients[ML1].get(f"{path}?asOf=yesterday").status, 400)
        # Who takes part now sees what was before; who does not sees nothing of it.
        self.assertEqual(self.clients[AMICALE].get(f"{path}?asOf={before}").status, 200)
        self.assertEqual(self.clients[ML2].get(f"{path}?asOf={before}").status, 404)
        timeline = self.clients[ML1].get(path + "/timeline").json()["items"]
        self.assertEqual([e["type"] for e in timeline], ["relais.case.detected.v1", "relais.case.risk_assessed.v1",
                                                         "relais.referral.requested.v1", "relais.referral.received.v1"])
        self.assertEqual([e["version"] for e in timeline], [1, 2, 3, 4])

    def test_referrals(self):
        subject, _, _ = self.open_case()
        self.act(ML1, "case.risk_assessed", subject, ASSESSED)
        referral = self.refer(subject, to=MOUVEMENT)

        def box(slug, name):
            return {r["id"]: r for r in self.clients[slug].get(f"/v1/referrals?box={name}&limit=100").json()["referrals"]}

        self.assertEqual(box(MOUVEMENT, "inbox")[referral]["phase"], "REQUESTED")
        self.assertEqual(box(ML1, "outbox")[referral]["to"], MOUVEMENT)
        self.assertNotIn(referral, box(ML1, "inbox"))
        self.assertNotIn(referral, box(AMICALE, "inbox"))
        self.act(MOUVEMENT, "referral.received", subject, {"referral_id": referral})
        self.act(MOUVEMENT, "referral.declined", subject,
                 {"referral_id": referral, "decline_reason": "no_capacity", "alternative": AMICALE})
        declined = box(ML1, "outbox")[referral]
        self.assertEqual((declined["phase"], declined["declineReason"], declined["alternative"]),
                         ("DECLINED", "no_capacity", AMICALE), declined)

    # --- events and audit

    def walk(self, client, path):
        """Every element over all pages, and how many there were."""
        found, pages = [], 0
        while path:
            answer = client.get(path)
            self.assertEqual(answer.status, 200, answer)
            found += answer.json()["events"]
            path = next_page(answer)
            pages += 1
        return found, pages

    def test_events_by_cursor(self):
        subject, _, _ = self.open_case()
        for _ in range(24):
            self.act(ML1, "case.risk_assessed", subject, ASSESSED)
        found, pages = self.walk(self.clients[ML1], f"/v1/events?stream={subject}&limit=10")
        self.assertEqual((len(found), pages), (25, 3))
        self.assertEqual(len({e["id"] for e in found}), 25)
        types, _ = self.walk(self.clients[ML1], f"/v1/events?stream={subject}&type=relais.case.risk_*&limit=7")
        self.assertEqual(len(types), 24)
        none, _ = self.walk(self.clients[ML2], f"/v1/events?stream={subject}")
        self.assertEqual(none, [])
        mine, _ = self.walk(self.clients[ML1], f"/v1/events?signatory={ML1}&limit=100")
        self.assertTrue(all(e["source"] == self.by(ML1).source for e in mine))
        everything, _ = self.walk(self.clients[ANALYST], "/v1/events?limit=200")
        self.assertGreater(len(everything), len(found))
        self.assertNotIn("exemple", json.dumps(everything))
        for bad in ("limit=0", "limit=x", "cursor=x", "kind=x", "limit=5&limit=6", "from=yesterday"):
            with self.subTest(bad):
                answer = self.clients[ML1].get("/v1/events?" + bad)
                self.assertEqual(answer.status, 400, answer)
                self.assertTrue(answer.rule)

    def test_audit(self):
        subject, opened, _ = self.open_case(ML3)
        first = opened.json()["index"]
        for _ in range(6):
            self.act(ML3, "case.risk_assessed", subject, ASSESSED)
        acts, pages = self.walk(self.clients[ML3], f"/v1/audit?signatory={ML3}&from={first}&limit=3")
        self.assertEqual((len(acts), pages), (7, 3))
        self.assertEqual({a["signatory"] for a in acts}, {ML3})
        assessed, _ = self.walk(self.clients[ML3], f"/v1/audit?type=relais.case.risk_assessed.v1&stream={subject}")
        self.assertEqual(len(assessed), 6)
        today = datetime.now(timezone.utc).strftime("%Y-%m-%dT00:00:00Z")
        until, _ = self.walk(self.clients[ML3], f"/v1/audit?signatory={ML3}&to={today}")
        self.assertEqual(until, [])
        others, _ = self.walk(self.clients[ML2], f"/v1/audit?stream={subject}")
        self.assertEqual(others, [])

    # --- following

    def test_live(self):
        """Events as they come, and from where one had stopped."""
        stream = Live(self.server, self.clients[ML1])
        subject, opened, _ = self.open_case()
        self.open_case(ML2)  # not for this reader
        self.act(ML1, "case.risk_assessed", subject, ASSESSED)
        first, second = stream.next(), stream.next()
        stream.close()
        self.assertEqual((first.id, json.loads(first.data)["type"]), (str(opened.json()["index"]), "relais.case.detected.v1"))
        self.assertEqual(json.loads(second.data)["type"], "relais.case.risk_assessed.v1")
        third = self.act(ML1, "case.risk_assessed", subject, ASSESSED)
        resumed = Live(self.server, self.clients[ML1], last=first.id)
        self.assertEqual([resumed.next().id, resumed.next().id], [second.id, str(third["index"])])
        resumed.close()

    # --- connections

    def test_pipelining(self):
        """Requests that are sent without waiting are answered in their order."""
        statement = self.by(ML1).statement("case.detected", case(), DETECTED)
        post = (f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: {SD_JWT}\r\nContent-Length: {len(statement)}\r\n\r\n"
                f"{statement}")
        last = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answers = self.exchange(post + "GET /log/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n" + post + last)
        self.assertEqual([int(a[:3]) for a in answers.split("HTTP/1.1 ")[1:]], [201, 200, 200, 200], answers)

    def test_old_version(self):
        self.assertTrue(self.exchange("GET /livez HTTP/1.0\r\n\r\n").startswith("HTTP/1."))  # and the connection is closed

    def test_expect(self):
        """curl asks before it sends a big body."""
        statement = self.by(ML1).statement("case.detected", case(), DETECTED)
        head = (f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: {SD_JWT}\r\nContent-Length: {len(statement)}\r\n"
                "Expect: 100-continue\r\nConnection: close\r\n\r\n")
        with self.server.socket() as s:
            s.sendall(head.encode())
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 100"))
            s.sendall(statement.encode())
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 201"))

    def test_chunks(self):
        statement = self.by(ML1).statement("case.detected", case(), DETECTED)
        chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (statement[:7], statement[7:]))
        answer = self.exchange(f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: {SD_JWT}\r\nTransfer-Encoding: chunked\r\n"
                               f"Connection: close\r\n\r\n{chunks}0\r\n\r\n")
        self.assertTrue(answer.startswith("HTTP/1.1 201"), answer)

    def exchange(self, request):
        """All that the server sends until it closes the connection."""
        received = b""
        with self.server.socket() as s:
            s.sendall(request.encode())
            while chunk := s.recv(65_536):
                received += chunk
        return received.decode()

    # --- the log

    def test_log(self):
        _, answer, statement = self.open_case()
        checkpoint = self.anyone.get("/log/checkpoint")
        self.assertEqual((checkpoint.status, checkpoint.headers["Cache-Control"]), (200, "no-cache"))
        size, root = verify_receipt.open_checkpoint(checkpoint.text, self.ledger.vkey)
        self.assertEqual(checkpoint.text.split("\n")[0], self.ledger.origin)
        log = entries(self.clients[ANALYST], size)
        self.assertEqual(log[answer.json()["index"]][8:], jwt_of(statement).encode())
        tile = self.anyone.get(f"/log/tile/0/000.p/{size}" if size < 256 else "/log/tile/0/000")
        self.assertEqual((tile.status, tile.headers.get_content_type()), (200, "application/octet-stream"))
        self.assertEqual(tile.body, b"".join(leaf(e) for e in log[:256]))
        self.assertEqual(root, Tree(leaf(e) for e in log).roots[size])
        self.assertEqual(self.anyone.get("/log/vkey").text.strip(), self.ledger.vkey)

    def test_relais_verifies_the_receipt(self):
        _, answer, statement = self.open_case()
        receipt, sd_jwt = self.ledger.folder / "one.tlog-proof", self.ledger.folder / "one.sd-jwt"
        receipt.write_text(answer.json()["receipt"])
        sd_jwt.write_text(statement)
        done = run("verify", "--receipt", receipt, "--statement", sd_jwt, "--vkey", self.ledger.data / "log.vkey", "--json")
        self.assertEqual(json.loads(done.stdout)["index"], answer.json()["index"])
        sd_jwt.write_text(self.open_case()[2])
        run("verify", "--receipt", receipt, "--statement", sd_jwt, "--vkey", self.ledger.vkey, ok=(1,))

    def test_command_line(self):
        """sign | submit | token, as a partner would."""
        folder = self.ledger.folder
        event = {"type": "relais.case.detected.v1", "subject": case(), "data": {**DETECTED, **NOTE}}
        signed = run("sign", "--key", self.ledger.key_file(ML1), "--source", self.by(ML1).source, "-",
                     stdin=json.dumps(event)).stdout
        (folder / "cli.sd-jwt").write_text(signed)
        done = run("submit", "--url", self.server.url, "--vkey", self.ledger.vkey, "--receipts", folder / "receipts",
                   folder / "cli.sd-jwt", "--json")
        first = json.loads(done.stdout)
        receipt = folder / "receipts" / self.by(ML1).source / f"{first['id']}.tlog-proof"
        run("verify", "--receipt", receipt, "--statement", folder / "cli.sd-jwt", "--vkey", self.ledger.vkey)
        (folder / "two.sd-jwt").write_text(signed + "not.a.statement\n")
        run("submit", "--url", self.server.url, folder / "two.sd-jwt", ok=(3,))
        token = run("token", "--key", self.ledger.key_file(ML1), "--source", self.by(ML1).source, "--audience", self.ledger.origin,
                    "--purpose", "test").stdout.strip()
        shown = self.anyone.get(f"/v1/events/{first['id']}", Authorization=f"Bearer {token}")
        self.assertEqual((shown.status, shown.json()["data"]), (200, {**DETECTED, **NOTE}), shown)
        refused = run("sign", "--key", self.ledger.key_file(ML1), "--source", self.by(ML1).source, "-",
                      stdin=json.dumps({**event, "data": {**event["data"], "risk": "extreme"}}), ok=(1,))
        self.assertIn("vocabulary", refused.stderr)
        run("submit", "--url", "http://127.0.0.1:1", folder / "cli.sd-jwt", ok=(4,))
        run("submit", ok=(2,))
        run("nonsense", ok=(2,))

    def test_registry(self):
        signatories = {s["id"]: s for s in self.clients[ML1].get("/v1/signatories").json()["signatories"]}
        self.assertEqual(signatories[ML1]["source"], self.by(ML1).source)
        keys = {k["kid"]: k for k in self.clients[ML1].get("/v1/keys").json()["keys"]}
        self.assertEqual(keys[self.by(AMICALE).key.kid]["signatory"], AMICALE)

    # --- operation

    def test_operation(self):
        self.assertEqual(self.anyone.get("/livez").status, 200)
        self.assertEqual(self.anyone.get("/readyz").status, 200)
        accepted = self.metric('relais_statements_total{outcome="accepted"}')
        self.open_case()
        self.assertGreaterEqual(self.metric('relais_statements_total{outcome="accepted"}'), accepted + 1)
        self.assertEqual(self.metric("relais_log_size"), self.server.size())

    def metric(self, name):
        answer = self.server.administer("GET", "/metrics")
        self.assertEqual((answer.status, answer.headers.get_content_type()), (200, "text/plain"))
        return next(float(line.rsplit(" ", 1)[1]) for line in answer.text.splitlines() if line.startswith(name + " "))

    def test_many_at_once(self):
        """The same statement from many clients at once is one entry with one receipt."""
        statement = self.by(ML1).statement("case.detected", case(), DETECTED)
        size, answers = self.server.size(), []

        def send():
            client = self.server.client()
            answers.append(client.post(statement))
            client.close()

        threads = [threading.Thread(target=send) for _ in range(16)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(sorted(a.status for a in answers), [200] * 15 + [201])
        self.assertEqual(len({a.body for a in answers}), 1)
        self.assertEqual(self.server.size(), size + 1)


if __name__ == "__main__":
    main()
