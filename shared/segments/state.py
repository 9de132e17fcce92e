"""What a snapshot is: its files, by name, version, size and time together."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # ledgers remember states without reading any segment
    from shared.segments.snapshots import Snapshot

_DIGITS = 16


@dataclass(frozen=True)
class SnapshotState:
    """A snapshot as it is remembered: a digest of all, one of each file's name, of its columns.

    `columns` is empty where they were not looked at.
    """

    digest: str
    files: frozenset[str]
    columns: str = ""

    def lacks_files_of(self, earlier: "SnapshotState") -> bool:
        """Return whether files are gone that an earlier state had."""
        return not earlier.files <= self.files


def state_of(snapshot: "Snapshot", columns: Iterable[str] = ()) -> SnapshotState:
    """Return what tells this state of a snapshot from any other."""
    files = sorted(
        (file.name, file.etag, str(file.size), file.modified.isoformat()) for file in snapshot.files
    )
    return SnapshotState(
        digest=_digest(text for file in files for text in file),
        files=frozenset(_digest([file.name]) for file in snapshot.files),
        columns=columns_digest(columns),
    )


def columns_digest(columns: Iterable[str]) -> str:
    """Return what tells columns in their order from others; empty for none."""
    names = tuple(columns)
    return _digest(names) if names else ""


def _digest(texts: Iterable[str]) -> str:
    return sha256("\0".join(texts).encode()).hexdigest()[:_DIGITS]
