"""A clock that was set wrongly is told, followed by nothing, and makes nothing that lasts."""
import http.client
import socket
import unittest
from datetime import datetime

from acts import eventually
from harness import DETECTED, ML1, ML2, Ledger, case, clock, main


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class ClockLeap(unittest.TestCase):
    def setUp(self):
        self.addCleanup(clock.reset)
        clock.move(seconds=0)  # the server follows what comes
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
        self.ledger.guards_clock = True
        self.serve()
        self.addCleanup(lambda: self.server.stop())
        self.ledger.found(self.server)

    def serve(self, *arguments):
        self.server = self.ledger.serve("--clock-seconds", 1, *arguments)
        self.client = self.server.client(ML1)
        self.addCleanup(self.client.close)

    def restart(self, *arguments):
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        self.client.close()
        self.serve(*arguments)

    def ready(self):
        answer = self.server.get("/readyz")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def post(self, slug):
        return self.client.post(self.ledger.signatories[slug].statement("case.detected", case(), DETECTED))

    def detect(self, subject=None):
        answer = self.client.post(self.ledger.signatories[ML1].statement("case.detected", subject or case(), DETECTED))
        self.assertEqual(answer.status, 201, answer)
        return datetime.fromisoformat(answer.json()["receivedAt"])

    def ask(self):
        """A request that expires in a month."""
        subject = case()
        self.detect(subject)
        for name, data in (("case.risk_assessed", {"risk": "high", "grid_version": "1"}),
                           ("referral.requested", {"referral_id": "01890a5d-ac96-7000-8000-000000000001", "to": ML2,
                                                   "need": "shelter", "urgency": "urgent", "legal_basis": "l226_2_2"})):
            answer = self.client.post(self.ledger.signatories[ML1].statement(name, subject, data))
            self.assertEqual(answer.status, 201, answer)
        return subject

    def confirm(self):
        connection = Unix(self.ledger.data / "control.sock")
        connection.request("POST", "/admin/confirm-clock")
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.read()), (200, b'{"clock":"agrees"}'))
        connection.close()

    def expired(self, subject):
        return self.client.get(f"/v1/events?stream={subject}&type=referral.expired").json()["events"]

    def test_a_leap_while_it_runs(self):
        subject = self.ask()
        before = self.detect()
        clock.move(days=40)
        eventually(lambda: self.ready()["clock"] == "leapt", "the leap to be told")
        clock.ahead -= clock.ahead  # the signatories' own clocks are right
        during = self.detect()
        self.assertLess((during - before).total_seconds(), 60, "a statement taken across a leap has the time before it")
        self.assertIn("relais_clock_leap_seconds 3456000", self.server.administer("GET", "/metrics").text.replace("3455999", "3456000"))
        self.assertEqual(self.expired(subject), [])
        eventually(lambda: "the clock was set by" in self.server.errors(), "the leap in the server's own log")
        clock.move(days=40)
        self.confirm()
        eventually(lambda: self.expired(subject), "the request to expire")
        self.assertEqual(self.ready()["clock"], "agrees")

    def test_a_clock_behind_the_log(self):
        clock.move(days=40)
        self.restart("--confirm-clock")  # somebody took the wrong clock for the right one
        subject = self.ask()
        wrong = self.detect()
        self.assertEqual(self.server.stop(), 0)
        clock.move(days=-40)
        self.client.close()
        self.serve()
        ready = self.ready()
        self.assertEqual(ready["clock"], "behind-log")
        self.assertGreater(ready["clockBehindLogSeconds"], 39 * 86_400)
        eventually(lambda: "before the last entry" in self.server.errors(), "the warning in the server's own log")
        self.assertEqual(self.detect(), wrong)
        self.assertIn("relais_clock_behind_log_seconds", self.server.administer("GET", "/metrics").text)
        self.assertEqual(self.expired(subject), [])

    def test_a_long_silence_is_looked_at(self):
        subject = self.ask()
        self.assertEqual(self.server.stop(), 0)
        clock.move(days=40)
        self.client.close()
        self.serve()
        self.assertEqual(self.ready()["clock"], "unconfirmed")
        self.assertEqual(self.expired(subject), [])
        # What the doubtful clock has stamped is no proof of it, and a restart no look.
        self.detect()
        self.restart()
        self.assertEqual(self.ready()["clock"], "unconfirmed")
        self.assertEqual(self.expired(subject), [])
        self.restart("--confirm-clock")
        eventually(lambda: self.expired(subject), "the request to expire")
        self.restart()
        self.assertEqual(self.ready()["clock"], "agrees")

    def test_a_machine_that_is_set_right_keeps_nobody_out(self):
        subject = self.ask()
        clock.move(days=40)
        eventually(lambda: self.ready()["clock"] == "leapt", "the leap to be told")
        # One alone moves no time, however often it says so: its clock may be as wrong as the machine's.
        for _ in range(3):
            answer = self.post(ML1)
            self.assertEqual((answer.status, answer.rule), (422, "time-in-future"), answer)
        self.assertEqual(self.ready()["clock"], "leapt")
        self.assertEqual(self.post(ML2).status, 201)
        self.detect()  # by who had the right time all along
        self.assertEqual(self.client.get("/v1/cases").status, 200)
        self.assertEqual(self.ready()["clock"], "unconfirmed")
        self.assertEqual(self.expired(subject), [])
        self.confirm()
        eventually(lambda: self.expired(subject), "the request to expire")


if __name__ == "__main__":
    main()
