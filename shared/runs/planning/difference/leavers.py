"""Decides on contacts that have left the segments, and on what other exports still give."""

from typing import assert_never

import polars as pl

from shared.frames import lookup
from shared.frames.masks import empty
from shared.runs.ledger import Flag
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Kind, Note, was


def leavers_of(gone: pl.DataFrame, suppressed: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Decide on the contacts of the ledger that are in none of the segments.

    One that was only ever refused is forgotten. One that this export archived stays in the
    ledger, so that it may come back, for as long as it is archived: who subscribed again
    themselves, or got into another protected state, is not this export's any more, however they
    are archived later. Who is in a protected state is not archived or unsubscribed.
    """
    gone = gone.join(suppressed.select("email", "status"), on="email", how="left")
    status = pl.col("status")
    gone = gone.filter(
        was(Flag.ACCEPTED) | was(Flag.UNCERTAIN) | (pl.col("old_tags").fill_null(0) != 0),
        ~was(Flag.ARCHIVED)
        | (status == "archived").fill_null(False)
        # The call that was to archive it was lost: it may not have been done.
        | (was(Flag.DUE) & status.is_null()),
    )
    # Whether a call that was lost has archived it shows in its state.
    archived = was(Flag.ARCHIVED) & (~was(Flag.DUE) | (status == "archived").fill_null(False))
    hidden = archived if policy.takes_tags else pl.lit(True)
    return gone.select(
        "email",
        "customer_id",
        segments=empty(),
        wanted=empty(),
        kind=pl.when(hidden).then(int(Kind.KEPT)).otherwise(int(Kind.LEAVER)),
        code=pl.lit(None, dtype=pl.UInt8),
        note=pl.lit(int(Note.NONE)),
        action=pl.when(was(Flag.ADDED) & ~hidden & status.is_null())
        .then(_at_most(policy))
        .otherwise(int(Action.NONE)),
        add=empty(),
        remove=pl.when(hidden).then(empty()).otherwise(pl.col("old_tags").fill_null(0)),
        **{name: pl.col(name) for name in gone.columns if name.startswith("old_")}
        | {"old_flags": pl.col("old_flags") | _mildness(policy)},
    )


def _mildness(policy: Policy) -> pl.Expr:
    """Return the flag that says how mild the export is with who is missing now."""
    match policy.leavers:
        case "keep":
            flag = int(Flag.KEEP)
        case "archive":
            flag = int(Flag.ARCHIVE_AT_MOST)
        case "untag" | "unsubscribe":
            # Who is only untagged is forgotten with that.
            flag = 0
        case unknown:
            assert_never(unknown)
    return pl.lit(flag, dtype=pl.UInt8)


def _at_most(policy: Policy) -> pl.Expr:
    """Return what is done with leavers, the milder of what the export says now and said then."""
    now = pl.lit(int(policy.leavers_action))
    archived = pl.lit(int(Action.ARCHIVE))
    harsher = was(Flag.ARCHIVE_AT_MOST) & (now == int(Action.UNSUBSCRIBE))
    milder = pl.when(harsher).then(archived).otherwise(now)
    return pl.when(was(Flag.KEEP)).then(int(Action.NONE)).otherwise(milder)


def keep_what_others_give(rows: pl.DataFrame, given_by_others: pl.DataFrame) -> pl.DataFrame:
    """Leave what another export still gives: its tags, and the contact itself."""
    if given_by_others.is_empty():
        return rows.with_columns(spared=empty())
    given = given_by_others.select("email", others="tags")
    leaver = pl.col("kind") == int(Kind.LEAVER)
    held = pl.col("others").is_not_null()
    return (
        lookup.left_join(rows, given, "email")
        .with_columns(
            remove=pl.col("remove") & ~pl.col("others").fill_null(0),
            spared=pl.col("remove") & pl.col("others").fill_null(0),
            action=pl.when(leaver & held).then(int(Action.NONE)).otherwise("action"),
        )
        .drop("others")
    )
