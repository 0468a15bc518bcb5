"""Requests that two readers could understand differently, and what is not for the network (docs/HTTP.md)."""
import http.client
import json
import socket

from harness import DETECTED, ML1, case
from stage import staged as stage  # noqa: F401
from table import Row, control
from wire import ask, chunked, exchange, exchange_in_pieces

POST = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/sd-jwt\r\n"
GET = "GET /livez HTTP/1.1\r\nHost: x\r\n"
SECOND = b"GET /log/vkey HTTP/1.1\r\nHost: x\r\n\r\n"  # answered 200 where the body of the first is taken for a request
AT_ONCE = 3  # seconds: an answer that does not wait for the body
DESYNC, FIELDS, ROUTE, LOCAL = "desync", "header fields", "bodies where none is taken", "what is not for the network"
ONCE = r"(400|501) \S+"  # refused, and the connection ends: whatever follows is no request


def statement(s):
    return s.by(ML1).statement("case.detected", case(), DETECTED).encode()


def post(headers, body=None, then=SECOND):
    """A POST with these header lines; the body is a chunked statement unless it is given."""
    return lambda s: exchange(s.server, (POST + headers + "\r\n").encode("latin-1")
                              + (chunked(statement(s)) if body is None else body) + then)


def get(headers="", start=GET, then=b""):
    return lambda s: exchange(s.server, (start + headers + "\r\n").encode("latin-1") + then)


def chunks(body):
    """A POST whose chunks are spelt as given."""
    return post("Transfer-Encoding: chunked\r\n", body)


def length_of(value):
    return lambda s: post(f"Content-Length: {value.format(len(b := statement(s)))}\r\n", b)(s)


def with_token(lines):
    """GET /v1/cases with these lines, {} being a good token."""
    return lambda s: exchange(s.server,
                              f"GET /v1/cases HTTP/1.1\r\nHost: x\r\n{lines}\r\n".format(s.by(ML1).token(s.ledger.origin)))


