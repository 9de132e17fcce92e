"""Finds the model.json that describes a segment and compares it with the files that are there."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.platform.blobs import BlobMissingError, Blobs
from shared.segments.folders import Folder, clean
from shared.segments.format import CsvFormat
from shared.segments.model import ModelTable, ModelUnusableError, read_model

MODEL = "model.json"
# One of a thousand tables has a few megabytes; what is larger than this is none.
_LARGEST_MODEL = 64 << 20

type Agreement = Literal["exact", "incomplete", "other"]


@dataclass(frozen=True)
class Description:
    """A model.json that was found: its table for the segment, or why there is none."""

    modified: datetime
    table: ModelTable | None
    reason: str = ""


def descriptions(blobs: Blobs, folder: str, segment: str, found: Folder) -> Iterator[Description]:
    """Look beside the files, in the segment's folder and in the export's, where it belongs."""
    root = clean(folder)
    own = f"{root}/{segment}"
    beside = found.prefix.rstrip("/")
    if any(blob.name == f"{beside}/{MODEL}" for blob in found.blobs) and beside != own:
        yield from _model(blobs, beside, own, segment, alone=True)
    yield from _model(blobs, own, own, segment, alone=True)
    yield from _model(blobs, root, own, segment, alone=False)


def _model(
    blobs: Blobs, place: str, own: str, segment: str, *, alone: bool
) -> Iterator[Description]:
    info = blobs.info(f"{place}/{MODEL}")
    if info is None:
        return
    if info.size > _LARGEST_MODEL:
        yield Description(info.modified, None, "is too large to be one")
        return
    try:
        tables = read_model(blobs.read(info.name), place)
    except BlobMissingError:
        return
    except ModelUnusableError as error:
        yield Description(info.modified, None, f"can't be used: {error}")
        return
    table = _table_of(tables, own, segment, alone)
    yield Description(info.modified, table, "" if table else "doesn't describe this segment")


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


def agreement(table: ModelTable, found: Folder) -> Agreement:
    """Compare the files that a table names in the newest folder with those that are there.

    `incomplete` when some are missing; `other` when it names files of another snapshot, none at
    all, or lacks some that are there.
    """
    here = found.prefix.rstrip("/")
    files = {file.name for file in found.files}
    named = [part.paths for part in table.partitions if any(_below(p, here) for p in part.paths)]
    matched = [file for paths in named if (file := _match(paths, files)) is not None]
    if not matched:
        return "other"
    if len(matched) < len(named):
        return "incomplete"
    return "exact" if set(matched) == files else "other"


def formats(table: ModelTable, found: Folder) -> dict[str, CsvFormat]:
    """What the table says for each file."""
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
