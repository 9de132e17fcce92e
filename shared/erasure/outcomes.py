"""Taking a person's rows out of the outcomes of runs that have ended.

The files of single codes are written before the one of all: an erasure that was cut off finds the
person there again. Of a file of a million rows only the blocks that held the person are written.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from shared.app import App
from shared.erasure.person import Names, Person
from shared.erasure.rows import FoundRow, rows_about
from shared.erasure.search import Search
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.runs import outcomes, run_index

_TEXT = "text/csv; charset=utf-8"
_ATTEMPTS = 10


def pieces(app: App) -> Iterator[str]:
    """Yield every run."""
    return run_index.newest_first(app.blobs)


def erase(app: App, run: str, search: Search) -> Mapping[str, int]:
    """Remove a person from one run's outcomes."""
    count = _erase(app, run, search)
    return {f"outcomes/{run}": count} if count else {}


def _erase(app: App, run: str, search: Search) -> int:
    everybody = outcomes.file_name(run, None)
    for attempt in range(_ATTEMPTS):
        data, etag = _read(app, everybody)
        person = search.learn(partial(_known, data))
        rows = list(rows_about(data, person))
        if not rows:
            return 0
        for code in sorted({row.code for row in rows}):
            cut_rows(app, outcomes.file_name(run, code), person)
        try:
            _cut(app, everybody, data, etag, rows)
            return len(rows)
        except BlobConflictError:
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError


def _known(data: bytes, person: Person) -> Iterator[Names]:
    """Yield email and CustomerId of the rows about a person.

    Profiles that only share an address with the one that was sent are left out.
    """
    return (
        (row.email, row.customer_id)
        for row in rows_about(data, person)
        if row.code != "skipped_duplicate"
    )


def known_rows(app: App, name: str, person: Person) -> Iterator[Names]:
    """Yield email and CustomerId of a CSV's rows about a person."""
    data, _ = _read(app, name)
    return ((row.email, row.customer_id) for row in rows_about(data, person))


def cut_rows(app: App, name: str, person: Person) -> int:
    """Remove the rows about a person from a CSV, whoever writes it meanwhile; return how many."""
    for attempt in range(_ATTEMPTS):
        data, etag = _read(app, name)
        rows = list(rows_about(data, person))
        if not rows:
            return 0
        try:
            _cut(app, name, data, etag, rows)
            return len(rows)
        except BlobConflictError:
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError


def _cut(app: App, name: str, data: bytes, etag: str, rows: list[FoundRow]) -> None:
    app.blobs.cut(name, data, etag, [(row.begin, row.end) for row in rows], content_type=_TEXT)


def _read(app: App, name: str) -> tuple[bytes, str]:
    try:
        return app.blobs.read_with_etag(name)
    except BlobMissingError:
        return b"", ""