def desync():
    for coding in (
            "xchunked", "identity", '"chunked"', "", "gzip, chunked", "chunked, gzip", "chunked, identity",
            "identity, chunked", "chunked, chunked", "chunked;q=1", "chunked,", ",chunked,x", "chunked\x0b", "\x0bchunked",
            "chunked x", "x chunked", "chunke", "deflate", "cow", "chunked\x00", "'chunked'", "{chunked}", "\xa0chunked",
            "chunked\xff"):
        yield Row(f"Transfer-Encoding: {coding!r}", DESYNC, post(f"Transfer-Encoding: {coding}\r\n", SECOND), ONCE)
    for first, second in (("chunked", "identity"), ("identity", "chunked"), ("chunked", "chunked"), ("gzip", "chunked"),
                          ("chunked", "x")):
        yield Row(f"Transfer-Encoding twice: {first}, {second}", DESYNC,
                  post(f"Transfer-Encoding: {first}\r\nTransfer-Encoding: {second}\r\n"), ONCE)
    for name, lines in (("length, then coding", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
                        ("coding, then length", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
                        ("length 0 and coding", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
                        ("coding with a blank before the colon", "Transfer-Encoding : chunked\r\n"),
                        ("coding with a tab before the colon", "Transfer-Encoding\t: chunked\r\n"),
                        ("length with a blank before the colon", "Content-Length : 4\r\n"),
                        ("coding behind a bare LF", "X: y\nTransfer-Encoding: chunked\r\n"),
                        ("coding behind a bare CR", "X: y\rTransfer-Encoding: chunked\r\n"),
                        ("coding behind a NUL", "X: y\0Transfer-Encoding: chunked\r\n"),
                        ("NUL in a name", "Transfer\0-Encoding: chunked\r\n"),
                        ("a line without a colon", "Transfer-Encoding\r\n"),
                        ("coding that goes on in a folded line", "Transfer-Encoding: x\r\n chunked\r\n")):
        yield Row(name, DESYNC, post(lines), ONCE)
    yield Row("a first line that is folded", DESYNC, get(start="GET /livez HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: x\r\n",
                                                         then=SECOND), ONCE)
    yield Row("chunked in HTTP/1.0", DESYNC,
              lambda s: exchange(s.server, POST.replace("1.1", "1.0").encode() + b"Transfer-Encoding: chunked\r\n\r\n"
                                 + chunked(statement(s)) + SECOND), ONCE)
    # Folding makes one line of two, or is refused (RFC 9112, section 5.2): either way the length counts.
    yield Row("coding hidden in a folded line", DESYNC,
              lambda s: exchange(s.server, POST.encode() + b"Content-Length: %d\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n"
                                 % len(b := statement(s)) + b), "201|" + ONCE)
    yield control("chunked as it should be, then a second request", DESYNC, post("Transfer-Encoding: chunked\r\n"), "201, 200")
    yield control("two requests one behind the other", DESYNC, length_of("{}"), "201, 200")


def lengths():
    for value in ("5, 6", "+{}", "-1", "0x10", "{} 5", "1e2", "{}.0", "99999999999999999999", "18446744073709551617", "",
                  "{}\x0b", "\x0b{}", "{};", "{}\0", "４"):
        name = value.encode("unicode_escape").decode()
        yield Row(f"Content-Length: {name!r}", DESYNC, length_of(value.encode().decode("latin-1")), r"(400|413) \S+")
    # One length said twice may be read as one (RFC 9112, section 6.3).
    yield Row("Content-Length: a list of one value", DESYNC, length_of("{0}, {0}"), r"400 \S+|201, 200")
    yield Row("Content-Length twice, other values", DESYNC, post("Content-Length: 3\r\nContent-Length: 4\r\n"), ONCE)
    yield Row("Content-Length twice, one value", DESYNC,
              lambda s: exchange(s.server, POST.encode() + b"Content-Length: %d\r\n" % len(b := statement(s)) * 2 + b"\r\n" + b),
              ONCE)


def chunk_forms():
    for name, body in (
            ("0x before the size", b"0x5\r\nhello\r\n0\r\n\r\n"), ("a sign before the size", b"+5\r\nhello\r\n0\r\n\r\n"),
            ("a negative size", b"-5\r\nhello\r\n0\r\n\r\n"), ("a blank before the size", b" 5\r\nhello\r\n0\r\n\r\n"),
            ("a size of 64 bits and one", b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
            ("the greatest size", b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
            ("a size of 16 MiB and one", b"1000001\r\nhello\r\n0\r\n\r\n"), ("no size", b"\r\nhello\r\n0\r\n\r\n"),
            ("no digits", b"xyz\r\nhello\r\n0\r\n\r\n"), ("no line end behind the data", b"5\r\nhello0\r\n\r\n"),
            ("data longer than its size", b"5\r\nhello!\r\n0\r\n\r\n"), ("LF behind the size", b"5\nhello\r\n0\r\n\r\n"),
            ("LF behind the data", b"5\r\nhello\n0\r\n\r\n"), ("CR behind the size", b"5\rhello\r\n0\r\n\r\n"),
            ("LF in an extension", b"5;a\nhello\r\n0\r\n\r\n"), ("NUL in an extension", b"5;a\0\r\nhello\r\n0\r\n\r\n"),
            ("LF behind the last chunk", b"5\r\nhello\r\n0\n\n"),
            ("a trailer without a colon", b"0\r\nX\r\n\r\n"), ("a trailer with a NUL", b"0\r\nX: \0\r\n\r\n")):
        yield Row(name, "chunks", chunks(body), r"(400|413|431) \S+")


def trailers():
    def read_with(trailer):
        return lambda s: exchange(s.server, b"GET /v1/cases HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  + chunked(trailers=trailer.replace("{}", s.by(ML1).token(s.ledger.origin)).encode()))

    def post_with(trailer, head=POST, then=b""):
        return lambda s: exchange(s.server, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n"
                                  + chunked(statement(s), trailers=trailer) + then)

    yield Row("a token in a trailer", "trailers", read_with("Authorization: Bearer {}\r\n"), r"4.. \S+")
    yield Row("a second host in a trailer", "trailers", read_with("Host: y\r\n"), r"4.. \S+")
    yield Row("a media type in a trailer", "trailers",
              post_with(b"Content-Type: application/sd-jwt\r\n", "POST /v1/events HTTP/1.1\r\nHost: x\r\n"), "415 media-type")
    yield Row("a precondition in a trailer", "trailers", post_with(b'If-Match: "7"\r\n'), r"201|400 \S+")
    yield Row("a length in a trailer", "trailers", post_with(b"Content-Length: 400\r\n", then=SECOND), r"201, 200|400 \S+")
    yield Row("a coding in a trailer", "trailers", post_with(b"Transfer-Encoding: chunked\r\n", then=SECOND), r"201, 200|400 \S+")


def fields():
    for name, lines in (("two, the second good", "Authorization: Bearer x\r\nAuthorization: Bearer {}\r\n"),
                        ("two, the first good", "Authorization: Bearer {}\r\nAuthorization: Bearer x\r\n"),
                        ("the same twice", "Authorization: Bearer {0}\r\nAUTHORIZATION: Bearer {0}\r\n"),
                        ("basic and bearer", "Authorization: Basic eDp5\r\nauthorization: Bearer {}\r\n")):
        yield Row(f"Authorization: {name}", FIELDS, with_token(lines), "400 header-repeated")
    yield Row("two tokens in one Authorization", FIELDS, with_token("Authorization: Bearer x, Bearer {}\r\n"), r"401 \S+")
    yield control("one Authorization", FIELDS, with_token("Authorization: Bearer {}\r\n"), "200")
    for name, start in (
            ("no host", "GET /livez HTTP/1.1\r\n"), ("two hosts", GET + "Host: y\r\n"),
            ("a host with a user", GET.replace("x\r", "u@x\r")), ("a host with a path", GET.replace("x\r", "x/y\r")),
            ("a host with a blank", GET.replace("x\r", "x y\r")),
            ("two blanks in the first line", "GET  /livez HTTP/1.1\r\nHost: x\r\n"),
            ("tabs in the first line", "GET\t/livez\tHTTP/1.1\r\nHost: x\r\n"),
            ("a blank line end in the first line", "GET /livez HTTP/1.1 \r\nHost: x\r\n"),
            ("LF for line ends", "GET /livez HTTP/1.1\nHost: x\n"),
            ("a control character in the target", "GET /li\x01vez HTTP/1.1\r\nHost: x\r\n"),
            ("a control character in a field", GET + "X: a\x01b\r\n"), ("a NUL in a field", GET + "X: a\0b\r\n"),
            ("a method with a NUL", "GE\0T /livez HTTP/1.1\r\nHost: x\r\n"), ("an empty name", GET + ": y\r\n"),
            ("a name with a blank", GET + "a b: y\r\n"),
            ("user and password in the target", "GET http://u:p@x/livez HTTP/1.1\r\nHost: x\r\n")):
        yield Row(name, FIELDS, get(start=start, then=SECOND), r"(400|501|505) \S+")
    yield Row("HTTP/2 without asking", FIELDS, lambda s: exchange(s.server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
              r"(400|501|505) \S+")
    yield Row("upgrade to HTTP/2", FIELDS,
              get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
              "200")
    yield Row("HTTP/1.2", FIELDS, get(start="GET /livez HTTP/1.2\r\nHost: x\r\n"), r"(400|505) \S+")
    yield Row("HTTP/0.9", FIELDS, lambda s: exchange(s.server, b"GET /livez\r\n\r\n"), r"400 \S+|closed")
    yield Row("TLS on a plain port", FIELDS, lambda s: exchange(s.server,
                                                                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)),
              r"400 \S+|closed")
    yield Row("10,000 header lines", FIELDS, get("a: b\r\n" * 10_000), "431 header-too-large")
    yield Row("20,000 header lines without a value", FIELDS, get("a:\r\n" * 20_000), "431 header-too-large")
    for size in (100, 1_000, 5_000, 15_000):
        yield Row(f"a header of 120,000 bytes, {size:,} at a time", FIELDS,
                  lambda s, size=size: exchange_in_pieces(s.server, (GET + "a: b\r\n" * 20_000 + "\r\n").encode(), size),
                  "431 header-too-large")
    yield Row("a name of 100,000 bytes", FIELDS, get("a" * 100_000 + ": b\r\n"), "431 header-too-large")
    yield Row("a target of 100,000 bytes", FIELDS, get(start="GET /" + "a" * 100_000 + " HTTP/1.1\r\nHost: x\r\n"),
              "414 target-too-long")
    yield Row("a method of 100,000 bytes", FIELDS, get(start="A" * 100_000 + " / HTTP/1.1\r\nHost: x\r\n"), r"4.. \S+|501 \S+")
    yield Row("a query of 4,000 parameters", FIELDS, get(start="GET /v1/cases?" + "&a" * 4_000 + " HTTP/1.1\r\nHost: x\r\n"),
              r"4.. \S+")


def bodies():
    big = "Content-Length: 16777216\r\n"
    for name, start in (("an unknown path", "GET /nothing HTTP/1.1\r\nHost: x\r\n"), ("a known one", GET),
                        ("one that takes a token", "GET /v1/cases HTTP/1.1\r\nHost: x\r\n"),
                        ("POST to an unknown path", "POST /nothing HTTP/1.1\r\nHost: x\r\n"),
                        ("POST for administration", "POST /admin/rebuild HTTP/1.1\r\nHost: x\r\n")):
        yield Row(f"16 MiB announced, {name}", ROUTE, lambda s, start=start: ask(s.server, start + big + "\r\n", AT_ONCE),
                  r"4.. \S+")
        yield Row(f"chunks announced, {name}", ROUTE,
                  lambda s, start=start: ask(s.server, start + "Transfer-Encoding: chunked\r\n\r\n", AT_ONCE), r"4.. \S+")
    yield Row("16 MiB announced with Expect, an unknown path", ROUTE,
              lambda s: ask(s.server, "GET /nothing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + big + "\r\n", AT_ONCE),
              r"4.. \S+")
    yield Row("a request in the body of a GET", ROUTE, get(f"Content-Length: {len(SECOND)}\r\n", then=SECOND), r"4.. \S+")
    yield Row("more than the limit announced", ROUTE,
              lambda s: ask(s.server, POST + "Content-Length: 1099511627776\r\n\r\n", AT_ONCE),
              "413 body-too-large")
    yield control("a GET of no length", ROUTE, get("Content-Length: 0\r\n"), "200")
    yield control("a body where one is taken", ROUTE, lambda s: ask(s.server, POST + "Content-Length: 1\r\n\r\nx", 5), r"400 \S+")


def local_metrics(s):
    connection = http.client.HTTPConnection("x")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(s.ledger.data / "control.sock"))
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return f"{answer.status} {'relais_' in text}"


def not_for_the_network():
    for target in ("/metrics", "/%6detrics", "//metrics", "/metrics/", "/metrics?", "/./metrics", "http://x/metrics"):
        yield Row(f"GET {target}", LOCAL, get(start=f"GET {target} HTTP/1.1\r\nHost: localhost\r\n"), r"(401|404|400) \S+")
    yield Row("metrics with a token that is none", LOCAL,
              get("Authorization: Bearer x\r\n", "GET /metrics HTTP/1.1\r\nHost: x\r\n"),
              r"(401|404) \S+")
    yield Row("metrics, forwarded from here", LOCAL,
              get("X-Forwarded-For: 127.0.0.1\r\nForwarded: for=unix\r\n", "GET /metrics HTTP/1.1\r\nHost: x\r\n"),
              r"(401|404) \S+")
    yield control("metrics on the socket", LOCAL, local_metrics, "200 True")
    for path in ("rebuild", "confirm-clock"):
        yield Row(f"POST /admin/{path}", LOCAL,
                  get("Content-Length: 0\r\n", f"POST /admin/{path} HTTP/1.1\r\nHost: localhost\r\n"), "404 route-unknown")
    for header in ("X-Original-URL", "X-Rewrite-URL"):
        yield Row(f"{header}: /admin/rebuild", LOCAL,
                  get(f"{header}: /admin/rebuild\r\nContent-Length: 0\r\n", "POST /nothing HTTP/1.1\r\nHost: x\r\n"),
                  "404 route-unknown")
    yield Row("another method by a header", LOCAL, get("X-HTTP-Method-Override: DELETE\r\n"), "200")
    yield Row("the socket's mode", LOCAL, lambda s: oct((s.ledger.data / "control.sock").stat().st_mode & 0o777), "0o600")
    yield Row("what a problem tells of the machine", LOCAL,
              lambda s: json.dumps([str(s.folder) in s.server.get(p).text for p in ("/nothing", "/v1/cases", "/log/tile/9/9")]),
              r"\[false, false, false\]")


def rows():
    for part in (desync, lengths, chunk_forms, trailers, fields, bodies, not_for_the_network):
        yield from part()
