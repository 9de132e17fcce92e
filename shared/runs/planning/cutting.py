"""Cuts a run's work into chunks and batches, in the order of their calls."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from shared.frames.masks import has_bit
from shared.platform.blobs import Blobs
from shared.runs import ledger, payload
from shared.runs.ledger import Flag
from shared.runs.payload import CONTACTS_PER_CALL, ChunkIndex, ChunkKind, PlannedChunk
from shared.runs.planning.wanted_answers import LOOK, json_of
from shared.runs.run_table import Action

BATCHES_PER_CHUNK = 125
# How many contacts one chunk holds whose calls are about one contact each.
SINGLES_PER_CHUNK = 50
PERMITS_PER_CHUNK = 1_000
_TIMES = [f"old_{name}" for name in ledger.TIMES]
_UPSERT_COLUMNS = [
    "row",
    "profile",
    "email",
    "wanted",
    "old_flags",
    "old_fields",
    "old_tried",
    *_TIMES[2:],
    "old_tried_to",
]
# Of exports that fill more than merge fields.
_MORE_COLUMNS = ["language", "yes", "looks", *LOOK, "new_language", "last_language"]

# Gives for some profiles, by their numbers, the merge fields that are sent of them, each a JSON
# object (null: blank).
Values = Callable[[pl.Series], pl.Series]


@dataclass(frozen=True)
class Work:
    """What a run does, in the order of its chunks.

    upserts: rows of the table in sending order. tag_ops: row, bit, add. singles: rows with one
    call each. permits: row, email, mask and place of the upserts that are to be given marketing
    permissions once they are created; None where nobody is.
    """

    upserts: pl.DataFrame
    tag_ops: pl.DataFrame
    singles: pl.DataFrame
    permits: pl.DataFrame | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody is sent anything."""
        return self.upserts.is_empty() and self.tag_ops.is_empty() and self.singles.is_empty()


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


def work_of(
    table: pl.DataFrame, *, new_first: bool, shared_tags: int = 0, permissions: int = 0
) -> Work:
    """Collect from the run's table (see run_table.py) who is sent what.

    table: with the columns `row`, and `profile`, by which a profile's values are found: the rows
    of profiles may have been told by others since. new_first: contacts that were never accepted
    come first, so that calls that may only create are not mixed with those that may update; whom
    this product archived, and is to ask, come last. shared_tags: mask of the tags that other
    exports give as well; those are removed last, like leavers. permissions: mask of the answers
    that are marketing permissions.
    """
    action = pl.col("action")
    # Columns first: a filter copies all that it is given.
    more = [name for name in _MORE_COLUMNS if name in table.columns]
    upserts = table.select(*_UPSERT_COLUMNS, *more, "action").filter(action == int(Action.UPSERT))
    upserts = upserts.drop("action")
    flags = pl.col("old_flags").fill_null(0)
    asked, accepted = (flags & int(Flag.ARCHIVED)) != 0, (flags & int(Flag.ACCEPTED)) != 0
    if new_first or upserts.select(asked.any()).item():
        looks = [pl.col("looks").fill_null(False)] if "looks" in more else []
        order = [asked, *looks, accepted] if new_first else [asked, *looks]
        upserts = upserts.sort(order, maintain_order=True)
    tags = table.select("row", "email", "action", "add", "remove")
    adding = tags.filter((action == int(Action.NONE)) & (pl.col("add") != 0))
    removing = tags.filter(pl.col("remove") != 0)
    single = action.is_in([int(Action.ARCHIVE), int(Action.UNSUBSCRIBE)])
    singles = table.select("row", "email", "action", *_TIMES).filter(single)
    permits = _permits(upserts, permissions) if permissions and "yes" in more else None
    return Work(upserts, _tag_ops(adding, removing, shared_tags), singles, permits)


def _permits(upserts: pl.DataFrame, permissions: int) -> pl.DataFrame | None:
    """Return who may be created, and is to be given permissions then."""
    there = pl.col("old_flags").fill_null(0) & int(Flag.ACCEPTED | Flag.ELSEWHERE)
    found = (
        upserts.lazy()
        .select("row", "email", mask=pl.col("yes").fill_null(0) & permissions, there=there)
        .with_row_index("place")
        .filter(pl.col("mask") != 0, pl.col("there") == 0)
        .select("row", "email", "mask", "place")
        .collect()
    )
    return None if found.is_empty() else found


