"""HTTP to one ledger, by its own description."""
import http.client
import json
import re
import ssl
import time
from urllib.parse import quote, urlencode, urlsplit

from . import receipt
from .signing import SealingKey, compact

ATTEMPTS = 5  # of one request, where the ledger asks for patience or a connection ends


class Problem(Exception):
    """A refusal (RFC 9457): `rule` is a stable name, `accepted` says what would be taken."""

    def __init__(self, status, document):
        self.status = status
        self.document = document
        self.rule = document.get("rule", "")
        self.field = document.get("field", "")
        self.accepted = document.get("accepted", "")
        words = f"{status} {self.rule}: {document.get('detail', '')}"
        super().__init__(words + (f" ({self.field})" if self.field else "") + (f"; accepted: {self.accepted}" if self.accepted else ""))


def snake(name):
    return re.sub(r"(?<=[a-z])([A-Z])|-", lambda m: "_" + (m[1] or ""), name).lower()


class Description:
    """/openapi.json, as far as a client needs it."""

    def __init__(self, document):
        self.schemas = document["components"]["schemas"]
        self.operations = {}
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                self.operations[operation["operationId"]] = (method.upper(), path, operation)
        self.ids = {snake(operation_id): operation_id for operation_id in self.operations}
        self.types = {b["properties"]["type"]["const"]: b["properties"]["data"]["$ref"].rsplit("/", 1)[-1]
                      for b in self.schemas["CloudEvent"]["oneOf"]}

    def members(self, type_):
        """The members of a type's data, by name."""
        if type_ not in self.types:
            raise ValueError(f"the ledger knows no event type {type_}")
        return self.schemas[self.types[type_]].get("properties", {})

    def sensitive(self, type_):
        return {name for name, member in self.members(type_).items() if member.get("x-relais-sensitive")}

    def sealed(self, type_):
        """Members that must be sealed, and to which roles."""
        return {name: member["x-relais-sealed-to"] for name, member in self.members(type_).items()
                if "x-relais-sealed-to" in member}

    def request(self, operation_id, given):
        """-> (method, target, headers): each parameter by its name, or by its name in snake case."""
        method, path, operation = self.operations[operation_id]
        query, headers = {}, {}
        known = {snake(p["name"]): p for p in operation.get("parameters", [])}
        for name, value in given.items():
            parameter = known.get(snake(name))
            if parameter is None:
                raise TypeError(f"{operation_id} has no parameter {name}; it has: {', '.join(sorted(known)) or 'none'}")
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", quote(text, safe=""))
            elif parameter["in"] == "query":
                query[parameter["name"]] = text
            else:
                headers[parameter["name"]] = text
        if "{" in path:
            raise TypeError(f"{operation_id} needs {re.findall('{([a-z]+)}', path)}")
        return method, path + ("?" + urlencode(query) if query else ""), headers


