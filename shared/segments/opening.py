"""Opens one file of a snapshot: its layout from its first rows, then its text piece by piece."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs
from shared.segments.errors import SnapshotChangedError, SnapshotUnreadableError
from shared.segments.layout import Layout, LayoutError, layout_of
from shared.segments.rows import MalformedRowError
from shared.segments.snapshots import Snapshot, SnapshotFile
from shared.segments.text import as_utf8

FIRST_LOOK = 256 << 10
"""Bytes in which a first row is expected."""

_GZIP = b"\x1f\x8b"


def open_file(
    blobs: Blobs,
    file: SnapshotFile,
    known: Sequence[str] | None = None,
    wanted: Sequence[str] = (),
    limit: int | None = None,
    before: bytes | None = None,
) -> tuple[Layout, Generator[bytes]] | None:
    """Return a file's layout and its rows as UTF-8, None where it holds no row.

    `known` are the columns of an earlier file and `before` its delimiter, `wanted` some that a
    header should have. With a `limit` only so many bytes are read, and the last row may be cut.
    Raises LayoutError, UnicodeError, BlobConflictError, BlobMissingError.
    """
    if file.size == 0:
        return None
    cut = limit is not None and limit < file.size
    raw = blobs.stream(file.name, length=limit if cut else None, etag=file.etag)
    chunks = as_utf8(raw, file.format.encoding, whole=not cut)
    head = b""
    ended = True
    for chunk in chunks:
        head += chunk
        if len(head) >= FIRST_LOOK:
            ended = False
            break
    if head.startswith(_GZIP):
        raise LayoutError("it is compressed")
    # The last row of a file may lack its line end; a first row beyond the first look is rare.
    looks = [head + b"\n"] if ended and not cut else [head[:FIRST_LOOK], head]
    for look in looks:
        layout = layout_of(look, file.format, known or file.format.columns, wanted, before)
        if layout is not None:
            return layout, _joined(head[layout.start :], chunks)
    if ended and not head.strip(b"\r\n"):
        return None
    raise LayoutError("its first row does not end, or a quote in it is out of place")


def _joined(head: bytes, rest: Iterator[bytes]) -> Generator[bytes]:
    if head:
        yield head
    yield from rest


@contextmanager
def naming_errors(snapshot: Snapshot, file: SnapshotFile) -> Iterator[None]:
    """Say which segment and file an error is about."""
    try:
        yield
    except (BlobConflictError, BlobMissingError):
        raise SnapshotChangedError(snapshot.segment, file.name) from None
    except MalformedRowError as error:
        raise SnapshotUnreadableError(
            snapshot.segment, file.name, error.line, error.reason
        ) from None
    except LayoutError as error:
        raise SnapshotUnreadableError(snapshot.segment, file.name, None, str(error)) from None
    except UnicodeError:
        encoding = file.format.encoding or "UTF-8"
        raise SnapshotUnreadableError(
            snapshot.segment, file.name, None, f"it is not text in {encoding}"
        ) from None
