"""Connections and exports as documents in the app's container, guarded by their ETags."""

from collections.abc import Callable, Iterator
from uuid import uuid4

from shared.exports.models import StoredConnection, StoredExport
from shared.platform.blobs import Blobs, Document

CONNECTIONS = "connections/"
EXPORTS = "exports/"


def load_connection(blobs: Blobs, name: str) -> tuple[StoredConnection, str] | None:
    """Return a stored connection and its ETag, None where there is none."""
    found = blobs.read_document(_path(CONNECTIONS, name))
    return None if found is None else (StoredConnection.model_validate(found[0]), found[1])


def load_export(blobs: Blobs, name: str) -> tuple[StoredExport, str] | None:
    """Return a stored export and its ETag, None where there is none."""
    found = blobs.read_document(_path(EXPORTS, name))
    return None if found is None else (StoredExport.model_validate(found[0]), found[1])


def list_connections(blobs: Blobs) -> Iterator[StoredConnection]:
    """Yield the stored connections in the order of their names."""
    return map(StoredConnection.model_validate, _list(blobs, CONNECTIONS))


def list_exports(blobs: Blobs) -> Iterator[StoredExport]:
    """Yield the stored exports in the order of their names; raises for one that can't be read."""
    return map(StoredExport.model_validate, _list(blobs, EXPORTS))


def export_names(blobs: Blobs) -> Iterator[str]:
    """Yield the names of the stored exports in their order, readable or not."""
    return (name.removeprefix(EXPORTS).removesuffix(".json") for name in _names(blobs, EXPORTS))


def exports_of(blobs: Blobs, connection: str) -> list[StoredExport]:
    """Return the exports that use a connection."""
    return [export for export in list_exports(blobs) if export.connection == connection]


def save_connection(blobs: Blobs, connection: StoredConnection, etag: str | None) -> str:
    """Write a connection and return its ETag; raises BlobConflictError.

    `etag` is that of the version it replaces, None for a connection that must be new.
    """
    path = _path(CONNECTIONS, connection.name)
    return blobs.replace_document(path, connection.document(), etag)


def save_export(blobs: Blobs, export: StoredExport, etag: str | None) -> str:
    """Write an export and return its ETag, as `save_connection` does."""
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

    found = blobs.update_document(_path(EXPORTS, name), changed)
    return None if found is None else StoredExport.model_validate(found)


def delete_connection(blobs: Blobs, name: str, etag: str | None = None) -> bool:
    """Delete a connection; False where there was none; raises BlobConflictError."""
    return blobs.delete(_path(CONNECTIONS, name), etag)


def delete_export(blobs: Blobs, name: str, etag: str | None = None) -> bool:
    """Delete an export; False where there was none; raises BlobConflictError."""
    return blobs.delete(_path(EXPORTS, name), etag)


def new_uid() -> str:
    """Return what a ledger belongs to: an export created anew under an old name gets another."""
    return uuid4().hex


def _list(blobs: Blobs, folder: str) -> Iterator[Document]:
    return blobs.read_documents(_names(blobs, folder))


def _names(blobs: Blobs, folder: str) -> Iterator[str]:
    # Below are sign-ins under way (connections/states/), and what runs left (exports/_last/).
    names = (info.name for info in blobs.list(folder))
    return (name for name in names if "/" not in name[len(folder) :])


def _path(folder: str, name: str) -> str:
    return f"{folder}{name}.json"
