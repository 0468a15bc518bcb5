"""What was erased leaves the files although clients are there that neither read nor go: an answer is of one moment while it is
made, and a client that keeps it waiting does not keep that moment (tests/unit/log/purge_test.cc has who is waited for)."""
import socket
import unittest

from acts import Acts, eventually
from harness import ML1, SD_JWT, LedgerTest, Live, main, wrapping_key


class PurgeWaits(Acts, LedgerTest):
    serve_arguments = ("--clock-seconds", 1)
    GONE = "what was erased is gone from the files"

    def raw(self, request, count=1):
        """A connection on which these bytes were sent, and nothing is ever read."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", self.server.port))
        self.addCleanup(connection.close)
        token = self.by(ML1).token(self.ledger.origin)
        connection.sendall(request.format(token=token).encode() * count)
        return connection

    def idlers(self, subject):
        """Streams that nobody reads; answers that nobody takes; a request that does not end, and one that has not begun."""
        head = "Host: x\r\nAuthorization: Bearer {token}\r\n"
        for query in ("", "?from=0"):
            self.raw(f"GET /v1/events/live{query} HTTP/1.1\r\n{head}\r\n")
        self.raw(f"GET /v1/events?limit=500 HTTP/1.1\r\n{head}\r\n", 40)
        self.raw(f"GET /v1/{subject.replace('case/', 'cases/')}?asOf=10 HTTP/1.1\r\n{head}\r\n", 40)
        self.raw(f"POST /v1/events HTTP/1.1\r\n{head}Content-Type: {SD_JWT}\r\nContent-Length: 1000\r\n\r\n" + "x" * 10)
        self.raw("")
        self.live = Live(self.server, self.reader(ML1))
        self.addCleanup(self.live.close)

    def test_who_neither_reads_nor_goes(self):
        subject = self.supported(ML1)
        for _ in range(60):
            self.step(ML1, subject)
        self.idlers(subject)
        for round_ in range(2):  # once they had been there before the erasure, and once more
            key = wrapping_key(self.ledger.data).read_bytes()
            told = self.server.log.read_text().count(self.GONE)
            self.act(ML1, "case.data_erased", subject, {"basis": "art17", "targets": [1 + round_]})
            eventually(lambda: self.server.log.read_text().count(self.GONE) > told, "the files are rewritten", 20)
            self.assertFalse(self.server.purge_owed())
            self.assertNotEqual(wrapping_key(self.ledger.data).read_bytes(), key)


if __name__ == "__main__":
    main()
