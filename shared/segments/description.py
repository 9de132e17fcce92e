"""Finds the model.json that describes a segment and compares it with the files that are there."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal, NamedTuple

from shared.platform.blobs import BlobInfo, Blobs
from shared.segments.folders import Folder, clean, csv_files, dated_folder
from shared.segments.format import CsvFormat
from shared.segments.model import ModelTable, ModelUnusableError, read_model

MODEL = "model.json"
_MANIFEST = "default.manifest.cdm.json"
# One of a thousand tables has a few megabytes; what is larger than this is none.
_LARGEST_MODEL = 16 << 20
# Folders of one run, each of which begins so soon after the one before.
_ONE_RUN = timedelta(hours=1)
# What the writers of files put into their names anew each time.
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-c\d+)?|\d{10,}", re.IGNORECASE)

type Agreement = Literal["exact", "incomplete", "other"]


@dataclass(frozen=True)
class Description:
    """A model.json that was found: its table for the segment, or why there is none."""

    modified: datetime
    table: ModelTable | None
    reason: str = ""
    name: str = ""


class Models:
    """The model.json files that one look has read: those of many segments are one, and large."""

    def __init__(self) -> None:
        self._read: dict[str, _Read] = {}
        self._lock = Lock()

    def look(self, blobs: Blobs, name: str) -> "_Read | None":
        """Return a model.json as it is now, None where there is none; read where it is newer."""
        with self._lock:
            known = self._read.get(name)
            found = blobs.read_newer(name, known and known.info, _LARGEST_MODEL)
            if found is None:
                return None
            if known is None or found[0].etag != known.info.etag:
                known = self._read[name] = _parsed(*found)
        return known


class _Read(NamedTuple):
    """A version of a model.json that was read, and why it can't be used."""

    info: BlobInfo
    tables: tuple[ModelTable, ...] = ()
    reason: str = ""


def _parsed(info: BlobInfo, data: bytes | None) -> _Read:
    if data is None:
        return _Read(info, reason="is too large to be one")
    try:
        return _Read(info, read_model(data, info.name.rpartition("/")[0]))
    except ModelUnusableError as error:
        return _Read(info, reason=f"can't be used: {error}")


def root_model(folder: str) -> str:
    """Return the name of the model.json that tells of all segments of an export's folder."""
    return f"{clean(folder)}/{MODEL}"


def descriptions(
    blobs: Blobs, folder: str, segment: str, found: Folder, models: Models
) -> Iterator[Description]:
    """Look beside the files, in the segment's folder and in the export's, where it belongs."""
    root = clean(folder)
    own = f"{root}/{segment}"
    beside = found.prefix.rstrip("/")
    if any(blob.name == f"{beside}/{MODEL}" for blob in found.blobs) and beside != own:
        yield from _model(blobs, beside, own, segment, models, alone=True)
    has_own = f"{own}/{MODEL}" in found.beside
    there = [
        *(_model(blobs, own, own, segment, models, alone=True) if has_own else ()),
        *_model(blobs, root, own, segment, models, alone=False),
    ]
    yield from there or _manifest(blobs, root)


def _manifest(blobs: Blobs, place: str) -> Iterator[Description]:
    """Say so where there is the other description that the Common Data Model knows, alone."""
    info = blobs.info(f"{place}/{_MANIFEST}")
    if info is not None:
        reason = f"is missing; beside the segments is only {_MANIFEST}, which this app doesn't read"
        yield Description(info.modified, None, reason)


def _model(
    blobs: Blobs, place: str, own: str, segment: str, models: Models, *, alone: bool
) -> Iterator[Description]:
    found = models.look(blobs, f"{place}/{MODEL}")
    if found is None:
        return
    info = found.info
    if found.reason:
        yield Description(info.modified, None, found.reason)
        return
    table = _table_of(found.tables, own, segment, alone)
    reason = "" if table else "doesn't describe this segment"
    yield Description(info.modified, table, reason, info.name)


