"""The package with everything in it runs alone: an empty folder, a bare Python, no network.

Too heavy for `make test`: it fetches and packs 117 MB. There the smaller package is tried in an
environment of requirements.txt alone (tests/end_to_end/test_package.py).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deployment import bicep

# What the stand-in for the Functions host itself needs; the app may not use it.
_HOST_NEEDS = "aiohttp"


def _into(folder: Path) -> Path:
    """Put what the host needs into a folder, in the version that is locked for development."""
    locked = (bicep.ROOT / "requirements-dev.txt").read_text()
    pinned = re.search(rf"^{_HOST_NEEDS}==[\w.]+", locked, re.MULTILINE)
    assert pinned
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", folder, pinned[0]], check=True)
    return folder


def test_the_built_package_exports_the_segments_of_the_demo_without_a_network(
    tmp_path: Path,
) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "unshare was not found: Linux has it"
        )
    subprocess.run([sys.executable, "scripts/package.py", "--built"], cwd=bicep.ROOT, check=True)
    app = tmp_path / "app"
    with zipfile.ZipFile(bicep.ROOT / "dist" / "segment-export-built.zip") as package:
        package.extractall(app)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    host = _into(tmp_path / "host")

    alone = [sys.executable, "-m", "tests.campaigns.azure.alone"]
    ran = subprocess.run(
        [
            *(unshare, "--user", "--map-root-user", "--net", *alone),
            *(app, tmp_path / "bare" / "bin" / "python", host),
        ],
        cwd=bicep.ROOT,
        env={**os.environ, "PYTHONPATH": str(bicep.ROOT)},
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    print(found)
    assert found["status"] == "succeeded"
    assert found["functions"] > 30
    assert found["created"] > 1000
    assert found["tagged"] > 0
    assert not (app / "requirements.txt").exists()
