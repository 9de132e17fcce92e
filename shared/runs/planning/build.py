"""Builds a plan: from snapshots, ledger and suppressions to the run's table, payload and counts.

The heavy part of a run, and the only place where planning's tables meet. Everything it writes
lies under the attempt's own folder until plan.json names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import Any

import polars as pl

from shared.app import App
from shared.erasure import register
from shared.erasure.register import Register
from shared.exports.models import Export
from shared.frames import lookup, tables
from shared.frames.masks import MASK
from shared.mailchimp.suppressions import load_suppressions
from shared.platform.blobs import Document
from shared.runs import ledger, payload, records
from shared.runs.ledger import Flag, Ledger
from shared.runs.neighbours import given_by_others, shared_tags
from shared.runs.planning import difference, eligibility, run_input, warnings
from shared.runs.planning.audience import Setup
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import Removals
from shared.runs.planning.field_values import FieldValues
from shared.runs.planning.profiles import Profiles
from shared.runs.planning.reading import check_input, read_segments
from shared.runs.planning.run_input import RunInput
from shared.runs.records import Record


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
    others: Sequence[Document],
    *,
    attempt: str,
) -> Built:
    """Work out what the run has to do, and write it unless it is a preview.

    `others`: the other exports on the audience.

    Raises RunFailure, ErasureKeyError, SnapshotChangedError (begin again).
    """
    with FieldValues(setup.plans, setup.ledger.fields) as values:
        return _build(app, record, export, found, setup, others, values, attempt)


def _build(
    app: App,
    record: Record,
    export: Export,
    found: RunInput,
    setup: Setup,
    others: Sequence[Document],
    values: FieldValues,
    attempt: str,
) -> Built:
    old = setup.ledger
    profiles = read_segments(export, found, values)
    frame, profiles = profiles.frame, replace(profiles, frame=pl.DataFrame())
    suppressed, generation = _suppressions(app, old)
    erased = register.load(app)
    own = _own(app, old)
    judged = eligibility.judge(frame, suppressed, own, erased.is_erased if erased else None)
    del frame, own
    distinct = lookup.count_distinct(judged["email"].filter(judged["valid"]))
    check_input(profiles, distinct, old)
    judged = _wanted(judged, setup)
    other_ledgers = ledger.others(app.blobs, old, [other["uid"] for other in others])
    untrusted = run_input.untrusted(found, old, profiles.rows)
    policy = _policy(record, export, untrusted)
    judged, gone = difference.recall(judged, _remembered(app, setup, judged, erased))
    gone = _with_customer_ids(app, old, gone)
    table, removals = difference.decide(
        judged,
        gone,
        policy,
        given_by_others(app, old, other_ledgers),
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
        "ledger": _next_ledger(record, found, profiles, old, untrusted).document(),
        "ledger_etag": old.etag,
        "ledger_run": old.run,
        "shared_tags": shared_tags(old, others, other_ledgers),
        "other_ledgers": {other.uid: other.etag for other in other_ledgers},
        "segments": [segment.name for segment in export.segments],
        "snapshots": found.stamps,
        "profiles": sum(profiles.rows.values()),
        "contacts": distinct,
        "removals_withheld": removals.withheld,
        "warnings": [
            *record["warnings"],
            *setup.warnings,
            *warnings.of_input(record, export, found),
            *warnings.of_values(values.cut, values.dropped),
        ],
        "planned_at": int(time()),
    }
    if not record["preview"]:
        _write(app, document, table, values)
    return Built(document, table, removals, document["profiles"], distinct, erased)


def _remembered(app: App, setup: Setup, judged: pl.DataFrame, erased: Register) -> pl.DataFrame:
    """Return the ledger's rows with their places.

    Without the CustomerIds, the largest column: only those of leavers are asked for. Each reading
    fetches the table again: measured, a copy kept on disk costs a plan 50 MB more memory.
    """
    columns = [name for name in ledger.schema() if name != "customer_id"]
    rows = ledger.read_table(app.blobs, setup.ledger, columns).with_row_index("place")
    if setup.dead_tags:
        rows = rows.with_columns(pl.col("tags", "left") & ~pl.lit(setup.dead_tags, dtype=MASK))
    return _without_erased(app, setup.ledger, rows, judged, erased)


def _with_customer_ids(app: App, old: Ledger, rows: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of the ledger what it says of their CustomerIds."""
    if rows.is_empty():
        return rows.with_columns(customer_id=pl.lit(None, dtype=pl.String))
    known = ledger.read_table(app.blobs, old, ["customer_id"])["customer_id"]
    return rows.with_columns(customer_id=known.gather(rows["place"]))


def _without_erased(
    app: App, old: Ledger, rows: pl.DataFrame, judged: pl.DataFrame, erased: Register
) -> pl.DataFrame:
    """Drop the ledger's rows about erased people: an erasure under way may still have them."""
    if not erased:
        return rows
    there = lookup.find(rows["email"], judged["email"]).is_not_null()
    gone = rows.filter(~there)
    gone = gone.filter(~erased.is_erased(_with_customer_ids(app, old, gone)))
    return pl.concat([rows.filter(there), gone])


def _own(app: App, old: Ledger) -> pl.DataFrame:
    """Return which contacts this export archived, or created as pending."""
    # Few exports have any: who they are is read only then.
    rows = ledger.read_table(app.blobs, old, ["flags"])
    marked = rows.filter((pl.col("flags") & int(Flag.ARCHIVED | Flag.PENDING)) != 0)
    if marked.is_empty():
        rows = pl.DataFrame(schema={"email": pl.String, "flags": pl.UInt8})
    else:
        rows = ledger.read_table(app.blobs, old, ["email", "flags"])
    return rows.select(
        "email",
        archived=(pl.col("flags") & int(Flag.ARCHIVED)) != 0,
        pending=(pl.col("flags") & int(Flag.PENDING)) != 0,
    ).filter(pl.col("archived") | pl.col("pending"))


def _suppressions(app: App, old: Ledger) -> tuple[pl.DataFrame, int]:
    frame, state = load_suppressions(app, old.account, old.audience)
    return frame, state.generation


def _wanted(judged: pl.DataFrame, setup: Setup) -> pl.DataFrame:
    """Add the mask of tags, and drop what only judging needed."""
    bits = [setup.segment_tags[i] for i in sorted(setup.segment_tags)]
    return difference.contact_rows(judged, bits).select(
        "email", "customer_id", "segments", "code", "state", "wanted", "digest", "fields"
    )


def _policy(record: Record, export: Export, untrusted: dict[int, str]) -> Policy:
    return Policy(
        leavers=export.leavers,
        removal_limit_percent=float(export.removal_limit_percent),
        allow_removals=record["allow_removals"],
        full=record["full"],
        now=int(time()),
        untrusted=untrusted,
    )


def _next_ledger(
    record: Record, found: RunInput, profiles: Profiles, old: Ledger, untrusted: Mapping[int, str]
) -> Ledger:
    segments = {
        snapshot.segment: {"stamp": snapshot.stamp, "rows": profiles.rows[snapshot.segment]}
        for snapshot in found.snapshots
    }
    if not record["allow_removals"]:
        # What is not believed is nothing to compare the next snapshot with.
        for position in untrusted:
            name = found.snapshots[position].segment
            segments[name] = old.segments.get(name, segments[name])
    return replace(old, run=record["id"], table=None, segments=segments)


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
