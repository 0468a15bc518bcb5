"""Import this first: the harness and the acts stand in tests/e2e."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
