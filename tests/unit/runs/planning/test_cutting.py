"""How a run's work is cut into chunks and calls, and that nothing is lost or doubled by it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, cast

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.platform.blobs import Blobs
from shared.runs import payload
from shared.runs.ledger import TIMES, Flag
from shared.runs.payload import CONTACTS_PER_CALL, Item, TagItem, UpsertItem, all_of
from shared.runs.planning import cutting
from shared.runs.planning.cutting import BATCHES_PER_CHUNK, chunk_sizes, work_of
from shared.runs.run_table import Action
from shared.runs.sending import calls

COLUMNS = {
    "row": pl.UInt32,
    "email": pl.String,
    "action": pl.UInt8,
    "add": pl.UInt64,
    "remove": pl.UInt64,
    "old_flags": pl.UInt16,
    "old_fields": pl.UInt64,
    "old_tried": pl.Int64,
    **{f"old_{name}": pl.UInt32 for name in (*TIMES, "tried_to")},
}


class Memory:
    """Blobs, as far as a payload needs them."""

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        self.name, self.data = name, b"".join(pieces)

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        assert name == self.name
        return self.data[offset : offset + length]


def table_of(rows: Iterable[tuple[Any, ...]]) -> pl.DataFrame:
    """Return a table; a row is its action, tags to add and to remove, and its old flags."""
    return pl.DataFrame(
        [
            (n, f"{n}@x.org", int(action), add, remove, flags, *[None] * 7)
            for n, (action, add, remove, flags) in enumerate(rows)
        ],
        schema=COLUMNS,
        orient="row",
    ).with_columns(wanted=pl.col("add"), profile=pl.col("row"))


def cut(
    table: pl.DataFrame, *, lanes: int = 8, pending: bool = False, shared: int = 0
) -> list[tuple[payload.ChunkIndex, list[Item]]]:
    """Write a table's work and read it again, chunk by chunk."""
    blobs = cast(Blobs, Memory())
    work = work_of(table, new_first=pending, shared_tags=shared)
    values = lambda rows: pl.Series(['{"N":%d}' % row for row in rows], dtype=pl.String)  # noqa: E731, UP031 - braces
    index = cutting.write(blobs, "p", work, values, lanes)
    return [(chunk, list(payload.read_chunk(blobs, "p", chunk))) for chunk in index]


@given(st.integers(0, 3000), st.integers(1, 10))
def test_batches_are_shared_out_large_chunks_first(batches: int, lanes: int) -> None:
    sizes = chunk_sizes(batches, lanes)
    assert sum(sizes) == batches
    assert sizes == sorted(sizes, reverse=True)
    assert all(0 < size <= BATCHES_PER_CHUNK for size in sizes)
    # Every lane has work as long as there is enough.
    assert len(sizes) >= min(batches, lanes)


def test_a_contact_is_written_with_all_that_its_call_needs() -> None:
    table = table_of([(Action.UPSERT, 1 << 63, 0, None), (Action.UPSERT, 0, 0, 5)])
    table = table.with_columns(
        old_fields=pl.Series([None, 3], dtype=pl.UInt64),
        old_tried=pl.Series([None, 99], dtype=pl.Int64),
        old_tried_to=pl.Series([None, 100], dtype=pl.UInt32),
    )
    [(chunk, items)] = cut(table)
    assert (chunk.kind, chunk.phase, chunk.items, chunk.calls) == ("upsert", 0, 2, 1)
    assert items == [
        UpsertItem("0@x.org", {"N": 0}, 1 << 63, 0, 0, 0),
        UpsertItem("1@x.org", {"N": 1}, 0, 5, 3, 99, tried_to=100),
    ]


