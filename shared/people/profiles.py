"""A person's profiles in the snapshots of a run, judged by what judges them in a run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Literal

import polars as pl
import pyarrow as pa

from shared.exports.models import Export
from shared.frames.addresses import canonical_column
from shared.people.asked import Patience
from shared.people.facts import Profile
from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs
from shared.platform.clock import utc_now
from shared.platform.errors import CloudError
from shared.runs.codes import NAMES
from shared.runs.planning.eligibility import classify
from shared.runs.planning.profiles import ProfileColumns, gather
from shared.runs.planning.reading import profile_columns
from shared.segments.columns import CUSTOMER_ID, find_column
from shared.segments.errors import SegmentNotFoundError, SegmentsError
from shared.segments.history import find_dated
from shared.segments.reader import columns_of, read_profiles
from shared.segments.snapshots import Snapshot, find_snapshot

_NOBODY = pl.DataFrame(schema={"email": pl.String, "status": pl.String})
_NOT_OURS = pl.DataFrame(schema={"email": pl.String, "archived": pl.Boolean, "pending": pl.Boolean})
# Why a segment was not looked into: no time, its snapshot is gone, or can't be read.
Unread = Literal["time", "snapshot_gone", "snapshot_unreadable"]


@dataclass(frozen=True)
class Names:
    """What rows of a person may say: addresses in their canonical form, and CustomerIds."""

    emails: frozenset[str]
    customer_ids: frozenset[str]


@dataclass
class Look:
    """What was seen in the segments, by name: profiles, and why some were not looked into.

    newer: a segment has a newer snapshot than the one that was looked into.
    """

    profiles: tuple[Profile, ...] = ()
    unread: dict[str, Unread] = field(default_factory=dict)
    newer: bool = False


@dataclass(frozen=True)
class SegmentLooker:
    """Looks into the snapshots, by segment, that a run of this configuration found."""

    blobs: Blobs
    export: Export
    snapshots: Mapping[str, str]
    quiet_seconds: float

    def look(self, names: Names, patience: Patience) -> Look:
        """Return the profiles of a person."""
        look = Look()
        found = self._find_all(look)
        culture = next((one.culture for one in found.values() if one.culture), None)
        columns = self._columns(culture)
        read: list[tuple[str, list[pa.RecordBatch]]] = []
        for segment in self.export.segment_names:
            batches: list[pa.RecordBatch] = []
            if segment in found:
                try:
                    batches = self._rows(found[segment], columns, names, patience)
                except _UnreadError as error:
                    look.unread[segment] = error.why
            read.append((segment, batches))
        look.profiles = _judged(self.export, columns, read)
        return look

    def _columns(self, culture: str | None) -> ProfileColumns:
        stamps = [self.snapshots.get(name, "") for name in self.export.segment_names]
        # Mapped values are nobody's business here.
        return replace(profile_columns(self.export, stamps, culture), values=(), computed=())

    def _find_all(self, look: Look) -> dict[str, Snapshot]:
        """Return the snapshots that the run found, as far as they are there."""
        found: dict[str, Snapshot] = {}
        for segment in self.export.segment_names:
            if segment not in self.snapshots:
                continue
            try:
                snapshot = self._find(segment, look)
            except (SegmentsError, CloudError, BlobMissingError):
                look.unread[segment] = "snapshot_unreadable"
                continue
            if snapshot is None:
                look.unread[segment] = "snapshot_gone"
            else:
                found[segment] = snapshot
        return found

    def _find(self, segment: str, look: Look) -> Snapshot | None:
        now, quiet = utc_now(), self.quiet_seconds
        folder, stamp = self.export.source.folder, self.snapshots[segment]
        try:
            newest = find_snapshot(self.blobs, folder, segment, quiet, now)
        except SegmentNotFoundError:
            return None
        look.newer |= newest.stamp > stamp
        return find_dated(self.blobs, folder, newest, stamp, quiet, now)

    def _rows(
        self, snapshot: Snapshot, columns: ProfileColumns, names: Names, patience: Patience
    ) -> list[pa.RecordBatch]:
        stop = patience.begin()
        if stop is None:
            raise _UnreadError("time")
        try:
            there = columns_of(self.blobs, snapshot, columns.all(with_id=False))
            with_id = bool(find_column(there, CUSTOMER_ID))
            batches = read_profiles(self.blobs, snapshot, columns.all(with_id=with_id))
            with closing(batches):
                return list(_of_person(batches, columns.email, names, stop, with_id=with_id))
        except (SegmentsError, CloudError, BlobMissingError, BlobConflictError):
            raise _UnreadError("snapshot_unreadable") from None


class _UnreadError(Exception):
    """A segment could not be looked into."""

    def __init__(self, why: Unread) -> None:
        super().__init__(why)
        self.why = why


def _of_person(
    batches: Iterator[pa.RecordBatch],
    email: str,
    names: Names,
    stop: Callable[[], bool],
    *,
    with_id: bool,
) -> Iterator[pa.RecordBatch]:
    wanted = canonical_column(pl.col(email)).is_in(sorted(names.emails))
    if with_id and names.customer_ids:
        wanted |= pl.col(CUSTOMER_ID).str.strip_chars().is_in(sorted(names.customer_ids))
    for batch in batches:
        if stop():
            raise _UnreadError("time")
        found = pl.DataFrame(batch).select(wanted.alias("wanted"))["wanted"]
        if found.any():
            yield batch.filter(found.to_arrow())


def _judged(
    export: Export,
    columns: ProfileColumns,
    read: Sequence[tuple[str, Sequence[pa.RecordBatch]]],
) -> tuple[Profile, ...]:
    """Let a run's own rules say which profiles count, and why others don't."""
    frame = gather(read, columns).frame
    if frame.is_empty():
        return ()
    judged = classify(frame, _NOBODY, _NOT_OURS)
    names = export.segment_names
    return tuple(
        Profile(
            customer_id=row["customer_id"],
            email=row["email"],
            segment=names[bit],
            code=None if code is None else NAMES[code],
            consent=_consent(row) if columns.consent is not None else None,
        )
        for row, code in zip(frame.iter_rows(named=True), judged["code"].to_list(), strict=True)
        for bit in range(len(names))
        if row["segments"] >> bit & 1
    )


def _consent(row: Mapping[str, object]) -> Literal["given", "refused", "blank"]:
    if row["consent"]:
        return "given"
    return "refused" if row["refused"] else "blank"
