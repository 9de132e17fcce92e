"""Builds a plan: from snapshots, ledger and suppressions to the run's table, payload and counts.

The heavy part of a run, and the only place where planning's tables meet. Everything it writes
lies under the attempt's own folder until plan.json names it.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import Any

import polars as pl
import pyarrow as pa

from shared.app import App
from shared.erasure import register
from shared.erasure.register import Register
from shared.exports.models import Export, to_export
from shared.mailchimp.suppressions import load_with_state
from shared.platform import log
from shared.runs import (
    contacts,
    difference,
    leaving,
    ledger,
    lookup,
    payload,
    records,
    snapshots,
    tables,
)
from shared.runs.audience import Setup
from shared.runs.codes import NUMBER, OUTCOMES
from shared.runs.difference import Action, Kind, Policy, Removals
from shared.runs.field_values import FieldValues
from shared.runs.ledger import Flag, Ledger
from shared.runs.profiles import (
    MOST_CONTACTS,
    ProfileColumns,
    Profiles,
    TooManyContactsError,
    gather,
)
from shared.runs.records import Record, RunFailure
from shared.runs.snapshots import RunInput
from shared.segments.errors import SegmentsError
from shared.segments.reader import read_profiles


@dataclass(frozen=True)
class Built:
    """What an attempt has worked out. `document` becomes plan.json; `table` is for previews.

    `erased` is who was known as erased when it began.
    """

    document: dict[str, Any]
    table: pl.DataFrame
    removals: Removals
    profiles: int
    contacts: int
    erased: Register


def build(
    app: App,
    record: Record,
    export: Export,
    found: RunInput,
    setup: Setup,
    *,
    attempt: str,
) -> Built:
    """Work out what the run has to do, and write it unless it is a preview.

    Raises RunFailure, ErasureKeyError, SnapshotChangedError (begin again).
    """
    with FieldValues(setup.plans, setup.ledger.fields) as values:
        return _build(app, record, export, found, setup, values, attempt)


def _build(
    app: App,
    record: Record,
    export: Export,
    found: RunInput,
    setup: Setup,
    values: FieldValues,
    attempt: str,
) -> Built:
    old = setup.ledger
    profiles = _gather(export, found, values)
    frame, profiles = profiles.frame, replace(profiles, frame=pl.DataFrame())
    suppressed, generation = _suppressions(app, old)
    erased = register.load(app)
    # Two columns at first: together with all that is judged the whole ledger is too much at once.
    own = _own(ledger.read_table(app.blobs, old, ["email", "flags"]))
    judged = contacts.judge(frame, suppressed, own, erased.is_erased if erased else None)
    del frame, own
    # By hashes: counting a million texts takes 100 MB.
    hashes = judged.select("valid", hash=pl.col("email").hash()).filter("valid")["hash"]
    distinct = hashes.n_unique()
    _check_input(profiles, distinct, old)
    judged = _wanted(judged, setup)
    rows = ledger.read_table(app.blobs, old)
    if setup.dead_tags:
        rows = rows.with_columns(pl.col("tags", "left") & ~pl.lit(setup.dead_tags, dtype=pl.UInt64))
    rows = _without_erased(rows, judged, erased)
    neighbours = leaving.neighbours(app, old.audience, old.uid)
    other_ledgers = ledger.others(app.blobs, old, [other["uid"] for other in neighbours])
    policy = _policy(record, export, snapshots.untrusted(found, old, profiles.rows))
    judged, gone = difference.recall(judged, rows)
    del rows
    table, removals = difference.decide(
        judged,
        gone,
        policy,
        _given_by_others(app, old, other_ledgers),
        suppressed,
        setup.segment_tags,
    )
    del judged, gone, suppressed
    table = table.with_row_index("row")
    document = {
        "run": record["id"],
        "attempt": attempt,
        "account": old.account,
        "audience": old.audience,
        "connection": export.connection,
        "status_for_new": export.status_for_new,
        "clock_offset": setup.clock_offset,
        "suppressions": generation,
        "tags": [
            {"bit": bit, "name": tag.name, "id": tag.id}
            for bit, tag in enumerate(old.tags)
            if tag is not None
        ],
        "fields": list(old.fields),
        "ledger": _next_ledger(record, found, profiles, old).document(),
        "ledger_etag": old.etag,
        "ledger_run": old.run,
        "shared_tags": _shared_tags(old, neighbours, other_ledgers),
        "other_ledgers": {other.uid: other.etag for other in other_ledgers},
        "segments": [segment.name for segment in export.segments],
        "snapshots": found.stamps,
        "profiles": sum(profiles.rows.values()),
        "contacts": distinct,
        "removals_withheld": removals.withheld,
        "warnings": _warnings(record, export, found, setup, values.cut, values.dropped),
        "planned_at": int(time()),
    }
    if not record["preview"]:
        _write(app, document, table, values)
    return Built(document, table, removals, document["profiles"], distinct, erased)


def _gather(export: Export, found: RunInput, values: FieldValues) -> Profiles:
    columns = ProfileColumns(
        email=export.email_field,
        values=tuple(dict.fromkeys(export.merge_fields.values())),
        consent=export.consent.field if export.consent else None,
        consent_values=frozenset(export.consent.values if export.consent else ()),
    )

    def batches(position: int) -> Iterator[pa.RecordBatch]:
        return read_profiles(found.blobs, found.snapshots[position], columns.all())

    try:
        segments = [(s.segment, batches(i)) for i, s in enumerate(found.snapshots)]
        return gather(segments, columns, values.keep)
    except TooManyContactsError:
        raise RunFailure(
            "too_many_contacts",
            f"The segments hold more than {MOST_CONTACTS:,} contacts; one export sends at most so "
            "many. Share the segments out among several exports.",
            "skipped",
        ) from None
    except SegmentsError as error:
        if error.code == "snapshot_incomplete":
            raise
        raise RunFailure(error.code, str(error)) from None


def _check_input(profiles: Profiles, distinct: int, old: Ledger) -> None:
    if not any(profiles.rows.values()) and old.contacts:
        raise RunFailure(
            "snapshot_empty",
            "All segments are empty although contacts were exported before. Nothing was sent, so "
            "that nobody is removed by mistake: look at the segments in Customer Insights.",
            "skipped",
        )
    if distinct > MOST_CONTACTS:
        raise RunFailure(
            "too_many_contacts",
            f"The segments hold {distinct:,} contacts; one export sends at most {MOST_CONTACTS:,}. "
            "Share the segments out among several exports.",
            "skipped",
        )


def _without_erased(rows: pl.DataFrame, judged: pl.DataFrame, erased: Register) -> pl.DataFrame:
    """Drop the ledger's rows about erased people: an erasure under way may still have them."""
    if not erased:
        return rows
    there = lookup.find(rows["email"], judged["email"]).is_not_null()
    gone = rows.filter(~there)
    return pl.concat([rows.filter(there), gone.filter(~erased.is_erased(gone))])


