"""Paths that lead out of what is served, or around a right: tiles above all, which are for everybody."""
from harness import AMICALE, ML1
from stage import staged as stage  # noqa: F401
from table import Row, control
from wire import exchange

NOWHERE = r"(400|404) \S+"
OUT, AROUND, TILES = "paths out of what is served", "paths around a right", "tiles that the tree has not"


def get(path, who=None):
    def attempt(s):
        token = f"Authorization: Bearer {s.by(who).token(s.ledger.origin)}\r\n" if who else ""
        return exchange(s.server, f"GET {path} HTTP/1.1\r\nHost: x\r\n{token}\r\n")
    return attempt


def rows():
    for path in (
            "/../../etc/passwd", "/log/tile/../../../etc/passwd", "/log/tile/%2e%2e/%2e%2e/etc/passwd",
            "/log/tile/..%2f..%2fhead", "/log/tile/..%5c..%5chead", "/log/tile/..\\..\\head", "/log/tile/%252e%252e/head",
            "/log/tile/%c0%ae%c0%ae/head", "/log/tile/%u002e%u002e/head", "/log/tile/0/000%00", "/log/tile/0/000%00.p/1",
            "/log/tile/0/000\x00", "/log/tile//0/000", "/log//tile/0/000.p/1", "/log/tile/0/%zz", "/log/tile/0/%",
            "/log/../keys/log.jwk", "/keys/log.jwk", "/store/CURRENT", "/log/vkey/../../head", "/log/vkey%00", "/log/vkey/",
            "/.git/config", "/log/%76key%20", "/log/checkpoint/..", "/v1/events/..", "/v1/events/%2e%2e",
            "/v1/cases/../events", "/" + "a/" * 200):
        yield Row(path[:60].replace("\x00", "<NUL>"), OUT, get(path), NOWHERE + "|401 token-missing")
    for path in (
            "/log/tile/0/../entries/000.p/1", "/log/tile/entries/../entries/000.p/1", "/log/tile/Entries/000.p/1",
            "/log/tile/entries;x/000.p/1", "/log/tile//entries/000.p/1", "/log/tile/./entries/000.p/1",
            "/log/tile/entries%00/000.p/1", "/log/tile/%65ntries/000.p/1", "/log/tile/entries/000.p/1",
            "/log/tile/entries%2f000.p%2f1", "/LOG/tile/entries/000.p/1", "http://x/log/tile/entries/000.p/1"):
        for who in (None, ML1, AMICALE):
            if who != AMICALE or path == "/log/tile/entries/000.p/1":
                yield Row(f"{path}, by {who or 'anybody'}", AROUND, get(path, who), r"(400|401|403|404) \S+")
    for path in (
            "0/999", "0/x001/000", "0/000.p/0", "0/000.p/256", "0/000.p/257", "0/000.p/200", "0/000.p/-1", "0/000.p/01",
            "0/000.p/1/1", "0/-01", "0/0", "0/00", "0/0000", "0/x000/000", "64/000", "63/000", "255/000", "256/000", "-1/000",
            "00/000.p/1", "+0/000.p/1", "0x0/000.p/1", "0/x999/x999/x999/x999/x999/x999/999", "0/" + "x999/" * 60 + "999",
            "1/000.p/1", "0/000.P/1", "0/000.p", "0/000.p/1.p/1", "data/000.p/1"):
        yield Row(path[:60], TILES, get("/log/tile/" + path), NOWHERE)
    yield control("a tile that is there", TILES, get("/log/tile/0/000.p/1"), "200")
    yield control("the entries, for the analyst", AROUND, get("/log/tile/entries/000.p/1", "observatoire"), "200")
