"""How many profiles a snapshot has, counted or estimated."""

from dataclasses import dataclass

from shared.platform.blobs import Blobs
from shared.segments.reader import read_profiles
from shared.segments.snapshots import Snapshot

# Counting goes at some 100 MB a second; who lists segments waits for all of them.
COUNTED_BYTES = 16 << 20
_SAMPLED_BYTES = 1 << 20


@dataclass(frozen=True)
class ProfileCount:
    """A number of rows; an estimate unless `exact`."""

    count: int
    exact: bool


def count_profiles(blobs: Blobs, snapshot: Snapshot, columns: tuple[str, ...]) -> ProfileCount:
    """Count a small snapshot's rows, estimate a large one's from the beginning of its first file.

    Raises SegmentsError.
    """
    if not columns or not snapshot.size:
        return ProfileCount(0, True)
    if snapshot.size <= COUNTED_BYTES:
        batches = read_profiles(blobs, snapshot, columns[:1])
        return ProfileCount(sum(batch.num_rows for batch in batches), True)
    file = max(snapshot.files, key=lambda file: file.size)
    beginning = blobs.read_range(file.name, 0, min(_SAMPLED_BYTES, file.size), file.etag)
    return ProfileCount(round(_rows(beginning) * snapshot.size / len(beginning)), False)


def _rows(data: bytes) -> int:
    """Count the line ends that no quotes enclose; works on UTF-16 as well."""
    return max(1, sum(part.count(b"\n") for part in data.split(b'"')[::2]))