def test_calls_that_may_only_create_come_first_where_contacts_are_asked_to_confirm() -> None:
    flags = [int(Flag.ACCEPTED), None, int(Flag.UNCERTAIN | Flag.PENDING), int(Flag.ACCEPTED), 0]
    table = table_of((Action.UPSERT, 0, 0, each) for each in flags)
    [(_, items)] = cut(table, pending=True)
    assert [item.email[0] for item in items] == ["1", "2", "4", "0", "3"]
    [(_, items)] = cut(table)
    assert [item.email[0] for item in items] == ["0", "1", "2", "3", "4"]


def test_leavers_and_tags_of_other_exports_come_last() -> None:
    table = table_of(
        [
            (Action.ARCHIVE, 0, 0b01, 3),
            (Action.UNSUBSCRIBE, 0, 0b10, 3),
            (Action.NONE, 0b01, 0b10, 1),
            (Action.UPSERT, 0b01, 0, 0),
        ]
    )
    found = [(chunk.kind, chunk.phase, items) for chunk, items in cut(table, lanes=1, shared=0b01)]
    assert [(kind, phase) for kind, phase, _ in found] == [
        ("upsert", 0),
        ("tag", 0),
        ("tag", 0),
        ("tag", 1),
        ("archive", 2),
        ("unsubscribe", 2),
    ]
    assert [item for kind, _, items in found if kind == "tag" for item in items] == [
        TagItem("2@x.org", 0, 1),
        TagItem("1@x.org", 1, 0),
        TagItem("2@x.org", 1, 0),
        TagItem("0@x.org", 0, 0),
    ]


def test_thousands_of_tags_are_changed_by_calls_of_500_and_500() -> None:
    table = table_of(
        [(Action.NONE, 1, 0, 1)] * 1200 + [(Action.NONE, 0, 1, 1)] * 2300 + [(Action.NONE, 2, 0, 1)]
    )
    chunks = cut(table, lanes=1)
    assert sum(chunk.calls for chunk, _ in chunks) == 6
    made = []
    for _, found in chunks:
        items = all_of(TagItem, found)
        start = 0
        while start < len(items):
            size = calls.tag_size(items, start, CONTACTS_PER_CALL)
            made.append(Counter(item.add for item in items[start : start + size]))
            start += size
    assert [(call[1], call[0]) for call in made] == [
        (500, 500),
        (500, 500),
        (200, 500),
        (0, 500),
        (0, 300),
        (1, 0),
    ]


masks = st.sampled_from([0, 0, 0b1, 0b10, 0b11, 1 << 63])
rows = st.tuples(st.sampled_from(Action), masks, masks, st.sampled_from([None, 0, 1, 3, 4]))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(rows, st.sampled_from([1, 1, 1, 260, 520])), max_size=5),
    st.integers(1, 8),
    st.booleans(),
    st.sampled_from([0, 1, 1 << 63]),
)
def test_everything_is_done_exactly_once(
    groups: list[tuple[tuple[Any, ...], int]], lanes: int, pending: bool, shared: int
) -> None:
    table = table_of(row for row, count in groups for _ in range(count))
    done: Counter[tuple[Any, ...]] = Counter()
    for chunk, items in cut(table, lanes=lanes, pending=pending, shared=shared):
        assert len(items) == chunk.items > 0
        if chunk.kind == "upsert":
            assert chunk.calls == -(-len(items) // CONTACTS_PER_CALL)
        for item in items:
            about = (item.bit, item.add) if isinstance(item, TagItem) else ()
            done[(chunk.kind, item.email, *about)] += 1
    wanted: Counter[tuple[Any, ...]] = Counter()
    for email, action, add, remove in table.select("email", "action", "add", "remove").rows():
        # Who waits loses tags alone.
        if action not in (Action.NONE, Action.WAIT):
            wanted[(Action(action).name.lower(), email)] += 1
        for bit in range(64):
            if add >> bit & 1 and action == Action.NONE:
                wanted["tag", email, bit, 1] += 1
            if remove >> bit & 1:
                wanted["tag", email, bit, 0] += 1
    assert done == wanted
