"""The document of the API (docs/openapi.json) as a judge of answers: status, headers, media type and body of each must be what
stands there. With Debian's python3-jsonschema, and none of the code that made the document."""
import json
import re
from datetime import datetime

import jsonschema
from jsonschema import Draft202012Validator, RefResolver, ValidationError
from jsonschema.validators import extend

# Of every answer; what else there is must stand in the document.
OF_EVERY_ANSWER = {"date", "x-content-type-options"}
# Of the connection, and of the request's own making.
OF_THE_CONNECTION = {"content-type", "content-length", "transfer-encoding", "connection", "traceparent"}

formats = jsonschema.FormatChecker(formats=("uuid", "date"))


@formats.checks("date-time")
def is_date_time(text):
    """RFC 3339, section 5.6, as far as Python reads it; a leap second is none here."""
    if not isinstance(text, str):
        return True
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text)
    if not found:
        return False
    try:
        datetime.fromisoformat(f"{found[1]}T{found[2]}" + ("+00:00" if found[4] in "Zz" else found[4]))
        return True
    except ValueError:
        return False


def one_of(validator, branches, instance, schema):
    """`oneOf` as ever; where each branch says which `type` it is of, the others need not be looked at."""
    types = [b.get("properties", {}).get("type", {}).get("const") for b in branches]
    if all(types) and isinstance(instance, dict):
        for type_, branch in zip(types, branches):
            if type_ == instance.get("type"):
                yield from validator.descend(instance, branch)
                return
        yield ValidationError(f"no branch is of the type {instance.get('type')!r}")
        return
    yield from Draft202012Validator.VALIDATORS["oneOf"](validator, branches, instance, schema)


met = set()  # schemas by which something was looked at


def by_reference(validator, reference, instance, schema):
    met.add(reference)
    yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, schema)


Validator = extend(Draft202012Validator, {"oneOf": one_of, "$ref": by_reference})


def pattern_of(path):
    """A path of the document as a pattern of targets. The last segment of a tile's path takes slashes."""
    parts = re.split(r"\{(\w+)\}", path)
    out = re.escape(parts[0])
    for name, literal in zip(parts[1::2], parts[2::2]):
        out += (".+" if name == "tile" else "[^/]+") + re.escape(literal)
    return re.compile(out)


class Operation:
    def __init__(self, path, method, value):
        self.path, self.method, self.value = path, method.upper(), value
        self.pattern = pattern_of(path)
        self.parameters = value.get("parameters", [])

    @property
    def name(self):
        return f"{self.method} {self.path}"

    def __repr__(self):
        return self.name


class Contract:
    def __init__(self, text):
        self.document = json.loads(text)
        self.resolver = RefResolver("", self.document)
        self.operations = [Operation(path, method, value) for path, methods in self.document["paths"].items()
                           for method, value in methods.items()]
        # What is written out comes before what a segment may be.
        self.operations.sort(key=lambda o: (o.path.count("{"), -len(o.path.split("{")[0])))
        self.seen = {}  # name of an operation -> statuses

    def resolve(self, value):
        while "$ref" in value:
            value = self.resolver.resolve(value["$ref"])[1]
        return value

    def operation(self, method, target):
        path = target.split("?")[0]
        method = "GET" if method == "HEAD" else method
        found = [o for o in self.operations if o.method == method and o.pattern.fullmatch(path)]
        return min(found, key=lambda o: o.path.count("{")) if found else None

    def accepts(self, schema, value):
        return Validator(schema, resolver=self.resolver, format_checker=formats).is_valid(value)

    def check_value(self, schema, value, what):
        error = next(Validator(schema, resolver=self.resolver, format_checker=formats).iter_errors(value), None)
        if error is None:
            return
        while error.context:
            error = min(error.context, key=lambda e: len(e.context or ()))
        at = "/".join(map(str, error.absolute_path))
        raise AssertionError(f"{what}: at {at or 'the top'}: {error.message[:600]}\nby {'/'.join(map(str, error.absolute_schema_path))}")

    def response(self, operation, status):
        """What the document says of a status, and whether it says it of this endpoint."""
        responses = operation.value["responses"]
        if str(status) in responses:
            return self.resolve(responses[str(status)])
        of_http = self.resolve(responses["default"])
        if status in of_http["x-statuses"]:
            return of_http
        raise AssertionError(f"{operation} answers {status}, which stands nowhere")

    def check(self, method, target, answer):
        """That an answer of a path that there is, is one of its endpoint."""
        operation = self.operation(method, target)
        assert operation is not None, f"{method} {target} is of no path of the document"
        what = f"{method} {target} -> {answer.status}"
        response = self.response(operation, answer.status)
        self.seen.setdefault(operation.name, set()).add(answer.status)
        self.check_headers(response, answer, what)
        self.check_body(response, method, answer, what)
        return operation

    def check_headers(self, response, answer, what):
        known = {name.lower(): self.resolve(h) for name, h in response.get("headers", {}).items()}
        given = {name.lower(): value for name, value in answer.headers.items()}
        for name in OF_EVERY_ANSWER - given.keys():
            raise AssertionError(f"{what}: no {name}")
        for name, header in known.items():
            if name in given:
                self.check_value(header["schema"], given[name], f"{what}, {name}")
            elif header.get("required"):
                raise AssertionError(f"{what}: no {name}")
        unknown = given.keys() - known.keys() - OF_EVERY_ANSWER - OF_THE_CONNECTION
        if unknown:
            raise AssertionError(f"{what}: the document does not know {unknown}")

    def check_body(self, response, method, answer, what):
        content = response.get("content")
        if content is None or method == "HEAD":
            assert answer.body == b"", f"{what}: a body, {answer.body[:200]!r}"
            return
        media_type = answer.headers["Content-Type"]
        assert media_type in content, f"{what}: {media_type} is none of {list(content)}"
        schema = content[media_type].get("schema")
        if schema is None or schema == {"type": "string"}:
            assert answer.body, f"{what}: no body"
            return
        self.check_value(schema, json.loads(answer.body), what)

    def check_itself(self):
        """Its schemas are schemas, and its examples are examples of them."""
        for schema in self.document["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)
        examples = 0
        for operation in self.operations:
            places = [self.resolve(r) for r in operation.value["responses"].values()]
            places += [operation.value.get("requestBody", {})]
            for place in places:
                for media_type, media in place.get("content", {}).items():
                    if "schema" in media:
                        self.check_value(media["schema"], media["example"], f"{operation}, example of {media_type}")
                        examples += 1
        return examples
