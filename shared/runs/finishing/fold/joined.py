"""Puts the results of items beside the rows of the run's table that they are about."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from shared.frames.masks import MASK, empty
from shared.runs.codes import FAILED, GONE, NUMBER, REJECTED
from shared.runs.finishing.fold.results import MAYBE_SENT, NOT_SENT, Results
from shared.runs.ledger import MAX_TAGS

_TAG_MASKS = ("tag_added", "tag_removed", "tag_gone", "tag_bad", "tag_unsent", "tag_maybe")
_MASKS = {bit: 1 << bit for bit in range(MAX_TAGS)}


@dataclass(frozen=True)
class Answered:
    """What became of all items of a run.

    upserts and singles: row of the table per item; tag_ops: row, bit, add per item.
    """

    upserts: tuple[pl.Series, Results]
    tag_ops: tuple[pl.DataFrame, Results]
    singles: tuple[pl.Series, Results]


def answers_of(rows: int, answered: Answered) -> pl.DataFrame:
    """Return for each of so many rows of the table what the results say of it."""
    answers = pl.DataFrame({"row": pl.int_range(rows, dtype=pl.UInt32, eager=True)})
    answers = _join_upserts(answers, *answered.upserts)
    answers = _join_tags(answers, *answered.tag_ops)
    return _join_singles(answers, *answered.singles)


def _join_upserts(table: pl.DataFrame, rows: pl.Series, results: Results) -> pl.DataFrame:
    """Add up_code and what belongs to it: up_detail, lacking, by_us, asked, up_let_go, untaken,
    up_from, up_to and up_shown.
    """
    shown = results.shown or array("I", bytes(4 * len(results.codes)))
    frame = pl.DataFrame(
        {
            "row": rows,
            "up_code": pl.Series(results.codes, dtype=pl.UInt8),
            "up_shown": pl.Series(shown, dtype=pl.UInt32),
        },
        schema_overrides={"row": pl.UInt32},
    )
    details = _sparse(results.details, pl.String, "up_detail", rows)
    lacking = _sparse(results.lacking, MASK, "lacking", rows)
    by_us = _sparse(dict.fromkeys(sorted(results.added), True), pl.Boolean, "by_us", rows)
    asked = _sparse(dict.fromkeys(sorted(results.asked), True), pl.Boolean, "asked", rows)
    let_go = _sparse(dict.fromkeys(sorted(results.let_go), True), pl.Boolean, "up_let_go", rows)
    frame = frame.with_columns(_times(results, "up"))
    places = sorted(set[int]().union(*results.untaken.values()))
    untaken = _sparse(dict.fromkeys(places, True), pl.Boolean, "untaken", rows)
    for part in (frame, details, lacking, by_us, asked, let_go, untaken):
        table = table.join(part, on="row", how="left", maintain_order="left")
    return table


def _join_tags(table: pl.DataFrame, ops: pl.DataFrame, results: Results) -> pl.DataFrame:
    """Add the masks per row and tag_detail.

    tag_bad: those not changed. tag_gone: those of a contact that the audience doesn't hold.
    """
    if ops.is_empty():
        none = dict.fromkeys(_TAG_MASKS, empty())
        return table.with_columns(**none, tag_detail=pl.lit(None, dtype=pl.String))
    mask = pl.col("bit").replace_strict(_MASKS, return_dtype=MASK)
    code, added = pl.col("code"), pl.col("add") == 1
    # A removal that had to be put off is `unchanged`: the ledger still has the tag.
    done = ~code.is_in([FAILED, NOT_SENT, MAYBE_SENT, NUMBER["unchanged"], *REJECTED])
    frame = ops.with_columns(
        code=pl.Series(results.codes, dtype=pl.UInt8), mask=mask
    ).with_row_index("place")
    details = pl.DataFrame(
        {
            "place": pl.Series(list(results.details), dtype=pl.UInt32),
            "detail": pl.Series(list(results.details.values()), dtype=pl.String),
        }
    )
    frame = frame.join(details, on="place", how="left")
    text = pl.col("detail")
    bad = code.is_in([FAILED, *REJECTED])
    named = pl.when(bad & ~text.str.starts_with("tag ")).then("tag: " + text).otherwise(text)

    def masked(condition: pl.Expr) -> pl.Expr:
        return pl.when(condition).then(pl.col("mask")).otherwise(empty()).bitwise_or()

    summed = frame.group_by("row").agg(
        tag_added=masked(done & added),
        tag_removed=masked(done & ~added),
        tag_gone=masked((code == NUMBER["unchanged"]) & (text == GONE).fill_null(False)),
        tag_bad=masked(bad),
        tag_unsent=masked(code == NOT_SENT),
        tag_maybe=masked(code == MAYBE_SENT),
        tag_detail=named.drop_nulls().first(),
    )
    return table.join(
        summed.with_columns(pl.col("row").cast(pl.UInt32)),
        on="row",
        how="left",
        maintain_order="left",
    ).with_columns(pl.col(_TAG_MASKS).fill_null(0))


def _join_singles(table: pl.DataFrame, rows: pl.Series, results: Results) -> pl.DataFrame:
    """Add one_code and one_detail (archived or unsubscribed, or why not), one_let_go and times."""
    frame = pl.DataFrame(
        {"row": rows, "one_code": pl.Series(results.codes, dtype=pl.UInt8)},
        schema_overrides={"row": pl.UInt32},
    )
    details = _sparse(results.details, pl.String, "one_detail", rows)
    let_go = _sparse(dict.fromkeys(sorted(results.let_go), True), pl.Boolean, "one_let_go", rows)
    frame = frame.with_columns(_times(results, "one"))
    for part in (frame, details, let_go):
        table = table.join(part, on="row", how="left", maintain_order="left")
    return table


def _times(results: Results, part: str) -> list[pl.Series]:
    """Return of each item Mailchimp's times between which its call was carried out; 0 for none."""
    first, last = (array("I", bytes(4 * len(results.codes))) for _ in range(2))
    for start, end, begun, ended in results.during:
        first[start:end] = array("I", [begun]) * (end - start)
        last[start:end] = array("I", [ended]) * (end - start)
    return [
        pl.Series(f"{part}_from", first, dtype=pl.UInt32),
        pl.Series(f"{part}_to", last, dtype=pl.UInt32),
    ]


def _sparse(
    values: Mapping[int, object], dtype: type[pl.DataType], name: str, rows: pl.Series
) -> pl.DataFrame:
    places = pl.Series(list(values), dtype=pl.UInt32)
    return pl.DataFrame(
        {"row": rows.gather(places), name: pl.Series(list(values.values()), dtype=dtype)},
        schema_overrides={"row": pl.UInt32},
    )
