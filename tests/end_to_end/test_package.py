"""What is deployed works by itself: unpacked, with nothing installed but its own requirements."""

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.scenario import EXPORT, furnish, set_up
from local.stack import ROOT, Stack

# What the stand-in for the Functions host itself needs; the app may not use it.
HOST_NEEDS = "aiohttp"


def _install(where: Path) -> tuple[Path, Path]:
    """Make a virtual environment of requirements.txt alone, and a folder of what the host needs.

    Kept from one session to the next as long as the requirements are the same.
    """
    locked = (ROOT / "requirements.txt").read_bytes()
    pinned = re.search(rf"^{HOST_NEEDS}==\S+", (ROOT / "requirements-dev.txt").read_text(), re.M)
    assert pinned
    home = where / hashlib.sha256(locked + pinned[0].encode()).hexdigest()[:16]
    python, host = home / "app" / "bin" / "python", home / "host"
    if not (home / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home / "app"], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        lock = ["--require-hashes", "-r", "requirements.txt"]
        subprocess.run([*pip, *lock], check=True, cwd=ROOT)
        subprocess.run([*pip, "--target", str(host), pinned[0]], check=True)
        (home / "installed").touch()
    return python, host


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    subprocess.run([sys.executable, ROOT / "scripts" / "package.py"], check=True, cwd=ROOT)
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(ROOT / "dist" / "segment-export.zip") as package:
        package.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def stack(unpacked: Path) -> Iterator[Stack]:
    python, host = _install(ROOT / ".local" / "package")
    path = os.pathsep.join([str(ROOT), str(host)])
    with Stack.start(hosts=0, environment={}, app=unpacked) as running:
        running.add_host(python=python, settings={"PYTHONPATH": path})
        yield running


def test_the_package_alone_exports_the_segments_of_the_demo(stack: Stack, unpacked: Path) -> None:
    assert not (unpacked / "tests").exists()
    assert not (unpacked / "local").exists()
    scenario = furnish(stack, profiles=2000)
    set_up(stack, scenario)

    run = stack.ended(stack.ask("POST", f"exports/{EXPORT}/runs")["id"], timeout=300)

    assert run["status"] == "succeeded"
    held = stack.mailchimp.summary(scenario.audience_id)
    assert run["counts"]["created"] > 1000
    assert held.by_tag["High value"] > 0
    assert len(stack.hosts[0].functions) > 30
