"""Connections and exports as documents in the app's container, guarded by their ETags."""

from collections.abc import Iterator
from uuid import uuid4

from shared.platform.blobs import Blobs, Document

CONNECTIONS = "connections/"
EXPORTS = "exports/"


def load_connection(blobs: Blobs, name: str) -> tuple[Document, str] | None:
    """Return a connection's stored document and its ETag, None where there is none."""
    return blobs.read_document(_path(CONNECTIONS, name))


def load_export(blobs: Blobs, name: str) -> tuple[Document, str] | None:
    """Return an export's stored document and its ETag, None where there is none."""
    return blobs.read_document(_path(EXPORTS, name))


def list_connections(blobs: Blobs) -> Iterator[Document]:
    """Yield the stored connections in the order of their names."""
    return _list(blobs, CONNECTIONS)


def list_exports(blobs: Blobs) -> Iterator[Document]:
    """Yield the stored exports in the order of their names."""
    return _list(blobs, EXPORTS)


def exports_of(blobs: Blobs, connection: str) -> list[Document]:
    """Return the exports that use a connection."""
    return [export for export in list_exports(blobs) if export["connection"] == connection]


def save_connection(blobs: Blobs, document: Document, etag: str | None) -> str:
    """Write a connection and return its ETag; raises BlobConflictError.

    `etag` is that of the version it replaces, None for a connection that must be new.
    """
    return blobs.replace_document(_path(CONNECTIONS, document["name"]), document, etag)


def save_export(blobs: Blobs, document: Document, etag: str | None) -> str:
    """Write an export and return its ETag, as `save_connection` does."""
    return blobs.replace_document(_path(EXPORTS, document["name"]), document, etag)


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
    # Below are sign-ins under way (connections/states/), and what runs left (exports/_last/).
    names = (info.name for info in blobs.list(folder))
    return blobs.read_documents(name for name in names if "/" not in name[len(folder) :])


def _path(folder: str, name: str) -> str:
    return f"{folder}{name}.json"
