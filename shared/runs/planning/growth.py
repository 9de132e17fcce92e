"""Holds a run to its export's growth limit: finds out whom it would create."""

from collections.abc import Iterator, Sequence

import polars as pl

from shared.audiences import memory
from shared.mailchimp.suppressions import load_subscribed
from shared.runs import ledger
from shared.runs.bill import Counters
from shared.runs.ledger import Flag, Ledger
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.difference.growth import (
    Additions,
    most_of,
    new_contacts,
    was_accepted,
    withhold,
    without,
)


class SubscribedUnknownError(Exception):
    """More contacts are sent than may be created, so that has to be known who is there already."""


def stop_additions(
    attempt: PlanningAttempt,
    others: Sequence[Ledger],
    table: pl.DataFrame,
    counters: Counters | None,
) -> tuple[pl.DataFrame, Additions]:
    """Withhold the contacts that a run would create where they are more than its export allows.

    others: ledgers of the other exports on the audience. table: see run_table.py, with `state`.
    counters: how many are billed; None: Mailchimp does not say, and those count that this export
    holds. Raises SubscribedUnknownError.
    """
    limit = attempt.export.growth_limit
    if limit is None or attempt.run.allow_additions:
        return table, Additions()
    if limit.percent is not None and not (attempt.old.accepted or was_accepted(table)):
        # Whoever begins with an audience adds more than a share of it.
        return table, Additions()
    most = most_of(limit, attempt.old.contacts if counters is None else counters.audience)
    new = new_contacts(table)
    if new.len() > most:
        new = without(new, known_contacts(attempt, others, new))
    if new.len() > most:
        if not attempt.knows_subscribed:
            raise SubscribedUnknownError
        new = without(new, [subscribed(attempt)])
    if new.len() <= most:
        return table, Additions(most)
    return withhold(table, new), Additions(most, new.len())


def known_contacts(
    attempt: PlanningAttempt, others: Sequence[Ledger], emails: pl.Series
) -> Iterator[pl.Series]:
    """Yield whom this product knows to be in the audience, whichever export has sent them."""
    blobs, old = attempt.app.blobs, attempt.old
    held = (pl.col("flags") & int(Flag.ACCEPTED)) != 0
    for other in others:
        yield ledger.read_table(blobs, other, ["email", "flags"]).filter(held)["email"]
    yield memory.made(blobs, old.account, old.audience, emails)["email"]


def subscribed(attempt: PlanningAttempt) -> pl.Series:
    """Return the addresses that have been read for a plan."""
    return load_subscribed(attempt.app, attempt.account, attempt.run.audience)
