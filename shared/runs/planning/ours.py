"""Whose contacts are: this export's also where another one on the audience created or archived."""

import polars as pl

from shared.audiences import memory
from shared.audiences.marks import CREATION_OVER, Mark
from shared.frames import lookup
from shared.runs.ledger import Flag
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, was


def archived_by_others(people: pl.DataFrame, uid: str) -> pl.DataFrame:
    """Return whom another export archived, and who may come back by any: email and times.

    Not who withdrew consent: that counts for the export that they refused. people: see
    marks.people_schema.
    """
    archived = (pl.col("marks") & int(Mark.ARCHIVED)) != 0
    withdrew = (pl.col("marks") & int(Mark.WITHDRAWN)) != 0
    return people.filter(archived, ~withdrew, pl.col("by") != uid, pl.col("moved_to") > 0).select(
        "email", "moved_from", "moved_to"
    )


def unsubscribed(people: pl.DataFrame) -> pl.DataFrame:
    """Return whom any export saw unsubscribed, not by this product: email and customer_id."""
    seen = (pl.col("marks") & int(Mark.UNSUBSCRIBED)) != 0
    return people.filter(seen).select("email", "customer_id")


def with_archived(rows: pl.DataFrame, archived: pl.DataFrame) -> pl.DataFrame:
    """Say of contacts that another export archived what the ledger says of this one's.

    rows: see difference.join_ledger. archived: see archived_by_others.
    """
    if archived.is_empty():
        return rows
    rows = lookup.left_join(rows, archived, "email")
    theirs = (
        pl.col("code").is_null()
        & (pl.col("state") == "archived").fill_null(False)
        & pl.col("moved_to").is_not_null()
        & ~was(Flag.ARCHIVED)
    )
    mark = pl.col("old_flags").fill_null(0) | pl.lit(int(Flag.ARCHIVED), dtype=pl.UInt16)
    return rows.with_columns(
        old_flags=pl.when(theirs).then(mark).otherwise("old_flags"),
        old_moved_from=pl.when(theirs).then("moved_from").otherwise("old_moved_from"),
        old_moved_to=pl.when(theirs).then("moved_to").otherwise("old_moved_to"),
    ).drop("moved_from", "moved_to")


def with_ours(
    attempt: PlanningAttempt, gone: pl.DataFrame, people: pl.DataFrame, policy: Policy
) -> pl.DataFrame:
    """Say of an export's leavers which of them any export on the audience has created, and when.

    gone: see difference.join_ledger. people: see marks.people_schema. Only where something may be
    done about leavers that can't be undone.
    """
    acts = {policy.leavers_action, policy.withdrawn_action} != {Action.NONE}
    others = gone.filter(~was(Flag.ADDED))["email"]
    if not acts or others.is_empty():
        return gone
    blobs, account, audience = attempt.app.blobs, attempt.account, attempt.run.audience
    return as_ours(gone, memory.made(blobs, account, audience, others), people)


def as_ours(gone: pl.DataFrame, made: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Return leavers as added by their export where this product is known to have added them.

    made: email, made_from and made_to. people: see marks.people_schema.
    """
    known = (
        gone.lazy()
        .select("email")
        .join(made.lazy(), on="email", how="left", maintain_order="left")
        .join(
            people.lazy().select("email", "marks", "moved_from", "moved_to"),
            on="email",
            how="left",
            maintain_order="left",
        )
        .select(pl.exclude("email").fill_null(0))
        .collect()
    )
    asked = (pl.col("marks") & int(Mark.ASKED)) != 0
    created = (pl.col("made_to") > 0) & ((pl.col("marks") & CREATION_OVER) == 0)
    ours = ~was(Flag.ADDED) & ~was(Flag.ARCHIVED) & (asked | created)

    def taken(when: pl.Expr, name: str) -> pl.Expr:
        return pl.when(when).then(name).otherwise(f"old_{name}").alias(f"old_{name}")

    added = pl.lit(int(Flag.ADDED), dtype=pl.UInt16)
    return (
        gone.hstack(known)
        .with_columns(
            pl.when(ours)
            .then(pl.col("old_flags") | added)
            .otherwise("old_flags")
            .alias("old_flags"),
            *(taken(ours, name) for name in ("made_from", "made_to")),
            *(taken(ours & asked, name) for name in ("moved_from", "moved_to")),
        )
        .drop(known.columns)
    )
