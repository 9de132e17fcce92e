"""Decides on the contacts of the segments: sent, tagged, left alone, refused before."""

import polars as pl

from shared.frames import lookup
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
    ).fill_null(False) & ~pl.lit(policy.full or policy.asks_refused)
    upsert = (
        ~known | was(Flag.UNCERTAIN) | back | (pl.col("old_digest") != pl.col("digest"))
    ).fill_null(True) | pl.lit(policy.full)
    if "looks" in rows.columns:
        # Of whom an answer has changed, though no value has.
        upsert |= pl.col("looks")
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


def leave_out(rows: pl.DataFrame, who: pl.Expr, code: str, note: Note) -> pl.DataFrame:
    """Send nothing of these contacts; what they lose is decided elsewhere."""
    return rows.with_columns(
        code=pl.when(who).then(pl.lit(NUMBER[code], dtype=pl.UInt8)).otherwise("code"),
        note=pl.when(who).then(int(note)).otherwise("note"),
        action=pl.when(who).then(int(Action.NONE)).otherwise("action"),
        add=pl.when(who).then(empty()).otherwise("add"),
    )


def leave_out_unsubscribed(rows: pl.DataFrame) -> pl.DataFrame:
    """Create or bring back nobody who has unsubscribed elsewhere: see with_elsewhere."""
    held = was(Flag.ACCEPTED) & ~was(Flag.ARCHIVED)
    out = pl.col("code").is_null() & pl.col("elsewhere") & ~held
    rows = leave_out(rows, out, "skipped_unsubscribed", Note.OTHER_ADDRESS)
    return rows.drop("elsewhere")


def with_elsewhere(
    rows: pl.DataFrame,
    gone: pl.DataFrame,
    suppressed: pl.DataFrame,
    remembered: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Add `elsewhere`: whether the row's CustomerId is known as unsubscribed under some address.

    gone: who is in the ledger alone, with customer_id and old_flags. suppressed: email, status.
    remembered: email and customer_id of whom any export saw unsubscribed.
    """
    unsubscribed = suppressed.filter(pl.col("status") == "unsubscribed")["email"]
    left = lookup.find(gone["email"], unsubscribed).is_not_null()
    ids = pl.concat(
        [
            gone.filter(left | gone.select(was(Flag.UNSUBSCRIBED)).to_series())["customer_id"],
            rows.filter((pl.col("state") == "unsubscribed").fill_null(False))["customer_id"],
        ]
    )
    ids = ids.filter(ids != "").unique()
    elsewhere = lookup.find(rows["customer_id"], ids).is_not_null()
    if remembered is not None:
        elsewhere |= _under_another(rows, remembered.filter(pl.col("customer_id") != ""))
    return rows.with_columns(elsewhere=elsewhere)


def _under_another(rows: pl.DataFrame, remembered: pl.DataFrame) -> pl.Series:
    """Tell whose CustomerId is remembered with another address than the row's."""
    known = lookup.find(rows["customer_id"], remembered["customer_id"].unique()).is_not_null()
    places = pl.select(pl.arg_where(known)).to_series()
    other = (
        rows.select("email", "customer_id")[places]
        .with_columns(place=places)
        .join(remembered.select("customer_id", was="email"), on="customer_id")
        .filter(pl.col("was") != pl.col("email"))["place"]
        .unique()
    )
    return pl.repeat(False, rows.height, eager=True).scatter(other, True)
