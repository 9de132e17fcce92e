"""Where a segment's files lie: the layouts of Customer Insights' exports and their newest folder.

{folder}/{segment}/2026/11/22/0600/{table}_1.csv    today's
{folder}/{segment}/{table}_1.csv                    until August 2020, written over each time
{folder}_{segment}_1613059542.csv                   one flat file per run (Adobe Campaign)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.platform.blobs import BlobInfo, Blobs

_YEAR = re.compile(r"\d{4}")
_LEVELS = (_YEAR, re.compile(r"\d{1,2}"), re.compile(r"\d{1,2}"), re.compile(r"\d{3,6}"))
_FLAT = re.compile(r"(?P<segment>.+)_(?P<seconds>\d{9,11})\.csv", re.IGNORECASE)
# A segment's own files come first in a listing that isn't dated; nobody has more partitions.
_MOST_FILES = 5000


@dataclass(frozen=True)
class Folder:
    """One snapshot's place; `files` are its CSV files in the order of their numbers.

    `prefix` is what all of its names begin with, `blobs` everything there, `stamp` sorts as text.
    """

    stamp: str
    prefix: str
    files: tuple[BlobInfo, ...]
    blobs: tuple[BlobInfo, ...]


def find_segments(blobs: Blobs, folder: str) -> list[str]:
    """Return the names of all segments in an export's folder, sorted."""
    root = clean(folder)
    named = {
        name
        for name in blobs.folders(f"{root}/")
        if not name.startswith(("_", ".")) and _holds_segment(blobs, f"{root}/{name}/")
    }
    return sorted(named | {segment for segment, _, _ in _flat_files(blobs, root)})


def newest_folder(blobs: Blobs, folder: str, segment: str) -> Folder | None:
    """Return where a segment's newest snapshot lies, whole or not; None where there is none.

    Five listings in today's layout, however many snapshots there are.
    """
    root = clean(folder)
    prefix = f"{root}/{segment}/"
    for place in _dated(blobs, prefix, 0):
        found = tuple(blobs.list(place))
        year, month, day, time = place[len(prefix) :].strip("/").split("/")
        stamp = f"{year}/{month:0>2}/{day:0>2}/{time:0>4}"
        return Folder(stamp, place, _csv_files(found), found)
    own = _own_files(blobs, prefix)
    if own:
        newest = max(file.modified for file in own)
        return Folder(_stamp(newest), prefix, own, own)
    flat = [(seconds, file) for name, seconds, file in _flat_files(blobs, root) if name == segment]
    if flat:
        seconds, file = max(flat, key=lambda item: item[0])
        written = datetime.fromtimestamp(seconds, UTC)
        return Folder(_stamp(written), file.name, (file,), (file,))
    return None


def clean(folder: str) -> str:
    """A folder's name without slashes around it."""
    return folder.strip("/")


def _dated(blobs: Blobs, prefix: str, level: int) -> Iterator[str]:
    """Yield the dated folders, newest first, asking only for what is looked at."""
    if level == len(_LEVELS):
        yield prefix
        return
    names = [name for name in blobs.folders(prefix) if _LEVELS[level].fullmatch(name)]
    for name in sorted(names, key=int, reverse=True):
        yield from _dated(blobs, f"{prefix}{name}/", level + 1)


def _holds_segment(blobs: Blobs, prefix: str) -> bool:
    if any(_YEAR.fullmatch(name) for name in blobs.folders(prefix)):
        return True
    return bool(_own_files(blobs, prefix))


def _own_files(blobs: Blobs, prefix: str) -> tuple[BlobInfo, ...]:
    """CSV files right below a prefix."""
    found = []
    for count, blob in enumerate(blobs.list(prefix)):
        if "/" not in blob.name[len(prefix) :]:
            found.append(blob)
        if count == _MOST_FILES:
            break
    return _csv_files(found)


def _flat_files(blobs: Blobs, root: str) -> Iterator[tuple[str, int, BlobInfo]]:
    """Yield segment, Unix time and file of the flat layout."""
    for blob in blobs.list(f"{root}_"):
        if match := _FLAT.fullmatch(blob.name[len(root) + 1 :]):
            yield match["segment"], int(match["seconds"]), blob


def _csv_files(blobs: "tuple[BlobInfo, ...] | list[BlobInfo]") -> tuple[BlobInfo, ...]:
    """The CSV files by their numbers (2 before 10); names that begin with _ or . are markers."""
    files = [blob for blob in blobs if _is_csv(blob.name)]
    return tuple(sorted(files, key=lambda blob: _natural(blob.name)))


def _is_csv(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.lower().endswith(".csv") and not last.startswith(("_", "."))


def _natural(name: str) -> tuple[tuple[str, int], ...]:
    """A sort key: text and number by turns."""
    parts = re.split(r"([0-9]+)", name)
    return tuple(
        (text, int(number)) for text, number in zip(parts[::2], [*parts[1::2], "-1"], strict=True)
    )


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y/%m/%d/%H%M%S}"
