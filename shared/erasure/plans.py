"""Taking a person out of what a run that is planned or sent has before it.

Nothing is removed from the middle: outcomes are matched to rows by their places. The person's
rows stay as blanks with the code `skipped_erased`, and a payload keeps every chunk's place.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from shared.app import App
from shared.erasure.person import Names, Person
from shared.erasure.search import Search
from shared.frames import tables
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.runs import names, payload, run_index
from shared.runs.codes import ERASED, NUMBER
from shared.runs.marker import active_runs
from shared.runs.record import read_run

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


def under_way(app: App) -> Iterator[str]:
    """Yield the runs that are planned or sent."""
    return (run.id for run in active_runs(app.blobs))


def ended(app: App) -> Iterator[str]:
    """Yield all others: a planner that was cut off may have left something behind."""
    active = frozenset(under_way(app))
    return (run for run in run_index.newest_first(app.blobs) if run not in active)


def erase(app: App, run: str, search: Search) -> Mapping[str, int]:
    """Remove a person from what a run has before it, and have its lanes read that again."""
    folder = f"{names.folder(run)}plans/"
    attempts = [f"{folder}{attempt}/" for attempt in app.blobs.folders(folder)]
    count = sum(_erase_attempt(app, run, attempt, search) for attempt in attempts)
    return {f"plans/{run}": count} if count else {}


def _erase_attempt(app: App, run: str, folder: str, search: Search) -> int:
    person = search.learn(lambda person: _known(app, folder, person))
    # The table leads to what is to be sent: it goes last.
    if not any(True for _ in _rows(app, folder, person)):
        return 0
    _erase_payload(app, f"{folder}{_PAYLOAD}", person)
    _tell_lanes(app, run, search)
    return _erase_table(app, f"{folder}{_TABLE}", person)


def remove(app: App, folder: str, person: Person) -> None:
    """Remove a person from one attempt to plan, before anybody sends by it."""
    _erase_payload(app, f"{folder}{_PAYLOAD}", person)
    _erase_table(app, f"{folder}{_TABLE}", person)


def _rows(app: App, folder: str, person: Person) -> Iterator[tuple[str, str, int | None]]:
    """Yield email, CustomerId and code of a planned table's rows about a person."""
    try:
        table = tables.read(app.blobs, f"{folder}{_TABLE}", ["email", "customer_id", "code"])
    except BlobMissingError:
        return
    yield from table.filter(person.rows()).iter_rows()


def _known(app: App, folder: str, person: Person) -> Iterator[Names]:
    """Yield those of them that are sent, or would be: not further profiles of an address."""
    duplicate = NUMBER["skipped_duplicate"]
    return (row[:2] for row in _rows(app, folder, person) if row[2] != duplicate)


def _tell_lanes(app: App, run: str, search: Search) -> None:
    """Have lanes that hold a part of the run's payload read it again."""
    found = read_run(app.blobs, run)
    if found and found.account:
        app.board.put_erased(found.account)
        search.note_told()


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
