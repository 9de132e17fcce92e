"""The payload of a run: what is to be sent, as one blob of chunks that lanes read by ranges.

A chunk is a gzipped JSON list with a line for each item, which is a list of the item's fields.
Nobody but this module knows how many those are: it encodes, decodes and blanks them. Its form is
of the plan's version, which says where each chunk lies.
"""

import gzip
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, overload

import orjson

from shared.platform.ahead import one_ahead

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs; lanes do without
    import polars as pl

    from shared.platform.blobs import Blobs

CONTACTS_PER_CALL = 500
ChunkKind = Literal["upsert", "tag", "archive", "unsubscribe", "permit"]
# Kinds of chunks whose calls are about one contact each.
LEAVING: tuple[ChunkKind, ...] = ("archive", "unsubscribe")
SINGLES: tuple[ChunkKind, ...] = (*LEAVING, "permit")
# Zeros behind each chunk. Blanking an item, when a person is erased, may make the rest compress
# worse than before, and a chunk must not grow: its place is in the plan.
_SLACK = 1024
_LINES_PER_PART = 2_500
# For zlib: the largest window, with the header and the sum of gzip.
_GZIP = zlib.MAX_WBITS | 16
_PIECE = 1 << 16


class UpsertItem(NamedTuple):
    """A contact that is created or updated.

    values: merge fields, null for blank. add: mask of the tags to give. flags: those of the ledger.
    fields: mask of the merge fields that were sent before. tried: Mailchimp's time of the first
    attempt (seconds since 1970), 0 where this is it. moved_from, moved_to: of one that this
    product archived, Mailchimp's times between which it did; 0 where they are not known. tried_to:
    until when the attempt of `tried` may have been carried out; 0 where that is not known. more:
    the fields of More; exports that fill nothing but merge fields and tags write none.
    """

    email: str
    values: dict[str, Any]
    add: int
    flags: int
    fields: int
    tried: int
    moved_from: int = 0
    moved_to: int = 0
    tried_to: int = 0
    more: list[Any] | None = None

    def blanked(self) -> "UpsertItem":
        """Return nobody's item, with nothing to send; in the call that its flags ask for."""
        return UpsertItem("", {}, 0, self.flags, 0, 0, more=None if self.more is None else [])


class TagItem(NamedTuple):
    """A tag that a contact is given or loses; add: 1 or 0."""

    email: str
    bit: int
    add: int

    def blanked(self) -> "TagItem":
        """Return nobody's item."""
        return self._replace(email="")


class LeaverItem(NamedTuple):
    """A contact that is archived or unsubscribed.

    Mailchimp's times (seconds since 1970, 0 where they are not known) between which a call of ours
    created it, and between which the last one archived it or asked it back.
    """

    email: str
    made_from: int = 0
    made_to: int = 0
    moved_from: int = 0
    moved_to: int = 0

    @classmethod
    def of_call(cls, email: str, during: tuple[int, int]) -> "LeaverItem":
        """Return a contact that a call between these times of Mailchimp's has created."""
        return cls(email, made_from=during[0], made_to=during[1])

    @property
    def without_times(self) -> bool:
        """Whether it is of 0.1.0, which wrote no times."""
        return not (self.made_to or self.moved_to)

    def blanked(self) -> "LeaverItem":
        """Return nobody's item."""
        return LeaverItem("")


class PermitItem(NamedTuple):
    """A contact that gets its first marketing permissions, where this run has created it.

    mask: which ones. chunk, place: of its item among those that are created or updated.
    """

    email: str
    mask: int
    chunk: int
    place: int

    def blanked(self) -> "PermitItem":
        """Return nobody's item."""
        return self._replace(email="")


Item = UpsertItem | TagItem | LeaverItem | PermitItem
_ITEM: dict[ChunkKind, type[Item]] = {
    "upsert": UpsertItem,
    "tag": TagItem,
    "archive": LeaverItem,
    "unsubscribe": LeaverItem,
    "permit": PermitItem,
}
# 0.1.0 wrote neither time of what it had archived or created.
_BY_WIDTH: dict[int, type[Item]] = {1: LeaverItem, 6: UpsertItem, 9: UpsertItem} | {
    len(kind._fields): kind for kind in _ITEM.values()
}


def all_of[T: Item](kind: type[T], items: Sequence[Item]) -> list[T]:
    """Return the items of a call, all of which are of this kind; raises TypeError."""
    found: list[T] = [item for item in items if isinstance(item, kind)]
    if len(found) != len(items):
        raise TypeError("items of another kind")
    return found


@dataclass(frozen=True)
class ChunkIndex:
    """Where a chunk lies in the payload. Chunks of a phase wait for all of the one before."""

    kind: ChunkKind
    phase: int
    items: int
    calls: int
    offset: int
    length: int


class PlannedChunk(NamedTuple):
    """A chunk to be written; `rows` has a column for each field of its items, values as JSON."""

    kind: ChunkKind
    phase: int
    calls: int
    rows: "pl.DataFrame"


