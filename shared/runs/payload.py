"""Cuts a run's work into chunks and batches, and writes it as one blob that lanes read by ranges.

A chunk is a gzipped JSON list with a line for each item; its items are
- `upsert`: [address, merge fields, tags to add, ledger flags, merge fields sent before, tried]
- `tag`: [address, tag bit, 1 to add or 0 to remove]
- `archive`, `unsubscribe`: [address]
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import orjson

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs; lanes do without
    import polars as pl

    from shared.platform.blobs import Blobs

CONTACTS_PER_CALL = 500
BATCHES_PER_CHUNK = 125
_UPSERT_COLUMNS = ["row", "email", "add", "old_flags", "old_fields", "old_tried"]
ChunkKind = Literal["upsert", "tag", "archive", "unsubscribe"]
# Kinds of chunks whose calls are about one contact each, and how many of those one chunk holds.
SINGLES: tuple[ChunkKind, ...] = ("archive", "unsubscribe")
SINGLES_PER_CHUNK = 50
# Zeros behind each chunk. Blanking an item, when a person is erased, may make the rest compress
# worse than before, and a chunk must not grow: its place is in the plan.
_SLACK = 1024
_LINES_AT_ONCE = 2_500
# For zlib: the largest window, with the header and the sum of gzip.
_GZIP = zlib.MAX_WBITS | 16

# Gives for some rows the merge fields that are sent of them, each a JSON object (null: blank).
Values = Callable[["pl.Series"], "pl.Series"]


@dataclass(frozen=True)
class ChunkIndex:
    """Where a chunk lies in the payload. Chunks of a phase wait for all of the one before."""

    kind: ChunkKind
    phase: int
    items: int
    calls: int
    offset: int
    length: int


@dataclass(frozen=True)
class Work:
    """What a run does, in the order of its chunks.

    upserts: rows of the table in sending order. tag_ops: row, bit, add. singles: rows with one
    call each.
    """

    upserts: "pl.DataFrame"
    tag_ops: "pl.DataFrame"
    singles: "pl.DataFrame"


def chunk_sizes(batches: int, lanes: int) -> list[int]:
    """Share batches out among lanes: large chunks first, small ones last, so that no lane idles.

    Each chunk is half a lane's share of what is left then: a lane that has to wait, for Mailchimp
    or after a failure, leaves the rest to the others.

    >>> chunk_sizes(5, 2)
    [2, 1, 1, 1]
    """
    sizes = []
    while batches > 0:
        size = min(BATCHES_PER_CHUNK, -(-batches // (2 * lanes)))
        sizes.append(size)
        batches -= size
    return sizes


def work_of(table: "pl.DataFrame", *, pending_first: bool, shared_tags: int = 0) -> Work:
    """Collect from the run's table (see difference/table.py) who is sent what.

    table: with a column `row`. pending_first: contacts that were never accepted come first, so
    that calls that may only create are not mixed with those that may update. shared_tags: mask of
    the tags that other exports give as well; those are removed last, like leavers.
    """
    import polars as pl

    from shared.runs.ledger import Flag
    from shared.runs.run_table import Action

    action = pl.col("action")
    # Columns first: a filter copies all that it is given.
    upserts = table.select(*_UPSERT_COLUMNS, "action").filter(action == int(Action.UPSERT))
    upserts = upserts.drop("action")
    if pending_first:
        accepted = (pl.col("old_flags").fill_null(0) & int(Flag.ACCEPTED)) != 0
        upserts = upserts.sort(accepted, maintain_order=True)
    tags = table.select("row", "email", "action", "add", "remove")
    adding = tags.filter((action == int(Action.NONE)) & (pl.col("add") != 0))
    removing = tags.filter(pl.col("remove") != 0)
    single = action.is_in([int(Action.ARCHIVE), int(Action.UNSUBSCRIBE)])
    singles = table.select("row", "email", "action").filter(single)
    return Work(upserts, _tag_ops(adding, removing, shared_tags), singles)


def _tag_ops(adding: "pl.DataFrame", removing: "pl.DataFrame", shared_tags: int) -> "pl.DataFrame":
    """Return row, email, bit, add and last, in the order of the calls.

    Of one tag 500 additions and 500 removals alternate; removals of shared tags come last.
    """
    import polars as pl

    found = [
        _ops_of_bit(rows, mask, bit)
        for rows, mask in ((adding, "add"), (removing, "remove"))
        for bit in range(64)
        if rows.height and _has_bit(rows, mask, bit)
    ]
    if not found:
        return pl.DataFrame(
            schema={
                "row": pl.UInt32,
                "email": pl.String,
                "bit": pl.UInt8,
                "add": pl.UInt8,
                "last": pl.Boolean,
            }
        )
    shared = [bit for bit in range(64) if shared_tags >> bit & 1]
    ops = pl.concat(found).with_columns(
        last=(pl.col("add") == 0) & pl.col("bit").is_in(shared),
        call=pl.int_range(pl.len()).over("bit", "add") // CONTACTS_PER_CALL,
    )
    order = ["last", "bit", "call", "add"]
    return ops.sort(order, descending=[False, False, False, True], maintain_order=True).drop("call")


def _has_bit(rows: "pl.DataFrame", mask: str, bit: int) -> bool:
    from shared.frames.masks import has_bit

    return bool(rows.select(has_bit(mask, bit).any()).item())


def _ops_of_bit(rows: "pl.DataFrame", mask: str, bit: int) -> "pl.DataFrame":
    import polars as pl

    from shared.frames.masks import has_bit

    return rows.filter(has_bit(mask, bit)).select(
        "row",
        "email",
        bit=pl.lit(bit, dtype=pl.UInt8),
        add=pl.lit(1 if mask == "add" else 0, dtype=pl.UInt8),
    )


def write(blobs: "Blobs", name: str, work: Work, values: Values, lanes: int) -> list[ChunkIndex]:
    """Write the payload and return its index."""
    index: list[ChunkIndex] = []

    def pieces() -> Iterator[bytes]:
        offset = 0
        for kind, phase, calls, lines in _chunks(work, values, lanes):
            data = _compressed(lines) + bytes(_SLACK)
            index.append(ChunkIndex(kind, phase, lines.len(), calls, offset, len(data)))
            offset += len(data)
            yield data

    blobs.write(name, pieces())
    return index


def _compressed(lines: "pl.Series") -> bytes:
    """Return a gzipped JSON list, made in parts so that its text is never in the memory whole."""
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    parts = [packer.compress(b"[")]
    for start in range(0, lines.len(), _LINES_AT_ONCE):
        text = lines.slice(start, _LINES_AT_ONCE).str.join(",\n").item()
        parts.append(packer.compress(((",\n" if start else "") + text).encode()))
    return b"".join([*parts, packer.compress(b"]"), packer.flush()])


class Items(Sequence[list[Any]]):
    """The items of a chunk, kept as text: each is parsed when it is asked for.

    A chunk is megabytes of which a call needs little, and parsing holds up all other threads.
    """

    def __init__(self, text: bytes) -> None:
        """`text` is the chunk's JSON list."""
        self._lines = text[1:-1].split(b",\n") if text != b"[]" else []

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> list[Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[list[Any]]: ...
    def __getitem__(self, place: int | slice) -> list[Any]:
        if isinstance(place, slice):
            return [orjson.loads(line) for line in self._lines[place]]
        item: list[Any] = orjson.loads(self._lines[place])
        return item


def read_chunk(blobs: "Blobs", name: str, chunk: ChunkIndex) -> Items:
    """Return a chunk's items."""
    return Items(gzip.decompress(blobs.read_range(name, chunk.offset, chunk.length)))


def _chunks(
    work: Work, values: Values, lanes: int
) -> Iterator[tuple[ChunkKind, int, int, "pl.Series"]]:
    """Yield each chunk's kind, phase, number of calls and items as JSON."""
    import polars as pl

    from shared.runs.run_table import Action

    start = 0
    batches = -(-work.upserts.height // CONTACTS_PER_CALL)
    for calls in chunk_sizes(batches, lanes):
        rows = work.upserts.slice(start, calls * CONTACTS_PER_CALL)
        start += rows.height
        yield "upsert", 0, calls, _upsert_lines(rows, values)
    for phase, last in ((0, False), (1, True)):
        for calls, ops in tag_chunks(work.tag_ops.filter(pl.col("last") == last), lanes):
            yield "tag", phase, calls, _lines(ops, '["{}",{},{}]', "email", "bit", "add")
    leaving: tuple[tuple[ChunkKind, Action], ...] = (
        ("archive", Action.ARCHIVE),
        ("unsubscribe", Action.UNSUBSCRIBE),
    )
    for kind, action in leaving:
        rows = work.singles.filter(work.singles["action"] == int(action))
        size = min(SINGLES_PER_CHUNK, max(1, -(-rows.height // (2 * lanes))))
        for start in range(0, rows.height, size):
            part = rows.slice(start, size)
            # Last: who is archived can't be given or lose a tag any more.
            yield kind, 2, part.height, _lines(part, '["{}"]', "email")


def _upsert_lines(rows: "pl.DataFrame", values: Values) -> "pl.Series":
    import polars as pl

    line = pl.format(
        '["{}",{},{},{},{},{}]',
        "email",
        "values",
        "add",
        pl.col("old_flags").fill_null(0),
        pl.col("old_fields").fill_null(0),
        pl.col("old_tried").fill_null(0),
    )
    # Formatting a slice of several chunks, the first of them empty, makes Polars 2.1 panic.
    rows = rows.rechunk()
    return rows.with_columns(values=values(rows["row"])).select(line=line)["line"]


def _lines(rows: "pl.DataFrame", pattern: str, *columns: str) -> "pl.Series":
    import polars as pl

    return rows.rechunk().select(line=pl.format(pattern, *columns))["line"]


def tag_chunks(ops: "pl.DataFrame", lanes: int) -> Iterator[tuple[int, "pl.DataFrame"]]:
    """Yield bounded runs of whole calls."""
    import polars as pl

    if ops.is_empty():
        return
    call = pl.int_range(pl.len()).over("bit", "add") // CONTACTS_PER_CALL
    lengths = (
        ops.lazy()
        .with_columns(call=call)
        .group_by("bit", "call", maintain_order=True)
        .len()
        .collect()["len"]
        .to_list()
    )
    start = first = 0
    for calls in chunk_sizes(len(lengths), lanes):
        size = sum(lengths[first : first + calls])
        yield calls, ops.slice(start, size)
        start += size
        first += calls
