"""Builds a plan: from snapshots, ledger and suppressions to the run's table, payload and counts.

The heavy part of a run, and the only place where planning's tables meet. Everything it writes
lies under the attempt's own folder until plan.json names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import time

import polars as pl

from shared.audiences import memory
from shared.drift.items import Look, Seen
from shared.erased import Register, load_erased
from shared.frames import lookup, tables
from shared.frames.masks import has_bit
from shared.mailchimp.suppressions import load_suppressions
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.runs import ledger
from shared.runs.bill import Billing, Growth
from shared.runs.codes import NUMBER
from shared.runs.counts import Withheld
from shared.runs.ledger import FoldedSegment, Ledger
from shared.runs.more import permissions_among
from shared.runs.neighbours import given_by_others, keep_no_withdrawal, shared_tags
from shared.runs.plan_document import Plan, PlannedTag
from shared.runs.planning import cutting, difference, eligibility, run_input
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.audience import Setup
from shared.runs.planning.counters import counters_of, terms_of
from shared.runs.planning.difference.generations import Generation, Generations, Neighbour
from shared.runs.planning.difference.growth import Additions
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import NO_REMOVALS, Removals
from shared.runs.planning.drift import of_contacts
from shared.runs.planning.failed_before import who_failed
from shared.runs.planning.field_values import FieldValues
from shared.runs.planning.forecast import forecast
from shared.runs.planning.growth import stop_additions
from shared.runs.planning.more_values import PROFILE_COLUMNS, MoreValues
from shared.runs.planning.ours import archived_by_others, unsubscribed, with_archived, with_ours
from shared.runs.planning.profiles import Profiles
from shared.runs.planning.reading import check_input, read_segments
from shared.runs.planning.remembered import (
    asked_digest,
    consent_digest,
    own_contacts,
    remembered,
    with_customer_ids,
)
from shared.runs.planning.repairing import carried_out
from shared.runs.planning.row_filter import one_row_per_profile
from shared.runs.planning.segment_ages import (
    Late,
    generations_of,
    is_waived,
    kept_by,
    others_waited_for,
    too_late,
    waiting_warnings,
)
from shared.runs.planning.still_there import with_still
from shared.runs.planning.wanted_answers import LOOK, Before, before_of, stamp_of, with_wanted
from shared.runs.planning.warnings import differing_warnings, input_warnings, value_warnings
from shared.segments.state import state_of

# Mailchimp's numbers of an audience may be so old that they don't have what was done there since.
_LATELY_SECONDS = 3600.0
# What only the payload needs to know, besides LOOK.
_LOOKING = ("looks", "new_language", "last_language")


@dataclass(frozen=True)
class Built:
    """What an attempt has worked out; `table` and `growth` are for previews.

    Of what is no preview `table` says no more than who is in it.

    `erased` is who was known as erased when it began, `read_at` when the segments had been read.
    """

    plan: Plan
    table: pl.DataFrame
    erased: Register
    read_at: str
    growth: Growth | None = None


@dataclass(frozen=True)
class _Decided:
    """The run's table, and what of the way to it a plan has to say."""

    table: pl.DataFrame
    removals: Removals
    additions: Additions
    billing: Billing | None
    growth: Growth | None
    profiles: Profiles
    contacts: int
    generation: int
    untrusted: Mapping[int, str]
    other_ledgers: list[Ledger]
    waits: Mapping[Generation | Neighbour, int]
    late: list[Late]
    generations: Generations
    read_at: str
    seen: list[Seen]


def build(attempt: PlanningAttempt, setup: Setup) -> Built:
    """Work out what the run has to do, and write it unless it is a preview.

    Raises RunFailedError, ErasureKeyError, SnapshotChangedError (begin again).
    """
    erased = load_erased(attempt.app.blobs, attempt.app.vault)
    before = before_of(attempt, setup.answers)
    more = MoreValues(attempt.export, interests=before.interests if before else ())
    with FieldValues(setup.plans, setup.ledger.fields, attempt.found.culture, more) as values:
        decided = _decide(attempt, setup, values, erased, before)
        plan = _plan_of(attempt, setup, values, decided)
        if before is not None:
            ids = before.interests if attempt.export.answers else ()
            plan = replace(plan, interests=ids, answers_at=stamp_of(attempt))
        table, growth, read_at = decided.table, decided.growth, decided.read_at
        del decided
        if not attempt.run.preview:
            work = _write_tables(attempt, plan, table)
            # The payload takes memory of its own: who is in the table is all that is asked later.
            table = table.select("email", "customer_id")
            plan = _write_payload(attempt, plan, work, values)
    return Built(plan, table, erased, read_at, growth)