class Items[T: Item](Sequence[T]):
    """The items of a chunk, kept as text: each is parsed when it is asked for.

    A chunk is megabytes of which a call needs little, and parsing holds up all other threads.
    """

    def __init__(self, kind: type[T], text: bytes = b"[]") -> None:
        """`text` is the chunk's JSON list."""
        self._kind = kind
        self._lines = _lines_of(text)
        # Those that were parsed beforehand, and the place of the first of them.
        self._parsed: tuple[int, list[T]] = (0, [])

    def prepare(self, start: int, count: int) -> None:
        """Parse items before they are asked for, on another thread than the one that asks."""
        self._parsed = start, [self._item(line) for line in self._lines[start : start + count]]

    def of[K: Item](self, kind: type[K]) -> "Items[K]":
        """Return them as items of the kind that they are; raises TypeError."""
        if self._kind is not kind:
            raise TypeError("items of another kind")
        return cast("Items[K]", self)

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        first, parsed = self._parsed
        if isinstance(place, slice):
            start, end, step = place.indices(len(self))
            if step == 1 and first <= start <= end <= first + len(parsed):
                return parsed[start - first : end - first]
            return [self._item(line) for line in self._lines[place]]
        if first <= place < first + len(parsed):
            return parsed[place - first]
        return self._item(self._lines[place])

    def _item(self, line: bytes) -> T:
        return self._kind(*orjson.loads(line))


def no_items(kind: ChunkKind) -> Items[Item]:
    """Return no items of a chunk of this kind."""
    return Items(_ITEM[kind])


def read_chunk(blobs: "Blobs", name: str, chunk: ChunkIndex) -> Items[Item]:
    """Return a chunk's items."""
    data = blobs.read_range(name, chunk.offset, chunk.length)
    return Items(_ITEM[chunk.kind], gzip.decompress(data))


def write(blobs: "Blobs", name: str, chunks: Iterable[PlannedChunk]) -> list[ChunkIndex]:
    """Write the payload and return its index."""
    index: list[ChunkIndex] = []

    def pieces() -> Iterator[bytes]:
        offset = 0
        for kind, phase, calls, rows in chunks:
            data = _compressed(_lines(kind, rows)) + bytes(_SLACK)
            index.append(ChunkIndex(kind, phase, rows.height, calls, offset, len(data)))
            offset += len(data)
            yield data

    # The next chunk is compressed while this one goes out.
    with closing(one_ahead(pieces())) as coming:
        blobs.write(name, coming)
    return index


def without(payload: bytes, addresses: Collection[str]) -> bytes:
    """Return a payload in which the items of these addresses are blank and all else in its place.

    Items are not removed: outcomes are matched to rows by their places.
    """
    return b"".join(_without(chunk, addresses) for chunk in _members(payload))


def _lines(kind: ChunkKind, rows: "pl.DataFrame") -> "pl.Series":
    """Return the items as JSON: an address in quotes, and all other fields as they are."""
    import polars as pl

    fields = [name for name in _ITEM[kind]._fields if name in rows.columns]
    pattern = '["{}"' + ",{}" * (len(fields) - 1) + "]"
    # Formatting a slice of several chunks, the first of them empty, makes Polars 2.1 panic.
    return rows.rechunk().select(line=pl.format(pattern, *fields))["line"]


def _compressed(lines: "pl.Series") -> bytes:
    """Return a gzipped JSON list, made in parts so that its text is never in the memory whole."""
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    parts = [packer.compress(b"[")]
    for start in range(0, lines.len(), _LINES_PER_PART):
        text = lines.slice(start, _LINES_PER_PART).str.join(",\n").item()
        parts.append(packer.compress(((",\n" if start else "") + text).encode()))
    return b"".join([*parts, packer.compress(b"]"), packer.flush()])


def _lines_of(text: bytes) -> list[bytes]:
    return text[1:-1].split(b",\n") if text != b"[]" else []


def _members(data: bytes) -> Iterator[bytes]:
    """Yield the chunks of a payload: each is a gzip member, with the zeros behind it."""
    view, start = memoryview(data), 0
    while start < len(data):
        reader, end = zlib.decompressobj(wbits=_GZIP), start
        while not reader.eof:
            reader.decompress(view[end : end + _PIECE])
            end = min(end + _PIECE, len(data))
        end -= len(reader.unused_data)
        while end < len(data) and data[end] == 0:
            end += 1
        yield data[start:end]
        start = end


def _without(chunk: bytes, addresses: Collection[str]) -> bytes:
    """Return a chunk of the same length, in which these addresses' items are blank."""
    text = gzip.decompress(chunk)
    heads = tuple(b'["' + address.encode() + b'"' for address in addresses)
    if not any(head in text for head in heads):
        return chunk
    lines = [_blank(line) if line.startswith(heads) else line for line in _lines_of(text)]
    changed = gzip.compress(b"[" + b",\n".join(lines) + b"]", compresslevel=9)
    if len(changed) > len(chunk):
        raise ValueError("a chunk has grown")
    return changed + bytes(len(chunk) - len(changed))


def _blank(line: bytes) -> bytes:
    fields = orjson.loads(line)
    blank = _BY_WIDTH[len(fields)](*fields).blanked()
    # What an item was written without it goes on without.
    return orjson.dumps(list(blank) if blank[-1] is not None else list(blank)[:-1])
