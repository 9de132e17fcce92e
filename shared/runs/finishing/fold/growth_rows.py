"""What a run did to the number of contacts that Mailchimp charges for, as its answers say."""

import polars as pl

from shared.runs.bill import Growth, Range, grown
from shared.runs.codes import FAILED, NUMBER
from shared.runs.finishing.fold.ledger_rows import archived, is_one, maybe_archived
from shared.runs.finishing.fold.results import MAYBE_SENT
from shared.runs.ledger import Flag
from shared.runs.run_table import was


def growth_of(table: pl.DataFrame, *, pending: bool) -> Growth:
    """Return what some rows of the run's table, with their answers, say.

    A contact that a lost call may have created, or that an earlier one has, counts at most.
    """
    created = is_one("up_code", NUMBER["created"])
    lost = is_one("up_code", MAYBE_SENT, FAILED) & ~was(Flag.ACCEPTED)
    maybe = ~created & (pl.col("by_us").fill_null(False) | lost)
    counts = table.lazy().select(
        created=created.sum(),
        maybe=maybe.sum(),
        asked=pl.col("asked").fill_null(False).sum(),
        archived=archived().sum(),
        maybe_archived=maybe_archived().sum(),
        unsubscribed=is_one("one_code", NUMBER["unsubscribed"]).sum(),
    )
    found = counts.collect().row(0, named=True)
    return grown(
        Range(found["created"], found["created"] + found["maybe"]),
        found["asked"],
        Range(found["archived"], found["archived"] + found["maybe_archived"]),
        found["unsubscribed"],
        pending=pending,
    )
