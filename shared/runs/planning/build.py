"""Builds a plan: from snapshots, ledger and suppressions to the run's table, payload and counts.

The heavy part of a run, and the only place where planning's tables meet. Everything it writes
lies under the attempt's own folder until plan.json names it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from time import time

import polars as pl

from shared.erased import Register, load_erased
from shared.exports.models import StoredExport
from shared.frames import lookup, tables
from shared.frames.masks import MASK, has_bit
from shared.mailchimp.suppressions import load_suppressions
from shared.platform.blobs import Blobs
from shared.platform.clock import from_text, to_text, utc_now
from shared.runs import ledger
from shared.runs.ledger import Flag, FoldedSegment, Ledger
from shared.runs.neighbours import given_by_others, shared_tags
from shared.runs.plan_document import Plan, PlannedTag
from shared.runs.planning import cutting, difference, eligibility, run_input
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.audience import Setup
from shared.runs.planning.difference.generations import Generation, Generations, Neighbour
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import Removals
from shared.runs.planning.field_values import FieldValues
from shared.runs.planning.profiles import Profiles
from shared.runs.planning.reading import check_input, read_segments
from shared.runs.planning.segment_ages import (
    Late,
    generations_of,
    is_waived,
    kept_by,
    others_waited_for,
    too_late,
    waiting_warnings,
)
from shared.runs.planning.warnings import input_warnings, value_warnings
from shared.segments.state import state_of


@dataclass(frozen=True)
class Built:
    """What an attempt has worked out; `table` is for previews.

    `erased` is who was known as erased when it began, `read_at` when the segments had been read.
    """

    plan: Plan
    table: pl.DataFrame
    erased: Register
    read_at: str


@dataclass(frozen=True)
class _Decided:
    """The run's table, and what of the way to it a plan has to say."""

    table: pl.DataFrame
    removals: Removals
    profiles: Profiles
    contacts: int
    generation: int
    untrusted: Mapping[int, str]
    other_ledgers: list[Ledger]
    waits: Mapping[Generation | Neighbour, int]
    late: list[Late]
    generations: Generations
    read_at: str


def build(attempt: PlanningAttempt, setup: Setup) -> Built:
    """Work out what the run has to do, and write it unless it is a preview.

    Raises RunFailedError, ErasureKeyError, SnapshotChangedError (begin again).
    """
    erased = load_erased(attempt.app.blobs, attempt.app.vault)
    with FieldValues(setup.plans, setup.ledger.fields, attempt.found.culture) as values:
        decided = _decide(attempt, setup, values, erased)
        plan = _plan_of(attempt, setup, values, decided)
        if not attempt.run.preview:
            plan = _write(attempt, plan, decided.table, values)
    return Built(plan, decided.table, erased, decided.read_at)


def _decide(
    attempt: PlanningAttempt, setup: Setup, values: FieldValues, erased: Register
) -> _Decided:
    """Read the segments and decide on every contact of theirs and of the ledger."""
    blobs, old = attempt.app.blobs, setup.ledger
    profiles = read_segments(attempt.export, attempt.found, values)
    read_at = to_text(utc_now())
    frame, profiles = profiles.frame, replace(profiles, frame=pl.DataFrame())
    suppressed, state = load_suppressions(attempt.app, old.account, old.audience)
    own = _own(blobs, old)
    usable = _usable(frame, len(attempt.found.snapshots))
    classified = eligibility.classify(frame, suppressed, own, erased.is_erased if erased else None)
    del frame, own
    contacts = lookup.count_distinct(classified["email"].filter(classified["valid"]))
    check_input(profiles, contacts, old, allow_removals=attempt.run.allow_removals)
    without = eligibility.unconsenting(classified) if attempt.export.consent else None
    classified = _wanted(classified, setup)
    other_ledgers = ledger.others(blobs, old, [other.uid for other in attempt.others])
    untrusted = run_input.untrusted(attempt.found, old, profiles.rows, usable)
    classified, gone = difference.join_ledger(
        classified, _remembered(attempt, setup, classified, erased)
    )
    gone = difference.with_answers(_with_customer_ids(blobs, old, gone), without)
    classified = difference.with_elsewhere(classified, gone, suppressed)
    policy = _policy(attempt, setup, untrusted, generations_of(attempt, setup))
    table, removals = difference.decide(
        classified,
        gone,
        policy,
        given_by_others(blobs, old, other_ledgers),
        suppressed,
        setup.segment_tags,
    )
    del classified, gone, suppressed
    table = table.with_row_index("row")
    waits = difference.waiting(table, policy.generations)
    return _Decided(
        table,
        removals,
        profiles,
        contacts,
        state.generation,
        untrusted,
        other_ledgers,
        waits,
        too_late(attempt, waits),
        policy.generations,
        read_at,
    )


