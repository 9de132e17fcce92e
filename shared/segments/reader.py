"""Reads profiles out of a snapshot: mapped columns only, a bounded slice of a file at a time.

Memory is a few slices of 4 MB, however many columns and rows there are.
"""

from codecs import BOM_UTF8
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pyarrow as pa
import pyarrow.csv

from shared.platform.blobs import Blobs
from shared.segments.errors import ColumnMissingError
from shared.segments.layout import Layout, LayoutError
from shared.segments.opening import FIRST_LOOK, naming_errors, open_file
from shared.segments.rows import MalformedRowError, Piece, lines_in, whole_rows
from shared.segments.snapshots import Snapshot, SnapshotFile

_PARSED_AT_ONCE = 2 << 20


def columns_of(blobs: Blobs, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the columns in the order of the first file that holds any; () where nobody says.

    Raises SnapshotUnreadableError, SnapshotChangedError.
    """
    for file in snapshot.files:
        with naming_errors(snapshot, file):
            try:
                opened = open_file(blobs, file, limit=FIRST_LOOK)
            except LayoutError:
                # Its first row may be longer than a first look.
                opened = open_file(blobs, file)
            if opened:
                layout, chunks = opened
                chunks.close()
                return layout.columns
    return snapshot.format.columns or ()


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
    known: tuple[str, ...] | None = None
    before: bytes | None = None
    for file in snapshot.files:
        with naming_errors(snapshot, file):
            opened = open_file(blobs, file, known, wanted, before=before)
            if opened is None:
                continue
            layout, chunks = opened
            known, before = layout.columns, layout.rules.delimiter
            places = _places(snapshot, file, layout, wanted)
            pieces = whole_rows(chunks, layout.rules, layout.line)
            # Downloading and cutting the next piece goes on beside the work on this one.
            with closing(chunks), closing(_one_ahead(pieces)) as ahead:
                for piece in ahead:
                    yield from _parse(layout, piece, places)


def _one_ahead[T](items: Iterator[T]) -> Generator[T]:
    with ThreadPoolExecutor(1, thread_name_prefix="segment-reader") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _places(
    snapshot: Snapshot, file: SnapshotFile, layout: Layout, wanted: Sequence[str]
) -> dict[str, int]:
    """Where the wanted columns stand in this file."""
    if missing := [name for name in wanted if name not in layout.columns]:
        raise ColumnMissingError(snapshot.segment, file.name, missing)
    for name in wanted:
        if layout.columns.count(name) > 1:
            raise LayoutError(f"it has more than one column {name}")
    return {name: layout.columns.index(name) for name in wanted}


def _parse(layout: Layout, piece: Piece, places: dict[str, int]) -> Iterator[pa.RecordBatch]:
    try:
        table = _parse_blocks(layout, piece.data, places, _PARSED_AT_ONCE)
    except pa.ArrowInvalid:
        try:
            # A row longer than a block; or something is wrong, which happens again.
            table = _parse_blocks(layout, piece.data, places, len(piece.data) + 1)
        except pa.ArrowInvalid:
            # Arrow's own text holds the row.
            raise _what_is_wrong(layout, piece) from None
    yield from table.combine_chunks().to_batches()


def _parse_blocks(layout: Layout, data: bytes, places: dict[str, int], block_size: int) -> pa.Table:
    rules = layout.rules
    numbered = {str(place): name for name, place in places.items()}
    if data.startswith(BOM_UTF8):
        # Arrow drops a mark at the beginning of whatever it gets; this one belongs to a value.
        data = BOM_UTF8 + data
    table = pa.csv.read_csv(
        pa.py_buffer(data),
        read_options=pa.csv.ReadOptions(
            # Numbers instead of names: two columns that nobody wants may have one name.
            column_names=[str(place) for place in range(len(layout.columns))],
            block_size=block_size,
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=rules.delimiter.decode(),
            quote_char='"' if rules.quoting else False,
            newlines_in_values=rules.quoting and b'"' in data,
            ignore_empty_lines=len(layout.columns) > 1,
        ),
        convert_options=pa.csv.ConvertOptions(
            include_columns=list(numbered),
            column_types=dict.fromkeys(numbered, pa.string()),
            strings_can_be_null=False,
        ),
    )
    return table.rename_columns(list(numbered.values()))


def _what_is_wrong(layout: Layout, piece: Piece) -> MalformedRowError:
    """Find the row that the CSV reader refused, the slow way."""
    width = len(layout.columns)
    at, line = 0, piece.line
    while match := layout.rules.row.match(piece.data, at):
        row = match[0].rstrip(b"\r\n")
        try:
            count = len(layout.rules.values(row))
        except UnicodeError:
            return MalformedRowError(line, "it is not text in UTF-8")
        if count != width and (row or width == 1):
            return MalformedRowError(line, f"it has {count} values instead of {width}")
        at = match.end()
        line += lines_in(match[0])
    return MalformedRowError(piece.line, "from here on it is no CSV")
