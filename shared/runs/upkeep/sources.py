"""What lies in the sources of exports, as the tick looks at them: one call for each.

A folder's model.json is written anew with every export of Customer Insights. While its ETag is the
same, what it named last time is taken to be the newest still; now and then all is looked at all
the same, for nobody promises that. Where no model.json tells of a segment it is looked at each
time.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Lock
from typing import Self
from zlib import crc32

from shared.app import App
from shared.platform.blobs import Blobs, Document
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.segments.description import Models, root_model
from shared.segments.errors import SegmentNotFoundError
from shared.segments.snapshots import Snapshot, find_snapshot, is_given_up
from shared.segments.state import state_of

_REMEMBERED = "index/sources.json"
# Half of it to one and a half, so that not all are looked at by one tick.
_BELIEVED_SECONDS = 3600.0
_FORGOTTEN_SECONDS = 86_400.0


@dataclass(frozen=True)
class Newest:
    """A segment's newest snapshot: its name, what tells its state, whether a run may begin on it.

    confirmed_by: the model.json that names its files, "" where none does. written_at: when the
    newest of its files was written.
    """

    segment: str
    stamp: str
    state: str
    ready: bool
    confirmed_by: str = ""
    written_at: str = ""

    @classmethod
    def of(cls, snapshot: Snapshot, now: datetime) -> Self:
        """Return what a schedule asks of a snapshot."""
        ready = snapshot.whole or is_given_up(snapshot, now)
        by = snapshot.confirmed_by if snapshot.whole else ""
        written_at = to_text(snapshot.modified)
        state = state_of(snapshot).digest
        return cls(snapshot.segment, snapshot.stamp, state, ready, by, written_at)


@dataclass
class _Source:
    """One folder as it is looked at in one tick."""

    blobs: Blobs
    key: str
    quiet: float
    remembered: Document | None
    lock: Lock = field(default_factory=Lock)
    models: Models = field(default_factory=Models)
    version: str | None = None
    looked: bool = False
    found: dict[str, Newest | None] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        return self.key.partition("/")[2]

    def newest(self, segment: str) -> Newest | None:
        with self.lock:
            if not self.looked:
                self._begin()
            if segment not in self.found:
                self.found[segment] = self._look(segment)
            return self.found[segment]

    def _begin(self) -> None:
        # Before the segments: one that is written meanwhile belongs to the next version.
        info = self.blobs.info(root_model(self.folder))
        self.version, self.looked = info.etag if info else None, True
        if self.remembered is None or self.version is None:
            return
        age, spread = seconds_since(self.remembered["at"]), 0.5 + crc32(self.key.encode()) / 2**32
        if self.remembered["version"] != self.version or age > _BELIEVED_SECONDS * spread:
            self.remembered = None
            return
        self.found |= {each["segment"]: Newest(**each) for each in self.remembered["segments"]}

    def _look(self, segment: str) -> Newest | None:
        now = utc_now()
        try:
            found = find_snapshot(self.blobs, self.folder, segment, self.quiet, now, self.models)
        except SegmentNotFoundError:
            return None
        return Newest.of(found, now)

    def document(self) -> Document | None:
        """Return what to remember: what the folder's own model.json has confirmed."""
        root = root_model(self.folder)
        confirmed = [one for one in self.found.values() if one and one.confirmed_by == root]
        if self.version is None or not confirmed:
            return None
        at = self.remembered["at"] if self.remembered else to_text(utc_now())
        segments = [asdict(one) for one in sorted(confirmed, key=lambda one: one.segment)]
        return {"version": self.version, "at": at, "segments": segments}


class Sources:
    """Every source, looked at once per tick: who asks meanwhile waits for the answer."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = Lock()
        self._sources: dict[str, _Source] = {}
        found = app.blobs.read_document(_REMEMBERED)
        self._remembered: dict[str, Document] = found[0]["sources"] if found else {}

    def newest(self, container: str, folder: str, segment: str) -> Newest | None:
        """Return a segment's newest snapshot, None where there is none."""
        key = f"{container}/{folder}"
        with self._lock:
            if key not in self._sources:
                blobs, quiet = (
                    self._app.segment_container(container),
                    self._app.settings.snapshot_quiet,
                )
                self._sources[key] = _Source(blobs, key, quiet, self._remembered.get(key))
        return self._sources[key].newest(segment)

    def remember(self) -> None:
        """Leave what was seen to the next tick; what nobody asks for any more is forgotten."""
        kept = {
            key: found
            for key, found in self._remembered.items()
            if seconds_since(found["at"]) < _FORGOTTEN_SECONDS
        }
        for key, source in self._sources.items():
            if source.looked:
                kept.pop(key, None)
                if (document := source.document()) is not None:
                    kept[key] = document
        if kept != self._remembered:
            self._app.blobs.write_document(_REMEMBERED, {"sources": kept})