def _usable(profiles: pl.DataFrame, segments: int) -> dict[int, int]:
    """Count for each segment the profiles with a valid address and consent."""
    counts = (
        profiles.lazy()
        .filter("valid", "consent")
        .select(has_bit("segments", bit).sum().alias(str(bit)) for bit in range(segments))
    )
    return {int(bit): count for bit, count in counts.collect().row(0, named=True).items()}


def _plan_of(
    attempt: PlanningAttempt, setup: Setup, values: FieldValues, decided: _Decided
) -> Plan:
    """Return the plan, its chunks still to be cut."""
    old, export = setup.ledger, attempt.export
    return Plan(
        run=attempt.run.id,
        attempt=attempt.id,
        account=old.account,
        audience=old.audience,
        connection=export.connection or "",
        status_for_new=export.status_for_new,
        clock_offset=setup.clock_offset,
        planned_at=int(time()),
        suppressions=decided.generation,
        tags=planned_tags(setup),
        fields=old.fields,
        called=setup.fields.called,
        segments=export.segment_names,
        snapshots=attempt.found.stamps,
        ledger=_next_ledger(attempt, old, decided),
        ledger_etag=old.etag,
        ledger_run=old.run,
        shared_tags=shared_tags(old, setup.called, attempt.others, decided.other_ledgers),
        other_ledgers={other.uid: other.etag for other in decided.other_ledgers},
        profiles=sum(decided.profiles.rows.values()),
        contacts=decided.contacts,
        removals_withheld=decided.removals.withheld,
        withdrawals_withheld=decided.removals.withdrawals,
        warnings=(
            *attempt.run.warnings,
            *setup.warnings,
            *input_warnings(attempt),
            *value_warnings(values.cut, values.reasons),
            *waiting_warnings(decided.late),
        ),
        folder=attempt.folder,
        payload=f"{attempt.folder}payload",
        updates=setup.updates.way,
        kept_by=kept_by(decided.waits),
    )


def planned_tags(setup: Setup) -> tuple[PlannedTag, ...]:
    """Return the tags that a run's calls may name, as Mailchimp calls them."""
    return tuple(
        PlannedTag(bit, setup.called.get(tag.id, tag.name), tag.id)
        for bit, tag in enumerate(setup.ledger.tags)
        if tag is not None
    )


def _remembered(
    attempt: PlanningAttempt, setup: Setup, classified: pl.DataFrame, erased: Register
) -> pl.DataFrame:
    """Return the ledger's rows with their places.

    Without the CustomerIds, the largest column: only those of leavers are asked for. Each reading
    fetches the table again: measured, a copy kept on disk costs a plan 50 MB more memory.
    """
    blobs = attempt.app.blobs
    columns = [name for name in ledger.schema() if name != "customer_id"]
    rows = ledger.read_table(blobs, setup.ledger, columns).with_row_index("place")
    rows = _with_times(rows, attempt, setup)
    if setup.ledger.consent != _consent_digest(attempt.export):
        # Judged by another column or other values, nobody has withdrawn anything.
        rows = rows.with_columns(flags=pl.col("flags") & (ledger.FLAGS ^ int(Flag.CONSENTED)))
    if setup.dead_tags:
        rows = rows.with_columns(pl.col("tags", "left") & ~pl.lit(setup.dead_tags, dtype=MASK))
    if setup.refilled:
        # Another field than before: nobody's value is in it.
        empty = (pl.col("fields") & pl.lit(setup.refilled, dtype=MASK)) != 0
        unlike = pl.lit(0, dtype=pl.UInt64)
        rows = rows.with_columns(digest=pl.when(empty).then(unlike).otherwise("digest"))
    return _without_erased(blobs, setup.ledger, rows, classified, erased)


def _with_times(rows: pl.DataFrame, attempt: PlanningAttempt, setup: Setup) -> pl.DataFrame:
    """Say of contacts that 0.1.0 added when that was: at some time since the export was made."""
    unknown = ((pl.col("flags") & int(Flag.ADDED)) != 0) & (pl.col("made_to") == 0)
    if not rows.select(unknown.any()).item():
        return rows
    first = int(from_text(attempt.export.created_at).timestamp()) + setup.clock_offset
    return rows.with_columns(
        made_from=pl.when(unknown).then(first).otherwise("made_from").cast(pl.UInt32),
        made_to=pl.when(unknown)
        .then(int(time()) + setup.clock_offset)
        .otherwise("made_to")
        .cast(pl.UInt32),
    )


