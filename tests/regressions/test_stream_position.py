"""A stream tells how far it has looked, whether or not anything matched; a position that the log never had is refused."""
import http.client
import unittest

from harness import ASSESSED, DETECTED, ML1, LedgerTest, case, main


class StreamPosition(LedgerTest):
    def setUp(self):
        self.client = self.server.client(ML1)
        self.addCleanup(self.client.close)

    def open(self, query="", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)
        token = self.by(ML1).token(self.ledger.origin)
        connection.request("GET", "/v1/events/live" + query, None, {"Authorization": f"Bearer {token}", **headers})
        return connection.getresponse()

    def blocks(self, response, count):
        """The first blocks of a stream, as lists of their lines."""
        blocks, lines = [], []
        while len(blocks) < count:
            line = response.readline().decode().rstrip("\n")
            if line:
                lines.append(line)
            elif lines:
                blocks.append(lines)
                lines = []
        return blocks

    def test_a_position_without_data_at_the_opening(self):
        size = self.server.size()
        opening = self.blocks(self.open("?type=training.delivered"), 2)
        self.assertEqual(opening, [["retry: 2000"], [f"id: {size - 1}"]])

    def test_a_position_behind_a_look_that_found_nothing(self):
        subject = case()
        for statement in (self.by(ML1).statement("case.detected", subject, DETECTED),
                          self.by(ML1).statement("case.risk_assessed", subject, ASSESSED)):
            self.accept(self.client, statement)
        size = self.server.size()
        told = self.blocks(self.open("?type=training.delivered", **{"Last-Event-ID": "0"}), 2)
        self.assertEqual(told, [["retry: 2000"], [f"id: {size - 1}"]])

    def test_a_heartbeat_tells_what_came_meanwhile(self):
        response = self.open("?type=training.delivered")
        self.blocks(response, 2)
        self.accept(self.client, self.by(ML1).statement("case.detected", case(), DETECTED))
        size = self.server.size()
        self.assertEqual(self.blocks(response, 1), [[":", f"id: {size - 1}"]])

    def test_a_position_beyond_the_head(self):
        size = self.server.size()
        for response in (self.open(**{"Last-Event-ID": str(size)}), self.open(**{"Last-Event-ID": "999999"}),
                         self.open(f"?from={size + 1}")):
            body = response.read().decode()
            self.assertEqual(response.status, 422, body)
            self.assertIn("position-beyond-head", body)
            self.assertIn(str(size), body)
        self.assertEqual(self.client.get(f"/v1/events?from={size + 1}").rule, "position-beyond-head")
        self.assertEqual(self.client.get(f"/v1/events?from={size}").status, 200)
        self.assertEqual(self.open(**{"Last-Event-ID": str(size - 1)}).status, 200)


if __name__ == "__main__":
    main()
