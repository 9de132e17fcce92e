"""Taking a person out of what is remembered of each audience."""

from collections.abc import Iterator

import polars as pl

from shared.app import App
from shared.audiences import memory
from shared.erasure.person import Person
from shared.frames import tables
from shared.platform.blobs import BlobMissingError


def known_rows(app: App, person: Person) -> Iterator[pl.DataFrame]:
    """Yield the email and customer_id of every audience's rows about a person."""
    for found in memory.memories(app.blobs):
        for name in found.tables:
            try:
                rows = tables.read(app.blobs, name, ["email", "customer_id"])
            except BlobMissingError:
                # Another table has its rows by now; ledgers and runs know the same people.
                continue
            yield rows.filter(person.rows())


def erase(app: App, person: Person) -> int:
    """Remove a person; return how many rows named them."""

    def who(rows: pl.DataFrame) -> pl.Series:
        return rows.select(who=person.rows())["who"]

    found = list(memory.memories(app.blobs))
    return sum(memory.without(app.blobs, one.account, one.audience, who) for one in found)
