"""The commands of the Makefile, as far as they can be tried within one of them."""

import re
import subprocess
import sys
import zipfile

import pytest

from tests.support.root import ROOT

COMMANDS = ["demo", "run", "test", "lint", "bench", "faults", "package", "help"]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)


def test_help_lists_every_command_with_what_it_does() -> None:
    said = run("make", "help").stdout
    targets = re.findall(r"^\.PHONY: (\S+)", (ROOT / "Makefile").read_text(), re.M)

    assert set(COMMANDS) <= set(targets)
    for target in targets:
        assert re.search(rf"^  make {target} +\w", said, re.M), target


def test_set_up_has_nothing_to_say_the_second_time() -> None:
    if not (ROOT / ".venv" / ".requirements").is_file():
        pytest.skip("this checkout was not set up by make")
    # Whichever of them finds something to do, the next one does not.
    run("scripts/set-up")

    assert run("scripts/set-up").stdout == ""


def test_the_package_holds_what_the_platform_needs_and_nothing_else() -> None:
    run(sys.executable, "scripts/package.py")

    with zipfile.ZipFile(ROOT / "dist" / "segment-export.zip") as archive:
        names = archive.namelist()
    assert {"function_app.py", "host.json", "requirements.txt", "shared/app.py"} <= set(names)
    assert {name.partition("/")[0] for name in names} == {
        "console",
        "function_app.py",
        "host.json",
        "requirements.txt",
        "shared",
    }
    assert not [name for name in names if "__pycache__" in name]


def test_the_lock_of_the_emulator_names_no_registry() -> None:
    lock = (ROOT / "local" / "npm" / "package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def test_the_app_does_not_know_its_stand_ins() -> None:
    sources = [ROOT / "function_app.py", *(ROOT / "shared").rglob("*.py")]

    assert not [
        path.name
        for path in sources
        if re.search(r"^\s*(from|import) local\b", path.read_text(), re.M)
    ]


def test_the_readme_names_no_file_and_no_command_that_is_not_there() -> None:
    readme = (ROOT / "README.md").read_text()
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", readme)
    commands = set(re.findall(r"make ([a-z-]+)`", readme))
    targets = set(re.findall(r"^\.PHONY: (\S+)", (ROOT / "Makefile").read_text(), re.M))

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert commands - targets == set()
