"""Every answer is one that the document of the API knows. The story of the convention is played over REST and, with its years, in
process; then every endpoint is asked as each kind of reader, and every parameter is given what it may be and what it may not
(from a seed: RELAIS_SEED repeats a run). Status, headers, media type and body are held against /openapi.json."""
import email
import json
import re
import unittest
from types import SimpleNamespace
from urllib.parse import quote, urlencode

from contract import Contract, met
from harness import (AMICALE, ANALYST, ASSESSED, DETECTED, ML1, ML2, PREF, ROOT, SD_JWT, Answer, Key, Ledger, Server, Signatory, b64u,
                     case, dice, in_seconds, main, next_page, run)

PAGES = 40  # of one list, at most
FUZZ_OF_EACH = 14  # values of each parameter, beside those that the document suggests


class Checked:
    """A client whose answers are all checked."""

    def __init__(self, contract, server, signatory=None):
        self.contract, self.client = contract, server.client(None)
        self.client.signatory = signatory

    def ask(self, method, target, body=None, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        answer = self.client.request(method, target, body, headers)
        self.contract.check(method, target, answer)
        return answer

    def get(self, target, **headers):
        return self.ask("GET", target, **headers)

    def pages(self, target, member):
        found = []
        for _ in range(PAGES):
            answer = self.get(target)
            found += answer.json()[member] if answer.status == 200 else []
            target = next_page(answer) if answer.status == 200 else None
            if not target:
                return found
        return found

    def close(self):
        self.client.close()


class ContractTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ledger = Ledger()
        cls.addClassCleanup(cls.ledger.remove)
        cls.server = cls.serve(cls.ledger)
        cls.contract = Contract(cls.server.get("/openapi.json").body)
        cls.folder = cls.ledger.folder
        run("scenario", "--url", cls.server.url, "--keys", cls.ledger.keys, "--convention", cls.ledger.convention,
            "--vkey", cls.ledger.vkey, "--out", cls.folder / "story")
        client = cls.server.client()
        client.post(cls.ledger.signatories[ML1].statement("case.detected", case(), DETECTED))  # of its own, whatever the story says
        client.close()
        run("scenario", "--data", cls.folder / "years", "--seed", 3, "--save-keys", cls.folder / "seeded")
        keys = {f.stem: Signatory(f.stem, Key(f.read_text())) for f in sorted((cls.folder / "seeded").glob("*.jwk"))}
        years = SimpleNamespace(folder=cls.folder / "seeded", data=cls.folder / "years", origin=cls.ledger.origin,
                                signatories=keys)
        cls.years = cls.serve(years)

    @classmethod
    def serve(cls, ledger):
        server = Server(ledger)
        cls.addClassCleanup(server.stop)
        return server

    def reader(self, slug=None, server=None):
        server = server or self.server
        client = Checked(self.contract, server, server.ledger.signatories[slug] if slug else None)
        self.addCleanup(client.close)
        return client

    def roles(self, server):
        """Of each set of roles up to two signatories who may read."""
        by_roles = {}
        for s in self.reader(ANALYST, server).get("/v1/signatories").json()["signatories"]:
            if s["active"] and s["id"] in server.ledger.signatories:
                by_roles.setdefault(tuple(s["roles"]), []).append(s["id"])
        self.assertGreaterEqual(len(by_roles), 6, by_roles)
        return [slug for slugs in by_roles.values() for slug in slugs[:2]]

    # --- the document

    def test_the_document(self):
        text = self.server.get("/openapi.json").body
        self.assertEqual(text, (ROOT / "docs/openapi.json").read_bytes(), "run: relais rules --openapi > docs/openapi.json")
        self.assertEqual(text.decode(), run("rules", "--openapi").stdout)
        self.assertGreater(self.contract.check_itself(), 100)

    def test_the_judge(self):
        """An answer that has more or less than the document says is none."""
        reader = self.reader(ML1)
        target = "/v1/cases/" + reader.get("/v1/cases?limit=1").json()["cases"][0]["id"]
        answer = reader.get(target)

        def judged(status=answer.status, body=answer.body, **headers):
            changed = {**dict(answer.headers), **{k.replace("_", "-"): v for k, v in headers.items()}}
            message = email.message_from_string("".join(f"{k}: {v}\n" for k, v in changed.items() if v is not None))
            other = Answer(SimpleNamespace(status=status, headers=message), body)
            self.contract.check("GET", target, other)

        judged()
        whole = answer.json()
        for name in ("territory", "participants", "phase"):
            with self.assertRaisesRegex(AssertionError, "required property"):
                judged(body=json.dumps({k: v for k, v in whole.items() if k != name}).encode())
        for more, why in (({"identity": "exemple"}, "Additional properties"), ({"phase": "EXEMPLE"}, "is not one of"),
                          ({"version": "1"}, "is not of type"), ({"openedAt": "2026-11-24"}, "date-time"),
                          ({"steps": [{}]}, "required property")):
            with self.assertRaisesRegex(AssertionError, why):
                judged(body=json.dumps({**whole, **more}).encode())
        for status in (201, 403, 409, 410, 418):
            with self.assertRaisesRegex(AssertionError, "stands nowhere"):
                judged(status)
        for headers in ({"content_type": "text/html"}, {"cache_control": "public"}, {"cache_control": None}, {"x_exemple": "1"},
                        {"x_content_type_options": None}, {"etag": "3"}):
            with self.assertRaises(AssertionError, msg=headers):
                judged(**headers)

    # --- what is appended

    def test_statements(self):
        """The answers to the whole story, as they were stored, and to all of it again."""
        nobody = self.reader()
        accepted = self.contract.resolver.resolve("#/components/schemas/Accepted")[1]
        problem = self.contract.resolver.resolve("#/components/schemas/Problem")[1]
        answers = sorted((self.folder / "story").glob("*.json"))
        self.assertGreater(len(answers), 100)
        refused = 0
        for file in answers:
            body = json.loads(file.read_text())
            refused += "rule" in body
            self.contract.check_value(problem if "rule" in body else accepted, body, file.name)
            answer = nobody.ask("POST", "/v1/events", file.with_suffix(".sd-jwt").read_bytes(), Content_Type=SD_JWT)
            if "rule" not in body and answer.rule != "disclosures-erased":
                self.assertEqual(answer.status, 200, f"{file.name}: {answer}")
        self.assertGreater(refused, 10)

    def statement(self, name="case.detected", subject=None, data=None, slug=ML1, **more):
        return self.ledger.signatories[slug].statement(name, subject or case(), DETECTED if data is None else data, **more)

    def post(self, body, expected, target="/v1/events", client=None, **headers):
        body = body if isinstance(body, str) else json.dumps(body)
        answer = (client or self.reader()).ask("POST", target, body.encode(), **{"Content_Type": SD_JWT, **headers})
        self.assertEqual(answer.status, expected, answer)
        return answer

    def test_every_status_of_an_append(self):
        one, subject = self.statement(hidden={"note": "exemple"}), case()
        self.post(one, 201, If_None_Match="*")
        self.post(one, 200)
        self.assertIn("receiptAt", self.post(one.split("~")[0] + "~", 200).json())
        self.post(self.statement(subject=subject), 201)
        self.post(self.statement("case.risk_assessed", subject, ASSESSED), 412, If_Match='"7"')
        self.post(self.statement("case.risk_assessed", subject, ASSESSED), 400, If_Match="7")
        self.post(self.statement("case.reopened", subject, {}), 409)
        self.post(self.statement("case.risk_assessed", subject, ASSESSED, slug=ML2), 404)
        self.post(self.statement("case.risk_assessed", subject, ASSESSED, slug=ANALYST), 403)
        self.post(self.statement(key=Key()), 401)
        self.post(self.statement(data={**DETECTED, "risk": "exemple"}), 422)
        self.post("exemple", 400)
        self.post("exemple", 415, Content_Type="text/plain")
        self.post(one, 400, "/v1/events?atomic=perhaps")
        self.post("x" * 70_000 + ".e30.e30~", 413)
        self.post(one, 422, "/v1/break-glass")
        lists = {"Content_Type": "application/json"}
        most = self.contract.document["components"]["schemas"]["Submission"]["oneOf"][0]["properties"]["statements"]["maxItems"]
        good = [self.statement(), self.statement(), "exemple"]
        self.post({"statements": good}, 207, **lists)
        self.post({"statements": good}, 400, "/v1/events?atomic=true", **lists)
        self.post({"statements": good[:2]}, 200, "/v1/events?atomic=true", **lists)
        self.post({"statements": [self.statement()]}, 201, "/v1/events?atomic=true", **lists)
        self.post({"statements": []}, 400, **lists)
        self.post({"statements": ["x"] * (most + 1)}, 413, **lists)
        self.post({"statement": self.statement(), "sealed": []}, 201, **lists)

    def append_one_of_each_form(self):
        """With answers of each kind: a receipt, where it is, and a list's."""
        statement = self.statement(hidden={"note": "exemple"})
        self.post(statement, 201)
        self.post(statement.split("~")[0] + "~", 200)
        self.post({"statements": [statement]}, 207, Content_Type="application/json")
        self.break_glass()

    def test_break_glass(self):
        self.break_glass()

    def break_glass(self):
        subject = case()
        self.post(self.statement(subject=subject), 201)
        opened = self.statement("case.emergency_access_opened", subject, {
            "access_id": case()[5:], "reason": "immediate_danger", "until": in_seconds(7200)},
            slug=AMICALE, hidden={"note": "exemple : un danger immédiat, personne ne répond"})
        self.post(opened, 201, "/v1/break-glass")
        self.post(opened, 200, "/v1/break-glass")
        holder = self.reader(ML1).get(f"/v1/cases/{subject[5:]}").json()
        self.assertEqual(len(holder["emergencyAccesses"]), 1)

    # --- what is read

    # Of requests alone, of what is done while no server runs, and what the story does not say.
    NOT_MET = {"Axis", "Submission", "LogKeyRotated", "vocabulary.reseaux_porteurs_v1"}

    def test_every_endpoint_as_each_reader(self):
        self.post(self.statement("governance.proposed", "convention/rhone-2023", {
            "proposal_id": "exemple", "act": "amend_convention", "document_hash": b64u(bytes(32)), "reason": "exemple",
            "quorums": [{"act": "admit-signatory", "approvals": 3, "roles": ["pref"]}],
            "terms": [{"name": "referral-answer-days", "value": 12}]}, slug=PREF), 201)
        for server in (self.server, self.years):
            for slug in server.ledger.signatories:
                self.reader(slug, server).ask("GET", "/v1/cases?limit=200")
            for slug in self.roles(server):
                with self.subTest(slug, years=server is self.years):
                    self.read_lists(self.reader(slug, server))
                    self.read_cases(self.reader(slug, server))
                    self.read_events(self.reader(slug, server))
                    self.read_commission(self.reader(slug, server))
                    self.read_log(self.reader(slug, server))
        self.read_as_nobody()
        self.append_one_of_each_form()
        self.administer()
        self.assertEqual(set(self.contract.seen), {o.name for o in self.contract.operations})
        for operation in self.contract.operations:
            self.assertTrue({200, 201, 202} & self.contract.seen[operation.name], f"{operation} was never answered")
        schemas = set(self.contract.document["components"]["schemas"])
        self.assertEqual(schemas - {reference.rsplit("/", 1)[-1] for reference in met}, self.NOT_MET)

    LISTS = {"/v1/cases": "cases", "/v1/referrals": "referrals", "/v1/referrals?box=outbox": "referrals",
             "/v1/deadlines": "deadlines", "/v1/events": "events", "/v1/audit": "events", "/v1/audit/reads": "reads",
             "/v1/psp": "parcours", "/v1/sessions": "sessions", "/v1/accreditations": "accreditations",
             "/v1/library": "library", "/v1/library?replaced=true": "library", "/v1/network": "network",
             "/v1/network?replaced=true": "network"}
    WHOLE = ("/v1/capabilities?need=shelter", "/v1/capabilities?need=shelter&territory=69387", "/v1/signatories", "/v1/keys",
             "/v1/keys?asOf=3", "/v1/convention", "/v1/indicators", "/v1/indicators/trainings",
             "/v1/indicators/trainings?by=audience", "/v1/indicators/trainings?by=signatory&for=publication&asOf=2025-06-30")

    def read_lists(self, reader):
        for path, member in self.LISTS.items():
            items = reader.pages(path + ("&" if "?" in path else "?") + "limit=200", member)
            if len(items) > 1:
                self.assertEqual(len(reader.get(path + ("&" if "?" in path else "?") + "limit=1").json()[member]), 1)
        for path in self.WHOLE:
            self.assertEqual(reader.get(path).status, 200)
        self.unchanged(reader, "/v1/convention")

    def unchanged(self, reader, path):
        tag = reader.get(path).headers["ETag"]
        self.assertEqual(reader.get(path, If_None_Match=tag).status, 304)

    def read_cases(self, reader):
        seen = [c["id"] for c in reader.get("/v1/cases?limit=25").json()["cases"]]
        for case_id in [*seen, case()[5:]]:
            for path in ("", "?asOf=100", "?asOf=2030-01-01T00:00:00Z", "/timeline?limit=100", "/timeline?limit=1"):
                answer = reader.get(f"/v1/cases/{case_id}{path}")
                self.assertEqual(answer.status == 200, case_id in seen and answer.status != 404, answer)
            looks = reader.get(f"/v1/audit/reads?case={case_id}&limit=3").json()["reads"]
            for look in looks[:1]:
                reader.get(f"/v1/audit/reads/{look['index']}/receipt?case={case_id}")
        if seen:
            self.unchanged(reader, f"/v1/cases/{seen[0]}")
            self.unchanged(reader, f"/v1/cases/{seen[0]}/timeline")
        self.assertEqual(reader.get("/v1/audit/reads/99999999/receipt").status, 404)

    def read_events(self, reader):
        """One of each type that the reader sees, in each form."""
        by_type = {e["type"]: e for e in reader.pages("/v1/events?limit=500", "events")}
        for event in by_type.values():
            path = f"/v1/events/{quote(event['id'], safe='')}"
            source = f"source={quote(event['source'], safe='')}"
            for form in ("json", "sd-jwt", "submission"):
                self.assertEqual(reader.get(f"{path}?{source}&format={form}").status, 200)
            reader.get(f"{path}/receipt?{source}")
        self.assertEqual(reader.get("/v1/events/exemple").status, 404)
        self.assertEqual(reader.get("/v1/events/exemple/receipt").status, 404)
        self.follow(reader, by_type)

    def follow(self, reader, by_type):
        """The live stream from the beginning: each event that it gives is an Event."""
        event = self.contract.document["components"]["schemas"]["Event"]
        connection = reader.client.connect()
        self.addCleanup(connection.close)
        token = reader.client.signatory.token(reader.client.server.ledger.origin)
        connection.request("GET", "/v1/events/live?from=0", None, {"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        self.contract.check("GET", "/v1/events/live?from=0", Answer(response, b"retry"))
        for _ in range(min(len(by_type), 30)):
            line = response.readline()
            while not line.startswith(b"data:"):
                self.assertTrue(line, "the stream ended")
                line = response.readline()
            self.contract.check_value(event, json.loads(line[5:]), "GET /v1/events/live")
        connection.close()

    def read_commission(self, reader):
        for session in reader.get("/v1/sessions?limit=4").json()["sessions"]:
            self.assertEqual(reader.get(f"/v1/sessions/{session['name']}").status, 200)
            self.unchanged(reader, f"/v1/sessions/{session['name']}")
        self.assertEqual(reader.get("/v1/sessions/exemple").status, 404)
        self.assertEqual(reader.get("/v1/indicators/exemple").status, 404)

    def read_log(self, reader):
        """What is for everybody, and entries, which are for analysts."""
        for path in ("/log/checkpoint", "/log/vkey", "/log/keys", "/log/reads/checkpoint", "/log/reads/vkey", "/livez", "/readyz",
                     "/log/tile/0/000.p/1", "/log/tile/0%2F000.p%2F1", "/log/reads/tile/0/000.p/1"):
            self.assertEqual(reader.get(path).status, 200, path)
        self.assertEqual(reader.get("/log/tile/0/999").status, 404)
        self.assertIn(reader.get("/log/tile/entries/000.p/1").status, (200, 403))
        self.assertEqual(reader.get("/metrics").status, 401)

    def read_as_nobody(self):
        """Without a token: what is open, and 401 for the rest, whatever is asked."""
        nobody = self.reader()
        self.unchanged(nobody, "/openapi.json")
        for operation in self.contract.operations:
            if operation.method != "GET" or operation.path == "/openapi.json":
                continue
            target = operation.path
            for name, value in {"{tile}": "0/000.p/1", "{name}": "trainings", "{index}": "0", "{id}": case()[5:]}.items():
                target = target.replace(name, value)
            target = target.replace("/entries/0/", "/entries/")
            open_to_all = operation.value["security"] == []
            self.assertEqual(nobody.get(target).status, 200 if open_to_all else 401, operation)
            self.assertEqual(nobody.ask("HEAD", target).status, 200 if open_to_all else 401, operation)
            self.assertEqual(nobody.get(target, Authorization="Bearer exemple").status, 200 if open_to_all else 401, operation)

    def administer(self):
        for method, path, status in (("GET", "/metrics", 200), ("POST", "/admin/confirm-clock", 200), ("POST", "/admin/rebuild", 200),
                                     ("POST", "/admin/rotate-wrapping-key", 202)):
            answer = self.server.administer(method, path)
            self.assertEqual(answer.status, status, answer)
            self.contract.check(method, path, answer)

    # --- what is not asked for rightly

    ODD = ("", " ", "x", "0", "-1", "1.5", "1e3", "00", "+1", "18446744073709551616", "null", "TRUE", "[]", "{}", "é", "\u202e", "a" * 900,
           "../..", "' OR 1=1 --", "*", "2026-02-30", "2026-11-24T16:00:00Z", "2026-11-24T25:00:00Z", "relais.*.v1", "case/exemple",
           "01890A5D-AC96-774B-BCCE-B302099A8057", "%", "a,b", "true ")
    # Refused by what the ledger has, and not by its form alone.
    BY_THE_LEDGER = {"cursor-form", "case-missing", "day-form", "territory-not-of-convention", "subject-form"}

    def values_of(self, schema):
        """What the document suggests: its values, and its bounds with what lies beyond."""
        schema = self.contract.resolve(schema)
        found = [str(v) for v in schema.get("enum", [])[:6]]
        if schema.get("type") == "boolean":
            found += ["true", "false"]
        for bound, beyond in (("minimum", -1), ("maximum", 1)):
            if bound in schema:
                found += [str(schema[bound]), str(schema[bound] + beyond)]
        for branch in schema.get("oneOf", []):
            found += self.values_of(branch)
        return found

    def as_json(self, schema, text):
        """The value that a text in a query stands for, where the schema wants another type than a text."""
        schema = self.contract.resolve(schema)
        kinds = {s.get("type") for s in schema.get("oneOf", [schema])}
        if "boolean" in kinds and text in ("true", "false"):
            return text == "true"
        if "integer" in kinds and text.isascii() and text.isdigit() and int(text) < 1 << 64:
            return int(text)
        return text

    def fuzz_value(self, reader, operation, target, parameter, value):
        """One value of one parameter, and what must come of it by the document."""
        answer = self.request(reader, target + "?" + urlencode({**self.needed(operation, parameter), parameter["name"]: value}))
        if parameter["in"] != "query":
            return
        fits = self.contract.accepts(parameter["schema"], self.as_json(parameter["schema"], value))
        if not fits:
            self.assertIn(answer.status, (400, 422), f"{operation} {parameter['name']}={value!r}")
        elif answer.status == 400:
            self.assertIn(answer.rule, self.BY_THE_LEDGER, f"{operation} {parameter['name']}={value!r}: {answer}")

    @staticmethod
    def needed(operation, but):
        return {p["name"]: "shelter" for p in operation.parameters if p.get("required") and p["in"] == "query" and p is not but}

    def request(self, reader, target, **headers):
        """A stream's head alone."""
        if not target.startswith("/v1/events/live"):
            return reader.get(target, **headers)
        connection = reader.client.connect()
        token = reader.client.signatory.token(reader.client.server.ledger.origin)
        connection.request("GET", target, None, {"Authorization": f"Bearer {token}", **headers})
        response = connection.getresponse()
        answer = Answer(response, b"retry" if response.status == 200 else response.read())
        self.contract.check("GET", target, answer)
        connection.close()
        return answer

    def targets(self):
        """Each endpoint of GET with a reader, and a target that is there for it."""
        prefecture, locale = self.reader(PREF), self.reader(ML1)
        session = prefecture.get("/v1/sessions?limit=1").json()["sessions"][0]["name"]
        case_id = locale.get("/v1/cases?limit=1").json()["cases"][0]["id"]
        event_id = locale.get("/v1/events?limit=1").json()["events"][0]["id"]
        look = locale.get("/v1/audit/reads?limit=1").json()["reads"][0]["index"]
        there = {"/v1/cases/{id}": case_id, "/v1/cases/{id}/timeline": case_id, "/v1/sessions/{name}": session,
                 "/v1/indicators/{name}": "trainings", "/v1/audit/reads/{index}/receipt": str(look),
                 "/log/tile/entries/{tile}": "000.p/1"}
        for operation in self.contract.operations:
            if operation.method != "GET" or "operatorToken" in str(operation.value["security"]):
                continue
            value = there.get(operation.path, "0/000.p/1" if "{tile}" in operation.path else quote(event_id, safe=""))
            target = re.sub(r"\{\w+\}", value, operation.path)
            reader = prefecture if operation.path == "/v1/sessions/{name}" else locale
            yield operation, reader, target

    def test_every_parameter(self):
        asked = 0
        for operation, reader, target in self.targets():
            base = target + "?" + urlencode(self.needed(operation, None))
            for query, rule in (("inconnu=1", "query-unknown"), ("limit=1&limit=1", "query-repeated"), ("a=%zz", "target-form"),
                                ("a=%ff", "target-form"), ("a=%00", "target-form")):
                answer = self.request(reader, f"{base}&{query}".replace("?&", "?"))
                self.assertEqual((answer.status, answer.rule), (400, rule), f"{operation} {query}")
            for parameter in operation.parameters:
                if parameter["in"] != "query":
                    continue
                for value in [*self.values_of(parameter["schema"]), *dice.sample(self.ODD, FUZZ_OF_EACH)]:
                    self.fuzz_value(reader, operation, target, parameter, value)
                    asked += 1
        self.assertGreater(asked, 800)

    def test_every_segment_and_header(self):
        odd = [v for v in self.ODD if v and v != "../.."]
        for operation, reader, target in self.targets():
            if "{" in operation.path and operation.path != "/log/tile/{tile}":
                for value in dice.sample(odd, 8):
                    start, end = operation.path.split("{")[0], operation.path.split("}")[1]
                    answer = self.request(reader, start + quote(value, safe="") + end)
                    self.assertLess(answer.status, 500, f"{operation} {value!r}")
            for parameter in operation.parameters:
                if parameter["in"] == "header":
                    for value in ("*", "x", '"', '"0"', 'W/"3", "4"', "-1", "9" * 30, "\u00e9"):
                        self.request(reader, target, **{parameter["name"]: value.encode("latin-1")})

    def test_what_is_not_there(self):
        """What no endpoint is asked for is a problem document too."""
        reader = self.reader(ML1)
        problem = self.contract.resolve({"$ref": "#/components/responses/ProblemOfHttp"})
        schema = problem["content"]["application/problem+json"]["schema"]
        for method, target, status in (("GET", "/v1/exemple", 404), ("PUT", "/v1/events", 405), ("DELETE", "/v1/cases", 405),
                                       ("POST", "/v1/cases", 405), ("BREW", "/v1/cases", 501), ("GET", "/" + "a" * 9000, 414)):
            answer = reader.client.request(method, target)
            self.assertEqual(answer.status, status, answer)
            self.contract.check_value(schema, answer.json(), f"{method} {target}")
        self.assertEqual(reader.client.request("OPTIONS", "/v1/events").headers["Allow"], "POST, GET, HEAD, OPTIONS")


if __name__ == "__main__":
    main()
