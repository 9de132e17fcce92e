"""Small tables for the tests of planning and folding, a row as a dictionary."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from shared.runs import ledger
from shared.runs.ledger import Flag
from shared.runs.planning import difference
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import Removals

SUPPRESSED = {"email": pl.String, "status": pl.String}
GIVEN = {"email": pl.String, "tags": pl.UInt64, "accepted": pl.Boolean, "firm": pl.Boolean}
NOW = 1_800_000_000
# What a ledger says of a contact that is there, and of one that this export added.
HELD = {"digest": 7, "tags": 1, "flags": int(Flag.ACCEPTED)}
OURS = {"digest": 7, "tags": 1, "flags": int(Flag.ACCEPTED | Flag.ADDED)}
_CONTACT = {
    "customer_id": "1",
    "segments": 1,
    "wanted": 1,
    "code": None,
    "state": None,
    "digest": 7,
    "fields": 0,
}
_TYPES = {
    "email": pl.String,
    "customer_id": pl.String,
    "segments": pl.UInt64,
    "wanted": pl.UInt64,
    "code": pl.UInt8,
    "state": pl.String,
    "digest": pl.UInt64,
    "fields": pl.UInt64,
}


def contacts_of(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return judged contacts; a row needs no more than its address."""
    return pl.DataFrame([_CONTACT | dict(row) for row in rows], schema=_TYPES)


def compare(
    contacts: pl.DataFrame,
    known: pl.DataFrame,
    policy: Policy,
    given_by_others: pl.DataFrame,
    suppressed: pl.DataFrame,
    segment_tags: dict[int, int],
    answers: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, Removals]:
    """Recall and decide, as a plan does, with a ledger that has all its columns."""
    rows, gone = difference.join_ledger(contacts, known.drop("customer_id").with_row_index("place"))
    gone = gone.with_columns(customer_id=known["customer_id"].gather(gone["place"]))
    gone = difference.with_answers(gone, answers)
    rows = difference.with_elsewhere(rows, gone, suppressed)
    return difference.decide(rows, gone, policy, given_by_others, suppressed, segment_tags)


def suppressions(**states: str) -> pl.DataFrame:
    """Return a suppression table; `a="pending"` stands for a@x.org."""
    rows = [(address(name), status) for name, status in states.items()]
    return pl.DataFrame(rows, schema=SUPPRESSED, orient="row")


def given(**tags: int) -> pl.DataFrame:
    """Return the tags that other exports give."""
    rows = [(address(name), mask, True, True) for name, mask in tags.items()]
    return pl.DataFrame(rows, schema=GIVEN, orient="row")


def address(name: str) -> str:
    """Return a name's address."""
    return f"{name}@x.org"


def ledger_of(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return a ledger; a row needs no more than its address."""
    nothing = {
        "customer_id": "",
        "digest": 0,
        "tags": 0,
        "fields": 0,
        "flags": int(Flag.ACCEPTED),
        "retry_at": 0,
        "tried": 0,
        "left": 0,
        **dict.fromkeys(ledger.NEW, 0),
    }
    empty = dict.fromkeys(ledger.schema())
    return pl.DataFrame([empty | nothing | dict(row) for row in rows], schema=ledger.schema())


def by_email(table: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Return a table's rows by address, which must be theirs alone."""
    found = {row["email"]: row for row in table.iter_rows(named=True)}
    assert len(found) == table.height
    return found
