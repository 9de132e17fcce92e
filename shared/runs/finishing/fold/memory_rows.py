"""What the run adds to the audience's memory: whom it created, archived, asked, found gone."""

from dataclasses import dataclass, field

import polars as pl

from shared.audiences.marks import Mark, made_schema, people_schema
from shared.runs.codes import ERASED, NUMBER
from shared.runs.finishing.fold.ledger_rows import (
    Times,
    accepted,
    archived,
    is_one,
    let_go,
    made,
    maybe_archived,
    moved,
)
from shared.runs.ledger import Flag
from shared.runs.run_table import Kind, Note, was

_WHO = pl.col("email"), pl.col("customer_id").fill_null("")


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema={"email": pl.String, "marks": pl.UInt8})


@dataclass(frozen=True)
class Remembered:
    """What the memory has of before; marked: email and marks of those whom it has a mark of.

    has_ledger: also whom the export's ledger of before there was a memory has as created.
    """

    marked: pl.DataFrame = field(default_factory=_nobody)
    has_ledger: bool = True


@dataclass(frozen=True)
class Said:
    """Rows for the memory's tables, without who says so (see audiences/marks.py).

    made: whom this run created; people: of whom there is more to say; known: whom the ledger has as
    created before, where the memory lacks it.
    """

    made: pl.DataFrame
    people: pl.DataFrame
    known: pl.DataFrame


def said_of(table: pl.DataFrame, times: Times, remembered: Remembered) -> Said:
    """Return what some rows of the run's table, with their answers, say."""
    table = table.filter(pl.col("kind") != int(Kind.PROFILE), ~pl.col("code").eq_missing(ERASED))
    now = is_one("up_code", NUMBER["created"]) | pl.col("by_us").fill_null(False)
    before = was(Flag.ADDED) & ~now & ~let_go() & pl.lit(not remembered.has_ledger)
    table = table.with_columns(
        **made(), **moved(times), new_marks=_marks(now, remembered.marked), now=now, before=before
    )
    moved_at = pl.when((pl.col("new_marks") & int(Mark.ARCHIVED | Mark.ASKED)) != 0)
    people = table.filter(pl.col("new_marks") > 0).select(
        *_WHO,
        marks="new_marks",
        by=pl.lit(""),
        moved_from=moved_at.then("moved_from").otherwise(0),
        moved_to=moved_at.then("moved_to").otherwise(0),
    )
    return Said(
        _made_rows(table.filter("now")),
        people.cast(people_schema()),  # type: ignore[arg-type] # a plain dict of names to types
        _made_rows(table.filter("before")),
    )


def _made_rows(table: pl.DataFrame) -> pl.DataFrame:
    rows = table.filter(pl.col("made_to") > 0).select(*_WHO, "made_from", "made_to")
    return rows.cast(made_schema())  # type: ignore[arg-type] # as above


def all_of(parts: list[Said]) -> Said:
    """Return what several parts of a table say together."""
    return Said(
        pl.concat([part.made for part in parts]),
        pl.concat([part.people for part in parts]),
        pl.concat([part.known for part in parts]),
    )


def _marks(now: pl.Expr, marked: pl.DataFrame) -> pl.Expr:
    """Return the mark that a run leaves on each contact, 0 for none."""

    def among(*marks: Mark) -> pl.Expr:
        wanted = sum(map(int, marks))
        emails = marked.filter((pl.col("marks") & wanted) != 0)["email"]
        return pl.col("email").is_in(emails.implode())

    withdrew = pl.col("note") == int(Note.CONSENT_WITHDRAWN)
    asked = pl.col("asked").fill_null(False)
    gone = archived() | maybe_archived()
    unsubscribed = NUMBER["skipped_unsubscribed"]
    seen = (
        (is_one("code", unsubscribed) & (pl.col("note") != int(Note.OTHER_ADDRESS)))
        | is_one("up_code", unsubscribed)
        | was(Flag.UNSUBSCRIBED)
    )
    # Whom people, or they themselves, have brought back is not this product's any more.
    back = accepted() & among(Mark.ARCHIVED, Mark.UNSUBSCRIBED, Mark.BY_US)
    not_ours = let_go() & (was(Flag.ADDED) | was(Flag.ARCHIVED))
    known = among(Mark.UNSUBSCRIBED, Mark.BY_US)
    return (
        pl.when(now)
        .then(0)
        .when(asked)
        .then(int(Mark.ASKED))
        .when(gone & withdrew)
        .then(int(Mark.ARCHIVED | Mark.WITHDRAWN))
        .when(gone)
        .then(int(Mark.ARCHIVED))
        .when(is_one("one_code", NUMBER["unsubscribed"]))
        .then(int(Mark.BY_US))
        .when(seen & ~known)
        .then(int(Mark.UNSUBSCRIBED))
        .when(not_ours | back)
        .then(int(Mark.LET_GO))
        .otherwise(0)
        .cast(pl.UInt8)
    )
