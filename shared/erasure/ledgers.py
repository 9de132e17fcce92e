"""Taking a person out of every ledger, in all of its versions.

A finish may be writing the next version at the same time. Whoever replaces the ledger's document
first wins: the other finds its ETag gone and begins again.
"""

import secrets
from collections.abc import Iterator, Mapping

from shared.addresses import CANONICAL_VERSION
from shared.app import App
from shared.erasure.person import Names, Person
from shared.erasure.search import BUSY, PieceError, Search
from shared.frames import tables
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.runs import ledger, names
from shared.runs.last_run import note_contacts
from shared.runs.ledger import Ledger

_ATTEMPTS = 10
_WHO = ["email", "customer_id"]


def pieces(app: App) -> Iterator[str]:
    """Yield account, audience and export's uid of every ledger."""
    return ("/".join(found) for found in ledger.all_ledgers(app.blobs))


def erase(app: App, piece: str, search: Search) -> Mapping[str, int]:
    """Remove a person from one ledger; it is called by its export and audience."""
    account, audience, uid = piece.split("/")
    # One of a million rows takes a good part of the memory to be written anew.
    if not app.heavy_work.acquire(timeout=app.heavy_work_wait):
        raise PieceError(BUSY)
    try:
        one = ledger.load(app.blobs, account, audience, uid)
        person = search.learn(lambda person: _known(app, one, person))
        count = _erase_in(app, one, person)
    finally:
        app.heavy_work.release()
    export = names.export_of(one.run) or uid
    if not count:
        return {}
    note_contacts(app.blobs, export, ledger.load(app.blobs, account, audience, uid))
    return {f"ledgers/{export}/{audience}": count}


def _tables(app: App, one: Ledger) -> list[str]:
    return [blob.name for blob in app.blobs.list(one.folder) if blob.name.endswith(".parquet")]


def _known(app: App, one: Ledger, person: Person) -> Iterator[Names]:
    """Yield email and CustomerId of a ledger's rows about a person, in all of its versions."""
    for name in _tables(app, one):
        try:
            rows = tables.read(app.blobs, name, _WHO)
        except BlobMissingError:
            continue
        yield from rows.filter(person.rows()).select(_WHO).iter_rows()


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
