"""Reads profiles out of a snapshot: mapped columns only, a bounded slice of a file at a time.

Memory is a few slices of 4 MB, however many columns and rows there are.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa

from shared.platform.ahead import one_ahead
from shared.platform.blobs import Blobs
from shared.segments.columns import find_columns
from shared.segments.dialects import is_open, settled
from shared.segments.errors import ColumnMissingError, SnapshotUnreadableError
from shared.segments.layout import Layout, LayoutError
from shared.segments.opening import FIRST_LOOK, naming_errors, open_file, rows_again
from shared.segments.parsing import parse
from shared.segments.rows import Grammar, MalformedRowError, Piece, lines_in, whole_rows
from shared.segments.snapshots import Snapshot, SnapshotFile


def columns_of(blobs: Blobs, snapshot: Snapshot, wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns in the order of the first file that holds any; () where nobody says.

    `wanted` are names that a header should have, as for reading.
    Raises SnapshotUnreadableError, SnapshotChangedError.
    """
    found = first_rows(blobs, snapshot, wanted, 0)
    return found.layout.columns if found else snapshot.format.columns or ()


@dataclass(frozen=True)
class FirstRows:
    """The first of a snapshot's files that holds any row: its layout and some of its rows."""

    file: str
    layout: Layout
    rows: list[list[str]]


def first_rows(
    blobs: Blobs, snapshot: Snapshot, wanted: Sequence[str], count: int
) -> FirstRows | None:
    """Return how the first file with rows is written, and at most so many of them.

    Raises SnapshotUnreadableError, SnapshotChangedError.
    """
    for file in snapshot.files:
        with naming_errors(snapshot, file):
            try:
                opened = open_file(blobs, file, None, wanted, limit=FIRST_LOOK)
            except LayoutError:
                # Its first row may be longer than a first look.
                opened = open_file(blobs, file, None, wanted)
            if opened:
                layout, chunks = opened
                with closing(chunks):
                    text = next(chunks, b"") if count else b""
                # The last row may lack its line end.
                rows = layout.rules.split(text + b"\n", count) if text else []
                values = [layout.rules.values(row, "replace") for row, _ in rows]
                return FirstRows(file.name, layout, values)
    return None


def read_profiles(
    blobs: Blobs, snapshot: Snapshot, columns: Sequence[str]
) -> Generator[pa.RecordBatch]:
    """Yield the snapshot's rows, file by file, as batches of the named columns in their order.

    All values are strings, empty ones too, never null; no columns give no batches. Close it to
    stop early. Raises ColumnMissingError, SnapshotUnreadableError, SnapshotChangedError.
    """
    wanted = tuple(dict.fromkeys(columns))
    if not wanted:
        return
    before: Layout | None = None
    for file in snapshot.files:
        with naming_errors(snapshot, file):
            opened = open_file(blobs, file, before, wanted)
            if opened is None:
                continue
            layout, chunks = opened
            before = before or layout
            places = _places(snapshot, file, layout, wanted)
            with closing(chunks), closing(_tables(blobs, file, layout, chunks, places)) as tables:
                try:
                    for table in tables:
                        yield from table.combine_chunks().to_batches()
                except MalformedRowError as error:
                    raise _unreadable(snapshot, file, layout, error) from None


@dataclass(frozen=True)
class _Reached:
    """How far a file has been given away: bytes and rows from its first row on, and a line."""

    done: int
    rows: int
    line: int

    def after(self, piece: Piece, rows: int) -> "_Reached":
        """What is reached behind a piece of so many rows."""
        line = piece.line + lines_in(piece.data)
        return _Reached(self.done + len(piece.data), self.rows + rows, line)


def _tables(
    blobs: Blobs,
    file: SnapshotFile,
    layout: Layout,
    chunks: Iterator[bytes],
    places: dict[str, int],
) -> Generator[pa.Table]:
    """Yield a file's rows, piece by piece, in the dialect that all of them fit.

    A piece is given away once the next one fits: a value's line break may lie between them. The
    rows before the first that could be meant otherwise are the same in each dialect. Raises
    MalformedRowError with the row's number in the file.
    """
    sure = False
    given = _Reached(0, 0, layout.line)

    def from_the_first(rules: Grammar) -> Generator[Piece]:
        return whole_rows(rows_again(blobs, file, layout.start), rules, layout.line)

    def settle() -> Layout:
        with closing(rows_again(blobs, file, layout.start)) as text:
            return settled(layout, file.format, from_the_first, text)

    pieces = whole_rows(chunks, layout.rules, layout.line)
    while True:
        held: pa.Table | None = None
        reached = given
        try:
            # Downloading and cutting the next piece goes on beside the work on this one.
            with closing(one_ahead(pieces)) as ahead:
                for piece in ahead:
                    if not sure and is_open(piece, layout, file.format):
                        break
                    table = parse(layout, piece, places)
                    if held is not None:
                        yield held
                        given = reached
                    held, reached = table, reached.after(piece, table.num_rows)
                else:
                    if held is not None:
                        yield held
                    return
        except MalformedRowError as error:
            error.row += reached.rows
            if sure or (found := settle()) == layout:
                raise
        else:
            found = settle()
        sure, layout = True, found
        pieces = whole_rows(
            rows_again(blobs, file, layout.start + given.done), layout.rules, given.line
        )


def _unreadable(
    snapshot: Snapshot, file: SnapshotFile, layout: Layout, error: MalformedRowError
) -> SnapshotUnreadableError:
    column = error.column
    name = layout.columns[column] if column is not None and column < len(layout.columns) else None
    return SnapshotUnreadableError(
        snapshot.segment,
        file.name,
        error.line,
        error.reason,
        row=error.row,
        column=name,
        help=error.help,
    )


def _places(
    snapshot: Snapshot, file: SnapshotFile, layout: Layout, wanted: Sequence[str]
) -> dict[str, int]:
    """Where the wanted columns stand in this file."""
    found = find_columns(layout.columns, wanted)
    if missing := [name for name, places in found.items() if not places]:
        raise ColumnMissingError(snapshot.segment, file.name, missing)
    for name, places in found.items():
        if len(places) > 1:
            raise LayoutError(f"it has more than one column {name}")
    return {name: places[0] for name, places in found.items()}
