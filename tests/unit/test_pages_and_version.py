"""Pages are found, and the version is told once."""

import re
import tomllib

from shared.version import VERSION
from tests.support.root import ROOT


def test_every_page_is_on_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([a-z-]+\.md)\)", index)) == pages


def test_the_version_is_that_of_the_project_and_of_the_newest_changes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert (project, newest[1]) == (VERSION, VERSION)
