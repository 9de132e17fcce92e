"""Leavers whose CustomerId a snapshot still has, under another address or none: they have not left.

What was their address is archived at most where they have another one, and only loses its tags
while they have none.
"""

from collections.abc import Sequence

import polars as pl

from shared.frames import lookup
from shared.runs.codes import NUMBER
from shared.runs.ledger import Ledger
from shared.runs.neighbours import people_of_others
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Still

_BLANK = [NUMBER["skipped_no_email"], NUMBER["skipped_invalid_email"]]


def with_still(
    attempt: PlanningAttempt,
    gone: pl.DataFrame,
    rows: pl.DataFrame,
    policy: Policy,
    others: Sequence[Ledger],
) -> pl.DataFrame:
    """Say of an export's leavers whether this or another export has their CustomerId otherwise.

    Only where something may be done about leavers that can't be undone.
    """
    if policy.leavers_action == Action.NONE:
        return gone
    ids = gone["customer_id"].filter(gone["customer_id"] != "").unique()
    if ids.is_empty():
        return gone
    found = [profiles_of(rows, ids)]
    # Who has another address in another export is archived all the same.
    if policy.leavers_action == Action.UNSUBSCRIBE:
        held = people_of_others(attempt.app.blobs, others, ids)
        found.append(held.with_columns(blank=pl.lit(False)))
    return as_still(gone, pl.concat(found))


def profiles_of(rows: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Return email, customer_id and `blank` of the profiles with these CustomerIds."""
    theirs = lookup.find(rows["customer_id"], ids).is_not_null()
    blank = pl.col("code").is_in(_BLANK).fill_null(False)
    return rows.select("email", "customer_id", blank=blank).filter(theirs)


def as_still(gone: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return leavers with `still`; found: see profiles_of. Of several the mildest counts."""
    if found.is_empty():
        return gone
    still = (
        gone.lazy()
        .select("email", "customer_id")
        .with_row_index("at")
        .filter(pl.col("customer_id") != "")
        .join(found.lazy().rename({"email": "other"}), on="customer_id")
        .filter(pl.col("blank") | (pl.col("other") != pl.col("email")))
        .group_by("at")
        .agg(blank=pl.col("blank").any())
        .select(
            "at",
            still=pl.when("blank")
            .then(int(Still.WITHOUT_ADDRESS))
            .otherwise(int(Still.OTHER_ADDRESS)),
        )
        .collect()
    )
    told = gone["still"].scatter(still["at"], still["still"].cast(pl.UInt8))
    return gone.with_columns(told)
