"""Connections and exports as documents in the app's container, guarded by their ETags."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import uuid4
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from shared.exports.connection_models import StoredConnection
from shared.exports.export_index import IndexedExport
from shared.exports.models import Segment, StoredExport
from shared.platform.blobs import BlobMissingError, Blobs, Document
from shared.platform.forms import FormError
from shared.platform.index import Index, Told

CONNECTIONS = "connections/"
EXPORTS = "exports/"
_READERS = 16
# So few connections are sooner read than listed.
_FEW = 2
# By name, each with its ETag; there are some hundred at most.
_known_connections: WeakKeyDictionary[Blobs, dict[str, tuple[StoredConnection, str]]] = (
    WeakKeyDictionary()
)


@dataclass(frozen=True)
class UnreadableExport:
    """An export whose document this version can't read, and why.

    outline: what else can be told of it, as far as other exports have to know: uid, audience and
    segments; None where not even that is there.
    """

    name: str
    code: str
    detail: str
    outline: StoredExport | None


def load_connection(blobs: Blobs, name: str) -> tuple[StoredConnection, str] | None:
    """Return a stored connection and its ETag, None where there is none."""
    found = blobs.read_document(_path(CONNECTIONS, name))
    return None if found is None else (StoredConnection.model_validate(found[0]), found[1])


def load_export(blobs: Blobs, name: str) -> tuple[StoredExport, str] | None:
    """Return a stored export and its ETag, None where there is none."""
    found = blobs.read_document(_path(EXPORTS, name))
    return None if found is None else (StoredExport.model_validate(found[0]), found[1])


def connections_of(blobs: Blobs, names: Collection[str]) -> dict[str, StoredConnection]:
    """Return connections by their names; those that are gone are left out.

    Of many a listing tells which this process has read already: nobody has written those since.
    """
    if len(names) <= _FEW:
        loaded = {name: load_connection(blobs, name) for name in names}
        return {name: found[0] for name, found in loaded.items() if found is not None}
    known = _known_connections.setdefault(blobs, {})
    versions = {info.name: info.etag for info in blobs.level(CONNECTIONS)}
    there = [name for name in names if _path(CONNECTIONS, name) in versions]
    changed = [
        name
        for name in there
        if name not in known or known[name][1] != versions[_path(CONNECTIONS, name)]
    ]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="connections") as readers:
        for name, found in zip(
            changed, readers.map(partial(load_connection, blobs), changed), strict=True
        ):
            if found is None:
                known.pop(name, None)
            else:
                known[name] = found
    return {name: known[name][0] for name in there if name in known}


def list_connections(blobs: Blobs) -> Iterator[StoredConnection]:
    """Yield the stored connections in the order of their names."""
    return map(StoredConnection.model_validate, _list(blobs, CONNECTIONS))


def indexed_exports(blobs: Blobs) -> tuple[list[IndexedExport], list[UnreadableExport]]:
    """Return all exports, and those that can't be read, by the index alone, however many there are.

    In the order of their names. Documents are read of those that can't be, or that are just being
    written.
    """
    found, unsure = [], []
    for name, facts in INDEX.read(blobs).items():
        if facts is None:
            unsure.append(name)
        else:
            found.append(IndexedExport.read(facts))
    looked_at = read_some(blobs, unsure)
    found += [IndexedExport.of(one) for one in looked_at if isinstance(one, StoredExport)]
    unreadable = [one for one in looked_at if isinstance(one, UnreadableExport)]
    return sorted(found, key=_by_name), sorted(unreadable, key=_by_name)


def read_some(blobs: Blobs, names: Iterable[str]) -> list[StoredExport | UnreadableExport]:
    """Read exports side by side; those that are gone are left out."""
    names = list(names)
    if not names:
        return []
    with ThreadPoolExecutor(_READERS, thread_name_prefix="exports") as readers:
        found = list(readers.map(partial(_read_export, blobs), names))
    return [one for one in found if one is not None]


def readable(found: Iterable[StoredExport | UnreadableExport]) -> list[StoredExport]:
    """Return those that can be read."""
    return [one for one in found if isinstance(one, StoredExport)]


def _by_name(export: IndexedExport | UnreadableExport) -> str:
    return export.name


def _read_export(blobs: Blobs, name: str) -> StoredExport | UnreadableExport | None:
    try:
        found = load_export(blobs, name)
    except FormError as error:
        return UnreadableExport(name, "unknown_form", str(error), _outline(blobs, name))
    except ValueError:
        detail = f"The stored document of the export {name} is damaged."
        return UnreadableExport(name, "document_damaged", detail, _outline(blobs, name))
    return found[0] if found else None


def _outline(blobs: Blobs, name: str) -> StoredExport | None:
    """Return the little of an unreadable document that other exports on its audience must know."""
    with suppress(ValueError, KeyError, TypeError, ValidationError, BlobMissingError):
        document = json.loads(blobs.read(_path(EXPORTS, name)))
        known: Document = {
            "name": name,
            "uid": str(document["uid"]),
            "audience_id": str(document["audience_id"]),
            "segments": [Segment.model_validate(segment) for segment in document["segments"]],
        }
        return StoredExport.model_construct(**known)
    return None


def exports_of(blobs: Blobs, connection: str) -> list[str]:
    """Return the names of the exports that use a connection."""
    exports, _ = indexed_exports(blobs)
    return [export.name for export in exports if export.connection == connection]


def export_versions(blobs: Blobs) -> dict[str, str]:
    """Return the ETag of every stored export, by its name."""
    return {
        info.name.removeprefix(EXPORTS).removesuffix(".json"): info.etag
        for info in blobs.level(EXPORTS)
    }


def save_connection(blobs: Blobs, connection: StoredConnection, etag: str | None) -> str:
    """Write a connection and return its ETag; raises BlobConflictError.

    `etag` is that of the version it replaces, None for a connection that must be new.
    """
    path = _path(CONNECTIONS, connection.name)
    return blobs.replace_document(path, connection.document(), etag)


def save_export(blobs: Blobs, export: StoredExport, etag: str | None) -> str:
    """Write an export and return its ETag, as `save_connection` does."""
    with INDEX.changing(blobs, export.name):
        return blobs.replace_document(_path(EXPORTS, export.name), export.document(), etag)


def change_connection(
    blobs: Blobs, name: str, change: Callable[[StoredConnection], StoredConnection | None]
) -> StoredConnection | None:
    """Change a stored connection until nobody came between; `change` returns None to leave it.

    Returns what is stored at the end, None where there is no such connection.
    """

    def changed(document: Document) -> Document | None:
        after = change(StoredConnection.model_validate(document))
        return None if after is None else after.document()

    found = blobs.update_document(_path(CONNECTIONS, name), changed)
    return None if found is None else StoredConnection.model_validate(found)


def change_export(
    blobs: Blobs, name: str, change: Callable[[StoredExport], StoredExport | None]
) -> StoredExport | None:
    """Change a stored export, as `change_connection` does."""

    def changed(document: Document) -> Document | None:
        after = change(StoredExport.model_validate(document))
        return None if after is None else after.document()

    with INDEX.changing(blobs, name):
        found = blobs.update_document(_path(EXPORTS, name), changed)
    return None if found is None else StoredExport.model_validate(found)


def delete_connection(blobs: Blobs, name: str, etag: str | None = None) -> bool:
    """Delete a connection; False where there was none; raises BlobConflictError."""
    return blobs.delete(_path(CONNECTIONS, name), etag)


def delete_export(blobs: Blobs, name: str, etag: str | None = None) -> bool:
    """Delete an export; False where there was none; raises BlobConflictError."""
    with INDEX.changing(blobs, name):
        return blobs.delete(_path(EXPORTS, name), etag)


def new_uid() -> str:
    """Return what a ledger belongs to: an export created anew under an old name gets another."""
    return uuid4().hex


def _list(blobs: Blobs, folder: str) -> Iterator[Document]:
    return blobs.read_documents(_names(blobs, folder))


def _names(blobs: Blobs, folder: str) -> Iterator[str]:
    # Below are sign-ins under way (connections/states/), and what runs left (exports/_last/).
    return (info.name for info in blobs.level(folder))


def _path(folder: str, name: str) -> str:
    return f"{folder}{name}.json"


def _tell(blobs: Blobs, name: str) -> Told | None:
    try:
        found = load_export(blobs, name)
    except (FormError, ValueError):
        info = blobs.info(_path(EXPORTS, name))
        return None if info is None else Told(info.etag, None)
    return None if found is None else Told(found[1], IndexedExport.of(found[0]).facts())


def _versions(blobs: Blobs) -> Iterator[tuple[str, str]]:
    return iter(export_versions(blobs).items())


INDEX = Index("index/exports/", _tell, _versions)
