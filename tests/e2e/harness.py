"""What every end-to-end test needs: a ledger in a temporary folder, the real server, and signatories that sign by
themselves. Statements are made here with jwcrypto and by hand, not by `relais sign`, so that every test is a test of
interoperability too.

RELAIS_BIN names the program (default: build/release/relais).
"""
import base64
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwcrypto import jwk, jws

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/interop"))  # verify_receipt, which shares no code with anything
RELAIS = os.environ.get("RELAIS_BIN", str(ROOT / "build/release/relais"))
CONVENTION = ROOT / "examples/conventions/rhone-2023.toml"
VKEY_FILE = "log.vkey"
SD_JWT = "application/sd-jwt"

# One for the whole run; a failing test is repeated with RELAIS_SEED.
SEED = int(os.environ.get("RELAIS_SEED", random.SystemRandom().randrange(1 << 32)))
dice = random.Random(SEED)

ML1, ML2, ML3 = "mission-locale-1", "mission-locale-2", "mission-locale-3"
AMICALE, MOUVEMENT, PREF, ANALYST = "amicale-du-nid-69", "mouvement-du-nid-69", "prefecture", "observatoire"


def b64u(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Clock:
    """What time it is for the signatories and for the servers that are started from here: the real time, or later. A
    server that was started after the first move() follows each further one: libfaketime reads the offset at each look at
    the clock."""

    LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)

    def __init__(self):
        self.ahead = timedelta(0)
        self.file = None

    def now(self):
        return datetime.now(timezone.utc) + self.ahead

    def move(self, **period):
        """Lets time pass, as timedelta has it: move(days=31)."""
        if self.LIBRARY is None:
            raise AssertionError("libfaketime is missing: apt-get install faketime")
        self.file = self.file or Path(tempfile.mkdtemp(prefix="relais-clock-")) / "offset"
        self.ahead += timedelta(**period)
        new = self.file.with_suffix(".new")
        new.write_text(f"+{int(self.ahead.total_seconds())}")
        new.rename(self.file)  # a server never reads half an offset

    def reset(self):
        if self.file is not None:
            shutil.rmtree(self.file.parent)
        self.__init__()

    def environment(self):
        """For a process; None while time was never moved: its parent's."""
        if self.file is None:
            return None
        return {**os.environ, "LD_PRELOAD": str(self.LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


clock = Clock()


def rfc3339(moment=None):
    moment = moment or clock.now()
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def in_seconds(seconds):
    return rfc3339(clock.now() + timedelta(seconds=seconds))


def run(*arguments, stdin=None, ok=(0,), timeout=120):
    """Runs `relais`; gives the finished process."""
    done = subprocess.run([RELAIS, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=timeout)
    if ok is not None and done.returncode not in ok:
        raise AssertionError(f"relais {' '.join(map(str, arguments))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Key:
    """An Ed25519 key as jwcrypto has it."""

    def __init__(self, jwk_json=None):
        self.jwk = jwk.JWK.from_json(jwk_json) if jwk_json else jwk.JWK.generate(kty="OKP", crv="Ed25519")
        self.kid = self.jwk.thumbprint()
        self.x = json.loads(self.jwk.export_public())["x"]
        self._private = Ed25519PrivateKey.from_private_bytes(unb64u(json.loads(self.jwk.export())["d"]))

    def jwt(self, payload, media_type, **header):
        """A compact JWS of a dict by jwcrypto. Header members that are None are left out."""
        protected = {"alg": "EdDSA", "typ": media_type, "kid": self.kid, **header}
        token = jws.JWS(compact(payload).encode())
        token.add_signature(self.jwk, None, compact({k: v for k, v in protected.items() if v is not None}), None)
        return token.serialize(compact=True)

    def raw(self, header, payload):
        """The same with header and payload as given bytes or text, whatever they are."""
        text = f"{b64u(header)}.{b64u(payload)}"
        return f"{text}.{b64u(self.sign(text))}"

    def sign(self, text):
        return self._private.sign(text.encode())


class Signatory:
    def __init__(self, slug, key, convention="rhone-2023"):
        self.slug = slug
        self.key = key
        self.source = f"urn:relais:{convention}:{slug}"

    def event(self, name, subject, data, **attributes):
        event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": self.source, "type": f"relais.{name}.v1",
                 "subject": subject, "time": rfc3339(), "data": data}
        event.update(attributes)
        return {k: v for k, v in event.items() if v is not None}

    def statement(self, name, subject, data, hidden=None, key=None, **attributes):
        """A signed SD-JWT: `hidden` are the members of `data` that are only ever disclosed."""
        return self.sign(self.event(name, subject, data, **attributes), hidden, key)

    def sign(self, event, hidden=None, key=None):
        disclosures = [disclosure(name, value) for name, value in (hidden or {}).items()]
        if disclosures:
            event = {**event, "_sd_alg": "sha-256",
                     "data": {**event["data"], "_sd": sorted(digest(d) for d in disclosures)}}
        return "~".join([(key or self.key).jwt(event, "cloudevents+sd-jwt"), *disclosures, ""])

    def token(self, origin, **claims):
        now = int(clock.now().timestamp())
        body = {"iss": self.source, "aud": origin, "iat": now, "exp": now + 240, "jti": str(uuid.uuid4()), "purpose": "test"}
        body.update(claims)
        return self.key.jwt({k: v for k, v in body.items() if v is not None}, "relais-access+jwt")

    def key_data(self, key, origin, **more):
        """Payload of key.enrolled and key.rotated, with the proof of possession."""
        proof = key.jwt({"aud": origin, "iss": self.source}, "relais-key-proof+jwt")
        return {"public_key": key.x, "proof": proof, **more}

    def vouched(self, old, new, origin):
        """The proof of one that left and comes back: by a key that it had then, for the new one."""
        return old.jwt({"aud": f"{origin}/mission_locale.attached/{new.kid}", "iss": self.source}, "relais-key-proof+jwt")


def disclosure(*parts):
    return b64u(compact([b64u(os.urandom(16)), *parts]))


def digest(text):
    return b64u(hashlib.sha256(text.encode()).digest())


def jwt_of(statement):
    return statement.split("~")[0]


def case():
    return f"case/{uuid.uuid4()}"


DETECTED = {"channel": "interview", "age_band": "16_17", "territory": "69387", "risk": "high"}
ASSESSED = {"risk": "high", "grid_version": "2024-1"}


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    @property
    def rule(self):
        """The rule of a problem document: the last part of its type."""
        if self.headers.get_content_type() != "application/problem+json":
            return None
        return self.json()["type"].rstrip("/").rsplit("/", 1)[-1]

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.body[:2000]!r}"


class Client:
    """HTTP to one server. Keeps one connection a thread, and makes a new one where the server has closed it."""

    def __init__(self, server, signatory=None):
        self.server = server
        self.signatory = signatory
        self.local = threading.local()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)

    def request(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.signatory and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.signatory.token(self.server.ledger.origin)}"
        connection = getattr(self.local, "connection", None)
        if connection is not None:
            try:
                return self._once(connection, method, path, body, headers)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, http.client.CannotSendRequest):
                connection.close()
        self.local.connection = connection = self.connect()
        return self._once(connection, method, path, body, headers)

    @staticmethod
    def _once(connection, method, path, body, headers):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response, response.read())

    def close(self):
        connection = getattr(self.local, "connection", None)
        if connection is not None:
            connection.close()
            self.local.connection = None

    def get(self, path, **headers):
        return self.request("GET", path, None, {k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, statement, **headers):
        return self.request("POST", "/v1/events", statement.encode() if isinstance(statement, str) else statement,
                            {"Content-Type": SD_JWT, **{k.replace("_", "-"): v for k, v in headers.items()}})

    def post_list(self, statements, atomic=False, **headers):
        return self.request("POST", "/v1/events" + ("?atomic=true" if atomic else ""), json.dumps({"statements": statements}),
                            {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})


def next_page(answer):
    """The address of the page that follows (RFC 8288), or None."""
    link = answer.headers.get("Link", "")
    return link.split("<", 1)[1].split(">", 1)[0] if 'rel="next"' in link else None


def all_pages(client, path, member):
    """Every element of a list, over all its pages."""
    found = []
    while path:
        answer = client.get(path)
        if answer.status != 200:
            raise AssertionError(f"GET {path}: {answer}")
        found += answer.json()[member]
        path = next_page(answer)
    return found


class Live:
    """A client of server-sent events."""

    def __init__(self, server, client, last=None, query=""):
        headers = {"Authorization": f"Bearer {client.signatory.token(server.ledger.origin)}", "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = last
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.connection.request("GET", "/v1/events/live" + query, None, headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, (self.response.status, self.response.read())
        assert self.response.headers.get_content_type() == "text/event-stream"

    def next(self):
        """The next event; comments and heartbeats are passed over."""
        event = LiveEvent()
        while True:
            line = self.response.readline().decode()
            if line == "":
                raise AssertionError("the stream ended")
            line = line.rstrip("\n")
            if line == "" and event.data:
                return event
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                event.id = value
            elif name == "data":
                event.data += value

    def close(self):
        self.connection.close()


class LiveEvent:
    id = None
    data = ""


def wrapping_key(data):
    """Beside the data folder, never in it."""
    return data.with_name(data.name + ".wrapping-key")


def copy_ledger(data, to, *ignored):
    """The data folder and its wrapping key, as somebody has them who has both."""
    shutil.copytree(data, to, ignore=shutil.ignore_patterns(*ignored))
    shutil.copy(wrapping_key(data), wrapping_key(to))


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the server's socket for local administration."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Server:
    """`relais serve` on a free port. `under`: a command that runs it, as prlimit does."""

    def __init__(self, ledger, *arguments, under=()):
        self.ledger = ledger
        self.log = ledger.folder / "server.log"
        command = [*under, RELAIS, "serve", "--data", str(ledger.data), "--listen", "127.0.0.1:0", *map(str, arguments)]
        if clock.file is not None and not ledger.guards_clock:
            command.append("--trust-clock")  # a test that moves time means it
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=clock.environment())
        self.port = self._read_port()
        # What the server prints later must not block it.
        self._drain = threading.Thread(target=lambda: [None for _ in self.process.stdout], daemon=True)
        self._drain.start()

    def _read_port(self):
        line = self.process.stdout.readline().decode()
        found = re.search(r":(\d+)\b", line.replace("://", ""))
        if not found:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server printed no address: {line!r}\n{self.errors()}")
        return int(found.group(1))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def errors(self):
        return self.log.read_text(errors="replace")[-4000:]

    def client(self, slug=None):
        return Client(self, self.ledger.signatories[slug] if slug else None)

    def get(self, path):
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def administer(self, method, path):
        """One request on the socket for local administration."""
        connection = UnixConnection(self.ledger.data / "control.sock")
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def purge_owed(self):
        """Whether what was erased is still in the store's files, sealed as it is."""
        return b"\nrelais_purge_owed 1" in self.administer("GET", "/metrics").body

    def size(self):
        """Of the tree, by the public checkpoint."""
        return int(self.get("/log/checkpoint").body.split(b"\n")[1])

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def stop(self, timeout=30):
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not stop\n{self.errors()}") from None
        self._drain.join()
        self.process.stdout.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._drain.join()
        self.process.stdout.close()


class Ledger:
    """A fresh ledger of the example convention in a temporary folder, with keys made by `relais key new`."""

    def __init__(self):
        self.guards_clock = False  # whether its servers look twice at a clock that a test has moved
        self.folder = Path(tempfile.mkdtemp(prefix="relais-e2e-"))
        self.data = self.folder / "data"
        self.keys = self.folder / "keys"
        self.keys.mkdir(mode=0o700)
        text = CONVENTION.read_text(encoding="utf-8")
        self.origin = re.search(r'^origin = "([^"]+)"', text, re.MULTILINE).group(1)
        self.slugs = re.findall(r'^public_key = "@([a-z0-9-]+)@"', text, re.MULTILINE)
        # Members of the commission and analysts do not sign the convention.
        self.founders = [slug for roles, slug in re.findall(r'^roles = \[([^\]]*)\]\npublic_key = "@([a-z0-9-]+)@"',
                                                            text, re.MULTILINE)
                         if set(re.findall(r'"(\w+)"', roles)) - {"member", "analyst"}]
        self.signatories = {}
        for slug in self.slugs:
            file = self.key_file(slug)
            run("key", "new", "--out", file)
            self.signatories[slug] = Signatory(slug, Key(file.read_text()))
            text = text.replace(f"@{slug}@", self.signatories[slug].key.x)
        self.convention = self.folder / "convention.toml"
        self.convention.write_text(text, encoding="utf-8")
        run("init", "--convention", self.convention, "--data", self.data)
        self.vkey = (self.data / VKEY_FILE).read_text().strip()

    def key_file(self, slug):
        return self.keys / f"{slug}.jwk"

    def founding_statements(self):
        document = b64u(hashlib.sha256(self.convention.read_bytes()).digest())
        return [s.statement("convention.signed", "convention/rhone-2023", {"document_hash": document})
                for slug, s in self.signatories.items() if slug in self.founders]

    def serve(self, *arguments, under=()):
        return Server(self, *arguments, under=under)

    def found(self, server):
        """Every founder signs: the convention is in force."""
        client = server.client()
        answer = client.post_list(self.founding_statements(), atomic=True)
        client.close()
        if answer.status >= 300:
            raise AssertionError(f"the convention was not signed: {answer}")

    def verify(self, ok=(0,)):
        """`relais verify --data`: everything re-derived."""
        return run("verify", "--data", self.data, "--json", ok=ok)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Threads:
    """Tasks, each (function, arguments…), on a thread of its own while the block runs: until `ended`, which they look at."""

    def __init__(self, *tasks):
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self._threads = [threading.Thread(target=task, args=arguments) for task, *arguments in tasks]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self._threads:
            thread.join()


class LedgerTest(unittest.TestCase):
    """Tests that share one ledger in force and one running server."""

    serve_arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.ledger = Ledger()
        cls.addClassCleanup(cls.ledger.remove)
        cls.server = cls.ledger.serve(*cls.serve_arguments)
        cls.addClassCleanup(cls._stop)
        cls.ledger.found(cls.server)

    @classmethod
    def _stop(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"the server ended with {code}\n{cls.server.errors()}")

    def by(self, slug):
        return self.ledger.signatories[slug]

    def accept(self, client, statement, **headers):
        answer = client.post(statement, **headers)
        self.assertEqual(answer.status, 201, answer)
        return answer


def main():
    print(f"RELAIS_SEED={SEED}", flush=True)
    unittest.main(verbosity=2)
