"""Decides on the contacts of the segments: sent, tagged, left alone, refused before."""

import polars as pl

from shared.frames.masks import empty
from shared.runs.codes import NUMBER
from shared.runs.ledger import FLAGS, RETRY_NEVER, RETRY_WHEN_CHANGED, Flag
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Note, was


def decide_on_contacts(rows: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Decide on every contact of the segments."""
    sent = pl.col("code").is_null()
    known = was(Flag.ACCEPTED)
    # A tag that was left to another export may have been removed by that one since.
    sure = pl.col("old_tags") & ~pl.col("old_left")
    held = pl.when(known & ~was(Flag.UNCERTAIN)).then(sure).otherwise(empty())
    maybe_held = pl.col("old_tags").fill_null(0)
    pending = was(Flag.PENDING) & (pl.col("state") == "pending").fill_null(False)
    # Sent again, too, when somebody else has brought it back: then it is not archived any more.
    back = was(Flag.ARCHIVED)
    # And then it is not this export's to archive, or to bring back, once more.
    foreign = back & ~was(Flag.DUE) & pl.col("state").is_null()
    not_ours = pl.lit(FLAGS ^ int(Flag.ADDED | Flag.ARCHIVED), dtype=pl.UInt16)
    retry_at = pl.col("old_retry_at")
    refused = (
        pl.col("old_refusal").is_not_null()
        & (
            (retry_at == RETRY_NEVER)
            | (retry_at > policy.now)
            | (
                (retry_at == RETRY_WHEN_CHANGED)
                & (pl.col("old_refused_digest") == pl.col("digest"))
            )
        )
    ).fill_null(False) & ~pl.lit(policy.full)
    upsert = (
        ~known | was(Flag.UNCERTAIN) | back | (pl.col("old_digest") != pl.col("digest"))
    ).fill_null(True) | pl.lit(policy.full)
    add = pl.col("wanted") if policy.full else pl.col("wanted") & ~held
    drop = maybe_held & ~pl.col("wanted") if policy.takes_tags else empty()
    idle = refused | pending
    # What was refused are values: a contact that the audience holds follows its segments.
    follows = known & ~was(Flag.UNCERTAIN) & (retry_at != RETRY_NEVER).fill_null(True)
    untouched = pending | (refused & ~follows)
    return rows.with_columns(
        code=pl.when(sent & refused)
        .then("old_refusal")
        .when(sent & pending)
        .then(pl.lit(NUMBER["unchanged"], dtype=pl.UInt8))
        .otherwise("code"),
        note=pl.when(sent & refused)
        .then(
            pl.when(retry_at == RETRY_NEVER)
            .then(int(Note.REFUSED_FOR_GOOD))
            .when(retry_at == RETRY_WHEN_CHANGED)
            .then(int(Note.REFUSED_BEFORE))
            .otherwise(int(Note.REFUSED_FOR_NOW))
        )
        .when(sent & pending)
        .then(int(Note.PENDING))
        .otherwise(int(Note.NONE)),
        action=pl.when(sent & ~idle & upsert).then(int(Action.UPSERT)).otherwise(int(Action.NONE)),
        add=pl.when(sent & ~untouched).then(add).otherwise(empty()),
        remove=pl.when(sent & ~untouched).then(drop).otherwise(empty()),
        old_flags=pl.when(sent & foreign)
        .then(pl.col("old_flags") & not_ours)
        .otherwise("old_flags"),
    )
