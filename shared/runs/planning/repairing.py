"""Has a plan send once more what a verification found to be missing or changed."""

import polars as pl

from shared.frames import lookup
from shared.frames.masks import empty
from shared.proof.repairs import OutdatedError, load
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.record import RunFailedError

_OUTDATED = "The audience was verified anew, or the export has run since. Verify it again."


def with_repairs(rows: pl.DataFrame, attempt: PlanningAttempt) -> pl.DataFrame:
    """Forget of the ledger's rows what is to be repaired: an ordinary plan then sends it.

    Who is protected, refused or not in the segments any more is left alone as in every run.
    """
    if not attempt.run.repairs:
        return rows
    try:
        repairs = load(attempt.app.blobs, attempt.old, attempt.run.repairs)
    except OutdatedError:
        raise RunFailedError("verification_outdated", _OUTDATED) from None
    lost = lookup.left_join(rows.select("email"), repairs.tags, "email")["lost"]
    changed = lookup.find(rows["email"], repairs.values).is_not_null()
    unlike = pl.lit(0, dtype=pl.UInt64)
    kept = ~pl.when(lost.is_not_null()).then(lost).otherwise(empty())
    return rows.with_columns(
        tags=pl.col("tags") & kept, digest=pl.when(changed).then(unlike).otherwise("digest")
    )
