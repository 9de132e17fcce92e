"""Taking a person out of the rows of verifications, and out of what these have read so far."""

from collections.abc import Iterator, Mapping
from functools import partial

import polars as pl

from shared.app import App
from shared.erasure.outcomes import cut_rows, known_rows
from shared.erasure.person import Names, Person
from shared.erasure.search import Search
from shared.frames import tables
from shared.proof import record, rows
from shared.proof.record import Verification


def pieces(app: App) -> Iterator[str]:
    """Yield the uid of every export that has a verification."""
    return map(record.uid_of, record.all_blobs(app.blobs))


def erase(app: App, piece: str, search: Search) -> Mapping[str, int]:
    """Remove a person from one export's verification."""
    found = record.read(app.blobs, piece)
    if found is None:
        return {}
    person = search.learn(partial(_known, app, found))
    for name in (blob.name for blob in app.blobs.list(f"{found.folder}parts/")):
        _erase_part(app, name, person)
    for file in rows.files_of():
        cut_rows(app, rows.blob_name(found, file), person)
    # Who is still in there is found there again by an erasure that was cut off.
    count = cut_rows(app, rows.blob_name(found, "all"), person)
    return {f"verifications/{found.export}": count} if count else {}


def _known(app: App, found: Verification, person: Person) -> Iterator[Names]:
    return known_rows(app, rows.blob_name(found, "all"), person)


def _erase_part(app: App, name: str, person: Person) -> None:
    table = tables.read(app.blobs, name)
    who = table.select(who=pl.col("email").is_in(sorted(person.spellings)))["who"]
    if who.any():
        tables.write(app.blobs, name, table.filter(~who))
