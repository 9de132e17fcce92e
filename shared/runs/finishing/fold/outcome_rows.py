"""One outcome per row: of its parts the one that matters most, and why it is so."""

from collections.abc import Sequence

import polars as pl

from shared.addresses import UNSEEN_PATTERN
from shared.runs.codes import ADDRESS_MARK, ERASED, FAILED, NUMBER, OUTCOMES, REJECTED
from shared.runs.finishing.fold.results import MAYBE_SENT, NOT_SENT
from shared.runs.run_table import NOTES, REASONS, Kind
from shared.runs.unseen import unseen_in

_NOT_SENT_TEXT = "not sent"
_MAYBE_TEXT = "not known: Mailchimp's answer was lost"


def outcomes_of(table: pl.DataFrame) -> pl.DataFrame:
    """Give every row one code: of its parts the one with the lowest rank."""
    unsent = [NOT_SENT, MAYBE_SENT]
    failed = pl.lit(FAILED, dtype=pl.UInt8)
    up, one = pl.col("up_code"), pl.col("one_code")
    no_tag = (pl.col("lacking").fill_null(0) != 0) | (pl.col("tag_bad") != 0)
    tags_unsent = (pl.col("tag_unsent") | pl.col("tag_maybe")) != 0
    parts = {
        "given": pl.col("code"),
        "up": pl.when(up.is_in(unsent)).then(failed).otherwise(up),
        "one": pl.when(one.is_in(unsent)).then(failed).otherwise(one),
        "tags": pl.when(no_tag | tags_unsent).then(failed),
        "added": pl.when(pl.col("tag_added") != 0).then(pl.lit(NUMBER["tagged"], dtype=pl.UInt8)),
        "removed": pl.when(pl.col("tag_removed") != 0).then(
            pl.lit(NUMBER["untagged"], dtype=pl.UInt8)
        ),
        "permissions": _permissions(table.columns),
        "else": pl.lit(NUMBER["unchanged"], dtype=pl.UInt8),
    }
    ranks = {outcome.number: outcome.rank for outcome in OUTCOMES}
    table = table.lazy().filter(pl.col("kind") != int(Kind.KEPT)).with_columns(**parts).collect()
    # The rank decides, then the code: both packed into one number whose minimum is taken.
    packed = [
        pl.col(name).replace_strict(ranks, default=None, return_dtype=pl.UInt16) * 256
        + pl.col(name).cast(pl.UInt16)
        for name in parts
    ]
    # Of who was erased nothing else is told.
    erased = pl.col("code").eq_missing(ERASED)
    code = pl.when(erased).then("code").otherwise((pl.min_horizontal(packed) % 256).cast(pl.UInt8))
    named = _detail(table.columns).str.replace_all(ADDRESS_MARK, pl.col("email"), literal=True)
    detail = pl.when(erased).then(pl.lit("")).otherwise(named)
    rows = table.with_columns(code=code).select(
        "email", "customer_id", "code", detail=detail, segments="segments"
    )
    return _with_unseen(rows)


def _permissions(columns: Sequence[str]) -> pl.Expr:
    """Return the code of a contact whose marketing permissions were not delivered, else null."""
    refused = pl.when(pl.col("wr_failed").fill_null(0) != 0).then(
        pl.lit(NUMBER["rejected_other"], dtype=pl.UInt8)
    )
    if "pe_code" not in columns:
        return refused
    code = pl.col("pe_code")
    return (
        pl.when(_permissions_unsent())
        .then(pl.lit(FAILED, dtype=pl.UInt8))
        .when(code.is_in([FAILED, *REJECTED]))
        .then(code)
        .otherwise(refused)
    )


def _permissions_unsent() -> pl.Expr:
    """Return who was created and is still without permissions, as far as is known."""
    unsent = pl.col("pe_code").is_in([NOT_SENT, MAYBE_SENT])
    return (unsent & (pl.col("up_code") == NUMBER["created"])).fill_null(False)


def _permissions_detail(columns: Sequence[str]) -> pl.Expr:
    if "pe_code" not in columns:
        return pl.lit(None, dtype=pl.String)
    maybe = pl.col("pe_code") == MAYBE_SENT
    return (
        pl.when(_permissions_unsent())
        .then(
            pl.lit("marketing permissions: ")
            + pl.when(maybe).then(pl.lit(_MAYBE_TEXT)).otherwise(pl.lit(_NOT_SENT_TEXT))
        )
        .when(pl.col("pe_code").is_in([FAILED, *REJECTED]))
        .then("pe_detail")
    )


def _with_unseen(rows: pl.DataFrame) -> pl.DataFrame:
    """Say of invalid addresses which characters they hold that can't be seen; few do."""
    invalid = pl.col("code") == NUMBER["skipped_invalid_email"]
    places = rows.select((invalid & pl.col("email").str.contains(UNSEEN_PATTERN)).fill_null(False))
    at = places.to_series().arg_true()
    if at.is_empty():
        return rows
    told = [unseen_in(email) for email in rows["email"].gather(at)]
    return rows.with_columns(rows["detail"].scatter(at, told))


def _detail(columns: Sequence[str]) -> pl.Expr:
    """Tell why, part by part: values, tags, and what was done with a leaver."""
    up, one = pl.col("up_code"), pl.col("one_code")
    not_sent, maybe = pl.lit(_NOT_SENT_TEXT), pl.lit(_MAYBE_TEXT)

    def text(code: pl.Expr, detail: str) -> pl.Expr:
        return (
            pl.when(code == NOT_SENT)
            .then(not_sent)
            .when(code == MAYBE_SENT)
            .then(maybe)
            .otherwise(pl.col(detail))
        )

    tags = (
        pl.when(pl.col("tag_detail").is_not_null())
        .then("tag_detail")
        .when(pl.col("tag_maybe") != 0)
        .then(pl.lit("tag: " + _MAYBE_TEXT))
        .when(pl.col("tag_unsent") != 0)
        .then(pl.lit("tag: " + _NOT_SENT_TEXT))
        .when((pl.col("lacking").fill_null(0) != 0) & pl.col("up_detail").is_null())
        .then(pl.lit("tag: not given"))
    )
    done = pl.col("tag_added") | pl.col("tag_removed") | pl.col("tag_bad") | pl.col("tag_maybe")
    untouched = (
        up.fill_null(NOT_SENT).eq(NOT_SENT) & one.fill_null(NOT_SENT).eq(NOT_SENT) & (done == 0)
    )
    unsent = (up == NOT_SENT) | (one == NOT_SENT) | (pl.col("tag_unsent") != 0)
    # Why something was done, where nothing is to be said of how.
    reasons = {int(note): NOTES[note] for note in REASONS}
    why = pl.col("note").replace_strict(reasons, default=None, return_dtype=pl.String)
    parts = pl.concat_str(
        text(up, "up_detail"),
        tags,
        text(one, "one_detail"),
        _permissions_detail(columns),
        separator="; ",
        ignore_nulls=True,
    )
    return (
        pl.when((pl.col("note") != 0) & why.is_null())
        .then(pl.col("note").replace_strict({int(n): t for n, t in NOTES.items()}, default=""))
        .when(untouched & unsent)
        .then(not_sent)
        .when(why.is_not_null() & (parts.fill_null("") == ""))
        .then(why)
        .otherwise(parts)
    )
