"""Bad input over the real socket. One table: what is sent, which status and which rule answer. After every row the tree has
the size it had before."""
import json
import socket
import threading
import time
import uuid

from harness import (AMICALE, ANALYST, ASSESSED, DETECTED, ML1, ML2, MOUVEMENT, PREF, Answer, Key, LedgerTest, b64u, case, compact,
                     digest, disclosure, in_seconds, jwt_of, main)

TYP = "cloudevents+sd-jwt"


class BadInput(LedgerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = cls.server.client()
        cls.addClassCleanup(cls.client.close)
        cls.prepare()
        cls.dropped = set()
        cls.dripping = {}
        post = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/sd-jwt\r\n"
        for name, beginning in (("slow body", post + b"Content-Length: 100000\r\n\r\n"), ("slow header", post + b"X: ")):
            cls.dripping[name] = threading.Thread(target=cls.drip, args=(name, beginning))
            cls.dripping[name].start()
            cls.addClassCleanup(cls.dripping[name].join)

    # --- the state that the rows meet

    @classmethod
    def signatory(cls, slug):
        return cls.ledger.signatories[slug]

    @classmethod
    def take(cls, statement):
        answer = cls.client.post(statement)
        if answer.status != 201:
            raise AssertionError(f"the ground was not laid: {answer}")
        return statement

    @classmethod
    def prepare(cls):
        ml1, amicale = cls.signatory(ML1), cls.signatory(AMICALE)
        cls.case = case()
        cls.first = cls.take(ml1.statement("case.detected", cls.case, DETECTED, {"note": "exemple"}))
        cls.take(ml1.statement("case.risk_assessed", cls.case, ASSESSED))
        cls.fresh = case()
        cls.take(ml1.statement("case.detected", cls.fresh, DETECTED))
        own = f"signatory/{AMICALE}"
        cls.revoked, cls.later = Key(), Key()
        cls.take(amicale.statement("key.enrolled", own, amicale.key_data(cls.revoked, cls.ledger.origin)))
        cls.take(amicale.statement("key.revoked", own, {"kid": cls.revoked.kid, "reason": "lost"}))
        cls.take(amicale.statement("key.enrolled", own,
                                   amicale.key_data(cls.later, cls.ledger.origin, valid_from=in_seconds(86_400))))

    # --- how a row is made

    def event(self, slug=ML1, name="case.detected", subject=None, data=None, **attributes):
        return self.signatory(slug).event(name, subject or case(), DETECTED if data is None else data, **attributes)

    def signed(self, event, slug=ML1, disclosures=(), **header):
        """`event` as it stands, with these disclosures and header members."""
        return "~".join([self.signatory(slug).key.jwt(event, TYP, **header), *disclosures, ""])

    def raw(self, payload, header=None, slug=ML1):
        key = self.signatory(slug).key
        return key.raw(header or compact({"alg": "EdDSA", "typ": TYP, "kid": key.kid}), payload) + "~"

    def hidden(self, disclosures, digests=None, **data):
        """Statement of case.detected whose `_sd` holds the digests of these disclosures, or the given ones."""
        sd = [digest(d) for d in disclosures] if digests is None else digests
        return self.signed(self.event(data={**DETECTED, **data, "_sd": sd}, _sd_alg="sha-256"), disclosures=disclosures)

    def without(self, event, name):
        return {k: v for k, v in event.items() if k != name}

    def posted(self, name, status, rule, statement, **headers):
        self.row(name, status, rule, lambda: self.client.post(statement, **headers))

    def row(self, name, status, rule, send):
        """`status` and `rule`: what must answer; a tuple where any of them may."""
        size = self.server.size()
        with self.subTest(name):
            answer = send()
            statuses, rules = (x if isinstance(x, tuple) else (x,) for x in (status, rule))
            self.assertIn(answer.status, statuses, answer)
            self.assertEqual(answer.headers.get_content_type(), "application/problem+json", answer)
            self.assertIn(answer.rule, rules, answer)
            problem = answer.json()
            self.assertEqual(problem["status"], answer.status)
            self.assertTrue(problem["title"])
            self.assertTrue(problem["detail"])
        with self.subTest(f"{name}: the tree does not move"):
            self.assertEqual(self.server.size(), size)
        self.client.close()

    # --- the rows

    def test_signature_and_keys(self):
        ml1, amicale = self.signatory(ML1), self.signatory(AMICALE)
        good = ml1.statement("case.detected", case(), DETECTED)
        head, payload, signature = jwt_of(good).split(".")
        other = ("A" if signature[0] != "A" else "B") + signature[1:]
        self.posted("wrong signature", 401, "signature-invalid", f"{head}.{payload}.{other}~")
        moved = b64u(compact(self.event()))
        self.posted("signature of another payload", 401, "signature-invalid", f"{head}.{moved}.{signature}~")
        self.posted("signature missing", 400, "jws-signature", f"{head}.{payload}.~")
        self.posted("signature too short", 400, "jws-signature", f"{head}.{payload}.{signature[:40]}~")
        stranger = Key()
        self.posted("unknown key", 401, "key-unknown", ml1.statement("case.detected", case(), DETECTED, key=stranger))
        self.posted("revoked key", 401, "key-revoked", amicale.statement("case.detected", case(), DETECTED, key=self.revoked))
        self.posted("key not yet valid", 401, "key-not-yet-valid",
                    amicale.statement("case.detected", case(), DETECTED, key=self.later))
        self.posted("kid that is no thumbprint", 400, "jws-key-id", self.signed(self.event(), kid="key-1"))
        self.posted("kid missing", 401, "jws-key-id", self.signed(self.event(), kid=None))
        self.posted("kid of another signatory", 401, ("signature-invalid", "source-not-of-key"),
                    self.signed(self.event(), kid=amicale.key.kid))
        self.posted("source of another signatory", 401, "source-not-of-key", self.signed(self.event(AMICALE)))
        proof = ml1.key_data(stranger, "relais.example/another-log")
        self.posted("proof of possession for another log", 401, "key-proof",
                    ml1.statement("key.enrolled", f"signatory/{ML1}", proof))
        borrowed = {**ml1.key_data(stranger, self.ledger.origin), "public_key": Key().x}
        self.posted("proof of possession by another key", 401, "key-proof",
                    ml1.statement("key.enrolled", f"signatory/{ML1}", borrowed))
        self.posted("key of another signatory revoked", 403, "key-not-own",
                    ml1.statement("key.revoked", f"signatory/{ML1}", {"kid": amicale.key.kid, "reason": "lost"}))

    def test_header(self):
        ml1 = self.signatory(ML1)
        none = f"{b64u(compact({'alg': 'none', 'typ': TYP, 'kid': ml1.key.kid}))}.{b64u(compact(self.event()))}."
        self.posted("alg none, unsigned", 401, "jws-algorithm", none + "~")
        self.posted("alg none, signed", 401, "jws-algorithm",
                    self.raw(compact(self.event()), compact({"alg": "none", "typ": TYP, "kid": ml1.key.kid})))
        self.posted("alg HS256", 401, "jws-algorithm",
                    self.raw(compact(self.event()), compact({"alg": "HS256", "typ": TYP, "kid": ml1.key.kid})))
        public = json.loads(ml1.key.jwk.export_public())
        self.posted("jwk in the header", 401, "jws-header-key", self.signed(self.event(), jwk=public))
        self.posted("jku in the header", 401, "jws-header-key", self.signed(self.event(), jku="https://example.org/keys"))
        self.posted("x5u in the header", 401, "jws-header-key", self.signed(self.event(), x5u="https://example.org/chain"))
        self.posted("unknown crit", 400, "jws-critical",
                    self.raw(compact(self.event()),
                             compact({"alg": "EdDSA", "typ": TYP, "kid": ml1.key.kid, "crit": ["exp"], "exp": 1})))
        self.posted("unknown header member", 400, "jws-header-member", self.signed(self.event(), nonce="1"))
        self.posted("wrong typ", 400, "jws-type", self.signed(self.event(), typ="JWT"))
        self.posted("no typ", 400, "jws-type", self.signed(self.event(), typ=None))
        self.posted("header not an object", 400, "jws-form", self.raw(compact(self.event()), "[1]"))
        twice = f'{{"alg":"none","alg":"EdDSA","typ":"{TYP}","kid":"{ml1.key.kid}"}}'
        self.posted("duplicate header member", 400, "json-duplicate-member", self.raw(compact(self.event()), twice))
        self.posted("two parts", 400, "jws-form", "a.b~")
        self.posted("four parts", 400, "jws-form", jwt_of(self.first) + ".AA~")
        self.posted("empty body", 400, "sd-jwt-form", "")
        self.posted("key binding", 400, "key-binding-unsupported", self.first + jwt_of(self.first))

    def test_base64url(self):
        head, payload, signature = jwt_of(self.signatory(ML1).statement("case.detected", case(), DETECTED)).split(".")
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        trailing = signature[:-1] + alphabet[alphabet.index(signature[-1]) + 1]
        self.posted("padding behind the signature", 400, "jws-signature", f"{head}.{payload}.{signature}==~")
        self.posted("trailing bits in the signature", 400, "jws-signature", f"{head}.{payload}.{trailing}~")
        self.posted("white space in the payload", 400, "jws-form", f"{head}.{payload[:8]}\n{payload[8:]}.{signature}~")
        self.posted("standard alphabet in the payload", 400, "jws-form", f"{head}.+/{payload[2:]}.{signature}~")
        self.posted("padding behind the header", 400, "jws-form", f"{head}=.{payload}.{signature}~")
        self.posted("bytes that are no text", 400, "sd-jwt-form", b"\xff\xfe." + payload.encode() + b".AA~")
        hidden = disclosure("note", "exemple")
        self.posted("padding behind a disclosure", 400, "sd-disclosure-form", self.hidden([hidden + "="]))
        self.posted("white space in a disclosure", 400, "sd-disclosure-form", self.hidden([hidden[:4] + " " + hidden[4:]]))

    def test_json(self):
        text = compact(self.event())
        self.posted("duplicate member", 400, "json-duplicate-member", self.raw(text[:-1] + ',"source":"urn:x"}'))
        self.posted("duplicate member in data", 400, "json-duplicate-member",
                    self.raw(text.replace('"risk":"high"', '"risk":"low","risk":"high"')))
        self.posted("duplicate member by an escape", 400, "json-duplicate-member",
                    self.raw(text.replace('"risk":"high"', '"risk":"low","r\\u0069sk":"high"')))
        deep = "[" * 40 + "]" * 40
        self.posted("too deep", 400, "json-depth", self.raw(text.replace('"risk":"high"', f'"risk":{deep}')))
        self.posted("number out of range", 400, "json-number-range", self.raw(text.replace('"risk":"high"', '"risk":1e400')))
        self.posted("integer past 2^53", 400, "json-number-range",
                    self.raw(text.replace('"risk":"high"', '"risk":9007199254740993')))
        self.posted("lone surrogate", 400, "json-syntax", self.raw(text.replace('"high"', '"\\ud800"')))
        self.posted("invalid UTF-8", 400, "json-syntax", self.raw(text.encode().replace(b'"high"', b'"hi\xffgh"')))
        self.posted("not JSON", 400, "json-syntax", self.raw("{'risk':'high'}"))
        self.posted("trailing comma", 400, "json-syntax", self.raw(text[:-1] + ",}"))
        self.posted("something behind the JSON", 400, "json-syntax", self.raw(text + " {}"))
        self.posted("byte order mark", 400, "json-syntax", self.raw("\ufeff" + text))
        self.posted("payload not an object", 400, "payload-form", self.raw("[]"))

    def test_cloud_event(self):
        self.posted("unknown event type", 422, "type-unknown", self.signed(self.event(name="case.forgotten")))
        self.posted("type of another world", 422, "type-unknown", self.signed({**self.event(), "type": "com.example.created"}))
        self.posted("bad subject", 400, "subject-form", self.signed(self.event(subject="case/1")))
        self.posted("subject of another kind", 422, "subject-kind", self.signed(self.event(subject=f"signatory/{ML1}")))
        self.posted("subject missing", 422, "attribute-missing", self.signed(self.without(self.event(), "subject")))
        self.posted("unknown attribute", 422, "attribute-unknown", self.signed({**self.event(), "comment": "x"}))
        self.posted("attribute name with a capital", 400, "cloudevents-attribute-name",
                    self.signed({**self.event(), "Comment": "x"}))
        for name in ("specversion", "id", "source", "type"):
            self.posted(f"{name} missing", 400, f"cloudevents-{name}",
                        self.signed(self.without(self.event(), name)))
        self.posted("other specversion", 400, "cloudevents-specversion", self.signed({**self.event(), "specversion": "0.3"}))
        self.posted("time that is none", 400, "cloudevents-time", self.signed({**self.event(), "time": "yesterday"}))
        self.posted("time ahead of the clock", 422, "time-in-future", self.signed(self.event(time=in_seconds(3_600))))
        self.posted("id too long", 422, "attribute-length", self.signed(self.event(id="x" * 129)))
        self.posted("no data", 422, "data-form", self.signed(self.without(self.event(), "data")))
        self.posted("data not an object", 422, "data-form", self.signed({**self.event(), "data": "high"}))

    def test_payload(self):
        def with_data(**members):
            return self.signed(self.event(data={**DETECTED, **members}))

        self.posted("wrong type", 422, "member-type", with_data(risk=3))
        self.posted("list for a text", 422, "member-type", with_data(territory=["69387"]))
        self.posted("null", 422, "member-type", with_data(territory=None))
        self.posted("unknown member", 422, "member-unknown", with_data(name="x"))
        self.posted("member missing", 422, "member-missing", self.signed(self.event(data=self.without(DETECTED, "risk"))))
        self.posted("value not of the vocabulary", 422, "vocabulary", with_data(risk="extreme"))
        self.posted("value 'unspecified'", 422, "vocabulary", with_data(risk="unspecified"))
        self.posted("territory of no form", 422, "format-territory", with_data(territory="Lyon 7"))
        self.posted("territory of another convention", 422, "territory-not-of-convention", with_data(territory="75056"))
        self.posted("text too long", 422, "too-long",
                    self.signed(self.event(name="case.risk_assessed", subject=self.case,
                                           data={**ASSESSED, "grid_version": "x" * 41})))
        self.posted("sensitive member in clear", 422, "sensitive-in-clear", with_data(note="nom et adresse"))
        self.posted("sensitive member in clear, empty", 422, "sensitive-in-clear", with_data(indicators=[]))
        answer = self.client.post(with_data(gender="woman"))
        self.assertEqual((answer.rule, answer.json().get("field")), ("sensitive-in-clear", "data.gender"), answer)
        self.assertNotIn("woman", answer.text.replace("/woman", ""))

    def test_disclosures(self):
        note = disclosure("note", "exemple")
        self.posted("disclosure that no digest refers to", 400, "sd-disclosure-unreferenced",
                    self.hidden([note], digests=[digest(disclosure("note", "autre"))]))
        self.posted("disclosure of wrong arity", 400, "sd-disclosure-form",
                    self.hidden([disclosure("note", "exemple", "encore")]))
        self.posted("disclosure without a name", 400, "sd-disclosure-form", self.hidden([disclosure("exemple")]))
        self.posted("disclosure that is no array", 400, "sd-disclosure-form", self.hidden([b64u('{"note":"exemple"}')]))
        self.posted("digest used twice", 400, "sd-digest-repeated", self.hidden([note], digests=[digest(note)] * 2))
        self.posted("disclosure given twice", 400, "sd-disclosure-repeated", self.hidden([note, note], digests=[digest(note)]))
        self.posted("short salt", 400, "sd-salt", self.hidden([b64u('["c2FsdA","note","exemple"]')]))
        self.posted("reserved name", 400, "sd-name", self.hidden([disclosure("_sd", ["x"])]))
        self.posted("name that stands there already", 400, "sd-name-collision", self.hidden([disclosure("risk", "low")]))
        self.posted("member that must be in clear", 422, "disclosure-not-sensitive",
                    self.signed(self.event(data={**self.without(DETECTED, "risk"), "_sd": [digest(d := disclosure("risk", "low"))]},
                                           _sd_alg="sha-256"), disclosures=[d]))
        self.posted("disclosed member of no type", 422, "disclosure-not-sensitive", self.hidden([disclosure("name", "x")]))
        self.posted("disclosed value of wrong type", 422, "member-type", self.hidden([disclosure("note", 3)]))
        self.posted("disclosed value not of the vocabulary", 422, "vocabulary", self.hidden([disclosure("gender", "x")]))
        self.posted("duplicate member in a disclosure", 400, "json-duplicate-member",
                    self.hidden([b64u('["' + b64u(bytes(16)) + '","note",{"a":1,"a":2}]')]))
        self.posted("_sd not an array", 400, "sd-form",
                    self.signed(self.event(data={**DETECTED, "_sd": digest(note)}, _sd_alg="sha-256")))
        self.posted("_sd of numbers", 400, "sd-form",
                    self.signed(self.event(data={**DETECTED, "_sd": [1]}, _sd_alg="sha-256")))
        self.posted("_sd outside data", 422, "sd-place",
                    self.signed({**self.event(), "_sd": [digest(note)], "_sd_alg": "sha-256"}))
        self.posted("unknown _sd_alg", 400, "sd-algorithm",
                    self.signed(self.event(data={**DETECTED, "_sd": [digest(note)]}, _sd_alg="sha-512"), disclosures=[note]))
        self.posted("digest of another length", 400, "sd-digest-form", self.hidden([], digests=["AAAA"]))

    def test_rules(self):
        ml1 = self.signatory(ML1)
        replay = {**self.event(subject=self.case, name="case.risk_assessed", data=ASSESSED)}
        self.take(self.signed(replay))
        self.posted("replayed id with other bytes", 409, "id-reused", self.signed({**replay, "data": {**ASSESSED, "risk": "low"}}))
        self.posted("stale If-Match", 412, "stream-moved",
                    ml1.statement("case.risk_assessed", self.case, ASSESSED), If_Match='"1"')
        self.posted("If-None-Match on a stream that exists", 412, "stream-moved",
                    ml1.statement("case.risk_assessed", self.case, ASSESSED), If_None_Match="*")
        self.posted("forbidden emitter", 403, "emitter-forbidden",
                    self.signatory(PREF).statement("case.detected", case(), DETECTED))
        self.posted("analyst as emitter", 403, "emitter-forbidden",
                    self.signatory(ANALYST).statement("case.detected", case(), DETECTED))
        self.posted("forbidden transition", 409, "case-transition",
                    ml1.statement("case.closed", self.fresh, {"reason": "goals_met"}))
        answer = self.client.post(ml1.statement("case.closed", self.fresh, {"reason": "goals_met"}))
        self.assertEqual(answer.json().get("state"), "DETECTED", answer)
        self.posted("case that exists already", 409, "stream-exists", ml1.statement("case.detected", self.case, DETECTED))
        stranger = self.signatory(ML2)
        self.posted("non participant", 404, "stream-unknown", stranger.statement("case.risk_assessed", self.case, ASSESSED))
        self.posted("case that does not exist", 404, "stream-unknown", stranger.statement("case.risk_assessed", case(), ASSESSED))
        self.posted("non participant with If-Match", 404, "stream-unknown",
                    stranger.statement("case.risk_assessed", self.case, ASSESSED), If_Match='"1"')
        self.posted("stream of another signatory", 403, "stream-not-own",
                    ml1.statement("key.revoked", f"signatory/{ML2}", {"kid": ml1.key.kid, "reason": "lost"}))
        request = {"referral_id": str(uuid.uuid4()), "to": MOUVEMENT, "need": "shelter", "urgency": "urgent",
                   "legal_basis": "consent"}
        self.posted("referral without consent", 409, "consent-missing", ml1.statement("referral.requested", self.case, request))
        self.posted("referral to itself", 422, "referral-to-self",
                    ml1.statement("referral.requested", self.case, {**request, "to": ML1}))
        self.posted("convention signed twice", 409, "convention-signed-already",
                    ml1.statement("convention.signed", "convention/rhone-2023", {"document_hash": b64u(bytes(32))}))

    def test_size(self):
        self.posted("signed part too big", 413, "jwt-too-large", self.signed(self.event(data={**DETECTED, "x": "y" * 70_000})))
        big = self.hidden([disclosure("note", "x" * 9_000) for _ in range(120)])
        self.assertGreater(len(big), 1 << 20)
        self.posted("statement too big", 413, ("statement-too-large", "body-too-large"), big)
        self.row("body over every limit, announced", 413, "body-too-large", self.announce_too_much)
        self.posted("disclosure too big", 413, "sd-disclosure-size", self.hidden([disclosure("note", "x" * 70_000)]))

    def announce_too_much(self):
        """Content-Length alone is enough to be refused."""
        connection = self.client.connect()
        connection.putrequest("POST", "/v1/events")
        connection.putheader("Content-Type", "application/sd-jwt")
        connection.putheader("Content-Length", str(1 << 40))
        connection.endheaders()
        return self.read(connection)

    @staticmethod
    def read(connection):
        response = connection.getresponse()
        answer = Answer(response, response.read())
        connection.close()
        return answer

    def test_lists(self):
        def listed(name, status, rule, body):
            self.row(name, status, rule, lambda: self.client.request(
                "POST", "/v1/events", body, {"Content-Type": "application/json"}))

        good = self.signatory(ML1).statement("case.detected", case(), DETECTED)
        listed("list that is no JSON", 400, "json-syntax", "{")
        listed("list of another form", 400, "list-form", '["x"]')
        listed("list without statements", 400, "list-form", "{}")
        listed("list with an unknown member", 400, "list-form", json.dumps({"statements": [good], "atomic": True}))
        listed("list of numbers", 400, "list-form", '{"statements":[1]}')
        listed("list that is empty", 400, "list-form", '{"statements":[]}')
        listed("list with a duplicate member", 400, "json-duplicate-member", '{"statements":[],"statements":[]}')
        listed("list that is too long", 413, "group-size", json.dumps({"statements": ["x"] * 1_001}))
        size = self.server.size()
        answer = self.client.post_list([good, "x", good[:-10]])
        self.assertEqual(answer.status, 207, answer)
        self.assertEqual(self.server.size(), size + 1)
        fine = self.signatory(ML1).statement("case.detected", case(), DETECTED)
        answer = self.client.post_list([fine, "x"], atomic=True)
        self.assertNotIn(answer.status, (200, 201), answer)
        self.assertEqual(self.server.size(), size + 1)

    def test_http(self):
        def sent(name, status, rule, method, path, body=None, **headers):
            headers = {k.replace("_", "-"): v for k, v in headers.items()}
            self.row(name, status, rule, lambda: self.client.request(method, path, body, headers))

        sent("unsupported media type", 415, "media-type", "POST", "/v1/events", self.first, Content_Type="text/plain")
        sent("no media type", 415, "media-type", "POST", "/v1/events", self.first)
        sent("unknown path", 404, "route-unknown", "GET", "/v1/people")
        sent("path outside", 404, "route-unknown", "GET", "/../etc/passwd")
        sent("administration from the network", 404, "route-unknown", "POST", "/admin/rebuild")
        sent("wrong method", 405, "method-not-allowed", "DELETE", "/v1/events")
        sent("unknown parameter", 400, "query-unknown", "POST", "/v1/events?dry=true", self.first,
             Content_Type="application/sd-jwt")
        sent("parameter given twice", 400, "query-repeated", "POST", "/v1/events?atomic=true&atomic=false", self.first,
             Content_Type="application/sd-jwt")
        sent("target of no form", 400, "target-form", "GET", "/v1/events/%zz")
        sent("wrong method on the log", 405, "method-not-allowed", "PUT", "/log/checkpoint", "x")
        sent("If-Match of no form", 400, "precondition-form", "POST", "/v1/events",
             self.signatory(ML1).statement("case.risk_assessed", self.case, ASSESSED),
             Content_Type="application/sd-jwt", If_Match="yes")
        sent("oversized header", 431, "header-too-large", "GET", "/livez", X_Filler="x" * 100_000)
        sent("tile that does not exist", 404, "not-found", "GET", "/log/tile/0/999")
        sent("tile path of no form", 404, "not-found", "GET", "/log/tile/0/x1")

    def test_reading_without_right(self):
        ml1, origin = self.signatory(ML1), self.ledger.origin
        path = f"/v1/{self.case.replace('case', 'cases')}"

        def read(name, status, rule, token, path=path):
            headers = {} if token is None else {"Authorization": token}
            self.row(name, status, rule, lambda: self.client.request("GET", path, None, headers))

        now = int(time.time())
        read("no token", 401, "token-missing", None)
        read("other scheme", 401, "token-missing", "Basic eDp5")
        read("token that is none", 401, "jws-form", "Bearer x")
        read("token expired", 401, "token-expired", "Bearer " + ml1.token(origin, iat=now - 600, exp=now - 400))
        read("token for another log", 401, "token-audience", "Bearer " + ml1.token("relais.example/other"))
        read("token that lives too long", 401, "token-lifetime", "Bearer " + ml1.token(origin, exp=now + 3_600))
        read("token from the future", 401, "token-not-yet",
             "Bearer " + ml1.token(origin, iat=now + 3_600, exp=now + 3_700))
        read("token without a purpose", 401, "token-claim", "Bearer " + ml1.token(origin, purpose=None))
        read("token of another issuer", 401, "token-issuer",
             "Bearer " + ml1.token(origin, iss=self.signatory(ML2).source))
        read("statement for a token", 401, "jws-type", "Bearer " + jwt_of(self.first))
        other = Key()
        claims = {"iss": ml1.source, "aud": origin, "iat": now, "exp": now + 60, "jti": "1", "purpose": "x"}
        read("token by an unknown key", 401, "key-unknown", "Bearer " + other.jwt(claims, "relais-access+jwt"))
        read("token by a revoked key", 401, "key-revoked",
             "Bearer " + self.revoked.jwt({**claims, "iss": self.signatory(AMICALE).source}, "relais-access+jwt"))
        head, body, signature = ml1.token(origin).split(".")
        read("token with a wrong signature", 401, "signature-invalid",
             f"Bearer {head}.{body}.{('A' if signature[0] != 'A' else 'B') + signature[1:]}")
        stranger = f"Bearer {self.signatory(ML2).token(origin)}"
        read("case of others", 404, "not-found", stranger)
        read("case that does not exist", 404, "not-found", stranger, f"/v1/cases/{uuid.uuid4()}")
        read("timeline of others", 404, "not-found", stranger, path + "/timeline")
        read("entries without being an analyst", 403, "role-required", stranger,
             "/log/tile/entries/000.p/1")

    def test_truncated_upload(self):
        size = self.server.size()
        statement = self.signatory(ML1).statement("case.detected", case(), DETECTED).encode()
        for sent in (0, 1, len(statement) // 2, len(statement) - 1):
            with self.subTest(sent=sent):
                with self.server.socket() as s:
                    s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/sd-jwt\r\n"
                              b"Content-Length: %d\r\n\r\n" % len(statement) + statement[:sent])
                    s.shutdown(socket.SHUT_WR)
                    answer = drain(s)
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 400"), answer)
                self.assertEqual(self.server.size(), size)

    def test_broken_requests(self):
        size = self.server.size()
        for name, request in (("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)),
                              ("no version", b"GET /livez\r\n\r\n"),
                              ("two lengths", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                                              b"Content-Length: 2\r\n\r\nxx"),
                              ("negative length", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
                              ("length and chunks", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                                                    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")):
            with self.subTest(name):
                with self.server.socket() as s:
                    s.sendall(request)
                    s.shutdown(socket.SHUT_WR)
                    answer = drain(s)
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer)
                self.assertEqual(self.server.size(), size)
        self.assertEqual(self.client.get("/livez").status, 200)

    def test_slow_clients(self):
        """A byte now and then does not hold a connection for ever. They began when the other rows did."""
        for name, thread in self.dripping.items():
            with self.subTest(name):
                thread.join()
                self.assertIn(name, self.dropped, "the server kept a client that sends a byte a second")
        self.assertEqual(self.client.get("/livez").status, 200)

    @classmethod
    def drip(cls, name, beginning):
        """Until the server has had enough, or a minute has passed."""
        with cls.server.socket() as s:
            s.sendall(beginning)
            s.settimeout(1)
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    s.sendall(b"a")
                    if s.recv(4096) == b"":
                        return cls.dropped.add(name)
                except TimeoutError:
                    continue
                except OSError:
                    return cls.dropped.add(name)


def drain(s):
    """All that comes until the other side closes."""
    received = b""
    s.settimeout(90)
    try:
        while chunk := s.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


if __name__ == "__main__":
    main()
