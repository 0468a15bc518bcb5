"""The document of the API by other people's linters, where node and these are installed:

    npm install --prefix build/interop --no-save @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3
"""
import shutil
import subprocess
import unittest

from harness import ROOT, main

MODULES = ROOT / "build/interop/node_modules"
HERE = ROOT / "tests/contract"
DOCUMENT = ROOT / "docs/openapi.json"


class Lint(unittest.TestCase):
    def lint(self, package, *command):
        if not shutil.which("node") or not (MODULES / package).is_dir():
            self.skipTest(f"{package} is not under build/interop: " + __doc__.strip().splitlines()[-1].strip())
        done = subprocess.run([MODULES / ".bin" / command[0], *command[1:]], capture_output=True, text=True, timeout=280,
                              env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "REDOCLY_TELEMETRY": "off"})
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-3000:])
        return done.stdout + done.stderr

    def test_redocly(self):
        said = self.lint("@redocly/cli", "redocly", "lint", "--config", HERE / "redocly.yaml", "--max-problems", "50", DOCUMENT)
        self.assertIn("Your API description is valid", said)
        self.assertNotRegex(said, r"You have \d+ warning")

    def test_spectral(self):
        said = self.lint("@stoplight/spectral-cli", "spectral", "lint", "--ruleset", HERE / "spectral.yaml", "--fail-severity", "hint",
                         DOCUMENT)
        self.assertIn("No results", said)


if __name__ == "__main__":
    main()
