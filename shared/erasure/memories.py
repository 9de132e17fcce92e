"""Taking a person out of what is remembered of each audience."""

from collections.abc import Iterator, Mapping
from functools import partial

import polars as pl

from shared.app import App
from shared.audiences import answers, memory
from shared.erasure.person import Names, Person
from shared.erasure.search import Search
from shared.frames import tables
from shared.platform.blobs import BlobMissingError

_WHO = ["email", "customer_id"]


def pieces(app: App) -> Iterator[str]:
    """Yield account and audience of every memory."""
    return (f"{one.account}/{one.audience}" for one in memory.memories(app.blobs))


def erase(app: App, piece: str, search: Search) -> Mapping[str, int]:
    """Remove a person from the memory of one audience."""
    account, _, audience = piece.partition("/")
    person = search.learn(partial(known, app, account, audience))

    def who(rows: pl.DataFrame) -> pl.Series:
        return rows.select(who=person.rows())["who"]

    count = memory.without(app.blobs, account, audience, who)
    count += answers.without(app.blobs, account, audience, who)
    return {f"memory/{audience}": count} if count else {}


def known(app: App, account: str, audience: str, person: Person) -> Iterator[Names]:
    """Yield email and CustomerId of the rows about a person."""
    remembered = memory.load(app.blobs, account, audience).tables
    answered = answers.load(app.blobs, account, audience).table
    for name in (*remembered, *([answered] if answered else ())):
        try:
            rows = tables.read(app.blobs, name, _WHO)
        except BlobMissingError:
            # Another table has its rows by now; ledgers and runs know the same people.
            continue
        yield from rows.filter(person.rows()).select(_WHO).iter_rows()
