"""What was stopped in order opens at once: nothing stands in the write-ahead log alone."""
import unittest

from harness import Ledger, main, run


class CleanStop(unittest.TestCase):
    def test_nothing_is_read_back_after_a_stop_in_order(self):
        ledger = Ledger()
        self.addCleanup(ledger.remove)
        server = ledger.serve()
        ledger.found(server)
        size = server.size()
        self.assertEqual(server.stop(), 0)
        logs = {f.name: f.stat().st_size for f in (ledger.data / "store").glob("*.log")}
        self.assertEqual(sum(logs.values()), 0, logs)
        self.assertEqual(len(run("replay", "--data", ledger.data, "--json").stdout.splitlines()) > 0, True)
        server = ledger.serve()
        self.assertEqual(server.size(), size)
        self.assertEqual(server.stop(), 0)

    def test_a_generated_ledger_too(self):
        ledger = Ledger()
        self.addCleanup(ledger.remove)
        data = ledger.folder / "generated"
        run("generate", "--data", data, "--cases", "20")
        logs = {f.name: f.stat().st_size for f in (data / "store").glob("*.log")}
        self.assertEqual(sum(logs.values()), 0, logs)


if __name__ == "__main__":
    main()
