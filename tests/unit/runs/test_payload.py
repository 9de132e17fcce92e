"""Items of a payload: written, read and blanked by one module, which alone knows their fields."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.platform.blobs import Blobs
from shared.runs import payload
from shared.runs.payload import (
    ChunkKind,
    Item,
    Items,
    LeaverItem,
    PlannedChunk,
    TagItem,
    UpsertItem,
    all_of,
)
from tests.support.root import ROOT

PEOPLE = [f"{name}@x.org" for name in ("ann", "bob", "joann", "eve")]
MASKS = st.integers(0, 2**64 - 1)
UPSERT = (
    st.sampled_from(PEOPLE),
    st.dictionaries(st.sampled_from(["FNAME", "LNAME"]), st.sampled_from(["ann@x.org", "é", None])),
    MASKS,
    st.integers(0, 63),
    MASKS,
    st.integers(0, 2**40),
    *[st.integers(0, 2**32 - 1)] * 3,
)
UPSERTS = st.builds(UpsertItem, *UPSERT, st.none())
# Of exports that fill more than merge fields.
RICH = st.builds(
    UpsertItem,
    *UPSERT,
    st.lists(st.sampled_from(["hr", None, {"ip_opt": "203.0.113.7"}]), max_size=2),
)
TAGS = st.builds(TagItem, st.sampled_from(PEOPLE), st.integers(0, 63), st.integers(0, 1))
LEAVERS = st.builds(LeaverItem, st.sampled_from(PEOPLE), *[st.integers(0, 2**32 - 1)] * 4)
CHUNKS: st.SearchStrategy[list[tuple[ChunkKind, list[Item]]]] = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), st.lists(UPSERTS, min_size=1, max_size=30)),
        st.tuples(st.just("upsert"), st.lists(RICH, min_size=1, max_size=30)),
        st.tuples(st.just("tag"), st.lists(TAGS, min_size=1, max_size=30)),
        st.tuples(st.just("archive"), st.lists(LEAVERS, min_size=1, max_size=5)),
        st.tuples(st.just("unsubscribe"), st.lists(LEAVERS, min_size=1, max_size=5)),
    ),
    max_size=4,
)


class Memory:
    """Blobs, as far as a payload needs them."""

    data = b""

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        del name
        self.data = b"".join(pieces)

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        del name
        return self.data[offset : offset + length]


def planned(kind: ChunkKind, items: list[Item]) -> PlannedChunk:
    """A chunk as planning gives it: a column per field, merge fields as JSON."""
    rows = [
        {
            **item._asdict(),
            "values": orjson.dumps(item.values).decode(),
            "more": orjson.dumps(item.more).decode(),
        }
        if isinstance(item, UpsertItem)
        else item._asdict()
        for item in items
    ]
    if isinstance(items[0], UpsertItem) and items[0].more is None:
        for row in rows:
            del row["more"]
    masks = {"add": pl.UInt64, "fields": pl.UInt64} if kind == "upsert" else {}
    return PlannedChunk(kind, 0, 1, pl.DataFrame(rows, schema_overrides=masks))


@settings(max_examples=60, deadline=None)
@given(CHUNKS, st.sets(st.sampled_from(PEOPLE)))
def test_a_payload_comes_back_and_without_a_person_all_others_do(
    chunks: list[tuple[ChunkKind, list[Item]]], erased: set[str]
) -> None:
    blobs = Memory()
    store = cast(Blobs, blobs)
    index = payload.write(store, "p", (planned(kind, items) for kind, items in chunks))
    assert [list(payload.read_chunk(store, "p", one)) for one in index] == [i for _, i in chunks]

    whole = blobs.data
    blobs.data = payload.without(whole, erased)

    assert len(blobs.data) == len(whole)
    assert payload.without(blobs.data, erased) == blobs.data
    for one, (_, items) in zip(index, chunks, strict=True):
        wanted = [item.blanked() if item.email in erased else item for item in items]
        assert list(payload.read_chunk(store, "p", one)) == wanted


def test_a_blank_item_names_nobody_and_sends_nothing() -> None:
    blank = UpsertItem("ann@x.org", {"FNAME": "Ann"}, 3, 5, 1, 99).blanked()
    assert blank == UpsertItem("", {}, 0, 5, 0, 0)
    rich = UpsertItem("ann@x.org", {}, 3, 5, 1, 99, more=["hr"]).blanked()
    assert rich == UpsertItem("", {}, 0, 5, 0, 0, more=[])
    assert TagItem("ann@x.org", 2, 1).blanked() == TagItem("", 2, 1)
    assert LeaverItem("ann@x.org").blanked() == LeaverItem("")


def test_items_are_not_taken_for_those_of_another_kind() -> None:
    items: list[Item] = [TagItem("ann@x.org", 2, 1), LeaverItem("bob@x.org")]
    with pytest.raises(TypeError):
        all_of(TagItem, items)
    with pytest.raises(TypeError):
        payload.no_items("tag").of(UpsertItem)


def uses_of_width(path: Path) -> Iterator[str]:
    """Places that take an item apart by position, or put one together."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Subscript(
                value=ast.Name(id="item" | "line"), slice=ast.Constant() | ast.Slice()
            ):
                yield f"{path.name}:{node.lineno}"
            case ast.Subscript(
                value=ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)),
                slice=ast.Constant(value=int()) | ast.Slice(),
            ) if name in ("items", "batch"):
                yield f"{path.name}:{node.lineno}"
            case ast.Call(func=ast.Name(id="UpsertItem" | "TagItem" | "LeaverItem")):
                yield f"{path.name}:{node.lineno}"
            case (
                ast.Assign(targets=[ast.Tuple()], value=ast.Name(id="item"))
                | ast.Assign(targets=[ast.Tuple()], value=ast.Subscript(value=ast.Name(id="items")))
            ):
                yield f"{path.name}:{node.lineno}"


def test_nobody_else_knows_an_item_s_width() -> None:
    module = ROOT / "shared" / "runs" / "payload.py"
    folders = (ROOT / "shared" / "runs", ROOT / "shared" / "erasure")
    others = [path for folder in folders for path in folder.rglob("*.py") if path != module]
    assert list(uses_of_width(module))
    assert [use for path in others for use in uses_of_width(path)] == []


@settings(max_examples=60, deadline=None)
@given(st.lists(UPSERTS, min_size=1, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_items_that_were_parsed_beforehand_are_the_same(
    given_: list[UpsertItem], start: int, count: int
) -> None:
    text = b"[" + b",\n".join(orjson.dumps(list(item)) for item in given_) + b"]"
    items = Items(UpsertItem, text)
    items.prepare(start, count)
    assert list(items) == given_
    for begin in range(len(given_)):
        for end in range(begin, len(given_) + 2):
            assert items[begin:end] == given_[begin:end]
    assert items[-1] == given_[-1]
    assert items[::-2] == given_[::-2]