def _decide(
    attempt: PlanningAttempt,
    setup: Setup,
    values: FieldValues,
    erased: Register,
    before: Before | None,
) -> _Decided:
    """Read the segments and decide on every contact of theirs and of the ledger."""
    blobs, old = attempt.app.blobs, setup.ledger
    profiles = read_segments(attempt.export, attempt.found, values)
    read_at = to_text(utc_now())
    # Rows may go on the way: by its number each profile finds its values again.
    frame = one_row_per_profile(profiles.frame.with_row_index("profile"))
    profiles = replace(profiles, frame=pl.DataFrame())
    suppressed, state = load_suppressions(attempt.app, old.account, old.audience)
    known, people = memory.recall(blobs, old.account, old.audience)
    archived = archived_by_others(people, old.uid)
    own = own_contacts(blobs, old, archived)
    usable = _usable(frame, len(attempt.found.snapshots))
    classified = eligibility.classify(frame, suppressed, own, erased.is_erased if erased else None)
    del frame, own
    counts = classified["valid"] & ~classified["code"].eq_missing(NUMBER["skipped_filtered"])
    contacts = lookup.count_distinct(classified["email"].filter(counts))
    check_input(profiles, contacts, old, allow_removals=attempt.run.allow_removals)
    asks = attempt.export.consent or attempt.export.filter
    answers = eligibility.answers(classified) if asks else None
    classified = _wanted(classified, setup)
    other_ledgers = ledger.others(blobs, old, [other.uid for other in attempt.others])
    untrusted = run_input.untrusted(attempt.found, old, profiles.rows, usable)
    classified, gone = difference.join_ledger(
        classified, remembered(attempt, setup, classified, erased)
    )
    classified = with_archived(classified, archived)
    seen = of_contacts(classified, old.uid)
    if before is not None:
        classified = with_wanted(classified, before)
    gone = difference.with_answers(with_customer_ids(blobs, old, gone), answers)
    classified = difference.with_elsewhere(classified, gone, suppressed, unsubscribed(people))
    policy = _policy(attempt, setup, untrusted, generations_of(attempt, setup))
    given = given_by_others(blobs, old, other_ledgers, keep_no_withdrawal(attempt.others))
    if attempt.run.only:
        asked = difference.asked_among(classified, who_failed(blobs, attempt.before))
        table = difference.decide_again(asked, gone, policy, given, suppressed, setup.segment_tags)
        others = with_customer_ids(blobs, old, remembered(attempt, setup, classified, erased))
        table, removals = difference.with_others(table, others), NO_REMOVALS
        del asked, others
    else:
        gone = with_ours(attempt, gone, people, policy)
        gone = with_still(attempt, gone, classified, policy, other_ledgers)
        table, removals = difference.decide(
            classified, gone, policy, given, suppressed, setup.segment_tags
        )
    del classified, gone, given
    lately = bool(known.noted_at) and seconds_since(known.noted_at) < _LATELY_SECONDS
    counters = counters_of(setup.state, setup.subscribers, state, ours_lately=lately)
    table, additions = stop_additions(attempt, other_ledgers, table, counters)
    billing = None if counters is None else Billing(counters, terms_of(attempt.connection))
    growth = None
    if attempt.run.preview:
        growth = forecast(attempt, other_ledgers, table, suppressed, billing)
    table = table.with_row_index("row")
    waits = {} if attempt.run.only else difference.waiting(table, policy.generations)
    return _Decided(
        table,
        removals,
        additions,
        billing,
        growth,
        profiles,
        contacts,
        state.generation,
        untrusted,
        other_ledgers,
        waits,
        too_late(attempt, waits),
        policy.generations,
        read_at,
        seen,
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
        ledger=_next_ledger(attempt, setup, decided),
        ledger_etag=old.etag,
        ledger_run=old.run,
        shared_tags=shared_tags(old, setup.called, attempt.others, decided.other_ledgers),
        other_ledgers={other.uid: other.etag for other in decided.other_ledgers},
        profiles=sum(decided.profiles.rows.values()),
        contacts=decided.contacts,
        removals_withheld=decided.removals.withheld,
        withdrawals_withheld=decided.removals.withdrawals,
        withheld=_withheld(decided),
        growth_limit=decided.additions.limit,
        billing=decided.billing,
        warnings=(
            *attempt.run.warnings,
            *setup.warnings,
            *input_warnings(attempt),
            *differing_warnings(decided.profiles.differing),
            *value_warnings(values.cut, values.reasons),
            *waiting_warnings(decided.late),
        ),
        folder=attempt.folder,
        payload=f"{attempt.folder}payload",
        updates=setup.updates.way,
        look=_look(attempt, setup, decided),
        kept_by=kept_by(decided.waits),
    )