def _own(rows: pl.DataFrame) -> pl.DataFrame:
    """Return which contacts this export archived, or created as pending."""
    return rows.select(
        "email",
        archived=(pl.col("flags") & int(Flag.ARCHIVED)) != 0,
        pending=(pl.col("flags") & int(Flag.PENDING)) != 0,
    ).filter(pl.col("archived") | pl.col("pending"))


def _suppressions(app: App, old: Ledger) -> tuple[pl.DataFrame, int]:
    frame, state = load_with_state(app, old.account, old.audience)
    return frame, state.generation


def _wanted(judged: pl.DataFrame, setup: Setup) -> pl.DataFrame:
    """Add the mask of tags, and drop what only judging needed."""
    bits = [setup.segment_tags[i] for i in sorted(setup.segment_tags)]
    return difference.contact_rows(judged, bits).select(
        "email", "customer_id", "segments", "code", "state", "wanted", "digest", "fields"
    )


def _shared_tags(
    old: Ledger, neighbours: Sequence[dict[str, Any]], others: Sequence[Ledger]
) -> int:
    """Return the mask of the tags that another export gives, or may give in its next run."""
    ids = {tag.id for other in others for tag in other.tags if tag is not None}
    names = {tag.casefold() for export in neighbours for tag in to_export(export).tags}
    mask = 0
    for bit, tag in enumerate(old.tags):
        if tag is not None and (tag.id in ids or tag.name.casefold() in names):
            mask |= 1 << bit
    return mask


