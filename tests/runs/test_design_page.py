"""Whoever looks for a place in the code finds it in docs/design.md."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "design.md").read_text("utf-8")


def test_every_file_of_a_run_is_on_the_page_and_the_page_names_no_other() -> None:
    folder = ROOT / "shared" / "runs"
    files = {path.stem for path in folder.rglob("*.py")} - {"__init__"}
    folders = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    table = PAGE.partition("Where to change what")[2].partition("## ")[0]
    named = set(re.findall(r"`([a-z_/]+)`", table)) - {"shared/runs"}
    assert named == files | folders
