"""Finishes a run, whatever its status: outcomes, ledger, record; then clears up.

Begins only when no call of the run can be made or be open any more. Every step may be repeated:
the ledger's document says which run was folded into it last.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, assert_never

from shared.accounts.board import Board, slot_text
from shared.app import App
from shared.audiences import answers, memory
from shared.audiences.memory import Memory
from shared.erased import ErasureKeyError, Register, load_erased
from shared.frames import tables
from shared.notice import Notice
from shared.platform import log, queues, tracing
from shared.platform.blobs import BlobConflictError, Blobs
from shared.platform.clock import to_text, utc_now
from shared.platform.leases import LeaseKeeper
from shared.platform.queues import Queues
from shared.runs import chunks, ledger, names, outcomes, series
from shared.runs.abandoning import is_abandoned
from shared.runs.bill import bill_of
from shared.runs.chunks import OPEN_CALLS, Block
from shared.runs.codes import DUE_TEXTS
from shared.runs.counts import Counts, Progress
from shared.runs.ending import clear_up, end_run
from shared.runs.finishing.drift import drift_warnings
from shared.runs.finishing.giving_up import finish_or_give_up
from shared.runs.finishing.letting_go import Released
from shared.runs.finishing.remembering import recall, remember, remember_answers
from shared.runs.finishing.withheld import withheld_notices
from shared.runs.payload import CONTACTS_PER_CALL, LEAVING, ChunkIndex, ChunkKind
from shared.runs.plan_document import Plan, load_plan
from shared.runs.record import Run, RunStatus, read_run, update_run
from shared.runs.stopping import StopOrder, stop_order

if TYPE_CHECKING:
    import polars as pl

    from shared.runs.finishing.fold import Folded, Results

_SOON, _LATER = 2.0, 30.0


@dataclass(frozen=True)
class _ChunkEnd:
    """A chunk as it was left: its blocks, and whether calls may have been made after them."""

    index: ChunkIndex
    blocks: list[Block]
    open: bool


def finish_run(app: App, message: Mapping[str, str]) -> None:
    """Handle a finish message."""
    run = read_run(app.blobs, message["run"])
    if run is None:
        return
    if run.status.ended and not run.unfolded:
        clear_up(app, run)
        return
    with app.leases.held(names.lock_name(run.id)) as lock:
        try:
            if lock is None or not _finish_somehow(app, run):
                # Its planner, another finisher or its last calls are still at work.
                app.queues.send(queues.FINISH, {"run": run.id}, delay=_SOON)
        except ErasureKeyError as error:
            if not error.temporary:
                raise
            # The vault is silent: who was erased can't be told from the others meanwhile.
            app.queues.send(queues.FINISH, {"run": run.id}, delay=_LATER)


def _finish_somehow(app: App, run: Run) -> bool:
    """Finish a run; one that a person has given up ends, whatever can't be added up of it."""
    order = stop_order(app.blobs, run.id)
    if order is None or not is_abandoned(order):
        return _finish(app, run, order)
    over = partial(_slots_are_over, app.board, app.queues, run.account or "", run.id)
    return finish_or_give_up(app, run, order, partial(_finish, app, run, order), over)


def _finish(app: App, run: Run, order: StopOrder | None) -> bool:
    """Finish a run; return False where it is too early for that."""
    plan = load_plan(app.blobs, run.id)
    if plan is None:
        if order is not None:
            end_run(app, run.id, order.status, order.error)
        return True
    if order is not None and not _calls_are_over(app, plan):
        return False
    ends = _ends_of(app.blobs, app.leases, plan, sealed=order is not None)
    if ends is None:
        # Nobody has stopped it and lanes are at work: they say when they are done.
        return order is None
    if not _slots_are_over(app.board, app.queues, plan.account, plan.run):
        # A chunk may have been finished by another lane than the one whose call is still open.
        return False
    # The host ends what takes ten minutes, the waiting for others' heavy work included.
    if not app.heavy_work.acquire(timeout=app.heavy_work_wait):
        return False
    try:
        return _fold_alone(app, run, plan, ends, order)
    finally:
        app.heavy_work.release()


