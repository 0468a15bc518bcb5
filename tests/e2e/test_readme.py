"""The commands of the README work word for word: played on a ledger that stands where scripts/demo would have left it."""
import re
import subprocess
from pathlib import Path

from harness import RELAIS, ROOT, LedgerTest, main


class Readme(LedgerTest):
    def test_use_it(self):
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
        self.assertIn("scripts/demo", blocks[0])
        self.assertEqual(len(blocks), 5)
        work = self.ledger.folder / "checkout"
        (work / "demo-data").mkdir(parents=True)
        (work / "build/release").mkdir(parents=True)
        (work / "build/release/relais").symlink_to(Path(RELAIS).resolve())
        (work / "tests").symlink_to(ROOT / "tests")
        (work / "demo-data/keys").symlink_to(self.ledger.keys)
        (work / "demo-data/ledger").symlink_to(self.ledger.data)
        script = "".join(blocks[1:]).replace("127.0.0.1:8400", f"127.0.0.1:{self.server.port}").replace("curl ", "curl --fail ")
        size = self.server.size()
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=work, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.server.size(), size + 1)
        for said in ("the statement is entry", "holds: entry", "all holds:", "never in clear"):
            self.assertIn(said, done.stdout)


if __name__ == "__main__":
    main()
