"""Where the rows of a CSV of outcomes begin, so that a page of a million is read alone.

The index is of one version of the file, by its ETag: an erasure rewrites files, and files of 0.1.0
had none, so whoever finds an index of another version makes it anew.
"""

from dataclasses import dataclass

from shared.platform.blobs import Blobs

ROWS_PER_BLOCK = 500


@dataclass(frozen=True)
class OutcomeIndex:
    """offsets: where each block of rows begins, in bytes, and where the last ends.

    masks: the segments of each block's rows as bits, empty where they are not known.
    """

    etag: str
    rows: int
    offsets: list[int]
    masks: list[int]

    def block(self, number: int) -> tuple[int, int]:
        """Return where a block begins and how long it is."""
        return self.offsets[number], self.offsets[number + 1] - self.offsets[number]

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self.offsets) - 1

    def has_segment(self, number: int, bit: int) -> bool:
        """Return whether a block may have a row of a segment."""
        return not self.masks or bool(self.masks[number] >> bit & 1)


def save(blobs: Blobs, file: str, index: OutcomeIndex) -> None:
    """Store the index of a file."""
    blobs.write_document(_name(file), vars(index))


def load(blobs: Blobs, file: str) -> OutcomeIndex | None:
    """Return the index of a file as it is now, None where there is no such file."""
    info = blobs.info(file)
    if info is None:
        return None
    found = blobs.read_document(_name(file))
    if found is not None and found[0]["etag"] == info.etag:
        return OutcomeIndex(**found[0])
    made = _made(*blobs.read_with_etag(file))
    save(blobs, file, made)
    return made


def _made(data: bytes, etag: str) -> OutcomeIndex:
    """Look for the ends of rows: line ends outside of quotes."""
    position, quotes, rows = 0, 0, -1
    offsets: list[int] = []
    for line in data.split(b"\r\n")[:-1]:
        position += len(line) + 2
        quotes += line.count(b'"')
        if quotes % 2:
            continue
        rows += 1  # the header is none
        if rows % ROWS_PER_BLOCK == 0:
            offsets.append(position)
    if offsets and offsets[-1] != position:
        offsets.append(position)
    return OutcomeIndex(etag, max(0, rows), offsets, [])


def _name(file: str) -> str:
    return f"{file.removesuffix('.csv')}.index.json"
