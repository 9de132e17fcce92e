"""The newest snapshot of a segment: its files, how they are written, and whether all are there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.platform.blobs import BlobMissingError, Blobs
from shared.platform.errors import CloudError
from shared.segments.description import (
    MODEL,
    Description,
    Models,
    agreement,
    described,
    descriptions,
    formats,
)
from shared.segments.errors import SegmentNotFoundError
from shared.segments.folders import Folder, clean, find_segments, newest_folder
from shared.segments.format import CsvFormat
from shared.segments.model import ModelTable

__all__ = [
    "FOLDER_IN_FUTURE",
    "MODEL_IGNORED",
    "Snapshot",
    "SnapshotFile",
    "find_segments",
    "find_snapshot",
]

MODEL_IGNORED = "snapshot_model_ignored"
FOLDER_IN_FUTURE = "folder_in_future"
WAITED_FOR = timedelta(hours=6)
"""How long the rest of a snapshot is waited for."""


class Warned(NamedTuple):
    """What a person should know about a snapshot: a code, a sentence, and what it is about."""

    code: str
    text: str
    params: Mapping[str, str]


@dataclass(frozen=True)
class SnapshotFile:
    """One partition; `size` in bytes. `format` is as model.json says for it."""

    name: str
    size: int
    etag: str
    modified: datetime
    format: CsvFormat = field(default_factory=CsvFormat)


@dataclass(frozen=True)
class Snapshot:
    """One dated folder of a segment, as it was when it was looked at.

    `stamp` sorts as text, newest last. `confirmed`: model.json names exactly these files.
    `whole`: nothing more is expected; a run waits while it is not. `modified` is the newest file's
    time, `types` the columns' CDM data types where they are known, `culture` how values are
    written (de-DE), `confirmed_by` the model.json that names them.
    """

    segment: str
    stamp: str
    files: tuple[SnapshotFile, ...]
    format: CsvFormat
    confirmed: bool
    whole: bool
    modified: datetime
    warnings: tuple[Warned, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    culture: str | None = None
    confirmed_by: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def age(self, now: datetime) -> timedelta:
        """How long ago its newest file was written."""
        return now - self.modified


def find_snapshot(
    blobs: Blobs,
    folder: str,
    segment: str,
    quiet_seconds: float,
    now: datetime,
    models: Models | None = None,
) -> Snapshot:
    """Return a segment's newest snapshot, which is not whole while it is still being written.

    An older one is never returned instead. models: what the same look at others has read. Raises
    SegmentNotFoundError.
    """
    try:
        found = newest_folder(blobs, folder, segment, now)
    except BlobMissingError:
        found = None
    except CloudError as error:
        # A container that isn't there holds no snapshot; anything else is tried again.
        if getattr(error, "status_code", None) != 404:
            raise
        found = None
    if found is None:
        raise SegmentNotFoundError(segment, folder)
    described_by = list(descriptions(blobs, folder, segment, found, models or Models()))
    own = f"{clean(folder)}/{segment}"
    candidates = [
        (model, model.table, described(blobs, model.table, found, own))
        for model in described_by
        if model.table
    ]
    for model, table, place in candidates:
        if agreement(table, place) == "exact":
            # Written after the files it names it says that they are complete.
            written = _written(place, now)
            whole = _is_quiet(place, quiet_seconds, now) or model.modified >= written
            warnings = _of_future(segment, found)
            snapshot = _snapshot(segment, place, written, table, True, whole, warnings)
            return replace(snapshot, confirmed_by=model.name)
    partly = [item for item in candidates if agreement(item[1], item[2]) == "incomplete"]
    usable, place = (partly or candidates)[0][1:] if candidates else (None, found)
    whole = _is_quiet(place, quiet_seconds, now) and bool(place.files) and not partly
    warnings = _warnings(segment, place, described_by, bool(partly)) + _of_future(segment, found)
    return _snapshot(segment, place, _written(place, now), usable, False, whole, warnings)


def is_given_up(snapshot: Snapshot, now: datetime) -> bool:
    """Tell of a snapshot that is not whole, and to which nothing has come for so long.

    Waiting for the rest goes on no longer: people are to be told.
    """
    return not snapshot.whole and snapshot.age(now) > WAITED_FOR


def _written(found: Folder, now: datetime) -> datetime:
    """When the newest file was written."""
    # A folder of a hierarchical namespace may exist before its first file.
    return max((file.modified for file in found.files or found.blobs), default=now)


def _is_quiet(found: Folder, seconds: float, now: datetime) -> bool:
    blobs = {blob.name: blob for blob in (*found.blobs, *found.files)}.values()
    return all((now - blob.modified).total_seconds() >= seconds for blob in blobs)


def _snapshot(  # noqa: PLR0913 - what has been found out, bit by bit
    segment: str,
    found: Folder,
    modified: datetime,
    table: ModelTable | None,
    confirmed: bool,
    whole: bool,
    warnings: tuple[Warned, ...],
) -> Snapshot:
    general = table.format if table else CsvFormat()
    said = formats(table, found) if table else {}
    return Snapshot(
        segment=segment,
        stamp=found.stamp,
        files=tuple(
            SnapshotFile(f.name, f.size, f.etag, f.modified, said.get(f.name, general))
            for f in found.files
        ),
        format=general,
        confirmed=confirmed,
        whole=whole,
        modified=modified,
        warnings=warnings,
        types=table.types if table else {},
        culture=table.culture if table else None,
    )


def _of_future(segment: str, found: Folder) -> tuple[Warned, ...]:
    return tuple(
        Warned(
            FOLDER_IN_FUTURE,
            f"{segment}: the folder {place} lies in the future and is left out. If its name is "
            "wrong, remove it.",
            {"segment": segment, "folder": place},
        )
        for place in found.future[:1]
    )


def _warnings(
    segment: str, found: Folder, models: list[Description], incomplete: bool
) -> tuple[Warned, ...]:
    if incomplete:
        return ()
    reasons = [m.reason for m in models if m.reason]
    if any(model.table for model in models):
        reasons = [f"doesn't name the files of the newest snapshot {found.stamp}"]
    return tuple(
        Warned(MODEL_IGNORED, f"{segment}: the {MODEL} {reason}", {"segment": segment})
        for reason in reasons[:1]
    )
