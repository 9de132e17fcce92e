"""Withholds every contact that a run would create, where those are too many."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from shared.exports.models import GrowthLimit
from shared.frames import lookup
from shared.runs.ledger import Flag
from shared.runs.planning.difference.contacts import leave_out
from shared.runs.run_table import Action, Kind, Note, was


@dataclass(frozen=True)
class Additions:
    """How many contacts a run may create, None for any number, and how many are withheld."""

    limit: int | None = None
    withheld: int = 0


def most_of(limit: GrowthLimit, billable: int) -> int:
    """Return how many contacts a limit allows; billable: those of the audience."""
    if limit.contacts is not None:
        return limit.contacts
    return int(float(limit.percent or 0) * billable / 100)


def was_accepted(table: pl.DataFrame) -> bool:
    """Return whether the ledger has anybody whom Mailchimp has accepted."""
    return bool(table.lazy().select(was(Flag.ACCEPTED).any()).collect().item())


def new_contacts(table: pl.DataFrame) -> pl.Series:
    """Return the addresses that are sent and that this export has not had accepted so far.

    Who is in a protected state, or was archived, is in the audience. table: see run_table.py, with
    the contacts' `state`.
    """
    new = (
        (pl.col("kind") == int(Kind.CONTACT))
        & (pl.col("action") == int(Action.UPSERT))
        & ~was(Flag.ACCEPTED)
        & ~was(Flag.ARCHIVED)
        & pl.col("state").is_null()
    )
    return table.lazy().filter(new).select("email").collect()["email"]


def without(emails: pl.Series, known: Iterable[pl.Series]) -> pl.Series:
    """Return the addresses that are in none of some others."""
    for others in known:
        emails = emails.filter(lookup.find(emails, others).is_null())
    return emails


def withhold(table: pl.DataFrame, emails: pl.Series) -> pl.DataFrame:
    """Send none of these contacts; nothing else of the table changes."""
    there = lookup.find(table["email"], emails).is_not_null()
    who = pl.lit(there) & (pl.col("kind") == int(Kind.CONTACT))
    return leave_out(table, who, "skipped_growth_limit", Note.NONE)
