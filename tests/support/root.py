"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Reference pages that may lie beside a checkout; a test that needs them skips where they don't.
REFERENCE = ROOT.parent / "shared"