def _fold_alone(
    app: App, run: Run, plan: Plan, ends: Sequence[_ChunkEnd], order: StopOrder | None
) -> bool:
    """Fold while nobody else works on what is known of the audience; False where somebody does."""
    with (
        tracing.span("finish", run.id, export=run.export),
        # What other exports hold, and what is remembered of the audience, stays as it is meanwhile.
        app.leases.held(memory.lock_name(plan.account, plan.audience)) as audience,
    ):
        if audience is not None:
            _fold(app, run, plan, ends, order)
    return audience is not None


def _calls_are_over(app: App, plan: Plan) -> bool:
    """Return whether no call of a stopped run is being made, or counted by Mailchimp."""
    if any(state.leased for state in chunks.states(app.blobs, plan.run).values()):
        return False
    return _slots_are_over(app.board, app.queues, plan.account, plan.run)


def _slots_are_over(board: Board, queues_: Queues, account: str, run: str) -> bool:
    """Return whether no call under any slot is one of the run's."""
    view = board.look(account, max_age=0)
    over = True
    for number, slot in view.all_slots().items():
        if slot.run == run and not slot.clean:
            over = False
            if not slot.leased:
                # Its holder died: a lane takes the slot and waits the last call out.
                message = {"account": account, "slot": slot_text(number)}
                queues_.send(queues.LANE, message)
    return over


def _ends_of(
    blobs: Blobs, leases: LeaseKeeper, plan: Plan, *, sealed: bool
) -> list[_ChunkEnd] | None:
    """Read all chunks; None where one is not done, unless the run was stopped.

    Of a stopped run the unfinished ones are claimed and kept, so that no lane that has not heard
    of it goes on.
    """
    run = plan.run
    states = chunks.states(blobs, run) if plan.chunks else {}
    ends = []
    for number, index in enumerate(plan.chunks):
        state = states.get(number)
        if state is not None and state.done:
            ends.append(_ChunkEnd(index, chunks.read_blocks(blobs, run, number), open=False))
            continue
        if not sealed:
            return None
        left = chunks.seal(blobs, leases, run, number)
        if left is None:
            return None
        ends.append(_ChunkEnd(index, chunks.read_blocks(blobs, run, number), left.open))
    return ends


def _fold(
    app: App, run: Run, plan: Plan, ends: Sequence[_ChunkEnd], order: StopOrder | None
) -> None:
    blobs, began_at = app.blobs, to_text(utc_now())
    upserts = _results(ends, ("upsert",))
    erased = load_erased(app.blobs, app.vault)
    released = Released(blobs, plan)
    known = memory.load(blobs, plan.account, plan.audience)
    folded = _folded(blobs, plan, ends, upserts, erased, released, known)
    remember(app, plan, folded.said, known)
    remember_answers(blobs, plan, folded.answers, int(time.time()))
    _store_ledger(blobs, plan, folded.ledger)
    folded = folded.stored()
    outcomes.write(blobs, plan.run, folded.outcomes, plan.segments)
    while (now := load_erased(app.blobs, app.vault)) != erased:
        new, erased = now.since(erased), now
        if not _holds(folded, new):
            # Somebody was erased while this was written whom it says nothing of.
            continue
        known = memory.load(blobs, plan.account, plan.audience)
        folded = _folded(blobs, plan, ends, upserts, erased, released, known)
        memory.without(blobs, plan.account, plan.audience, erased.is_erased)
        if plan.answers_at:
            answers.without(blobs, plan.account, plan.audience, erased.is_erased)
        _store_ledger(blobs, plan, folded.ledger, again=True)
        folded = folded.stored()
        blobs.delete_all(outcomes.folder(plan.run))
        outcomes.write(blobs, plan.run, folded.outcomes, plan.segments)
    series.store(blobs, plan.run, (block for end in ends for block in end.blocks))
    drifted = drift_warnings(blobs, plan, sent=order is None and not run.only)
    counts = Counts.of(plan.profiles, plan.contacts, folded.counts)
    tracing.note(status=_status(plan, counts, order), **asdict(counts))

    def finished(found: Run) -> Run:
        return replace(
            found,
            snapshots=plan.snapshots,
            warnings=(
                *plan.warnings,
                *withheld_notices(plan)[1:],
                *_dropped_warnings(upserts),
                *_kept_warnings(upserts),
                *drifted,
            ),
            counts=counts,
            outcomes=folded.counts,
            due=folded.due,
            withheld=plan.withheld,
            bill=bill_of(plan.billing, folded.growth),
            finishing_at=began_at,
            kept_by=plan.kept_by if order is None else {},
            # After a run that was stopped nothing goes on by itself.
            leavers_due=order is None and (_has_leavers_due(ends) or released.found),
            progress=_progress(found, plan, counts, order),
        )

    if not run.unfolded:
        end_run(app, run.id, _status(plan, counts, order), _error(plan, order), finished)
        return
    # It has ended as failed because this did not succeed before.
    error = order.error if order is not None and is_abandoned(order) else run.error
    settled = update_run(blobs, run.id, lambda r: replace(finished(r), unfolded=False, error=error))
    clear_up(app, settled or run)