def _given_by_others(app: App, old: Ledger, others: Sequence[Ledger]) -> pl.DataFrame:
    """Return who other exports hold on this audience, with this ledger's bits of their tags."""
    bits = {tag.id: bit for bit, tag in enumerate(old.tags) if tag is not None}
    frames = []
    for other in others:
        rows = ledger.read_table(app.blobs, other, ["email", "tags", "left", "flags"])
        # Who has nothing but tags that were left to others has left that export.
        rows = rows.filter((pl.col("left") == 0) | (pl.col("tags") != pl.col("left")))
        rows = rows.with_columns(tags=pl.col("tags") & ~pl.col("left"))
        mask = pl.lit(0, dtype=pl.UInt64)
        for theirs, tag in enumerate(other.tags):
            if tag is not None and tag.id in bits:
                has = (pl.col("tags") & pl.lit(1 << theirs, dtype=pl.UInt64)) != 0
                mask = mask | pl.when(has).then(
                    pl.lit(1 << bits[tag.id], dtype=pl.UInt64)
                ).otherwise(pl.lit(0, dtype=pl.UInt64))
        held = (pl.col("flags") & int(Flag.ACCEPTED | Flag.UNCERTAIN)) != 0
        gone = (pl.col("flags") & int(Flag.ARCHIVED)) != 0
        frames.append(rows.filter(held & ~gone).select("email", tags=mask))
    if not frames:
        return pl.DataFrame(schema={"email": pl.String, "tags": pl.UInt64})
    return pl.concat(frames).group_by("email").agg(pl.col("tags").bitwise_or())


def _policy(record: Record, export: Export, untrusted: dict[int, str]) -> Policy:
    return Policy(
        leavers=export.leavers,
        removal_limit_percent=float(export.removal_limit_percent),
        allow_removals=record["allow_removals"],
        full=record["full"],
        now=int(time()),
        untrusted=untrusted,
    )


def _next_ledger(record: Record, found: RunInput, profiles: Profiles, old: Ledger) -> Ledger:
    segments = {
        snapshot.segment: {"stamp": snapshot.stamp, "rows": profiles.rows[snapshot.segment]}
        for snapshot in found.snapshots
    }
    return replace(old, run=record["id"], table=None, segments=segments)


def _warnings(
    record: Record,
    export: Export,
    found: RunInput,
    setup: Setup,
    cut: dict[str, int],
    dropped: dict[str, int],
) -> list[dict[str, str]]:
    warnings = [*record["warnings"], *setup.warnings]
    stale = found.warnings(float(export.stale_after_hours))
    warnings += stale
    if any(warning["code"] == "input_stale" for warning in stale):
        log.event("input_stale", level=logging.WARNING, run=record["id"], export=export.name)
    for code, counts, what in (
        ("values_cut", cut, "were longer than Mailchimp takes and were cut"),
        ("values_dropped", dropped, "do not fit the merge field's type and were left out"),
    ):
        for tag, count in counts.items():
            warnings.append({"code": code, "detail": f"{tag}: {count} values {what}."})
    return warnings


def _write(app: App, document: dict[str, Any], table: pl.DataFrame, values: FieldValues) -> None:
    """Write table, tag operations and payload; add their names and the index to the document."""
    folder = f"{records.folder(document['run'])}plans/{document['attempt']}/"
    work = payload.work_of(
        table,
        pending_first=document["status_for_new"] == "pending",
        shared_tags=document["shared_tags"],
    )
    index = payload.write(
        app.blobs, f"{folder}payload", work, values.texts, app.settings.max_connections
    )
    tables.write(app.blobs, f"{folder}upserts.parquet", work.upserts.select("row"))
    tables.write(app.blobs, f"{folder}tag-ops.parquet", work.tag_ops.drop("email", "last"))
    tables.write(app.blobs, f"{folder}singles.parquet", work.singles.select("row"))
    tables.write(app.blobs, f"{folder}table.parquet", table.drop("row", "state"))
    document |= {
        "folder": folder,
        "payload": f"{folder}payload",
        "chunks": payload.index_document(index),
    }


def counts_of_plan(built: Built) -> dict[str, int]:
    """Return how many contacts the plan would do what with."""
    table = built.table.lazy()
    untouched = (
        (pl.col("action") == int(Action.NONE)) & (pl.col("add") == 0) & (pl.col("remove") == 0)
    )
    shown = pl.col("kind") != int(Kind.KEPT)
    skipped = pl.col("code").is_in(
        [NUMBER[o.code] for o in OUTCOMES if o.count in ("skipped", "rejected")]
    )
    counts = table.select(
        to_upsert=(pl.col("action") == int(Action.UPSERT)).sum(),
        to_tag=((pl.col("action") == int(Action.NONE)) & (pl.col("add") != 0)).sum(),
        to_untag=(pl.col("remove") != 0).sum(),
        to_archive=(pl.col("action") == int(Action.ARCHIVE)).sum(),
        to_unsubscribe=(pl.col("action") == int(Action.UNSUBSCRIBE)).sum(),
        unchanged=(untouched & shown & ~skipped.fill_null(False)).sum(),
        skipped=skipped.fill_null(False).sum(),
    )
    found = counts.collect().row(0, named=True)
    return {"profiles": built.profiles, "contacts": built.contacts, **found}
