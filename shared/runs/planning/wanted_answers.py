"""What contacts' answers ask for: the columns of this run beside what was last read and written."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from shared.audiences import answers
from shared.audiences.answer_rows import MASKS
from shared.frames.masks import MASK
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.difference.generations import seconds_of

# What a contact's row in the run's table has of it; `told`: something the memory does not hold yet.
COLUMNS = ("language", "yes", "no", "told")
# What its item needs besides, in the order of Wanted.
LOOK = ("give", "take", "first", "gave", "took", "lost", "changed", "read_at")


@dataclass(frozen=True)
class Before:
    """What was known when the plan was made.

    interests: answers' ids by their bits, with those of the export. rows: see
    audiences/answer_rows.py. existing: mask of those that contacts get for the first time who
    were there already.
    """

    interests: tuple[str, ...]
    rows: pl.DataFrame
    existing: int


def before_of(attempt: PlanningAttempt, there: Sequence[str]) -> Before | None:
    """Return what is known of the audience's answers; None where the export asks for none.

    there: the export's permissions and interests that the audience has.
    """
    export = attempt.export
    if not export.answers and export.language_field is None:
        return None
    known, rows = answers.read(attempt.app.blobs, attempt.account, attempt.run.audience)
    ids = known.with_interests(there)
    give = [id_ for id_, answer in export.answers.items() if answer.existing == "give"]
    existing = sum(1 << ids.index(id_) for id_ in give if id_ in ids)
    return Before(ids, rows, existing)


def with_wanted(rows: pl.DataFrame, before: Before) -> pl.DataFrame:
    """Add to contacts (see difference.join_ledger) what their answers ask for.

    Columns LOOK, new_language and last_language; looks: whether a contact that exists is read
    before it is written; told.
    """
    known = before.rows.select(
        "email",
        *(pl.col(name).alias(f"m_{name}") for name in MASKS),
        m_language="language",
        changed="changed",
        read_at="read_at",
    )
    rows = rows.join(known, on="email", how="left", maintain_order="left")
    rows = rows.with_columns(
        pl.col(*(f"m_{name}" for name in MASKS), "changed", "read_at").fill_null(0)
    )
    for name, kind in (("language", pl.String), ("yes", MASK), ("no", MASK)):
        if name not in rows.columns:
            rows = rows.with_columns(
                pl.lit(None if kind == pl.String else 0, dtype=kind).alias(name)
            )
    yes, no = pl.col("yes").fill_null(0), pl.col("no").fill_null(0)
    first = yes & ~(pl.col("m_yes") | pl.col("m_no")) & pl.lit(before.existing, dtype=MASK)
    language = pl.col("language")
    differs = language.is_not_null() & (language != pl.col("m_language"))
    return (
        rows.with_columns(
            give=(yes & pl.col("m_no")) | first,
            take=no & pl.col("m_yes"),
            first=first,
            gave="m_gave",
            took="m_took",
            lost="m_lost",
            new_language=pl.when(differs).then(language),
            last_language="m_language",
            told=((yes & ~pl.col("m_yes")) | (no & ~pl.col("m_no"))) != 0,
        )
        .with_columns(
            looks=((pl.col("give") | pl.col("take")) != 0) | pl.col("new_language").is_not_null()
        )
        .drop("m_language", *(f"m_{name}" for name in MASKS))
    )


def stamp_of(attempt: PlanningAttempt) -> int:
    """Return when the oldest of a run's snapshots was taken, in seconds since 1970."""
    return min(seconds_of(snapshot.stamp) for snapshot in attempt.found.snapshots)


def json_of(rows: pl.DataFrame) -> pl.Expr:
    """Return as JSON the later fields of More: interests, look and watched."""
    nothing = pl.lit("null")

    def text(name: str) -> pl.Expr:
        return (pl.lit('"') + pl.col(name) + pl.lit('"')).fill_null(nothing)

    if "looks" not in rows.columns:
        return pl.lit("0,null,0")
    pattern = "[" + ",".join(["{}"] * (len(LOOK) + 2)) + "]"
    look = pl.format(pattern, *LOOK, text("new_language"), text("last_language"))
    shown = pl.when("looks").then(look).otherwise(nothing)
    return pl.format("{},{},{}", pl.col("yes").fill_null(0), shown, "gave")
