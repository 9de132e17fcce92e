"""Bytes as a snapshot: five bytes choose how it is described and read, the rest are its files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from shared.platform.blobs import Blobs
from shared.segments.format import CsvFormat
from shared.segments.snapshots import Snapshot, SnapshotFile

COLUMNS = ("CustomerId", "Email", "Note")
BETWEEN_FILES = b"===="
CHUNKS = (1 << 20, 1, 2, 3, 7, 64)
DELIMITERS = (None, ",", ";", "\t", "|", " ", "a", "\\", "\x7f")
ENCODINGS = (
    *(None, "utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"),
    *("cp1252", "iso8859-1", "cp037", "koi8-r", "shift_jis", "gb18030", "big5", "euc_jp"),
)
HEADERS = (None, True, False)
_MOMENT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """Files, what model.json says of them, and what is asked of them.

    The blobs come in chunks of `chunk` bytes. The bits of `picks` choose among the columns that
    the snapshot says it has; 0 asks for COLUMNS, whatever there is.
    """

    files: tuple[bytes, ...]
    format: CsvFormat = field(default_factory=CsvFormat)
    chunk: int = CHUNKS[0]
    picks: int = 255

    def encoded(self) -> bytes:
        """The bytes that `decoded` makes this case of."""
        flags = HEADERS.index(self.format.header) | (not self.format.quoting) << 2
        flags |= len(self.format.columns or ()) << 3
        flags |= self.format.ragged << 6 | self.format.escape << 7
        head = (
            CHUNKS.index(self.chunk),
            DELIMITERS.index(self.format.delimiter),
            ENCODINGS.index(self.format.encoding),
            flags,
            self.picks,
        )
        return bytes(head) + BETWEEN_FILES.join(self.files)

    @property
    def blobs(self) -> Blobs:
        """A container that can do what a reader needs of one.

        The storage emulator would allow some hundred cases a second, and a fuzzer's cases by the
        thousand are what finds anything.
        """
        return cast(Blobs, FilesInMemory(self))

    @property
    def snapshot(self) -> Snapshot:
        """The files as found in a folder."""
        files = tuple(
            SnapshotFile(_name(number), len(data), '"1"', _MOMENT, self.format)
            for number, data in enumerate(self.files)
        )
        return Snapshot("VIP", "2026/11/22/0600", files, self.format, True, True, _MOMENT)


@dataclass(frozen=True)
class FilesInMemory:
    """The one method of a container that reading uses."""

    case: Case

    def stream(
        self, name: str, *, offset: int = 0, length: int | None = None, etag: str | None = None
    ) -> Iterator[bytes]:
        """Yield a file in the case's chunks."""
        assert etag == '"1"'
        data = next(d for number, d in enumerate(self.case.files) if _name(number) == name)
        data = data[offset:] if length is None else data[offset : offset + length]
        for at in range(0, len(data), self.case.chunk):
            yield data[at : at + self.case.chunk]


def decoded(data: bytes) -> Case:
    """Make a case of any bytes."""
    chunk, delimiter, encoding, flags, picks = data[:5].ljust(5, b"\0")
    known = (flags >> 3 & 7) % (len(COLUMNS) + 1)
    said = CsvFormat(
        delimiter=DELIMITERS[delimiter % len(DELIMITERS)],
        quoting=not flags & 4,
        encoding=ENCODINGS[encoding % len(ENCODINGS)],
        header=HEADERS[(flags & 3) % len(HEADERS)],
        columns=COLUMNS[:known] or None,
        ragged=bool(flags & 64),
        escape=bool(flags & 128),
    )
    files = tuple(data[5:].split(BETWEEN_FILES))
    return Case(files, said, CHUNKS[chunk % len(CHUNKS)], picks)


def _name(number: int) -> str:
    return f"VIP/2026/11/22/0600/VIP_{number}.csv"
