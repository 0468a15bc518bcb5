"""Headers that change what a request means are understood or refused, by name (docs/HTTP.md)."""
import gzip
import json
import unittest

from harness import DETECTED, ML1, LedgerTest, case, main


class HttpHeaders(LedgerTest):
    def send(self, head, body=b""):
        """One request as it stands; the status and the rule of the answer."""
        with self.server.socket() as s:
            s.sendall(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
            s.settimeout(20)
            answer = b""
            while b"\r\n\r\n" not in answer and (chunk := s.recv(65_536)):
                answer += chunk
            top, _, rest = answer.partition(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in top.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
            while len(rest) < length and (chunk := s.recv(65_536)):
                rest += chunk
        self.head = top.decode()
        status = int(top.split(b" ")[1])
        try:
            return status, json.loads(rest)["rule"]
        except (ValueError, KeyError, TypeError):
            return status, None

    def statement(self):
        return self.by(ML1).statement("case.detected", case(), DETECTED).encode()

    def post(self, headers, body):
        return self.send(f"POST /v1/events HTTP/1.1\nHost: x\nContent-Type: application/sd-jwt\n{headers}", body)

    def test_targets(self):
        for target, expected in (("/livez", 200), ("http://relais.example/livez", 200), ("HTTP://x:80/livez?", 200),
                                 ("https://x/livez", 200), ("http://x", 404), ("ftp://x/livez", 400), ("http:///livez", 400),
                                 ("http://u@x/livez", 400), ("livez", 400)):
            with self.subTest(target):
                self.assertEqual(self.send(f"GET {target} HTTP/1.1\nHost: x\n")[0], expected)

    def test_content_codings(self):
        statement = self.statement()
        length = f"Content-Length: {len(statement)}\n"
        for coding in ("gzip", "GZIP", "br", "identity, gzip"):
            with self.subTest(coding):
                self.assertEqual(self.post(length + f"Content-Encoding: {coding}\n", statement), (415, "content-coding"))
                self.assertIn("accept-encoding: identity", self.head.lower())
        packed = gzip.compress(statement)
        self.assertEqual(self.post(f"Content-Length: {len(packed)}\nContent-Encoding: gzip\n", packed), (415, "content-coding"))
        self.assertEqual(self.post(length + "Content-Encoding: identity\n", statement)[0], 201)

    def test_transfer_codings(self):
        def chunked(body):
            return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

        body = chunked(self.statement())
        self.assertEqual(self.post("Transfer-Encoding: chunked\n", body)[0], 201)
        for coding in ("gzip, chunked", "gzip", "identity", "chunked, gzip", "chunked, chunked"):
            with self.subTest(coding):
                status, _ = self.post(f"Transfer-Encoding: {coding}\n", body)
                self.assertIn(status, (400, 501))
        self.assertEqual(self.post("Transfer-Encoding: gzip, chunked\n", body), (501, "transfer-coding"))
        self.assertEqual(self.post("Transfer-Encoding: gzip\nTransfer-Encoding: chunked\n", body), (501, "transfer-coding"))
        self.assertEqual(self.post(f"Content-Length: {len(body)}\nTransfer-Encoding: chunked\n", body)[0], 400)
        self.assertEqual(self.send("POST /v1/events HTTP/1.0\nContent-Type: application/sd-jwt\nTransfer-Encoding: chunked\n",
                                   body)[0], 400)

        for empty in ("Transfer-Encoding:\n", f"Transfer-Encoding:\nContent-Length: {len(body)}\n"):
            self.assertEqual(self.post(empty, body)[0], 400)
        self.assertEqual(self.post("Transfer-Encoding: chunked, gzip\n", body), (400, "transfer-coding"))

    def test_trailers_are_no_headers(self):
        def chunked(trailers):
            statement = self.statement()
            return b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(statement), statement, trailers)

        self.assertEqual(self.send("POST /v1/events HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n",
                                   chunked(b"Content-Type: application/sd-jwt\r\n")), (415, "media-type"))
        self.assertEqual(self.post("Transfer-Encoding: chunked\n", chunked(b"Host: y\r\nConnection: close\r\n"))[0], 201)
        token = self.by(ML1).token(self.ledger.origin).encode()
        self.assertEqual(self.send("GET /v1/cases HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n",
                                   b"0\r\nAuthorization: Bearer " + token + b"\r\n\r\n"), (400, "body-unexpected"))

    def test_what_stands_once(self):
        statement = self.statement()
        length = f"Content-Length: {len(statement)}\n"
        for twice in ("If-Match: \"1\"\nIf-Match: \"7\"\n", "Content-Type: application/sd-jwt\n", "Expect: x\nExpect: 100-continue\n",
                      "Authorization: Bearer a\nAuthorization: Bearer b\n", "If-None-Match: *\nIf-None-Match: *\n"):
            with self.subTest(twice):
                self.assertEqual(self.post(length + twice, statement), (400, "header-repeated"))

    def test_framing(self):
        statement = self.statement()
        for headers in ("Content-Length: 5\nContent-Length: 6\n", "Content-Length: +5\n", "Content-Length: 5 5\n",
                        "Content-Length: 0x5\n", "Content-Length: -1\n", "Content-Length: 99999999999999999999\n"):
            with self.subTest(headers):
                self.assertIn(self.post(headers, statement)[0], (400, 413))

    def test_other_headers(self):
        for head, expected in (
                ("GET /livez HTTP/1.1\n", 400),  # RFC 9112, section 3.2: one host
                ("GET /livez HTTP/1.1\nHost: a\nHost: b\n", 400),
                ("GET /livez HTTP/1.1\nHost : x\n", 400),  # section 5.1: no space before the colon
                ("GET /livez HTTP/1.1\nHost: x\nExpect: the-spanish\n", 417),
                ("GET /livez HTTP/1.1\nHost: x\nUpgrade: h2c\nConnection: Upgrade\n", 200),
                ("GET /livez HTTP/1.1\nHost: x\nRange: bytes=0-1\n", 200),
                ("GET /livez HTTP/1.0\n", 200),
                ("GET /livez HTTP/2.0\nHost: x\n", 505),
                ("TRACE /livez HTTP/1.1\nHost: x\n", 405),
                ("CONNECT x:80 HTTP/1.1\nHost: x\n", 501),
                ("BREW /livez HTTP/1.1\nHost: x\n", 501),
                ("GET * HTTP/1.1\nHost: x\n", 400),
                ("OPTIONS * HTTP/1.1\nHost: x\n", 204),
                ("GET /livez#x HTTP/1.1\nHost: x\n", 400),
                ("GET /livez HTTP/1.1\nHost: a b\n", 400),
                ("GET /livez HTTP/1.1\nHost: u@a\n", 400),
                ("GET /livez HTTP/1.1\nHost: [::1]:80\n", 200),
                ("GET http://h:zz/livez HTTP/1.1\nHost: h\n", 400)):
            with self.subTest(head):
                self.assertEqual(self.send(head)[0], expected)


if __name__ == "__main__":
    main()
