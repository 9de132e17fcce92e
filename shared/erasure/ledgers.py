"""Taking a person out of every ledger, in all of its versions.

A finish may be writing the next version at the same time. Whoever replaces the ledger's document
first wins: the other finds its ETag gone and begins again.
"""

import secrets
from collections.abc import Iterator

import polars as pl

from shared.addresses import CANONICAL_VERSION
from shared.app import App
from shared.erasure.person import Person
from shared.frames import tables
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.runs import ledger
from shared.runs.ledger import Ledger

_ATTEMPTS = 10
_WHO = ["email", "customer_id"]


def known_rows(app: App, person: Person) -> Iterator[pl.DataFrame]:
    """Yield the email and customer_id of every ledger's rows about a person."""
    for found in _all(app):
        for name in _tables(app, found):
            try:
                rows = tables.read(app.blobs, name, _WHO)
            except BlobMissingError:
                continue
            yield rows.filter(person.rows())


def erase(app: App, person: Person) -> dict[tuple[str, str, str], int]:
    """Remove a person; return how many rows each ledger lost, by account, audience and uid."""
    removed = {}
    for found in list(_all(app)):
        count = _erase_in(app, found, person)
        if count:
            removed[found.account, found.audience, found.uid] = count
    return removed


def _all(app: App) -> Iterator[Ledger]:
    for account, audience, uid in ledger.all_ledgers(app.blobs):
        yield ledger.load(app.blobs, account, audience, uid)


def _tables(app: App, one: Ledger) -> list[str]:
    return [blob.name for blob in app.blobs.list(one.folder) if blob.name.endswith(".parquet")]


def _erase_in(app: App, one: Ledger, person: Person) -> int:
    removed = 0
    for attempt in range(_ATTEMPTS):
        now = ledger.load(app.blobs, one.account, one.audience, one.uid)
        holding = {
            name: count for name in _tables(app, now) if (count := _count(app, name, person))
        }
        if not holding:
            return removed
        try:
            _replace(app, now, person, held=now.table in holding)
        except (BlobConflictError, BlobMissingError):
            if attempt + 1 == _ATTEMPTS:
                raise
            continue
        removed += holding.get(now.table or "", 0)
        for name in holding:
            app.blobs.delete(name)
    return removed


def _count(app: App, name: str, person: Person) -> int:
    try:
        rows = tables.read(app.blobs, name, _WHO)
    except BlobMissingError:
        return 0
    return rows.filter(person.rows()).height


def _replace(app: App, now: Ledger, person: Person, *, held: bool) -> None:
    """Write the ledger's document anew, with a table without the person where it has one.

    Also where only a table that no document names holds them: a finish that has just written it
    must not get to name it.
    """
    pointer = f"{now.folder}ledger.json"
    document = now.document()
    if held:
        table = ledger.read_table(app.blobs, now).filter(~person.rows())
        name = f"{now.folder}{now.run}-{secrets.token_hex(4)}.parquet"
        tables.write(app.blobs, name, table)
        document |= {
            "table": name,
            "contacts": table.height,
            "canonical": CANONICAL_VERSION,
        }
    try:
        if now.etag is None:
            if app.blobs.create_document(pointer, document) is None:
                raise BlobConflictError("the ledger has just been made")
        else:
            app.blobs.write_document(pointer, document, now.etag)
    except BlobConflictError:
        if held:
            app.blobs.delete(document["table"])
        raise
