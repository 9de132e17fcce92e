"""The pages for operators: links, names and settings in them exist."""

import re
from pathlib import Path

import pytest

from tests.deployment import bicep
from tests.deployment.compiler import Compiled

DOCS = bicep.ROOT / "docs"
PAGES = [
    DOCS / f"{name}.md"
    for name in (
        *("deploy", "connect-customer-insights", "connect-mailchimp", "operate", "upgrade"),
        *("backup", "costs", "security", "limits", "licences"),
    )
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("https://"):
            continue
        path, _, heading = target.partition("#")
        other = page.parent / path if path else page
        if path == "benchmarks.md" and not other.is_file():
            continue  # written by `make bench`
        assert other.is_file(), target
        assert not heading or heading in _headings(other.read_text()), target


def _headings(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"`(?:\./)?((?:infra|tests|\.github|scripts)/[\w./-]+)`", page.read_text())

    assert [path for path in named if not (bicep.ROOT / path).exists()] == []


def test_every_parameter_that_the_pages_set_exists(compiled: Compiled) -> None:
    parameters = compiled.template["parameters"]
    named = {
        name for page in PAGES for name in re.findall(r"--parameter \"?(\w+)=", page.read_text())
    }

    assert named
    assert named <= parameters.keys()
