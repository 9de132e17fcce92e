"""Forecasts what a run would do to Mailchimp's bill."""

from collections.abc import Sequence

import polars as pl

from shared.audiences import memory
from shared.frames import lookup
from shared.runs import ledger
from shared.runs.bill import Billing, Growth, Range, grown
from shared.runs.ledger import Flag, Ledger
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.difference.growth import new_contacts, without
from shared.runs.planning.growth import known_contacts, subscribed
from shared.runs.run_table import Action, was


def forecast(
    attempt: PlanningAttempt,
    others: Sequence[Ledger],
    table: pl.DataFrame,
    suppressed: pl.DataFrame,
    billing: Billing | None,
) -> Growth:
    """Return what a run would do to the number of billable contacts.

    table: see run_table.py, with `state`. suppressed: email and status of protected contacts.
    """
    new = new_contacts(table)
    if new.len():
        new = without(new, known_contacts(attempt, others, new))
    strangers = 0
    if attempt.knows_subscribed:
        new = without(new, [subscribed(attempt)])
    elif new.len() and billing is not None:
        held = _held(attempt, others, table, suppressed)
        strangers = max(0, billing.counters.subscribed_now.at_most - held)
    # Of the audience's contacts that nobody knows each may be one of these.
    created = Range(max(0, new.len() - strangers), new.len())
    asked = _count(table, (pl.col("action") == int(Action.UPSERT)) & was(Flag.ARCHIVED))
    archived = _count(table, pl.col("action") == int(Action.ARCHIVE))
    return grown(
        created,
        asked,
        Range(archived, archived),
        _count(table, pl.col("action") == int(Action.UNSUBSCRIBE)),
        pending=attempt.export.status_for_new == "pending",
    )


def _held(
    attempt: PlanningAttempt,
    others: Sequence[Ledger],
    table: pl.DataFrame,
    suppressed: pl.DataFrame,
) -> int:
    """Return how many subscribed contacts of the audience this product knows."""
    blobs, old = attempt.app.blobs, attempt.old
    mine = table.lazy().filter(was(Flag.ACCEPTED)).select("email").collect()["email"]
    accepted = (pl.col("flags") & int(Flag.ACCEPTED)) != 0
    theirs = [
        ledger.read_table(blobs, other, ["email", "flags"]).filter(accepted)["email"]
        for other in others
    ]
    known = pl.concat([mine, *theirs, memory.all_made(blobs, old.account, old.audience)])
    return lookup.count_distinct(without(known, [suppressed["email"]]))


def _count(table: pl.DataFrame, rows: pl.Expr) -> int:
    return int(table.lazy().select(rows.sum()).collect().item())
