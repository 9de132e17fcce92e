"""Where a segment's files lie: the layouts of Customer Insights' exports and their newest folder.

{folder}/{segment}/2026/11/22/0600/{table}_1.csv    today's
{folder}/{segment}/{table}_1.csv                    until August 2020, written over each time
{folder}_{segment}_1613059542.csv                   one flat file per run (Adobe Campaign)
"""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.platform.blobs import BlobInfo, Blobs

_YEAR = re.compile(r"\d{4}")
_LEVELS = (_YEAR, re.compile(r"\d{1,2}"), re.compile(r"\d{1,2}"), re.compile(r"\d{3,6}"))
_FLAT = re.compile(r"(?P<segment>.+)_(?P<seconds>\d{9,11})\.csv", re.IGNORECASE)
# A segment's own files come first in a listing that isn't dated; nobody has more partitions.
_MOST_FILES = 5000
# Names may be in any time zone, and clocks differ: what is further ahead was never written then.
_AHEAD = timedelta(days=1)
# Nobody is still writing into a folder that has had no file for so long (a retention rule of the
# storage account leaves the folders of a hierarchical namespace behind).
_EMPTY_FOR = timedelta(hours=6)
_ZONES = timedelta(hours=14)


@dataclass(frozen=True)
class Folder:
    """One snapshot's place; `files` are its CSV files in the order of their numbers.

    `prefix` is what all of its names begin with, `blobs` everything there, `stamp` sorts as text.
    `future`: folders that were passed over because they lie in the future. `others`: prefixes of
    dated folders that belong to it besides, as a model.json says. `beside`: names of the blobs
    right below the segment's folder, as they were just before.
    """

    stamp: str
    prefix: str
    files: tuple[BlobInfo, ...]
    blobs: tuple[BlobInfo, ...]
    future: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    beside: frozenset[str] = frozenset()

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Where its files lie."""
        return (self.prefix, *self.others)


def find_segments(blobs: Blobs, folder: str) -> list[str]:
    """Return the names of all segments in an export's folder, sorted."""
    root = clean(folder)
    named = {
        name
        for name in blobs.folders(f"{root}/")
        if not name.startswith(("_", ".")) and _holds_segment(blobs, f"{root}/{name}/")
    }
    return sorted(named | {segment for segment, _, _ in _flat_files(blobs, root)})


def newest_folder(blobs: Blobs, folder: str, segment: str, now: datetime) -> Folder | None:
    """Return where a segment's newest snapshot lies, whole or not; None where there is none.

    Five listings in today's layout, however many snapshots there are. Folders of the future, and
    old ones without a file, hold none.
    """
    root = clean(folder)
    prefix = f"{root}/{segment}/"
    future: list[str] = []
    years, below = blobs.entries(prefix)
    beside = frozenset(blob.name for blob in below)
    for place, date in _dated(blobs, prefix, (), now, future, years):
        found = tuple(blobs.list(place))
        files = csv_files(found, place)
        if files or not _is_left_empty(found, date, now):
            return Folder(_stamp_of(date), place, files, found, tuple(future), beside=beside)
    own = csv_files(tuple(below), prefix)
    if own:
        newest = max(file.modified for file in own)
        return Folder(_stamp(newest), prefix, own, own, tuple(future), beside=beside)
    flat = [(seconds, file) for name, seconds, file in _flat_files(blobs, root) if name == segment]
    if flat:
        seconds, file = max(flat, key=lambda item: item[0])
        written = datetime.fromtimestamp(seconds, UTC)
        flat_file = (file,)
        return Folder(
            _stamp(written), file.name, flat_file, flat_file, tuple(future), beside=beside
        )
    return None


def older_folders(
    blobs: Blobs, folder: str, segment: str, stamp: str, now: datetime
) -> Iterator[Folder]:
    """Yield the dated folders of a segment before a snapshot, newest first; empty ones aside."""
    for place, date in _dated(blobs, f"{clean(folder)}/{segment}/", (), now, []):
        if _stamp_of(date) >= stamp:
            continue
        found = tuple(blobs.list(place))
        if files := csv_files(found, place):
            yield Folder(_stamp_of(date), place, files, found)


