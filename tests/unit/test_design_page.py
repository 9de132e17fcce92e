"""Whoever looks for a package finds it in docs/design.md and in the README."""

import re

from tests.support.root import ROOT

PAGE = (ROOT / "docs" / "design.md").read_text("utf-8")


def test_every_package_is_on_the_page_and_in_the_readme() -> None:
    packages = {path.parent.name for path in (ROOT / "shared").glob("*/__init__.py")}
    data = PAGE.partition("packages follow the data")[2].partition("| step |")[0]
    overview = (ROOT / "README.md").read_text("utf-8").partition("## Where things are")[2]
    line = overview.partition("\nshared/ ")[2].partition("\n")[0]
    assert set(re.findall(r"`shared/([a-z_]+)`", data)) == packages
    assert set(re.findall(r"([a-z_]+)/", line)) == packages


def test_every_folder_that_the_readme_names_exists() -> None:
    overview = (ROOT / "README.md").read_text("utf-8").partition("## Where things are")[2]
    folders = re.findall(r"^([a-z_]+)/ ", overview, re.MULTILINE)
    assert len(folders) > 5
    assert [name for name in folders if not (ROOT / name).is_dir()] == []
