"""What people have changed of an export and its connection, with old and new; the newest thousand.

An export's goes with it: one that is made anew under the same name begins without any.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter

from shared.exports.connection_models import StoredConnection
from shared.exports.models import Export, StoredExport
from shared.platform import log
from shared.platform.blobs import Blobs, Document
from shared.platform.clock import to_text, utc_now

_EXPORTS, _CONNECTIONS = "exports/_history/", "connections/_history/"
_MOST = 1000
Kind = Literal["saved", "connection", "drift"]


@dataclass(frozen=True)
class Change:
    """One member, as in `merge_fields.FNAME`, before and after; None where it was not there."""

    member: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Entry:
    """Who changed what and when; `changes` are empty where something was made."""

    at: str
    kind: Kind
    by: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class _History:
    """What is stored; `owner` is the export's uid, or when the connection was made."""

    owner: str
    entries: tuple[Entry, ...] = ()


_ADAPTER = TypeAdapter(_History)


def note_saved(blobs: Blobs, by: str, before: StoredExport | None, after: StoredExport) -> None:
    """Note that an export was saved; a change that changes nothing is none."""
    changes = changes_between(_members(before), _members(after)) if before else ()
    if changes or before is None:
        _note(blobs, f"{_EXPORTS}{after.name}", after.uid, Entry(_now(), "saved", by, changes))


def note_detached(blobs: Blobs, by: str, export: StoredExport) -> None:
    """Note that an export was taken off its connection."""
    change = Change("connection", export.connection, None)
    entry = Entry(_now(), "connection", by, (change,))
    _note(blobs, f"{_EXPORTS}{export.name}", export.uid, entry)


def note_drift(
    blobs: Blobs, by: str, export: StoredExport, code: str, before: str | None, after: str
) -> None:
    """Note what somebody wants to become of a change that people made by hand in Mailchimp."""
    entry = Entry(_now(), "drift", by, (Change(code, before, after),))
    _note(blobs, f"{_EXPORTS}{export.name}", export.uid, entry)


def note_connection(
    blobs: Blobs, by: str, before: StoredConnection | None, after: StoredConnection
) -> None:
    """Note what of a connection concerns its exports: consent, and who may use it."""
    if before is None:
        return

    def told(connection: StoredConnection) -> Document:
        consent = connection.consent.accepted
        return {"consent.accepted": consent, "shared_with": connection.shared_with}

    if changes := changes_between(told(before), told(after)):
        entry = Entry(_now(), "connection", by, changes)
        _note(blobs, f"{_CONNECTIONS}{after.name}", after.created_at, entry)


def forget(blobs: Blobs, export: str) -> None:
    """Drop the history of an export that was removed."""
    blobs.delete(f"{_EXPORTS}{export}")


def forget_connection(blobs: Blobs, connection: str) -> None:
    """Drop the history of a connection that was removed."""
    blobs.delete(f"{_CONNECTIONS}{connection}")


def entries_of(
    blobs: Blobs, export: StoredExport, connection: StoredConnection | None
) -> list[Entry]:
    """Return what was changed of an export and, since it was made, of its present connection."""
    own = _read(blobs, f"{_EXPORTS}{export.name}", export.uid).entries
    if connection is None:
        return list(own)
    name = f"{_CONNECTIONS}{connection.name}"
    others = _read(blobs, name, connection.created_at).entries
    return [*own, *(entry for entry in others if entry.at >= export.created_at)]


def _members(export: StoredExport) -> Document:
    """What people write of an export; members of members each by itself."""
    return flat_members(export.model_dump(mode="json", include=set(Export.model_fields)))


def flat_members(document: Mapping[str, Any]) -> Document:
    """Return the members of a document, members of members as in `merge_fields.FNAME`."""
    flat: Document = {}
    for member, value in document.items():
        if isinstance(value, dict):
            flat |= {f"{member}.{key}": each for key, each in value.items()}
        else:
            flat[member] = value
    return flat


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return every member that differs, of two documents as `flat_members` gives them."""
    return tuple(
        Change(member, before.get(member), after.get(member))
        for member in dict.fromkeys((*before, *after))
        if before.get(member) != after.get(member)
    )


def _note(blobs: Blobs, name: str, owner: str, entry: Entry) -> None:
    """Add an entry; what was saved is saved, whatever becomes of its history."""

    def noted(document: Document) -> Document:
        history = _of(owner, document)
        kept = replace(history, entries=(*history.entries, entry)[-_MOST:])
        return _document(kept)

    try:
        blobs.create_document(name, _document(_History(owner)))
        blobs.update_document(name, noted)
    except Exception as error:  # the change itself is done and answered
        log.failure("history_not_noted", error)


def _read(blobs: Blobs, name: str, owner: str) -> _History:
    """Return the history of an owner; one of another owner's under the name is none."""
    found = blobs.read_document(name)
    return _of(owner, found[0]) if found else _History(owner)


def _of(owner: str, document: Document) -> _History:
    history = _ADAPTER.validate_python(document)
    return history if history.owner == owner else _History(owner)


def _document(history: _History) -> Document:
    document: Document = _ADAPTER.dump_python(history, mode="json")
    return document


def _now() -> str:
    return to_text(utc_now())
