"""Taking a person out of what a run that is planned or sent has before it.

Nothing is removed from the middle: outcomes are matched to rows by their places. The person's
rows stay as blanks with the code `skipped_erased`, and a payload keeps every chunk's place.
"""

import gzip
import json
import zlib
from collections.abc import Iterator

import polars as pl

from shared.app import App
from shared.erasure.person import Person
from shared.frames import tables
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.runs.codes import ERASED, NUMBER

_ATTEMPTS = 10
# What a row is, and in which segments it was, names nobody.
_KEPT = ("row", "kind", "segments", "state")
_PIECE = 1 << 16
_TABLE, _PAYLOAD = "table.parquet", "payload"


def blanked(table: pl.DataFrame, who: pl.Series) -> pl.DataFrame:
    """Return a run's table (see runs/difference/table.py) with some rows about nobody."""
    if not who.any():
        return table
    return table.with_columns(
        pl.when(who).then(_blank_value(name).cast(dtype)).otherwise(pl.col(name)).alias(name)
        for name, dtype in table.schema.items()
        if name not in _KEPT
    )


def _blank_value(column: str) -> pl.Expr:
    if column.startswith("old_"):
        return pl.lit(None)
    match column:
        case "email" | "customer_id":
            return pl.lit("")
        case "code":
            return pl.lit(ERASED)
        case _:
            return pl.lit(0)


def known_rows(app: App, folder: str, person: Person) -> pl.DataFrame:
    """Return email and customer_id of a planned table's rows about a person."""
    columns = ["email", "customer_id", "code"]
    try:
        rows = tables.read(app.blobs, f"{folder}{_TABLE}", columns).filter(person.rows())
    except BlobMissingError:
        return pl.DataFrame(schema={"email": pl.String, "customer_id": pl.String})
    duplicate = pl.col("code").eq_missing(NUMBER["skipped_duplicate"])
    return rows.filter(~duplicate).drop("code")


def erase(app: App, folder: str, person: Person) -> int:
    """Remove a person from one attempt's table and payload; return from how many rows."""
    _erase_payload(app, f"{folder}{_PAYLOAD}", person)
    return _erase_table(app, f"{folder}{_TABLE}", person)


def _erase_table(app: App, name: str, person: Person) -> int:
    for attempt in range(_ATTEMPTS):
        try:
            data, etag = app.blobs.read_with_etag(name)
        except BlobMissingError:
            return 0
        table = tables.parse(app.blobs, name, data)
        who = table.select(who=person.rows())["who"]
        if not who.any():
            return 0
        try:
            tables.write(app.blobs, name, blanked(table, who), etag=etag)
            return int(who.sum())
        except BlobConflictError:
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError


def _erase_payload(app: App, name: str, person: Person) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            data, etag = app.blobs.read_with_etag(name)
        except BlobMissingError:
            return
        pieces = list(_members(data))
        changed = [_without(piece, person) for piece in pieces]
        if changed == pieces:
            return
        try:
            app.blobs.write(name, b"".join(changed), etag=etag)
            return
        except BlobConflictError:
            if attempt + 1 == _ATTEMPTS:
                raise


def _members(data: bytes) -> Iterator[bytes]:
    """Yield the chunks of a payload: each is a gzip member, with the zeros behind it."""
    view, start = memoryview(data), 0
    while start < len(data):
        reader, end = zlib.decompressobj(wbits=31), start
        while not reader.eof:
            reader.decompress(view[end : end + _PIECE])
            end = min(end + _PIECE, len(data))
        end -= len(reader.unused_data)
        while end < len(data) and data[end] == 0:
            end += 1
        yield data[start:end]
        start = end


def _without(piece: bytes, person: Person) -> bytes:
    """Return a chunk of the same length, in which the person's items are blank."""
    text = gzip.decompress(piece)
    heads = [b'["' + address.encode() + b'"' for address in person.spellings]
    if not any(head in text for head in heads):
        return piece
    lines = text[1:-1].split(b",\n")
    kept = [_blank(line) if line.startswith(tuple(heads)) else line for line in lines]
    changed = gzip.compress(b"[" + b",\n".join(kept) + b"]", compresslevel=9)
    if len(changed) > len(piece):
        raise ValueError("a chunk has grown")
    return changed + bytes(len(piece) - len(changed))


def _blank(line: bytes) -> bytes:
    """Blank an item (see payload.py): nobody's, with nothing to send."""
    item = json.loads(line)
    item[0] = ""
    if len(item) > 3:
        item[1:] = [{}, 0, item[3], 0, 0]
    return json.dumps(item, separators=(",", ":")).encode()
