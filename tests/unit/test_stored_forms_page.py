"""docs/design.md tells of all that is stored: where, in which version, and by whose hands."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.stored_forms import DOCUMENTS, OTHERS, TABLES
from tests.support.root import ROOT
from tests.support.store_0_1_0 import StoreOf010

SHARED = ROOT / "shared"
# What hands documents, tables and blobs on, and what belongs to others.
PASSING_ON = {"platform/blobs", "frames/tables", "segments/description", "segments/opening"}
WRITES = re.compile(
    r"\.(create|write|replace|update)_document\(|tables\.write\("
    r"|blobs\.(write|create_append|append|set_metadata|cut)\("
)
READS = re.compile(
    r"\.(read|update)_documents?\(|tables\.(read|parse)\("
    r"|blobs\.(read|read_with_etag|read_range|stream)\b"
)


class Row(NamedTuple):
    """A row of the table, without what it commits."""

    name: str
    where: str
    version: str
    written_by: set[str]
    read_by: set[str]


def rows() -> list[Row]:
    text = (ROOT / "docs" / "design.md").read_text("utf-8").partition("## What is stored")[2]
    lines = re.findall(r"^\| (?!what|--)(.*) \|$", text.partition("\n## ")[0], re.MULTILINE)
    cells = [line.split(" | ") for line in lines]
    return [
        Row(name, where.strip("`"), version, *(set(re.findall(r"`(.+?)`", by)) for by in (w, r)))
        for name, where, version, w, r, _ in cells
    ]


def modules_that(pattern: re.Pattern[str]) -> set[str]:
    """The modules whose code reads or writes what is stored."""
    sources = {_name(path): path.read_text("utf-8") for path in SHARED.rglob("*.py")}
    return {name for name, text in sources.items() if pattern.search(text)} - PASSING_ON


def _name(path: Path) -> str:
    return str(path.relative_to(SHARED).with_suffix(""))


def test_the_page_has_every_form_where_it_lies_and_in_its_version() -> None:
    forms = [(form.name, form.where, str(form.version)) for form in (*DOCUMENTS, *TABLES)]
    others = [(one.name, one.where, f"of the {one.of}" if one.of else "none") for one in OTHERS]
    assert [(row.name, row.where, row.version) for row in rows()] == forms + others


@pytest.mark.parametrize(("column", "pattern"), [("written_by", WRITES), ("read_by", READS)])
def test_the_page_names_whoever_reads_or_writes_what_is_stored(
    column: str, pattern: re.Pattern[str]
) -> None:
    named: set[str] = set().union(*(getattr(row, column) for row in rows()))
    assert [name for name in named if not (SHARED / f"{name}.py").is_file()] == []
    found = modules_that(pattern)
    assert found - named == set()
    # Marks are listed or leased, not read.
    marks = {"accounts/board", "accounts/slots", "platform/leases", "erased", "runs/run_index"}
    marks.add("webhooks/wanted")
    assert named - found <= marks


def test_every_blob_of_the_first_version_s_store_is_on_the_page() -> None:
    patterns = [re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(row.where))) for row in rows()]
    names = StoreOf010().blob_names
    found = {name: [one for one in patterns if one.fullmatch(name)] for name in names}
    assert {name: len(some) for name, some in found.items() if len(some) != 1} == {}
    # And nearly all that may be stored is in that store.
    seen = {one for some in found.values() for one in some}
    missing = [row.name for row, one in zip(rows(), patterns, strict=True) if one not in seen]
    later = {row.name for row in rows() if row.where.startswith(("index/", "erasures/"))}
    later |= {"updates", "index of outcomes", "export's history", "connection's history", "series"}
    later |= {"slot for people", "person's waiting mark"}
    later |= {"permission rows"}
    later |= {"contact that a webhook told of", "webhooks' mark", "notice's lock"}
    later |= {row.name for row in rows() if row.where.startswith("webhooks/")}
    later |= {row.name for row in rows() if row.where.startswith(("audiences/", "verifications/"))}
    later |= {row.name for row in rows() if row.where.startswith("live-checks/")}
    assert set(missing) == later | {"leaving mark", "waiting mark"}
