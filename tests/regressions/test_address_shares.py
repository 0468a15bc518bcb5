"""One address or one key cannot take everything: idle connections give way, and a flood is told to wait."""
import resource
import socket
import unittest

from harness import ML1, ML2, LedgerTest, main


class AddressShares(LedgerTest):
    serve_arguments = ("--max-connections", "64", "--max-connections-per-address", "48", "--max-requests-per-second", "40")

    def test_idle_connections_keep_nobody_out(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        idle = [self.server.socket() for _ in range(300)]
        try:
            for _ in range(20):
                self.assertEqual(self.server.get("/livez").status, 200)
        finally:
            for connection in idle:
                connection.close()

    def test_half_a_request_keeps_nobody_out(self):
        """Who does not finish its request gives way to who asks: an address that fills its share with halves of requests,
        of their headers or of their bodies, keeps neither itself nor another out."""
        half = []
        try:
            for n in range(200):
                half.append(self.server.socket())
                half[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n" if n % 2 else
                                 b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/sd-jwt\r\n"
                                 b"Content-Length: 9\r\n\r\nx")
            self.assertEqual(self.server.get("/livez").status, 200)
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=30, source_address=("127.0.0.2", 0)) as other:
                other.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                self.assertIn(b" 200 ", other.recv(65_536))
            half[0].settimeout(10)
            self.assertEqual(half[0].recv(1), b"", "the one that has waited longest was ended")
        finally:
            for connection in half:
                connection.close()

    def test_a_flood_of_one_key_is_told_to_wait(self):
        flood, other = self.server.client(ML1), self.server.client(ML2)
        self.addCleanup(flood.close)
        self.addCleanup(other.close)
        token = {"Authorization": "Bearer " + self.by(ML1).token(self.ledger.origin)}
        answers = [flood.get("/v1/cases", **token) for _ in range(1000)]
        refused = [a for a in answers if a.status == 429]
        self.assertGreater(len(refused), 0)
        self.assertEqual(refused[0].rule, "too-many-requests")
        self.assertIsNotNone(refused[0].headers["Retry-After"])
        self.assertEqual(other.get("/v1/cases").status, 200)


if __name__ == "__main__":
    main()