def _tag_ops(adding: pl.DataFrame, removing: pl.DataFrame, shared_tags: int) -> pl.DataFrame:
    """Return row, email, bit, add and last, in the order of the calls.

    Of one tag 500 additions and 500 removals alternate; removals of shared tags come last.
    """
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


def _has_bit(rows: pl.DataFrame, mask: str, bit: int) -> bool:
    return bool(rows.select(has_bit(mask, bit).any()).item())


def _ops_of_bit(rows: pl.DataFrame, mask: str, bit: int) -> pl.DataFrame:
    return rows.filter(has_bit(mask, bit)).select(
        "row",
        "email",
        bit=pl.lit(bit, dtype=pl.UInt8),
        add=pl.lit(1 if mask == "add" else 0, dtype=pl.UInt8),
    )


def write(
    blobs: Blobs,
    name: str,
    work: Work,
    values: Values,
    lanes: int,
    proofs: Values | None = None,
) -> list[ChunkIndex]:
    """Write a run's work as a payload and return its index.

    proofs: of exports that fill more than merge fields, profiles' proofs of consent, null for none.
    """
    return payload.write(blobs, name, _chunks(work, values, lanes, proofs))


def _chunks(
    work: Work, values: Values, lanes: int, proofs: Values | None
) -> Iterator[PlannedChunk]:
    """Yield the chunks; their rows have the columns of their items (see payload)."""
    start, starts = 0, list[int]()
    batches = -(-work.upserts.height // CONTACTS_PER_CALL)
    for calls in chunk_sizes(batches, lanes):
        rows = work.upserts.slice(start, calls * CONTACTS_PER_CALL)
        starts.append(start)
        start += rows.height
        yield PlannedChunk("upsert", 0, calls, _upserts(rows, values, proofs))
    for phase, last in ((0, False), (1, True)):
        for calls, ops in tag_chunks(work.tag_ops.filter(pl.col("last") == last), lanes):
            yield PlannedChunk("tag", phase, calls, ops)
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
            yield PlannedChunk(kind, 2, part.height, _leavers(part))
    if work.permits is not None:
        yield from _permitting(work.permits, starts, lanes)


def _permitting(permits: pl.DataFrame, starts: list[int], lanes: int) -> Iterator[PlannedChunk]:
    """Yield the chunks of permissions; starts: the first upsert of each of their chunks."""
    firsts = pl.DataFrame(
        {"first": starts, "chunk": range(len(starts))},
        schema={"first": permits.schema["place"], "chunk": pl.UInt32},
    )
    items = permits.join_asof(firsts, left_on="place", right_on="first").select(
        "email", "mask", "chunk", place=pl.col("place") - pl.col("first")
    )
    size = min(PERMITS_PER_CHUNK, max(1, -(-items.height // (2 * lanes))))
    for start in range(0, items.height, size):
        part = items.slice(start, size)
        # Last of all: whom a call has created by then is known.
        yield PlannedChunk("permit", 3, part.height, part)


def _upserts(rows: pl.DataFrame, values: Values, proofs: Values | None) -> pl.DataFrame:
    items = rows.select(
        "email",
        # Those that it has as well: whom the audience does not hold any more gets all at once.
        add="wanted",
        values=values(rows["profile"]),
        flags=pl.col("old_flags").fill_null(0),
        fields=pl.col("old_fields").fill_null(0),
        tried=pl.col("old_tried").fill_null(0),
        **_times((*ledger.TIMES[2:], "tried_to")),
    )
    if proofs is None:
        return items
    return items.with_columns(more=_more(rows, proofs(rows["profile"])))


def _more(rows: pl.DataFrame, proofs: pl.Series) -> pl.Series:
    """Return what is sent besides merge fields, as More is written (shared/runs/more.py)."""
    nothing = pl.lit("null")
    language = nothing
    if "language" in rows.columns:
        language = (pl.lit('"') + pl.col("language") + pl.lit('"')).fill_null(nothing)
    proof = pl.col("proof").fill_null(nothing)
    texts = rows.with_columns(proof=proofs).select(
        more=pl.format("[{},{},{}]", language, proof, json_of(rows))
    )
    return texts["more"]


def _leavers(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("email", **_times(ledger.TIMES))


def _times(names: tuple[str, ...]) -> dict[str, pl.Expr]:
    return {name: pl.col(f"old_{name}").fill_null(0) for name in names}


def tag_chunks(ops: pl.DataFrame, lanes: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield bounded runs of whole calls."""
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