def dated_folder(path: str, segment_prefix: str) -> tuple[str, datetime] | None:
    """Tell of a file's path its dated folder below a segment's, and when that is."""
    parts = path.removeprefix(segment_prefix).split("/")
    if not path.startswith(segment_prefix) or len(parts) <= len(_LEVELS):
        return None
    names = parts[: len(_LEVELS)]
    if not all(level.fullmatch(name) for level, name in zip(_LEVELS, names, strict=True)):
        return None
    date = _moment(tuple(names))
    return (f"{segment_prefix}{'/'.join(names)}/", date) if date else None


def clean(folder: str) -> str:
    """A folder's name without slashes around it."""
    return folder.strip("/")


def _dated(
    blobs: Blobs,
    prefix: str,
    above: tuple[str, ...],
    now: datetime,
    future: list[str],
    below: Iterable[str] | None = None,
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the dated folders and their dates, newest first, asking only for what is looked at.

    Those that lie in the future are noted in `future`, and what is no date is none of them. below:
    the names of the next level, where they are known.
    """
    level = len(above)
    if level == len(_LEVELS):
        yield prefix, above
        return
    names = [
        name
        for name in (blobs.folders(prefix) if below is None else below)
        if _LEVELS[level].fullmatch(name)
    ]
    for name in sorted(names, key=int, reverse=True):
        date = (*above, name)
        moment = _moment(date)
        if moment is None:
            continue
        if moment > now + _AHEAD:
            future.append("/".join(date))
            continue
        yield from _dated(blobs, f"{prefix}{name}/", date, now, future)


def _moment(date: tuple[str, ...]) -> datetime | None:
    """The begin of a year, month, day or minute; None for what the calendar doesn't have."""
    year, month, day, time = (*date, *("1", "1", "0")[len(date) - 1 :])
    clock = time.zfill(4 if len(time) <= 4 else 6)
    try:
        hour, minute = int(clock[:2]), int(clock[2:4])
        return datetime(int(year), int(month), int(day), hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def _stamp_of(date: tuple[str, ...]) -> str:
    year, month, day, time = date
    return f"{year}/{month:0>2}/{day:0>2}/{time:0>4}"


def _is_left_empty(found: tuple[BlobInfo, ...], date: tuple[str, ...], now: datetime) -> bool:
    """Tell of a folder without files that nobody is writing into it any more."""
    if found:
        return now - max(blob.modified for blob in found) > _EMPTY_FOR
    moment = _moment(date)
    return moment is not None and now - moment > _EMPTY_FOR + _ZONES


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
    return csv_files(found, prefix)


def _flat_files(blobs: Blobs, root: str) -> Iterator[tuple[str, int, BlobInfo]]:
    """Yield segment, Unix time and file of the flat layout."""
    for blob in blobs.list(f"{root}_"):
        if match := _FLAT.fullmatch(blob.name[len(root) + 1 :]):
            yield match["segment"], int(match["seconds"]), blob


def csv_files(
    blobs: "tuple[BlobInfo, ...] | list[BlobInfo]", prefix: str, named: Set[str] = frozenset()
) -> tuple[BlobInfo, ...]:
    """The CSV files below a prefix, and those that somebody has named, by their numbers.

    2 comes before 10. What begins with _ or . is a marker, or, as a folder, the work of a writer
    that has not finished.
    """
    files = [blob for blob in blobs if is_data(blob.name, prefix, named)]
    return tuple(sorted(files, key=lambda blob: _natural(blob.name)))


def is_data(name: str, prefix: str, named: Set[str] = frozenset()) -> bool:
    """Return whether a blob below a prefix holds rows of a segment."""
    if any(part.startswith(("_", ".")) for part in name[len(prefix) :].split("/")):
        return False
    return name in named or name.lower().endswith(".csv")


def _natural(name: str) -> tuple[tuple[str, int], ...]:
    """A sort key: text and number by turns."""
    parts = re.split(r"([0-9]+)", name)
    return tuple(
        (text, int(number)) for text, number in zip(parts[::2], [*parts[1::2], "-1"], strict=True)
    )


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y/%m/%d/%H%M%S}"
