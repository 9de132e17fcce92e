"""A run that asks some contacts again, and leaves everybody else as they are."""

from dataclasses import replace

import polars as pl

from shared.frames import lookup
from shared.frames.masks import empty
from shared.runs.ledger import Flag
from shared.runs.planning.difference.compare import decide
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Kind, Note


def asked_among(rows: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of who is asked again; of profiles that are not sent, those of the same one.

    rows: see compare.join_ledger. asked: email and customer_id.
    """
    theirs = lookup.find(rows["email"], asked["email"]).is_not_null()
    rows = rows.filter(theirs)
    same = asked.select("email", "customer_id", same=True).unique()
    rows = rows.join(same, on=["email", "customer_id"], how="left", maintain_order="left")
    sent = pl.col("kind") == int(Kind.CONTACT)
    return rows.filter(sent | pl.col("same").fill_null(False)).drop("same")


def decide_again(
    rows: pl.DataFrame,
    gone: pl.DataFrame,
    policy: Policy,
    given_by_others: pl.DataFrame,
    suppressed: pl.DataFrame,
    segment_tags: dict[int, int],
) -> pl.DataFrame:
    """Return the table of the run: see compare.decide, but nobody leaves and nothing is removed.

    rows: see asked_among.
    """
    policy = replace(policy, leavers="keep", asks_refused=True)
    table, _ = decide(rows, gone.clear(), policy, given_by_others, suppressed, segment_tags)
    return table


def with_others(table: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Add to the table who else is in the ledger; known: all of its rows, with customer_id."""
    contacts = table.filter(pl.col("kind") == int(Kind.CONTACT))["email"]
    others = known.filter(lookup.find(known["email"], contacts).is_null())
    return pl.concat([table, _as_they_were(others)], how="diagonal")


def _as_they_were(known: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the ledger as rows of the table that go into the next one unchanged."""
    same = ("email", "customer_id", "place")
    due = (pl.col("flags") & int(Flag.DUE)) != 0
    return known.select(
        "email",
        "customer_id",
        segments=empty(),
        wanted=empty(),
        kind=pl.lit(int(Kind.KEPT), dtype=pl.Int32),
        code=pl.lit(None, dtype=pl.UInt8),
        note=pl.lit(int(Note.NONE), dtype=pl.Int32),
        action=pl.when(due).then(int(Action.WAIT)).otherwise(int(Action.NONE)),
        add=empty(),
        remove=empty(),
        spared=empty(),
        held=pl.lit(False),
        stamp=pl.col("stamp"),
        **{f"old_{name}": pl.col(name) for name in known.columns if name not in same},
    )
