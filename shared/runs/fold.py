"""From what was planned and what was answered to outcomes and the next ledger. No input, no output.

table is the run's table (see difference/table.py) with the results beside it; every contact of
the old ledger is in it, so that nothing else is needed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import polars as pl

from shared.mailchimp.errors import retry_after
from shared.runs import ledger
from shared.runs.codes import (
    ADDRESS_MARK,
    ERASED,
    FAILED,
    NAMES,
    NUMBER,
    OUTCOMES,
    REJECTED,
    SKIPPED_BY_STATUS,
)
from shared.runs.difference import NOTES, Action, Kind
from shared.runs.ledger import RETRY_NEVER, RETRY_WHEN_CHANGED, Flag

_U64 = pl.UInt64
_FOLDED_ROWS = 100_000
# Results of items besides outcome codes.
NOT_SENT = 254
MAYBE_SENT = 253
_MASKS = {bit: 1 << bit for bit in range(ledger.MOST_TAGS)}
_NOT_SENT_TEXT = "not sent"
_MAYBE_TEXT = "not known: Mailchimp's answer was lost"


@dataclass
class Results:
    """What became of a list of items, in their order.

    codes: outcome numbers, NOT_SENT or MAYBE_SENT. details: text by place. lacking: tag mask
    that a contact did not get, by place. added: places that this export has added although
    Mailchimp said `updated`.
    """

    codes: bytearray
    details: dict[int, str] = field(default_factory=dict)
    lacking: dict[int, int] = field(default_factory=dict)
    added: set[int] = field(default_factory=set)
    dropped: dict[str, int] = field(default_factory=dict)


def results_of(
    chunks: Iterable[tuple[int, Sequence[Mapping[str, Any]], int]], items: int
) -> Results:
    """Collect the blocks of chunks of one kind.

    chunks: number of items, blocks, and how many items after the last block may have been sent.
    """
    results = Results(bytearray([NOT_SENT]) * items)
    first = 0
    for size, blocks, maybe in chunks:
        _collect(results, first, size, blocks, maybe)
        first += size
    return results


def _collect(
    results: Results, first: int, size: int, blocks: Sequence[Mapping[str, Any]], maybe: int
) -> None:
    position = 0
    for block in blocks:
        if "at" in block:
            at = first + block["at"]
            codes = bytes(ord(letter) - 65 for letter in block["codes"])
            results.codes[at : at + len(codes)] = codes
            position = max(position, block["at"] + len(codes))
            for place, text in (block.get("details") or {}).items():
                results.details[at + int(place)] = text
            for place, mask in (block.get("lacking") or {}).items():
                results.lacking[at + int(place)] = mask
            results.added.update(at + place for place in block.get("added") or ())
            for name, count in (block.get("dropped") or {}).items():
                results.dropped[name] = results.dropped.get(name, 0) + count
        else:
            _given(results, first, block)
    end = min(size, position + maybe)
    results.codes[first + position : first + end] = bytes([MAYBE_SENT]) * (end - position)


def _given(results: Results, first: int, block: Mapping[str, Any]) -> None:
    """Take note of a tag that was given after the contacts were sent."""
    bad = block.get("bad") or {}
    for item in block["items"]:
        place = first + item
        if str(item) in bad:
            results.details[place] = bad[str(item)]
            continue
        left = results.lacking.get(place, 0) & ~(1 << block["tag"])
        if left:
            results.lacking[place] = left
        else:
            results.lacking.pop(place, None)


@dataclass(frozen=True)
class Folded:
    """outcomes: email, customer_id, code, detail, segments (mask). counts: rows per code."""

    outcomes: pl.DataFrame
    ledger: pl.DataFrame
    counts: dict[str, int]


def fold(
    table: pl.DataFrame,
    upserts: tuple[pl.Series, Results],
    tag_ops: tuple[pl.DataFrame, Results],
    singles: tuple[pl.Series, Results],
    *,
    now: int,
    tried_at: int,
    pending: bool,
) -> Folded:
    """Return the outcomes and the next ledger.

    upserts and singles: row of the table per item; tag_ops: row, bit, add per item. now: seconds
    since 1970; tried_at: Mailchimp's time before which nothing of this run was sent. pending:
    contacts are created as pending.
    """
    answers = pl.DataFrame({"row": pl.int_range(table.height, dtype=pl.UInt32, eager=True)})
    answers = _join_upserts(answers, *upserts)
    answers = _join_tags(answers, *tag_ops)
    answers = _join_singles(answers, *singles)
    outcomes, contacts = [], []
    # Each row speaks for itself, so the many columns in between are made of some rows at a time.
    for start in range(0, max(1, table.height), _FOLDED_ROWS):
        part = table.slice(start, _FOLDED_ROWS)
        part = part.hstack(answers.slice(start, _FOLDED_ROWS).get_columns())
        outcomes.append(_outcomes(part))
        contacts.append(_next_ledger(part, now, tried_at, pending=pending))
    told = pl.concat(outcomes)
    counts = dict(told.group_by("code").len().select(pl.col("code"), pl.col("len")).iter_rows())
    return Folded(told, pl.concat(contacts), {NAMES[code]: counts[code] for code in sorted(counts)})


def _join_upserts(table: pl.DataFrame, rows: pl.Series, results: Results) -> pl.DataFrame:
    """Add up_code, up_detail, lacking and by_us."""
    frame = pl.DataFrame(
        {"row": rows, "up_code": pl.Series(results.codes, dtype=pl.UInt8)},
        schema_overrides={"row": pl.UInt32},
    )
    details = _sparse(results.details, pl.String, "up_detail", rows)
    lacking = _sparse(results.lacking, _U64, "lacking", rows)
    by_us = _sparse(dict.fromkeys(sorted(results.added), True), pl.Boolean, "by_us", rows)
    for part in (frame, details, lacking, by_us):
        table = table.join(part, on="row", how="left", maintain_order="left")
    return table


def _sparse(values: Mapping[int, Any], dtype: Any, name: str, rows: pl.Series) -> pl.DataFrame:
    places = pl.Series(list(values), dtype=pl.UInt32)
    return pl.DataFrame(
        {"row": rows.gather(places), name: pl.Series(list(values.values()), dtype=dtype)},
        schema_overrides={"row": pl.UInt32},
    )


def _join_tags(table: pl.DataFrame, ops: pl.DataFrame, results: Results) -> pl.DataFrame:
    """Add masks per row: tag_added, tag_removed, tag_bad (not changed), tag_maybe; tag_detail."""
    if ops.is_empty():
        none = pl.lit(0, dtype=_U64)
        return table.with_columns(
            tag_added=none,
            tag_removed=none,
            tag_bad=none,
            tag_unsent=none,
            tag_maybe=none,
            tag_detail=pl.lit(None, dtype=pl.String),
        )
    mask = pl.col("bit").replace_strict(_MASKS, return_dtype=_U64)
    code, added = pl.col("code"), pl.col("add") == 1
    zero = pl.lit(0, dtype=_U64)
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
        return pl.when(condition).then(pl.col("mask")).otherwise(zero).bitwise_or()

    summed = frame.group_by("row").agg(
        tag_added=masked(done & added),
        tag_removed=masked(done & ~added),
        tag_bad=masked(bad),
        tag_unsent=masked(code == NOT_SENT),
        tag_maybe=masked(code == MAYBE_SENT),
        tag_detail=named.drop_nulls().first(),
    )
    masks = ("tag_added", "tag_removed", "tag_bad", "tag_unsent", "tag_maybe")
    return table.join(
        summed.with_columns(pl.col("row").cast(pl.UInt32)),
        on="row",
        how="left",
        maintain_order="left",
    ).with_columns(pl.col(masks).fill_null(0))


def _join_singles(table: pl.DataFrame, rows: pl.Series, results: Results) -> pl.DataFrame:
    """Add one_code and one_detail: archived or unsubscribed, or why not."""
    frame = pl.DataFrame(
        {"row": rows, "one_code": pl.Series(results.codes, dtype=pl.UInt8)},
        schema_overrides={"row": pl.UInt32},
    )
    details = _sparse(results.details, pl.String, "one_detail", rows)
    for part in (frame, details):
        table = table.join(part, on="row", how="left", maintain_order="left")
    return table


def _outcomes(table: pl.DataFrame) -> pl.DataFrame:
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
        "else": pl.lit(NUMBER["unchanged"], dtype=pl.UInt8),
    }
    ranks = {n: outcome.rank for n, outcome in enumerate(OUTCOMES)}
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
    named = _detail().str.replace_all(ADDRESS_MARK, pl.col("email"), literal=True)
    detail = pl.when(erased).then(pl.lit("")).otherwise(named)
    return table.with_columns(code=code).select(
        "email", "customer_id", "code", detail=detail, segments="segments"
    )


def _detail() -> pl.Expr:
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
    return (
        pl.when(pl.col("note") != 0)
        .then(pl.col("note").replace_strict({int(n): t for n, t in NOTES.items()}, default=""))
        .when(untouched & unsent)
        .then(not_sent)
        .otherwise(
            pl.concat_str(
                text(up, "up_detail"),
                tags,
                text(one, "one_detail"),
                separator="; ",
                ignore_nulls=True,
            )
        )
    )


def _has(flag: Flag) -> pl.Expr:
    return ((pl.col("old_flags") & int(flag)) != 0).fill_null(False)


def _flag(flag: Flag, condition: pl.Expr) -> pl.Expr:
    one, zero = pl.lit(int(flag), dtype=pl.UInt8), pl.lit(0, dtype=pl.UInt8)
    return pl.when(condition.fill_null(False)).then(one).otherwise(zero)


def _next_ledger(table: pl.DataFrame, now: int, tried_at: int, *, pending: bool) -> pl.DataFrame:
    """Return the ledger after the run: what is accepted, uncertain, refused, due."""
    up, one = pl.col("up_code"), pl.col("one_code")
    created = up == NUMBER["created"]
    accepted = up.is_in([NUMBER["created"], NUMBER["updated"]]).fill_null(False)
    # A contact whose answer never came may have been taken all the same.
    maybe = up.is_in([MAYBE_SENT, FAILED]).fill_null(False)
    rejected = up.is_in(list(REJECTED)).fill_null(False)
    known = pl.col("old_flags").is_not_null()
    old_tags, zero = pl.col("old_tags").fill_null(0), pl.lit(0, dtype=_U64)
    got = pl.col("add") & ~pl.col("lacking").fill_null(0)
    may_have = pl.col("tag_maybe") | pl.when(maybe).then("add").otherwise(zero)
    tags = (
        pl.when(accepted).then(old_tags | got).otherwise(old_tags) | pl.col("tag_added") | may_have
    ) & ~pl.col("tag_removed")
    # Tags that another export keeps are its own from now on, until a segment gives them again.
    left = (pl.col("spared") | pl.col("old_left").fill_null(0)) & ~pl.col("wanted") & tags
    archived = (one == NUMBER["archived"]).fill_null(False)
    unsubscribed = (one == NUMBER["unsubscribed"]).fill_null(False)
    added = _has(Flag.ADDED) | created.fill_null(False) | pl.col("by_us").fill_null(False)
    # Who did not get a tag alone is sent whole: the audience may not hold it any more.
    untagged = (pl.col("tag_maybe") | (pl.col("tag_bad") & pl.col("add"))) != 0
    uncertain = (_has(Flag.UNCERTAIN) & ~accepted) | maybe | untagged
    # A lost call may have created it: should it turn out to be pending, it is this export's own.
    as_pending = created.fill_null(False) | (maybe & ~_has(Flag.ACCEPTED))
    # If the call that was lost has archived it, the next plan sees that.
    archiving = pl.col("action") == int(Action.ARCHIVE)
    may_be = archiving & (one == MAYBE_SENT).fill_null(False)
    # Who was unsubscribed or cleaned since may not come back, however it is archived later.
    others = [n for status, n in SKIPPED_BY_STATUS.items() if status != "archived"]
    elsewhere = pl.col("code").is_in(others).fill_null(False)
    due = (pl.col("action").is_in([int(Action.ARCHIVE), int(Action.UNSUBSCRIBE)])) & ~(
        archived | unsubscribed
    )
    flags = (
        _flag(Flag.ACCEPTED, _has(Flag.ACCEPTED) | accepted)
        | _flag(Flag.ADDED, added)
        | _flag(Flag.UNCERTAIN, uncertain)
        | _flag(Flag.ARCHIVED, (_has(Flag.ARCHIVED) & ~accepted & ~elsewhere) | archived | may_be)
        | _flag(Flag.PENDING, (_has(Flag.PENDING) & ~accepted) | (as_pending & pl.lit(pending)))
        | _flag(Flag.DUE, due)
    )
    waits = _retry_times(now)
    retry_at = up.replace_strict(waits, default=0, return_dtype=pl.Int64)
    # Once the suppression table says why, the refusal is not needed to remember it: who comes
    # back by a form is to be sent again.
    skipped = pl.col("code").is_in(list(SKIPPED_BY_STATUS.values())).fill_null(False)
    kept_refusal = pl.col("old_refusal").is_not_null() & up.is_null() & ~skipped
    erased = pl.col("code").eq_missing(ERASED)
    frame = table.filter(pl.col("kind") != int(Kind.PROFILE), ~erased).with_columns(
        new_tags=tags, new_left=left, new_flags=flags, accepted=accepted, rejected=rejected
    )
    leaver = pl.col("kind") == int(Kind.LEAVER)
    has = pl.col("new_flags")
    withheld = leaver & (pl.col("note") != 0)
    # A leaver stays in the ledger as long as something of it is left to do or to remember.
    stays = (
        pl.when(leaver)
        .then(withheld | (pl.col("new_tags") != 0) | ((has & int(Flag.DUE | Flag.ARCHIVED)) != 0))
        .otherwise((has != 0) | pl.col("rejected") | kept_refusal | known)
    )
    return (
        frame.filter(stays)
        .select(
            email="email",
            customer_id="customer_id",
            digest=pl.when("accepted").then("digest").otherwise(pl.col("old_digest").fill_null(0)),
            tags="new_tags",
            # What may have been sent has to be cleared, too, once it is blank.
            fields=pl.when("accepted")
            .then("fields")
            .otherwise(
                pl.col("old_fields").fill_null(0) | pl.when(maybe).then("fields").otherwise(zero)
            ),
            flags="new_flags",
            refusal=pl.when("rejected").then(up).when(kept_refusal).then("old_refusal"),
            refused_digest=pl.when("rejected")
            .then("digest")
            .when(kept_refusal)
            .then("old_refused_digest"),
            retry_at=pl.when("rejected")
            .then(retry_at)
            .when(kept_refusal)
            .then("old_retry_at")
            .otherwise(pl.lit(0, dtype=pl.Int64)),
            tried=pl.when(maybe)
            .then(
                pl.when(pl.col("old_tried").fill_null(0) > 0)
                .then("old_tried")
                .otherwise(pl.lit(tried_at, dtype=pl.Int64))
            )
            .when(accepted)
            .then(pl.lit(0, dtype=pl.Int64))
            .otherwise(pl.col("old_tried").fill_null(0)),
            left="new_left",
        )
        .cast(ledger.schema())  # type: ignore[arg-type] # a plain dict of names to types
    )


def _retry_times(now: int) -> dict[int, int]:
    """Return for each refusal when it may be sent again (see ledger.schema)."""
    times = {}
    for number in REJECTED:
        match retry_after(NAMES[number]):
            case timedelta() as wait:
                times[number] = now + int(wait.total_seconds())
            case "data_changed":
                times[number] = RETRY_WHEN_CHANGED
            case _:
                times[number] = RETRY_NEVER
    return times
