"""Opens one file of a snapshot: its layout from its first rows, then its text piece by piece."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from shared.platform.blobs import (
    BlobArchivedError,
    BlobConflictError,
    BlobMissingError,
    BlobRefusedError,
    Blobs,
)
from shared.segments.errors import SnapshotChangedError, SnapshotUnreadableError
from shared.segments.layout import Layout, LayoutError, layout_of
from shared.segments.snapshots import Snapshot, SnapshotFile
from shared.segments.text import as_utf8

FIRST_LOOK = 256 << 10
"""Bytes in which a first row is expected."""

_ARCHIVED_HELP = (
    "Bring it back to a warmer tier, or let Customer Insights write the segment again; and have "
    "the storage account's lifecycle rule leave the newest files alone."
)
_GZIP = b"\x1f\x8b"


def open_file(
    blobs: Blobs,
    file: SnapshotFile,
    before: Layout | None = None,
    wanted: Sequence[str] = (),
    limit: int | None = None,
) -> tuple[Layout, Generator[bytes]] | None:
    """Return a file's layout and its rows as UTF-8, None where it holds no row.

    `before` is the layout of an earlier file, `wanted` columns that a header should have. With a
    `limit` only so many bytes are read, and the last row may be cut. Raises LayoutError,
    UnicodeError, BlobConflictError, BlobMissingError, BlobArchivedError, BlobRefusedError.
    """
    if file.format.unknown:
        raise LayoutError(
            f"its model.json names {' and '.join(file.format.unknown)}, which this app can't read",
            "Have the export written as CSV with one delimiter, in UTF-8.",
        )
    if file.size == 0:
        return None
    cut = limit is not None and limit < file.size
    chunks = _text(blobs, file, limit if cut else None)
    head = b""
    ended = True
    for chunk in chunks:
        head += chunk
        if len(head) >= FIRST_LOOK:
            ended = False
            break
    if head.startswith(_GZIP):
        raise LayoutError("it is compressed", "Have the export written without compression.")
    skipped = _lines_before(head, file.format.skipped)
    # The last row of a file may lack its line end; a first row beyond the first look is rare.
    looks = [head + b"\n"] if ended and not cut else [head[:FIRST_LOOK], head]
    for look in looks:
        layout = layout_of(look, file.format, before, wanted, skipped)
        if layout is not None:
            return layout, _joined(head[layout.start :], chunks)
    if ended and not head[skipped:].strip(b"\r\n"):
        return None
    raise LayoutError("its first row does not end, or a quote in it is out of place")


def rows_again(blobs: Blobs, file: SnapshotFile, start: int) -> Generator[bytes]:
    """Yield a file's text as UTF-8 from a byte of it on, without its byte order mark."""
    for chunk in _text(blobs, file, None):
        if start < len(chunk):
            yield chunk[start:]
        start = max(0, start - len(chunk))


def _text(blobs: Blobs, file: SnapshotFile, length: int | None) -> Iterator[bytes]:
    raw = blobs.stream(file.name, length=length, etag=file.etag)
    return as_utf8(raw, file.format.encoding, whole=length is None)


def _lines_before(head: bytes, count: int) -> int:
    """Where the text behind so many lines begins."""
    at = 0
    for _ in range(count):
        at = head.find(b"\n", at) + 1 or len(head)
    return at


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
    except BlobArchivedError:
        raise SnapshotUnreadableError(
            snapshot.segment,
            file.name,
            None,
            "it has been moved to the archive tier, where nothing can be read",
            help=_ARCHIVED_HELP,
        ) from None
    except BlobRefusedError as error:
        raise SnapshotUnreadableError(
            snapshot.segment,
            file.name,
            None,
            str(error),
            help="Ask whoever looks after the storage account.",
        ) from None
    except LayoutError as error:
        raise SnapshotUnreadableError(
            snapshot.segment, file.name, None, str(error), help=error.help
        ) from None
    except UnicodeError:
        encoding = file.format.encoding or "UTF-8"
        raise SnapshotUnreadableError(
            snapshot.segment, file.name, None, f"it is not text in {encoding}"
        ) from None
