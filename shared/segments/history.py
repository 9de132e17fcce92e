"""The snapshots of a segment that lie there, the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from shared.platform.blobs import Blobs
from shared.segments.folders import older_folders
from shared.segments.snapshots import Snapshot, SnapshotFile, find_snapshot

MOST = 20


@dataclass(frozen=True)
class SnapshotHistory:
    """A segment's snapshots, newest first; the first is the one that a run would read."""

    snapshots: tuple[Snapshot, ...]

    @property
    def newest_whole(self) -> Snapshot | None:
        """The one to look into: the newest may still be being written."""
        return next((found for found in self.snapshots if found.whole), None)


def find_history(
    blobs: Blobs, folder: str, segment: str, quiet_seconds: float, now: datetime
) -> SnapshotHistory:
    """Return the newest snapshots of a segment; raises SegmentNotFoundError.

    Older ones are taken to be written as the newest is, and whole once nothing has changed there
    for the quiet time.
    """
    newest = find_snapshot(blobs, folder, segment, quiet_seconds, now)
    older = _older(blobs, folder, newest, quiet_seconds, now)
    return SnapshotHistory((newest, *islice(older, MOST - 1)))


def find_dated(
    blobs: Blobs, folder: str, newest: Snapshot, stamp: str, quiet_seconds: float, now: datetime
) -> Snapshot | None:
    """Return a segment's snapshot of this stamp, None where it is gone; `newest` is its newest."""
    if newest.stamp == stamp:
        return newest
    older = _older(blobs, folder, newest, quiet_seconds, now)
    found = next((one for one in older if one.stamp <= stamp), None)
    return found if found is not None and found.stamp == stamp else None


def _older(
    blobs: Blobs, folder: str, newest: Snapshot, quiet_seconds: float, now: datetime
) -> Iterator[Snapshot]:
    for found in older_folders(blobs, folder, newest.segment, newest.stamp, now):
        modified = max(file.modified for file in found.files)
        yield replace(
            newest,
            stamp=found.stamp,
            files=tuple(
                SnapshotFile(file.name, file.size, file.etag, file.modified, newest.format)
                for file in found.files
            ),
            confirmed=False,
            whole=(now - modified).total_seconds() >= quiet_seconds,
            modified=modified,
            warnings=(),
        )
