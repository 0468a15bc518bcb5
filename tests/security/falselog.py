"""A log whose key the host has, and with it any history that it likes: c2sp.org/tlog-proof and tlog-tiles, made here."""
import base64
import contextlib
import hashlib
import http.server
import json
import struct
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness import jwt_of, unb64u
from serving import Serving


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def text(data):
    return base64.b64encode(data).decode()


class FalseLog:
    def __init__(self, origin="relais.example/false", seed=None):
        self.origin = origin
        self.key = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        public = b"\x01" + self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = sha256(origin.encode(), b"\n", public)[:4]
        self.vkey = f"{origin}+{self.id.hex()}+{text(public)}"
        self.leaves = []

    def history(self, leaves=None):
        """Another history by the same key; of so many of the same leaves."""
        other = FalseLog(self.origin)
        other.key, other.id, other.vkey, other.leaves = self.key, self.id, self.vkey, self.leaves[:leaves]
        return other

    def note(self, size, root):
        body = f"{self.origin}\n{size}\n{text(root)}\n"
        return f"{body}\n\u2014 {self.origin} {text(self.id + self.key.sign(body.encode()))}\n"

    @classmethod
    def root(cls, leaves):
        if len(leaves) < 2:
            return leaves[0] if leaves else sha256()
        half = 1 << (len(leaves) - 1).bit_length() - 1
        return sha256(b"\1", cls.root(leaves[:half]), cls.root(leaves[half:]))

    @classmethod
    def path(cls, index, leaves):
        if len(leaves) == 1:
            return []
        half = 1 << (len(leaves) - 1).bit_length() - 1
        if index < half:
            return cls.path(index, leaves[:half]) + [cls.root(leaves[half:])]
        return cls.path(index - half, leaves[half:]) + [cls.root(leaves[:half])]

    def add(self, statement, ms=None):
        """Appends it; the answer to it."""
        extra = struct.pack(">Q", int(time.time() * 1000) if ms is None else ms)
        self.leaves.append(sha256(b"\0", extra, jwt_of(statement).encode()))
        index = len(self.leaves) - 1
        receipt = f"c2sp.org/tlog-proof@v1\nextra {text(extra)}\nindex {index}\n"
        receipt += "".join(text(h) + "\n" for h in self.path(index, self.leaves))
        event = json.loads(unb64u(statement.split(".")[1]))
        return {"id": event["id"], "source": event["source"], "index": index,
                "receipt": f"{receipt}\n{self.note(len(self.leaves), self.root(self.leaves))}"}

    def tile(self, path):
        """Of level 0, which is all that a small tree has."""
        width = int(path.rpartition("/")[2]) if ".p/" in path else 256
        return b"".join(self.leaves[:width])


class Host(Serving):
    """Answers each POST with `answers.pop(0)` (status, body), and each GET of a tile by `tile(path)`, None: 404."""

    def __init__(self, tile, *answers):
        self.tile, self.answers = tile, list(answers)
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def say(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = host.answers.pop(0)
                self.say(207 if "results" in answer else 201, json.dumps(answer).encode())

            def do_GET(self):
                shown = host.tile(self.path)
                self.say(200 if shown is not None else 404, shown if shown is not None else b"{}")

            def log_message(self, *_):
                pass

        super().__init__(Handler)
