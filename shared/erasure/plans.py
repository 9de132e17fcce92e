"""Taking a person out of what a run that is planned or sent has before it.

Nothing is removed from the middle: outcomes are matched to rows by their places. The person's
rows stay as blanks with the code `skipped_erased`, and a payload keeps every chunk's place.
"""

import polars as pl

from shared.app import App
from shared.erasure.person import Person
from shared.frames import tables
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.runs import payload
from shared.runs.codes import ERASED, NUMBER

_ATTEMPTS = 10
# What a row is, and in which segments it was, names nobody.
_KEPT = ("row", "kind", "segments", "state")
_TABLE, _PAYLOAD = "table.parquet", "payload"


def blanked(table: pl.DataFrame, who: pl.Series) -> pl.DataFrame:
    """Return a run's table (see runs/run_table.py) with some rows about nobody."""
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
        changed = payload.without(data, person.addresses)
        if changed == data:
            return
        try:
            app.blobs.write(name, changed, etag=etag)
            return
        except BlobConflictError:
            if attempt + 1 == _ATTEMPTS:
                raise
