"""Taking a person's rows out of the outcomes of runs that have ended.

A file may hold a million rows, so it is looked through as bytes and only parsed where it holds
one of the person's names. The files of single codes are written before the one of all: an erasure
that was cut off finds the person there again.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from shared.app import App
from shared.erasure.person import Person
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.runs.outcome_cells import marked, plain

_ALL = "all.csv"
_TEXT = "text/csv; charset=utf-8"
_ATTEMPTS = 10
_ROWS_AT_ONCE = 20_000
Row = list[str]


def known_rows(app: App, folder: str, person: Person) -> list[tuple[str, str]]:
    """Return email and CustomerId of the rows about a person in one run's outcomes.

    Profiles that only share an address with the one that was sent are left out.
    """
    return [
        (row[0], row[1])
        for row in _rows_of(_read(app, f"{folder}{_ALL}")[0], person)
        if row[2] != "skipped_duplicate"
    ]


def erase(app: App, folder: str, person: Person) -> int:
    """Remove a person from one run's outcomes; return how many rows it had."""
    rows = list(_rows_of(_read(app, f"{folder}{_ALL}")[0], person))
    for code in sorted({row[2] for row in rows}):
        _rewrite(app, f"{folder}{code}.csv", person)
    if rows:
        _rewrite(app, f"{folder}{_ALL}", person)
    return len(rows)


def _read(app: App, name: str) -> tuple[bytes, str]:
    try:
        return app.blobs.read_with_etag(name)
    except BlobMissingError:
        return b"", ""


def _rows_of(data: bytes, person: Person) -> Iterator[Row]:
    names = person.spellings | person.customer_ids
    written = {text.replace('"', '""').encode() for name in names for text in (name, marked(name))}
    if any(name in data for name in written):
        yield from (row for row in _parsed(data) if _is_about(row, person))


def _parsed(data: bytes) -> Iterator[Row]:
    """Yield the rows with the values of their cells; 0.1.0 did not quote the header."""
    old = not data.startswith(b'"')
    for cells in csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")):
        yield [plain(cell, old=old) for cell in cells]


def _is_about(row: Row, person: Person) -> bool:
    email, customer_id, _, detail, _ = row
    return (
        email in person.spellings
        or customer_id in person.customer_ids
        or any(_names(detail.lower(), address) for address in person.spellings)
    )


def _names(detail: str, address: str) -> bool:
    """Return whether a text has an address as a whole, not within a longer one."""
    return re.search(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", detail) is not None


def _rewrite(app: App, name: str, person: Person) -> None:
    for attempt in range(_ATTEMPTS):
        data, etag = _read(app, name)
        if not data:
            return
        kept = (row for row in _parsed(data) if not _is_about(row, person))
        try:
            app.blobs.write(name, _written(kept), etag=etag, content_type=_TEXT)
            return
        except BlobConflictError:
            if attempt + 1 == _ATTEMPTS:
                raise


def _written(rows: Iterable[Row]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    for number, row in enumerate(rows, 1):
        writer.writerow([marked(cell) for cell in row])
        if number % _ROWS_AT_ONCE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
