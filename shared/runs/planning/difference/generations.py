"""Whether segments are of one generation: nobody has left for good before all of them can tell.

Who is missing from a segment may be in another one, of this export or of another on the audience,
whose snapshot is older than that. So each leaver has a stamp, the time of the snapshot that she
was first missing from, and what can't be undone waits until every segment has a snapshot that is
not older, and the other exports have exported theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from shared.frames.masks import MASK
from shared.runs.ledger import Flag
from shared.runs.run_table import Action, Note, was

# Tables of one refresh, which one model.json names beside each other, are written within this.
_ONE_REFRESH_SECONDS = 3600
_LEAVING = (int(Action.ARCHIVE), int(Action.UNSUBSCRIBE))


@dataclass(frozen=True)
class Generation:
    """The snapshot of one segment, and the bit of the tag that the segment gives.

    taken: its stamp in seconds since 1970. named: a model.json names exactly its files. waived: a
    person has said that nobody need wait for a newer one.
    """

    segment: str
    taken: int
    tag: int
    named: bool = False
    waived: bool = False

    def tells(self, stamp: int) -> bool:
        """Return whether who left at this time would be seen in it."""
        return self.waived or self.taken >= stamp


@dataclass(frozen=True)
class Neighbour:
    """What another export on the audience has exported to the end.

    uid: the export's. taken: the stamp of its oldest snapshot, 0 where it has exported none. since:
    when it was made. behind: there is a newer one that it has not exported yet. waived: see
    Generation. exported: the snapshots by segment.
    """

    export: str
    uid: str
    taken: int
    since: int = 0
    behind: bool = False
    waived: bool = False
    exported: Mapping[str, str] = field(default_factory=dict, compare=False)

    def tells(self, stamp: int) -> bool:
        """Return whether it would hold who left at this time."""
        return self.waived or (self.taken >= stamp and not self.behind)


@dataclass(frozen=True)
class Generations:
    """The snapshots that a run works on; saved: when its export was (seconds since 1970).

    others: the other exports on the audience that are alive.
    """

    segments: tuple[Generation, ...] = ()
    saved: int = 0
    others: tuple[Neighbour, ...] = ()

    def left_at(self, tags: int, *, sure: bool = True) -> int:
        """Return the stamp of who had these tags and is in no segment; sure: had no others.

        A tag that no segment gives any more: the export was edited, and she is missing since then.
        """
        given = {one.tag for one in self.segments}
        missing = [one.taken for one in self.segments if tags >> one.tag & 1]
        if not missing or not sure:
            missing = [max((one.taken for one in self.segments), default=0)]
        if any(tags >> bit & 1 and bit not in given for bit in range(64)):
            missing.append(self.saved)
        return max(missing)

    def waiting_for(self, stamp: int) -> tuple[Generation | Neighbour, ...]:
        """Return the segments and exports that are too old to tell of who left at this time."""
        early = [one for one in self.segments if not self._tells(one, stamp)]
        return (*early, *(one for one in self.others if not one.tells(stamp)))

    def _tells(self, one: Generation, stamp: int) -> bool:
        # Or it is named beside the very snapshot that she is missing from.
        return one.tells(stamp) or (
            one.named
            and stamp - one.taken <= _ONE_REFRESH_SECONDS
            and any(other.named and other.taken == stamp for other in self.segments)
        )


def seconds_of(stamp: str) -> int:
    """Return a snapshot's stamp in seconds since 1970.

    >>> seconds_of("2026/11/22/0600")
    1795327200
    """
    year, month, day, clock = stamp.split("/")
    clock = clock.ljust(6, "0")
    hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:6])
    moment = datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=UTC)
    return int(moment.timestamp())


def hold_back(leavers: pl.DataFrame, generations: Generations) -> pl.DataFrame:
    """Give leavers a `stamp`, and let what can't be undone wait where segments are older.

    leavers: rows of the run's table, with old_stamp.
    """
    known = pl.col("old_stamp").fill_null(0)
    stamp = pl.when(known > 0).then(known).otherwise(_first_stamps(leavers, generations))
    leavers = leavers.with_columns(stamp=stamp)
    leaving = pl.col("action").is_in(_LEAVING)
    stamps = leavers.filter(leaving)["stamp"].unique().to_list()
    early = [stamp for stamp in stamps if generations.waiting_for(stamp)]
    waits = leaving & pl.col("stamp").is_in(early)
    return leavers.with_columns(
        pl.col("stamp").cast(pl.UInt32),
        action=pl.when(waits).then(int(Action.WAIT)).otherwise("action"),
        note=pl.when(waits).then(int(Note.WAITING)).otherwise("note"),
    )


def waiting(table: pl.DataFrame, generations: Generations) -> dict[Generation | Neighbour, int]:
    """Return how many leavers of the run's table wait for each segment or export."""
    waits: dict[Generation | Neighbour, int] = {}
    found = table.select("action", "stamp").filter(pl.col("action") == int(Action.WAIT))
    for stamp, count in found["stamp"].value_counts().iter_rows():
        for one in generations.waiting_for(stamp):
            waits[one] = waits.get(one, 0) + count
    return waits


def _first_stamps(leavers: pl.DataFrame, generations: Generations) -> pl.Series:
    """Return the stamps of leavers who are missing for the first time."""
    tags = leavers["old_tags"].fill_null(0)
    sure = leavers.select(sure=~was(Flag.UNCERTAIN))["sure"]
    stamps = pl.Series([0], dtype=pl.Int64).new_from_index(0, leavers.height)
    # Few sets of tags are held by many.
    for mask in tags.unique().to_list():
        same = tags == pl.Series([mask], dtype=MASK)
        for is_sure in (True, False):
            left = pl.Series([generations.left_at(mask, sure=is_sure)], dtype=pl.Int64)
            here = same & (sure if is_sure else ~sure)
            stamps = left.new_from_index(0, leavers.height).zip_with(here, stamps)
    return stamps