def _holds(folded: "Folded", erased: Register) -> bool:
    """Return whether what was folded names somebody who was erased."""
    who = ("email", "customer_id")
    return any(
        erased.is_erased(frame.select(who)).any() for frame in (folded.outcomes, folded.ledger)
    )


def _folded(  # noqa: PLR0913 - what is known of the run, from several places
    blobs: Blobs,
    plan: Plan,
    ends: Sequence[_ChunkEnd],
    upserts: "Results",
    erased: Register,
    released: Released,
    known: Memory,
) -> "Folded":
    import polars as pl

    from shared.erasure.plans import blanked
    from shared.runs.finishing.fold import Answered, Times, fold, parts_of

    def read(name: str) -> pl.DataFrame:
        return tables.read(blobs, f"{plan.folder}{name}.parquet")

    def sent(name: str, kinds: tuple[ChunkKind, ...]) -> pl.DataFrame:
        if any(chunk.kind in kinds for chunk in plan.chunks):
            return read(name)
        return pl.DataFrame(schema={"row": pl.UInt32, "bit": pl.UInt8, "add": pl.UInt8})

    # First of all: it is replaced where somebody is erased.
    remembered = recall(blobs, plan, known)
    table, now = read("table"), int(time.time())
    if erased:
        # Who was erased after the plan was made stays out of ledger and outcomes.
        table = blanked(table, erased.is_erased(table.select("email", "customer_id")))
    parts = parts_of(released.made_due(table))
    # What was folded of it is not needed in the memory until the rest is.
    del table
    return fold(
        parts,
        Answered(
            (sent("upserts", ("upsert",))["row"], upserts),
            (sent("tag-ops", ("tag",)), _results(ends, ("tag",))),
            (sent("singles", LEAVING)["row"], _results(ends, LEAVING)),
            # Of exports that give none there is nothing to read.
            (read("permits"), _results(ends, ("permit",))) if plan.gives_permissions else None,
        ),
        Times(now=now, since=plan.planned_at + plan.clock_offset, until=now + plan.clock_offset),
        pending=plan.status_for_new == "pending",
        consent=bool(plan.ledger.consent),
        remembered=remembered,
    )


def _results(ends: Sequence[_ChunkEnd], kinds: tuple[ChunkKind, ...]) -> "Results":
    from shared.runs.finishing.fold import results_of

    mine = [end for end in ends if end.index.kind in kinds]
    return results_of(
        ((end.index.items, end.blocks, _maybe_sent(end) if end.open else 0) for end in mine),
        sum(end.index.items for end in mine),
    )


