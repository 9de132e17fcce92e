"""What lists need to know of many documents, kept in a few blobs that are read at once.

Whoever changes a document marks it here first and tells of it afterwards. Of a marked document
nothing is known: whoever reads the index looks at the document itself, so a crash in between
costs a look and tells nobody anything untrue. What is changed behind the app's back (a backup that
is restored, an earlier version that is still running) is found by `heal`, by the ETags of a
listing; an index that is missing or torn is made anew from the documents.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from secrets import token_hex
from typing import NamedTuple
from weakref import WeakKeyDictionary
from zlib import crc32

import orjson

from shared.platform import log
from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs, Document
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.platform.errors import CloudError

# So many that a save at ten thousand documents rewrites a megabyte or two, and no more: each of
# them is a call of every look.
_SHARDS = 4
_READERS = 16
# Nobody is still writing a document after so long.
_LEFT_SECONDS = 600.0
Entries = dict[str, Document]


class Told(NamedTuple):
    """What the index keeps of a document: its version, and facts; None where it can't be read."""

    etag: str
    facts: Document | None


class _Read(NamedTuple):
    """A shard as it was read last: most looks find that nobody has written it since."""

    data: bytes
    etag: str


# As text, which takes a sixth of the memory that its objects take.
_read: WeakKeyDictionary[Blobs, dict[str, _Read]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Index:
    """The index of one kind of documents, in a folder of its own.

    tell: reads a document by its name, None where there is none. versions: yields the names and
    ETags of all that there are, by a listing.
    """

    folder: str
    tell: Callable[[Blobs, str], Told | None]
    versions: Callable[[Blobs], Iterable[tuple[str, str]]]

    def read(self, blobs: Blobs) -> dict[str, Document | None]:
        """Return the facts of every document by its name; None: look at the document itself."""
        found: dict[str, Document | None] = {}
        for entries in self._all(blobs).values():
            found |= {name: entry.get("facts") for name, entry in entries.items()}
        return found

    @contextmanager
    def changing(self, blobs: Blobs, name: str) -> Iterator[None]:
        """Write or delete a document in the block, and have the index tell what it is then."""
        mark = {"mark": token_hex(8), "at": to_text(utc_now())}
        self._change(blobs, self._shard(name), {name: mark})
        try:
            yield
        finally:
            try:
                self._settle(blobs, name, mark)
            except CloudError as error:  # the mark stays, and the document itself is asked
                log.failure("index_not_settled", error, index=self.folder, document=name)

    def heal(self, blobs: Blobs) -> int:
        """Make right what is not as the documents are; return of how many that was."""
        versions = dict(self.versions(blobs))
        healed = 0
        for shard, entries in self._all(blobs).items():
            mine = {name for name in versions if self._shard(name) == shard}
            wrong = [
                name
                for name in sorted(mine | entries.keys())
                if _is_wrong(entries.get(name), versions.get(name))
            ]
            if wrong:
                told = self._tell(blobs, wrong)
                self._change(blobs, shard, told, unless_changed=entries)
                healed += len(wrong)
        if healed:
            log.event("index_healed", index=self.folder, documents=healed)
        return healed

    def _settle(self, blobs: Blobs, name: str, mark: Document) -> None:
        # Who has marked it since tells of it later.
        told = self._tell(blobs, [name])
        self._change(blobs, self._shard(name), told, unless_changed={name: mark})

    def _tell(self, blobs: Blobs, names: Collection[str]) -> dict[str, Document | None]:
        """Read documents side by side; return entries by name, None where there is no document."""
        if len(names) == 1:
            return {name: _entry(self.tell(blobs, name)) for name in names}
        with ThreadPoolExecutor(_READERS, thread_name_prefix="index") as readers:
            told = readers.map(lambda name: _entry(self.tell(blobs, name)), names)
            return dict(zip(names, told, strict=True))

    def _change(
        self,
        blobs: Blobs,
        shard: str,
        changes: Mapping[str, Document | None],
        *,
        unless_changed: Mapping[str, Document] | None = None,
    ) -> None:
        """Write entries, or take out those that are None; only over those that are still so."""

        def changed(document: Document) -> Document:
            entries: Entries = document["documents"]
            for name, entry in changes.items():
                if unless_changed is not None and entries.get(name) != unless_changed.get(name):
                    continue
                if entry is None:
                    entries.pop(name, None)
                else:
                    entries[name] = entry
            return document

        while True:
            with suppress(ValueError, KeyError):  # torn
                if blobs.update_document(shard, changed) is not None:
                    return
            self._make(blobs)

    def _all(self, blobs: Blobs) -> dict[str, Entries]:
        """Return the entries of every shard, made anew where one is missing or torn."""
        while True:
            with ThreadPoolExecutor(_SHARDS, thread_name_prefix="index") as readers:
                loaded = readers.map(partial(_load, blobs), self._shards)
                found = dict(zip(self._shards, loaded, strict=True))
            whole = {shard: entries for shard, entries in found.items() if entries is not None}
            if len(whole) == len(found):
                return whole
            self._make(blobs)

    def _make(self, blobs: Blobs) -> None:
        """Make the shards that are missing or torn; whoever was quicker has made them as well."""
        names = [name for name, _ in self.versions(blobs)]
        for shard in self._shards:
            if _load(blobs, shard) is not None:
                continue
            told = self._tell(blobs, [name for name in names if self._shard(name) == shard])
            entries = {name: entry for name, entry in told.items() if entry is not None}
            with suppress(BlobConflictError):
                blobs.replace_document(shard, {"documents": entries}, _etag_of(blobs, shard))
            log.event("index_made", index=shard, documents=len(entries))

    @property
    def _shards(self) -> list[str]:
        return [f"{self.folder}{number}.json" for number in range(_SHARDS)]

    def _shard(self, name: str) -> str:
        return f"{self.folder}{crc32(name.encode()) % _SHARDS}.json"


def _load(blobs: Blobs, shard: str) -> Entries | None:
    """Return the entries of a shard, None where it is missing or torn."""
    known = _read.setdefault(blobs, {})
    before = known.get(shard)
    try:
        found = blobs.read_unless(shard, before and before.etag) or before
        if found is None:
            return None
        known[shard] = read = _Read(*found)
        document = blobs.forms.from_store(shard, orjson.loads(read.data))
        entries: Entries | None = document["documents"]
    except (BlobMissingError, ValueError, KeyError):
        known.pop(shard, None)
        return None
    return entries


def _etag_of(blobs: Blobs, shard: str) -> str | None:
    with suppress(BlobMissingError):
        return blobs.read_with_etag(shard)[1]
    return None


def _entry(told: Told | None) -> Document | None:
    return None if told is None else told._asdict()


def _is_wrong(entry: Document | None, version: str | None) -> bool:
    if entry is not None and "mark" in entry:
        # Whoever set it may be about to write.
        return seconds_since(entry["at"]) > _LEFT_SECONDS
    return (entry["etag"] if entry else None) != version
