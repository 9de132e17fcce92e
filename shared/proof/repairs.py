"""What a run sets right that repairs: the rows of a verification that are repairable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.drift.items import Drift
from shared.exports.models import StoredExport
from shared.platform.blobs import Blobs
from shared.proof import record, rows
from shared.runs import ledger
from shared.runs.ledger import Ledger

if TYPE_CHECKING:  # polars is imported where a plan runs
    import polars as pl


class MissingError(Exception):
    """There is no verification that has succeeded."""


class OutdatedError(Exception):
    """What was verified is not what the export holds now."""


@dataclass(frozen=True)
class Chosen:
    """What of it a run sets right: tags by their ids (None: all), and values."""

    tags: frozenset[int] | None = None
    values: bool = True


@dataclass(frozen=True)
class Repairs:
    """Contacts that lost tags (by mask), and those with other values."""

    tags: "pl.DataFrame"
    values: "pl.Series"


def of_export(blobs: Blobs, export: StoredExport) -> str:
    """Return the id of the verification that an export may be repaired by.

    Raises MissingError, OutdatedError.
    """
    found = record.read(blobs, export.uid)
    if found is None or found.status != "succeeded":
        raise MissingError
    # Before anything was sent there was nothing to differ.
    if not found.account or found.audience != export.audience_id:
        raise OutdatedError
    if ledger.load(blobs, found.account, found.audience, export.uid).run != found.run:
        raise OutdatedError
    return found.id


def is_current(blobs: Blobs, held: Ledger) -> str | None:
    """Return the id of a verification of what a ledger holds now, None where there is none."""
    found = record.read(blobs, held.uid)
    ended = found is not None and found.status == "succeeded"
    return found.id if found and ended and found.account and found.run == held.run else None


def load(blobs: Blobs, held: Ledger, id_: str, chosen: Chosen, drift: Drift) -> Repairs:
    """Return what is to be repaired of a ledger; drift: what people want as they left it isn't.

    Raises OutdatedError, also where another verification has taken the place of this one.
    """
    import polars as pl

    from shared.frames.masks import MASK

    found = record.read(blobs, held.uid)
    if found is None or (found.id, found.status, found.run) != (id_, "succeeded", held.run):
        raise OutdatedError
    bits = {
        tag.name: 1 << bit
        for bit, tag in enumerate(held.tags)
        if tag is not None
        and (chosen.tags is None or tag.id in chosen.tags)
        and not drift.is_left("tags_taken", str(tag.id))
    }
    values = chosen.values and not drift.is_left("values_edited", held.uid)
    files = rows.files_of(["by_hand", "unexplained"], ["tag_missing", "value"])
    wanted = [row for row in rows.all_rows(blobs, found, files) if row.repairable]
    lost = [
        (row.email, bits[row.field])
        for row in wanted
        if row.what == "tag_missing" and row.field in bits
    ]
    changed = [
        row.email
        for row in wanted
        if row.what == "value" and (values or (row.field and chosen.values))
    ]
    tags = pl.DataFrame(lost, {"email": pl.String, "lost": MASK}, orient="row")
    return Repairs(
        tags.group_by("email").agg(pl.col("lost").bitwise_or()),
        pl.Series(changed, dtype=pl.String).unique(),
    )