def _table_of(
    tables: tuple[ModelTable, ...], own: str, segment: str, alone: bool
) -> ModelTable | None:
    """The table whose files lie in the segment's folder, else the one of its name.

    A table may be named after the files instead of the folder. In the segment's own folder the
    only table there is must be it.
    """
    for table in tables:
        if any(_below(path, own) for part in table.partitions for path in part.paths):
            return table
    for table in tables:
        if table.name.casefold() == segment.casefold():
            return table
    return tables[0] if alone and len(tables) == 1 else None


def described(blobs: Blobs, table: ModelTable, found: Folder, own: str) -> Folder:
    """Return the newest folder with all that a table counts to its snapshot.

    What it names is data whatever its name ends in. The files of one run may lie in folders of
    several minutes. `own`: the segment's folder.
    """
    here = {blob.name for blob in found.blobs}
    named = {name for part in table.partitions if (name := _match(part.paths, here))}
    files = list(csv_files(found.blobs, found.prefix, named))
    others: list[str] = []
    for prefix, paths in _same_run(table, found, f"{own}/"):
        there = tuple(blobs.list(prefix))
        names = {blob.name for blob in there}
        wanted = {name for path in paths if (name := _match(path, names))}
        files = [*(b for b in csv_files(there, prefix, wanted) if b.name in wanted), *files]
        others.append(prefix)
    return replace(found, files=tuple(files), others=tuple(others))


def _same_run(
    table: ModelTable, found: Folder, own: str
) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Yield the older dated folders whose files belong to the newest run, newest first.

    A run may go on into another minute. An older run has the same partitions again, or ended long
    before.
    """
    places: dict[str, tuple[datetime, list[tuple[str, ...]]]] = {}
    for part in table.partitions:
        for path in part.paths:
            at = f"/{path}".find(f"/{own}")
            if at >= 0 and (dated := dated_folder(path[at:], own)):
                places.setdefault(dated[0], (dated[1], []))[1].append(part.paths)
                break
    if found.prefix not in places:
        return
    last, newest = places.pop(found.prefix)
    partitions = {_partition_of(paths) for paths in newest}
    for prefix, (moment, paths) in sorted(
        places.items(), key=lambda item: item[1][0], reverse=True
    ):
        here = {_partition_of(path) for path in paths}
        if not timedelta() <= last - moment <= _ONE_RUN or here & partitions:
            return
        yield prefix, paths
        last, partitions = moment, partitions | here


def _partition_of(paths: tuple[str, ...]) -> str:
    """A file's name without what differs between runs."""
    return _RUN_ID.sub("", paths[0].rpartition("/")[2])


def agreement(table: ModelTable, found: Folder) -> Agreement:
    """Compare the files that a table names in a snapshot's folders with those that are there.

    `incomplete` when some are missing; `other` when it names files of another snapshot, none at
    all, or lacks some that are there.
    """
    places = [prefix.rstrip("/") for prefix in found.prefixes]
    files = {file.name for file in found.files}
    named = [
        part.paths
        for part in table.partitions
        if any(_below(path, place) for path in part.paths for place in places)
    ]
    matched = [file for paths in named if (file := _match(paths, files)) is not None]
    if not matched:
        return "other"
    if len(matched) < len(named):
        return "incomplete"
    return "exact" if set(matched) == files else "other"


def formats(table: ModelTable, found: Folder) -> dict[str, CsvFormat]:
    """What the table says for each file that it names."""
    files = {file.name for file in found.files}
    return {
        name: part.format
        for part in table.partitions
        if (name := _match(part.paths, files)) is not None
    }


def _match(paths: tuple[str, ...], files: Set[str]) -> str | None:
    """The file that a location ends in: before it come host, account and container."""
    for path in paths:
        at = 0
        while path[at:] not in files:
            at = path.find("/", at) + 1
            if at == 0:
                break
        else:
            return path[at:]
    return None


def _below(path: str, folder: str) -> bool:
    """Whether a location lies in a folder, or is it, as the flat layout has it."""
    return f"/{folder}/" in f"/{path}/"
