"""What is deployed: the right files, locked packages, and nothing that the doctor minds."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pathspec
import pytest

from tests.deployment import app_settings, bicep
from tests.deployment.bicep import Deployment

ROOT = bicep.ROOT
LOCKED = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE)


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def _deployed() -> list[str]:
    """What azd and func leave after .funcignore, which follows the rules of .gitignore."""
    ignored = pathspec.GitIgnoreSpec.from_lines((ROOT / ".funcignore").read_text().splitlines())
    return [path for path in _tracked() if not ignored.match_file(path)]


def test_azd_deploys_the_same_files_as_the_package_holds() -> None:
    allowed = {"function_app.py", "host.json", "requirements.txt"}

    deployed = _deployed()
    assert allowed <= set(deployed)
    parts = ("shared/", "console/")
    assert [path for path in deployed if path not in allowed and not path.startswith(parts)] == []
    assert {"shared/app.py", "console/index.html", "console/languages/kk.json"} <= set(deployed)


def test_every_package_is_pinned_by_hash_and_no_registry_is_named() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        entries = re.split(r"\n(?=[\w.-]+==)", text)[1:]
        assert len(entries) == len(LOCKED.findall(text)) > 20
        assert all("--hash=sha256:" in entry for entry in entries)
        assert "://" not in text
        assert "--index-url" not in text.split("\n\n")[0].replace("--no-emit-index-url", "")


def test_the_lock_files_hold_what_the_in_files_ask_for() -> None:
    for name in ("requirements", "requirements-dev"):
        asked = set(LOCKED.findall((ROOT / f"{name}.in").read_text()))
        assert asked
        assert asked <= set(LOCKED.findall((ROOT / f"{name}.txt").read_text()))


def test_development_runs_on_the_packages_that_are_deployed() -> None:
    deployed = set(LOCKED.findall((ROOT / "requirements.txt").read_text()))

    assert deployed <= set(LOCKED.findall((ROOT / "requirements-dev.txt").read_text()))


def test_the_licences_of_all_deployed_packages_are_listed() -> None:
    page = (ROOT / "docs" / "licences.md").read_text()

    assert set(re.findall(r"^\| ([\w.-]+) \| ([\w.]+) \| \S", page, re.MULTILINE)) - {
        ("package", "version")
    } == set(LOCKED.findall((ROOT / "requirements.txt").read_text()))


# What the doctor says of an app that has all it asks for.
EXPECTED = {
    "check_native_dependency_risk": "recommends the remote build, which deploy.sh and azd do",
}


def test_the_functions_doctor_finds_nothing(
    tmp_path: Path, deployment: Callable[[str], Deployment]
) -> None:
    for path in [*_deployed(), *(p for p in _tracked() if p.endswith(".bicep")), ".funcignore"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    result = subprocess.run(
        [
            *(Path(sys.executable).parent / "azure-functions-doctor", "doctor"),
            *("--path", tmp_path, "--profile", "deploy"),
            *("--hosting-plan", "flex-consumption", "--format", "json"),
        ],
        env={**os.environ, **app_settings.environment(deployment("defaults"))},
        capture_output=True,
        text=True,
    )
    found = [
        item
        for section in json.loads(result.stdout)["results"]
        for item in section["items"]
        if item["status"] not in ("pass", "skip") and item["rule_id"] not in EXPECTED
    ]

    assert found == []
    assert result.returncode == 0


@pytest.mark.parametrize(
    "script", ["infra/deploy.sh", "infra/remove.sh", "infra/tools/health.sh", "infra/tools/lock.sh"]
)
def test_the_scripts_stop_at_the_first_error(script: str) -> None:
    assert "\nset -euo pipefail\n" in (ROOT / script).read_text()
    assert os.access(ROOT / script, os.X_OK)
