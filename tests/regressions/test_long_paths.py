"""Limits of the platform are told with the path and the remedy: a socket's path has 107 bytes at most."""
import shutil
import unittest

from harness import Ledger, main, wrapping_key


class LongPaths(unittest.TestCase):
    def test_a_data_folder_of_any_length_is_served(self):
        ledger = Ledger()
        self.addCleanup(ledger.remove)
        deep = ledger.folder / ("d" * 60) / ("e" * 60)
        deep.mkdir(parents=True)
        shutil.move(ledger.data, deep / "data")
        shutil.move(wrapping_key(ledger.data), wrapping_key(deep / "data"))
        ledger.data = deep / "data"
        server = ledger.serve()
        ledger.found(server)
        self.assertEqual(server.get("/readyz").status, 200)
        self.assertEqual(server.stop(), 0)
        self.assertIn(str(ledger.data / "control.sock"), server.errors())
        self.assertIn("shorter path", server.errors())


if __name__ == "__main__":
    main()