class Client:
    """One connection; for one thread. `origin`: the log's name. `vkey`: its public key, against which receipts are checked.
    `patience`: the seconds that one call waits at most where the ledger asks for it."""

    def __init__(self, url, signer, origin, purpose, vkey=None, ca_file=None, timeout=30, patience=30):
        self.url = urlsplit(url)
        self.signer, self.origin, self.purpose, self.vkey = signer, origin, purpose, vkey
        self.timeout, self.patience = timeout, patience
        self.tls = ssl.create_default_context(cafile=ca_file) if self.url.scheme == "https" else None
        self._connection = None
        self._token = (None, 0.0)
        self._description = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- requests

    def _connect(self):
        if self.tls:
            return http.client.HTTPSConnection(self.url.hostname, self.url.port, timeout=self.timeout, context=self.tls)
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=self.timeout)

    def _authorization(self):
        token, until = self._token
        if time.time() >= until:
            token, until = self.signer.token(self.origin, self.purpose), time.time() + 180
            self._token = token, until
        return f"Bearer {token}"

    def _once(self, method, target, body, headers):
        if self._connection is None:
            self._connection = self._connect()
        try:
            self._connection.request(method, target, body, headers)
            response = self._connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def send(self, method, target, body=None, headers=None, authorized=True):
        """-> (response, its body). Raises Problem. What is asked again is safe to ask again: reads, and appends, which the ledger
        takes once."""
        headers = dict(headers or {})
        waited = 0
        for attempt in range(1, ATTEMPTS + 1):
            if authorized:
                headers["Authorization"] = self._authorization()
            try:
                response, answer = self._once(method, target, body, headers)
            except (OSError, http.client.HTTPException):
                if attempt == ATTEMPTS:
                    raise
                time.sleep(0.1 * attempt)
                continue
            if response.status < 400:
                return response, answer
            pause = int(response.headers.get("Retry-After", "0"))
            if response.status not in (429, 503) or attempt == ATTEMPTS or waited + pause > self.patience:
                raise Problem(response.status, json.loads(answer))
            waited += pause
            time.sleep(pause)
        raise AssertionError("unreachable")

    @property
    def description(self):
        if self._description is None:
            self._description = Description(json.loads(self.send("GET", "/openapi.json", authorized=False)[1]))
        return self._description

    def call(self, operation_id, **parameters):
        """An operation of GET: JSON as Python has it, a text, or bytes; None for what has not changed (304)."""
        method, target, headers = self.description.request(operation_id, parameters)
        if method != "GET":
            raise TypeError(f"{operation_id} is not for reading: append(), append_all()")
        response, answer = self.send(method, target, None, headers)
        if response.status == 304:
            return None
        kind = response.headers.get_content_type()
        if kind.endswith("json"):
            return json.loads(answer)
        return answer if kind == "application/octet-stream" else answer.decode()

    def __getattr__(self, name):
        operation_id = None if name.startswith("_") else self.description.ids.get(name)
        if operation_id is None:
            raise AttributeError(name)
        return lambda **parameters: self.call(operation_id, **parameters)

    def every(self, operation_id, **parameters):
        """The items of a list, over all its pages."""
        while True:
            page = self.call(operation_id, **parameters)
            items = next(value for name, value in page.items() if isinstance(value, list) and name != "looks")
            yield from items
            if "next" not in page:
                return
            parameters["cursor"] = page["next"]

    def follow(self, last=None, **filters):
        """Events as they come, from now on, from `from_`, or behind the index `last`; without an end. A stream ends with its
        token, and then goes on where it was."""
        if "from_" in filters:
            filters["from"] = filters.pop("from_")
        while True:
            _, target, headers = self.description.request("followEvents", filters)
            headers |= {"Authorization": f"Bearer {self.signer.token(self.origin, self.purpose)}"}
            if last is not None:
                headers["Last-Event-ID"] = str(last)
            connection = self._connect()
            try:
                connection.request("GET", target, None, headers)
                response = connection.getresponse()
                if response.status != 200:
                    raise Problem(response.status, json.loads(response.read()))
                for last, event in _events_of(response, last):
                    if event is not None:
                        yield event
            except (OSError, http.client.IncompleteRead):
                pass
            finally:
                connection.close()
            time.sleep(1)

    # --- statements

    def statement(self, type_, subject, data, **more):
        """Signs an event of this type. What is sensitive is disclosed, and sealed where it must be."""
        seal_to = {name: self.sealing_keys(roles) for name, roles in self.description.sealed(type_).items() if name in data}
        return self.signer.statement(type_, subject, data, self.description.sensitive(type_), seal_to, **more)

    def sealing_keys(self, roles):
        """Of active signatories of these roles, and our own: none where the roles have none yet."""
        wanted = {s["id"] for s in self.call("listSignatories")["signatories"] if s["active"] and set(roles) & set(s["roles"])}
        own = {s["id"] for s in self.call("listSignatories")["signatories"] if s["source"] == self.signer.source}
        keys = {k["sealingKid"]: k for k in self.call("listKeys")["keys"] if "sealingKid" in k and "endedAt" not in k}
        if not any(k["signatory"] in wanted for k in keys.values()):
            return []
        return [SealingKey(kid, k["sealingX"]) for kid, k in keys.items() if k["signatory"] in wanted | own]

    def append(self, statement, if_match=None, if_new=False):
        """-> what the ledger answered: index, stream, version, receipt, … The receipt was checked, where there is a `vkey`.
        `if_match`: the stream must be at this version; `if_new`: it must have no event yet (Problem 412)."""
        headers = {"Content-Type": statement.media_type}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        if if_new:
            headers["If-None-Match"] = "*"
        accepted = json.loads(self.send("POST", "/v1/events", statement.body, headers, authorized=False)[1])
        self._check(accepted, statement)
        return accepted

    def append_all(self, statements, atomic=False):
        """A list at once. -> a result for each: what append() gives, or a Problem. `atomic`: all or nothing (then one Problem is
        raised)."""
        body = compact({"statements": [s.submission for s in statements]}).encode()
        target = "/v1/events" + ("?atomic=true" if atomic else "")
        answer = json.loads(self.send("POST", target, body, {"Content-Type": "application/json"}, authorized=False)[1])
        results = []
        for statement, result in zip(statements, answer["results"], strict=True):
            if "rule" in result:
                results.append(Problem(result["status"], result))
                continue
            self._check(result, statement)
            results.append(result)
        return results

    def _check(self, accepted, statement):
        if not self.vkey:
            return
        if not isinstance(accepted.get("receipt"), str):
            raise receipt.Invalid("the answer has no receipt: it is not known to be in the log")
        index, _ = receipt.verify(self.vkey, accepted["receipt"], statement)
        if index != accepted["index"]:
            raise receipt.Invalid("the receipt is of another entry")


def _events_of(response, last):
    """(last index that is known, event or None) of a stream (WHATWG HTML, section 9.2.6)."""
    data, at = "", last
    for line in iter(response.readline, b""):
        name, _, value = line.decode().rstrip("\n").partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            at = int(value)
        elif name == "data":
            data += value
        elif name == "" and not line.startswith(b":"):
            yield at, json.loads(data) if data else None
            data = ""