def _with_customer_ids(blobs: Blobs, old: Ledger, rows: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of the ledger what it says of their CustomerIds."""
    if rows.is_empty():
        return rows.with_columns(customer_id=pl.lit(None, dtype=pl.String))
    known = ledger.read_table(blobs, old, ["customer_id"])["customer_id"]
    return rows.with_columns(customer_id=known.gather(rows["place"]))


def _without_erased(
    blobs: Blobs, old: Ledger, rows: pl.DataFrame, classified: pl.DataFrame, erased: Register
) -> pl.DataFrame:
    """Drop the ledger's rows about erased people: an erasure under way may still have them."""
    if not erased:
        return rows
    there = lookup.find(rows["email"], classified["email"]).is_not_null()
    gone = rows.filter(~there)
    gone = gone.filter(~erased.is_erased(_with_customer_ids(blobs, old, gone)))
    return pl.concat([rows.filter(there), gone])


def _own(blobs: Blobs, old: Ledger) -> pl.DataFrame:
    """Return which contacts this export archived, and knows when, or created as pending."""
    # Few exports have any: who they are is read only then.
    rows = ledger.read_table(blobs, old, ["flags"])
    marked = rows.filter((pl.col("flags") & int(Flag.ARCHIVED | Flag.PENDING)) != 0)
    if marked.is_empty():
        rows = pl.DataFrame(schema={"email": pl.String, "flags": pl.UInt16, "moved_to": pl.UInt32})
    else:
        rows = ledger.read_table(blobs, old, ["email", "flags", "moved_to"])
    return rows.select(
        "email",
        archived=((pl.col("flags") & int(Flag.ARCHIVED)) != 0) & (pl.col("moved_to") > 0),
        pending=(pl.col("flags") & int(Flag.PENDING)) != 0,
    ).filter(pl.col("archived") | pl.col("pending"))


def _wanted(classified: pl.DataFrame, setup: Setup) -> pl.DataFrame:
    """Add the mask of tags, and drop what only that needed."""
    bits = [setup.segment_tags[i] for i in sorted(setup.segment_tags)]
    return difference.contact_rows(classified, bits).select(
        "email", "customer_id", "segments", "code", "state", "wanted", "digest", "fields"
    )


def _policy(
    attempt: PlanningAttempt,
    setup: Setup,
    untrusted: Mapping[int, str],
    generations: Generations,
) -> Policy:
    # A person who allows removals has looked at what there is.
    older = {} if attempt.run.allow_removals else run_input.older(attempt.found, setup.ledger)
    return Policy(
        leavers=attempt.export.leavers,
        withdrawn=attempt.export.consent.withdrawn if attempt.export.consent else "untag",
        removal_limit_percent=float(attempt.export.removal_limit_percent),
        allow_removals=attempt.run.allow_removals,
        full=attempt.run.full,
        now=int(time()),
        untrusted=dict(untrusted),
        replaced=setup.replaced,
        older=frozenset(older),
        generations=generations,
    )


def _next_ledger(attempt: PlanningAttempt, old: Ledger, decided: _Decided) -> Ledger:
    allowed = attempt.run.allow_removals
    late = {late.one.segment for late in decided.late if isinstance(late.one, Generation)}
    profiles = decided.profiles
    segments = {
        snapshot.segment: FoldedSegment(
            snapshot.stamp,
            profiles.rows[snapshot.segment],
            state_of(snapshot, profiles.columns[snapshot.segment]),
            warned=snapshot.segment in late,
            waived=is_waived(old, snapshot, allowed=allowed),
        )
        for snapshot in attempt.found.snapshots
    }
    if not allowed:
        # What is not believed is nothing to compare the next snapshot with.
        for position in decided.untrusted:
            name = attempt.found.snapshots[position].segment
            segments[name] = old.segments.get(name, segments[name])
    others = others_waited_for(decided.waits, decided.generations, decided.late)
    return replace(
        old,
        run=attempt.run.id,
        table=None,
        segments=segments,
        consent=_consent_digest(attempt.export),
        others=others,
    )


def _consent_digest(export: StoredExport) -> str:
    """Return what tells by which column and values consent is judged, "" where it isn't."""
    if export.consent is None:
        return ""
    values = sorted({value.strip().lower() for value in export.consent.values})
    text = json.dumps([export.consent.field, values])
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _write(attempt: PlanningAttempt, plan: Plan, table: pl.DataFrame, values: FieldValues) -> Plan:
    """Write table, tag operations and payload; return the plan with its chunks."""
    blobs, folder = attempt.app.blobs, plan.folder
    work = cutting.work_of(
        table,
        new_first=plan.updates != "status_if_new",
        shared_tags=plan.shared_tags,
    )
    lanes = attempt.app.settings.max_connections
    chunks = cutting.write(blobs, plan.payload, work, values.texts, lanes)
    tables.write(blobs, f"{folder}upserts.parquet", work.upserts.select("row"))
    tables.write(blobs, f"{folder}tag-ops.parquet", work.tag_ops.drop("email", "last"))
    tables.write(blobs, f"{folder}singles.parquet", work.singles.select("row"))
    tables.write(blobs, f"{folder}table.parquet", table.drop("row", "state"))
    return replace(plan, chunks=tuple(chunks))
