"""What the console brings along of others is what npm's lock file pins."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / ".local" / "web"


def test_the_vendored_module_is_the_one_that_the_lock_file_pins() -> None:
    module = INSTALLED / "node_modules" / "htm"
    if not module.is_dir():
        pytest.skip("the console's checkers are not installed: run `make set-up`")
    locked = json.loads((ROOT / "scripts" / "web" / "package-lock.json").read_text())
    installed = json.loads((module / "package.json").read_text())

    assert installed["version"] == locked["packages"]["node_modules/htm"]["version"]
    vendored = ROOT / "console" / "vendor" / "preact.js"
    assert vendored.read_bytes() == (module / "preact" / "standalone.module.js").read_bytes()
