"""Has a plan send once more what a verification found to be missing or changed."""

from collections.abc import Iterable

import polars as pl

from shared.drift.items import Drift, Item
from shared.frames import lookup
from shared.frames.masks import empty
from shared.platform.blobs import Blobs
from shared.proof.repairs import Chosen, OutdatedError, is_current, load
from shared.runs.ledger import Ledger
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.record import RunFailedError

_OUTDATED = "The audience was verified anew, or the export has run since. Verify it again."


def with_repairs(rows: pl.DataFrame, attempt: PlanningAttempt, drift: Drift) -> pl.DataFrame:
    """Forget of the ledger's rows what is to be repaired: an ordinary plan then sends it.

    drift: with what people want put back. Who is protected, refused or not in the segments any more
    is left alone as in every run.
    """
    blobs, held = attempt.app.blobs, attempt.old
    id_, chosen = attempt.run.repairs, Chosen()
    if not id_:
        back = carried_out(blobs, held, drift, only=bool(attempt.run.only))
        if not back:
            return rows
        id_, chosen = is_current(blobs, held) or "", _of(back)
    try:
        repairs = load(blobs, held, id_, chosen, drift)
    except OutdatedError:
        if not attempt.run.repairs:
            # Verified anew in this moment: that one's rows are for the next run.
            return rows
        raise RunFailedError("verification_outdated", _OUTDATED) from None
    lost = lookup.left_join(rows.select("email"), repairs.tags, "email")["lost"]
    changed = lookup.find(rows["email"], repairs.values).is_not_null()
    unlike = pl.lit(0, dtype=pl.UInt64)
    kept = ~pl.when(lost.is_not_null()).then(lost).otherwise(empty())
    return rows.with_columns(
        tags=pl.col("tags") & kept, digest=pl.when(changed).then(unlike).otherwise("digest")
    )


def carried_out(blobs: Blobs, held: Ledger, drift: Drift, *, only: bool) -> list[Item]:
    """Return what people want put back of tags and values, and this run knows of whom.

    Where the export has run since the verification, it waits for the next one. only: a run that
    asks some contacts again puts nothing back.
    """
    back = [
        one for one in drift.wanted_back(held.uid) if one.code in ("tags_taken", "values_edited")
    ]
    return back if back and not only and is_current(blobs, held) else []


def _of(back: Iterable[Item]) -> Chosen:
    back = list(back)
    tags = frozenset(int(one.subject) for one in back if one.code == "tags_taken")
    return Chosen(tags, any(one.code == "values_edited" for one in back))
