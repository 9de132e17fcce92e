"""From profiles to contacts: who is sent, and why everybody else is not.

The first reason that holds is told: no address, invalid, erased, filtered, no consent (its own, or
a refusal of any profile with that address), duplicate, suppressed.
"""

from collections.abc import Callable

import polars as pl

from shared.frames import lookup
from shared.runs.codes import NUMBER, SKIPPED_BY_STATUS
from shared.runs.planning.row_filter import KeptOut
from shared.runs.run_table import Note

_CODE = pl.UInt8


def classify(
    profiles: pl.DataFrame,
    suppressed: pl.DataFrame,
    own: pl.DataFrame,
    is_erased: Callable[[pl.DataFrame], pl.Series] | None = None,
) -> pl.DataFrame:
    """Add to each profile its `code` (null: to be sent), the `segments` of its whole address and
    its protected `state` (null: none that is known).

    suppressed: email, status. own: email and the Booleans `archived`, `pending`: contacts that
    this export itself archived while they were subscribed, or created as pending. `is_erased`
    tells for a frame of email and customer_id who was erased: such rows lose both, whatever
    their code, and count as no valid address.
    """
    code = (
        pl.when(pl.col("email") == "")
        .then(NUMBER["skipped_no_email"])
        .when(~pl.col("valid"))
        .then(NUMBER["skipped_invalid_email"])
        .cast(_CODE)
    )
    frame = profiles.with_columns(code=code)
    erased = is_erased(frame.select("email", "customer_id")) if is_erased else None
    if erased is not None:
        frame = _skip(frame, erased, "skipped_erased")
    if "kept_out" in frame.columns:
        frame = _skip(frame, frame["kept_out"] != int(KeptOut.NO), "skipped_filtered")
    frame = _skip(frame, (~frame["consent"]) & (frame["email"] != ""), "skipped_no_consent")
    refusing = frame.lazy().filter("refused", pl.col("email") != "").select("email")
    who = refusing.unique().collect()["email"]
    if who.len():
        refused = lookup.find(frame["email"], who).is_not_null()
        frame = _skip(frame, refused, "skipped_no_consent")
    if erased is not None:
        frame = _without_identity(frame, erased)
    frame = _one_per_address(frame)
    return _suppress(frame, suppressed, own)


def answers(classified: pl.DataFrame) -> pl.DataFrame:
    """Return what those profiles say of an address that are why it is not sent.

    email; refuses: one of them says no, instead of nothing. as_new: all are as new. note: which
    reason is told. outside: a value that the filter doesn't want keeps out each of them.
    """
    told = [NUMBER["skipped_filtered"], NUMBER["skipped_no_consent"]]
    columns = ["email", "code", "refused", "rank"]
    filtered = pl.col("code") == NUMBER["skipped_filtered"]
    by_value = pl.lit(False)
    if "kept_out" in classified.columns:
        columns.append("kept_out")
        by_value = filtered & (pl.col("kept_out") == int(KeptOut.BY_VALUE))
    rank, outside = pl.col("rank"), by_value.all()
    return (
        classified.lazy()
        .select(columns)
        .filter(pl.col("code").is_in(told))
        .group_by("email")
        .agg(
            refuses=pl.col("refused").any(),
            as_new=rank.min() == rank.max(),
            note=pl.when(outside)
            .then(int(Note.FILTERED))
            .when(filtered.all())
            .then(int(Note.FILTERED_BY_BLANK))
            .otherwise(int(Note.NO_CONSENT)),
            outside=outside,
        )
        .collect()
    )


def _without_identity(frame: pl.DataFrame, who: pl.Series) -> pl.DataFrame:
    return frame.with_columns(
        email=pl.when(who).then(pl.lit("")).otherwise("email"),
        customer_id=pl.when(who).then(pl.lit("")).otherwise("customer_id"),
        valid=pl.col("valid") & ~who,
    )


def _skip(frame: pl.DataFrame, who: pl.Series, code: str) -> pl.DataFrame:
    return frame.with_columns(
        code=pl.when(pl.col("code").is_null() & who)
        .then(pl.lit(NUMBER[code], dtype=_CODE))
        .otherwise(pl.col("code"))
    )


def _one_per_address(frame: pl.DataFrame) -> pl.DataFrame:
    """Of several profiles with one address the first counts, with the segments of all."""
    # Few addresses are there twice: only those are compared.
    rows = pl.select(pl.arg_where(frame["code"].is_null())).to_series().alias("row")
    rows = rows.filter(lookup.repeated(frame["email"].gather(rows)))
    suspects = frame[rows].hstack([rows])
    groups = (
        suspects.filter(pl.col("email").is_duplicated())
        .sort("first", "customer_id", "row")
        .group_by("email", maintain_order=True)
        .agg(pl.col("row"), pl.col("segments").bitwise_or().alias("all_segments"))
    )
    if groups.is_empty():
        return frame
    firsts = groups["row"].list.first()
    others = groups.select(pl.col("row").list.slice(1)).explode("row")["row"]
    duplicate = pl.repeat(False, frame.height, eager=True).scatter(others, True)
    frame = frame.with_columns(frame["segments"].scatter(firsts, groups["all_segments"]))
    return _skip(frame, duplicate, "skipped_duplicate")


def _suppress(frame: pl.DataFrame, suppressed: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    codes = pl.DataFrame(
        {
            "state": list(SKIPPED_BY_STATUS),
            "skip": pl.Series(list(SKIPPED_BY_STATUS.values()), dtype=_CODE),
        }
    )
    mine = pl.concat(
        [
            own.filter("archived").select("email", state=pl.lit("archived"), mine=pl.lit(True)),
            own.filter("pending").select("email", state=pl.lit("pending"), mine=pl.lit(True)),
        ]
    )
    states = (
        suppressed.rename({"status": "state"})
        .join(codes, on="state")
        .join(mine, on=["email", "state"], how="left")
        .select("email", "state", skip=pl.when(pl.col("mine").is_null()).then("skip"))
    )
    return (
        lookup.left_join(frame, states, "email")
        .with_columns(code=pl.coalesce("code", "skip"))
        .drop("skip")
    )
