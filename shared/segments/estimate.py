"""How many profiles a snapshot holds, for people who set up an export."""

from contextlib import closing

from shared.platform.blobs import Blobs
from shared.segments.opening import naming_errors, open_file
from shared.segments.reader import columns_of, read_profiles
from shared.segments.snapshots import Snapshot

# Some 50,000 profiles; counting them takes a fraction of a second.
_COUNTED_BELOW = 16 << 20
_SAMPLED = 1 << 20


def estimate_profiles(blobs: Blobs, snapshot: Snapshot) -> tuple[int, bool]:
    """Return the number of profiles, and whether it is exact: counted, not estimated.

    Large snapshots are estimated from the rows at the beginning of their largest file. Raises
    SnapshotUnreadableError, SnapshotChangedError.
    """
    if snapshot.size > _COUNTED_BELOW:
        return _estimate(blobs, snapshot), False
    columns = columns_of(blobs, snapshot)
    unique = [name for name in columns if columns.count(name) == 1][:1]
    if not unique:
        return 0, not columns
    return sum(batch.num_rows for batch in read_profiles(blobs, snapshot, unique)), True


def _estimate(blobs: Blobs, snapshot: Snapshot) -> int:
    file = max(snapshot.files, key=lambda file: file.size)
    with naming_errors(snapshot, file):
        opened = open_file(blobs, file, limit=_SAMPLED)
        if opened is None:
            return 0
        layout, chunks = opened
        with closing(chunks):
            rows = len(layout.rules.split(b"".join(chunks), _SAMPLED))
        return round(snapshot.size * rows / min(_SAMPLED, file.size))