def _maybe_sent(end: _ChunkEnd) -> int:
    """Return how many items after the last outcome a dead lane may have sent."""
    match end.index.kind:
        case "archive" | "unsubscribe" | "permit":
            return OPEN_CALLS
        case "upsert":
            return OPEN_CALLS * CONTACTS_PER_CALL
        case "tag":
            # A tag call takes as many removals as additions.
            return OPEN_CALLS * CONTACTS_PER_CALL * 2
        case unknown:
            assert_never(unknown)


def _has_leavers_due(ends: Sequence[_ChunkEnd]) -> bool:
    """Return whether leavers were left to the next run, as another export was at work."""
    return any(
        not DUE_TEXTS.isdisjoint(block.get("details", {}).values())
        for end in ends
        if end.index.kind != "upsert"
        for block in end.blocks
    )


def _store_ledger(blobs: Blobs, plan: Plan, table: "pl.DataFrame", *, again: bool = False) -> None:
    """Write the next ledger over the one that was planned with; once per run.

    `again`: over what this run has written, because somebody was erased meanwhile.
    """
    now = ledger.load(blobs, plan.ledger.account, plan.ledger.audience, plan.ledger.uid)
    new = replace(plan.ledger, etag=now.etag)
    if now.run == plan.run:
        if again:
            ledger.store(blobs, new, table)
        return
    # Of the run that was planned with, it has lost but people who were erased meanwhile.
    if now.etag != plan.ledger_etag and now.run != plan.ledger_run:
        _check_open(blobs, plan.run)
    ledger.store(blobs, ledger.free_tags(new, table), table)


def _check_open(blobs: Blobs, run: str) -> None:
    """Let an open run write over a ledger that was restored under it; raises BlobConflictError.

    Read after the ledger: where the run has ended meanwhile, the ledger is a later one's.
    """
    found = read_run(blobs, run)
    if found is None or (found.status.ended and not found.unfolded):
        raise BlobConflictError("the ledger has changed since the plan")
    # All that it held for this run is in the plan, and what was sent since is known to no other.
    log.event("ledger_rebased", level=logging.WARNING, run=run)


def _dropped_warnings(upserts: "Results") -> list[Notice]:
    untaken = {tag: len(places) for tag, places in upserts.untaken.items() if places}
    emptied, lost = "Mailchimp left {} values out without an error", "no such field took {} values"
    return [
        Notice(
            "values_dropped",
            f"{tag}: {text.format(count)}.",
            {"field": tag, "reason": reason, "count": count, "examples": []},
        )
        for reason, text, counts in (
            ("left_out", emptied, upserts.dropped),
            ("field_gone", lost, untaken),
        )
        for tag, count in counts.items()
    ]


def _kept_warnings(upserts: "Results") -> list[Notice]:
    """Return the warning `permission_kept` where people had decided otherwise."""
    from shared.runs.finishing.fold import WRITTEN

    kept = WRITTEN.index("kept")
    count = sum(1 for numbers in upserts.written.values() if numbers[kept])
    if not count:
        return []
    text = (
        "{} contacts keep interests or marketing permissions as they, or somebody else, left them "
        "in Mailchimp."
    )
    return [Notice("permission_kept", text.format(count), {"count": count})]


def _progress(run: Run, plan: Plan, counts: Counts, order: StopOrder | None) -> Progress:
    """Return how far an ended run came; one that was stopped, by its contacts without an answer."""
    contacts = plan.items
    share = 1.0 if order is None or not contacts else max(0.0, 1 - counts.failed / contacts)
    found = Progress.since(
        run.sending_at,
        batches=plan.calls,
        contacts=contacts,
        batches_done=plan.calls * share,
        contacts_done=contacts * share,
    )
    return replace(found, expected_end=None)


def _status(plan: Plan, counts: Counts, order: StopOrder | None) -> RunStatus:
    if order is not None:
        return order.status
    partial = withheld_notices(plan) or counts.rejected or counts.failed
    return RunStatus.PARTIAL if partial else RunStatus.SUCCEEDED


def _error(plan: Plan, order: StopOrder | None) -> Notice | None:
    if order is not None:
        return order.error
    return next(iter(withheld_notices(plan)), None)