def _look(attempt: PlanningAttempt, setup: Setup, decided: _Decided) -> Look | None:
    """Return what was seen of changes by hand, None where there is nothing to say of any."""
    run, look = attempt.run, replace(setup.look, seen=(*setup.look.seen, *decided.seen))
    back = carried_out(attempt.app.blobs, attempt.old, setup.drift, only=bool(run.only))
    look = replace(look, carried_out=(*look.carried_out, *(item.id for item in back)))
    return look if look.seen or setup.drift.is_open_for(setup.ledger.uid) else None


def _withheld(decided: _Decided) -> Withheld:
    return Withheld(
        additions=decided.additions.withheld,
        removals=decided.removals.count,
        withdrawals=decided.removals.withdrawals_count,
    )


def planned_tags(setup: Setup) -> tuple[PlannedTag, ...]:
    """Return the tags that a run's calls may name, as Mailchimp calls them."""
    return tuple(
        PlannedTag(bit, setup.called.get(tag.id, tag.name), tag.id)
        for bit, tag in enumerate(setup.ledger.tags)
        if tag is not None
    )


def _wanted(classified: pl.DataFrame, setup: Setup) -> pl.DataFrame:
    """Add the mask of tags, and drop what only that needed."""
    bits = [setup.segment_tags[i] for i in sorted(setup.segment_tags)]
    return difference.contact_rows(classified, bits).select(
        "profile",
        "email",
        "customer_id",
        "segments",
        "code",
        "state",
        "wanted",
        "digest",
        "fields",
        *(name for name in PROFILE_COLUMNS if name in classified.columns),
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


def _next_ledger(attempt: PlanningAttempt, setup: Setup, decided: _Decided) -> Ledger:
    old = setup.ledger
    next_one = replace(
        old,
        run=attempt.run.id,
        table=None,
        consent=consent_digest(attempt.export),
        asked=asked_digest(attempt.export, setup.state.merge_fields),
    )
    if attempt.run.only:
        # Nobody has looked who left since.
        return next_one
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
    return replace(next_one, segments=segments, others=others)


def _write_tables(attempt: PlanningAttempt, plan: Plan, table: pl.DataFrame) -> cutting.Work:
    """Write the run's table, and which of its rows are sent; return what is sent of them."""
    blobs, folder = attempt.app.blobs, plan.folder
    unasked = [name for name in (*LOOK, *_LOOKING) if name in table.columns]
    stored = table.drop("row", "profile", "state", *unasked)
    tables.write(blobs, f"{folder}table.parquet", stored)
    del stored
    more = bool(attempt.export.more_columns)
    work = cutting.work_of(
        table,
        new_first=plan.updates != "status_if_new" or more,
        shared_tags=plan.shared_tags,
        permissions=permissions_among(plan.interests),
    )
    if work.permits is not None:
        tables.write(blobs, f"{folder}permits.parquet", work.permits.select("row", "mask"))
    for name, rows in (
        ("upserts", work.upserts.select("row")),
        ("tag-ops", work.tag_ops.drop("email", "last")),
        ("singles", work.singles.select("row")),
    ):
        # Of what no chunk is cut, nobody asks.
        if rows.height:
            tables.write(blobs, f"{folder}{name}.parquet", rows)
    return work


def _write_payload(
    attempt: PlanningAttempt, plan: Plan, work: cutting.Work, values: FieldValues
) -> Plan:
    """Write what is sent; return the plan with its chunks."""
    if work.is_empty:
        return plan
    lanes = attempt.app.slots.allowance(attempt.account).most_lanes
    proofs = values.proofs if attempt.export.more_columns else None
    chunks = cutting.write(attempt.app.blobs, plan.payload, work, values.texts, lanes, proofs)
    return replace(plan, chunks=tuple(chunks))
