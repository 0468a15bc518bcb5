"""A client that has gone gives its place back at once, and one signatory cannot take the places of all."""
import http.client
import socket
import time
import unittest

from harness import AMICALE, ML1, LedgerTest, main


class StreamSlots(LedgerTest):
    def open(self, who):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        token = self.by(who).token(self.ledger.origin)
        connection.request("GET", "/v1/events/live", None, {"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        # The connection's socket passes to the response, whose answer has no end.
        return response if response.status == 200 else (response, response.read(), connection.close())[0]

    def fill(self, who):
        streams = []
        while len(streams) < 200:
            stream = self.open(who)
            if stream.status != 200:
                return streams, stream
            streams.append(stream)
        self.fail("one signatory takes streams without end")

    def test_one_signatory_leaves_places_for_others(self):
        streams, refused = self.fill(ML1)
        try:
            self.assertEqual(refused.status, 429)
            self.assertIsNotNone(refused.headers["Retry-After"])
            other = self.open(AMICALE)
            self.assertEqual(other.status, 200)
            other.close()
        finally:
            for stream in streams:
                stream.fp.raw._sock.shutdown(socket.SHUT_RDWR) if hasattr(stream.fp, "raw") else None
                stream.close()
        # All of them again, although nothing was written to those that have gone: a heartbeat comes after 15 s.
        started = time.monotonic()
        again, _ = self.fill(ML1)
        while len(again) < len(streams) and time.monotonic() - started < 10:
            for stream in again:
                stream.close()
            time.sleep(0.2)
            again, _ = self.fill(ML1)
        for stream in again:
            stream.close()
        self.assertEqual(len(again), len(streams))


if __name__ == "__main__":
    main()
