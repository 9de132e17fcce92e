"""Finishes a run, whatever its status: outcomes, ledger, record; then clears up.

Begins only when no call of the run can be made or be open any more. Every step may be repeated:
the ledger's document says which run was folded into it last.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.app import App
from shared.erasure import register
from shared.erasure.register import ErasureKeyError, Register
from shared.frames import tables
from shared.mailchimp import board
from shared.platform import queues, tracing
from shared.platform.blobs import BlobConflictError
from shared.runs import chunks, ledger, outcomes, plan_document, progress, records
from shared.runs.chunks import OPEN_CALLS, Block
from shared.runs.codes import COUNTS, DUE, NUMBER, OUTCOMES
from shared.runs.ending import clear_up, end_run
from shared.runs.payload import CONTACTS_PER_CALL, SINGLES, ChunkIndex
from shared.runs.plan_document import Plan
from shared.runs.records import Record

if TYPE_CHECKING:
    import polars as pl

    from shared.runs.finishing.fold import Folded, Results

_SOON, _LATER = 2.0, 30.0
_REASON = (
    "Removals were withheld: {}. Everything else was sent. Look at the segments, then run the "
)
_REASON += "export once with allow_removals."


@dataclass(frozen=True)
class _ChunkEnd:
    """A chunk as it was left: its blocks, and whether calls may have been made after them."""

    index: ChunkIndex
    blocks: list[Block]
    open: bool


def finish_run(app: App, message: Mapping[str, str]) -> None:
    """Handle a finish message."""
    run = message["run"]
    record = records.read_record(app, run)
    if record is None:
        return
    if record["status"] in records.ENDED and not record.get("unfolded"):
        clear_up(app, record)
        return
    with app.leases.held(records.lock_name(run)) as lock:
        try:
            if lock is None or not _finish(app, record):
                # Its planner, another finisher or its last calls are still at work.
                app.queues.send(queues.FINISH, {"run": run}, delay=_SOON)
        except ErasureKeyError as error:
            if not error.temporary:
                raise
            # The vault is silent: who was erased can't be told from the others meanwhile.
            app.queues.send(queues.FINISH, {"run": run}, delay=_LATER)


def _finish(app: App, record: Record) -> bool:
    """Finish a run; False where it is too early for that."""
    run = record["id"]
    order = records.stop_order(app, run)
    plan = plan_document.load(app, run)
    if plan is None:
        if order is not None:
            end_run(app, record, order["status"], order["error"])
        return True
    if order is not None and not _calls_are_over(app, plan):
        return False
    ends = _ends_of(app, plan, sealed=order is not None)
    if ends is None:
        # Nobody has stopped it and lanes are at work: they say when they are done.
        return order is None
    if not _slots_are_over(app, plan):
        # A chunk may have been finished by another lane than the one whose call is still open.
        return False
    with tracing.span("finish", run, export=record["export"]), app.heavy_work:
        _fold(app, record, plan, ends, order)
    return True


def _calls_are_over(app: App, plan: Plan) -> bool:
    """Tell whether no call of a stopped run is being made, or counted by Mailchimp."""
    if any(state.leased for state in chunks.states(app, plan.job.run).values()):
        return False
    return _slots_are_over(app, plan)


def _slots_are_over(app: App, plan: Plan) -> bool:
    """Tell whether no call under any slot is one of the run's."""
    run = plan.job.run
    view = board.look(app, plan.account, max_age=0)
    over = True
    for number, slot in view.slots.items():
        if slot.run == run and not slot.clean:
            over = False
            if not slot.leased:
                # Its holder died: a lane takes the slot and waits the last call out.
                message = {"account": plan.account, "slot": str(number)}
                app.queues.send(queues.LANE, message)
    return over


def _ends_of(app: App, plan: Plan, *, sealed: bool) -> list[_ChunkEnd] | None:
    """Read all chunks; None where one is not done, unless the run was stopped.

    Of a stopped run the unfinished ones are claimed and kept, so that no lane that has not heard
    of it goes on.
    """
    run = plan.job.run
    states = chunks.states(app, run)
    ends = []
    for number, index in enumerate(plan.chunks):
        state = states.get(number)
        if state is not None and state.done:
            ends.append(_ChunkEnd(index, chunks.read_blocks(app, run, number), open=False))
            continue
        if not sealed:
            return None
        left = chunks.seal(app, run, number)
        if left is None:
            return None
        ends.append(_ChunkEnd(index, chunks.read_blocks(app, run, number), left.open))
    return ends


def _fold(
    app: App, record: Record, plan: Plan, ends: list[_ChunkEnd], order: Record | None
) -> None:
    document = plan.document
    upserts = _results(ends, ("upsert",))
    erased = register.load(app)
    folded = _folded(app, plan, ends, upserts, erased)
    _store_ledger(app, plan, folded.ledger)
    outcomes.write(app, plan.job.run, folded.outcomes, document["segments"])
    while (now := register.load(app)) != erased:
        # Somebody was erased while this was written: what was written may hold them.
        erased = now
        folded = _folded(app, plan, ends, upserts, erased)
        _store_ledger(app, plan, folded.ledger, again=True)
        app.blobs.delete_all(outcomes.folder(plan.job.run))
        outcomes.write(app, plan.job.run, folded.outcomes, document["segments"])
    # After a run that was stopped nothing goes on by itself.
    leavers_due = order is None and _has_leavers_due(ends)
    _end(app, record, plan, folded, order, upserts.dropped, leavers_due=leavers_due)


def _folded(
    app: App, plan: Plan, ends: list[_ChunkEnd], upserts: "Results", erased: Register
) -> "Folded":
    import polars as pl

    from shared.erasure.plans import blanked
    from shared.runs.finishing.fold import fold

    document = plan.document

    def read(name: str) -> pl.DataFrame:
        return tables.read(app.blobs, f"{document['folder']}{name}.parquet")

    table = read("table")
    if erased:
        # Who was erased after the plan was made stays out of ledger and outcomes.
        table = blanked(table, erased.is_erased(table.select("email", "customer_id")))
    return fold(
        table,
        (read("upserts")["row"], upserts),
        (read("tag-ops"), _results(ends, ("tag",))),
        (read("singles")["row"], _results(ends, SINGLES)),
        now=int(time.time()),
        tried_at=document["planned_at"] + plan.job.clock_offset,
        pending=plan.job.status_for_new == "pending",
    )


def _results(ends: list[_ChunkEnd], kinds: tuple[str, ...]) -> "Results":
    from shared.runs.finishing.fold import results_of

    mine = [end for end in ends if end.index.kind in kinds]
    return results_of(
        ((end.index.items, end.blocks, _maybe_sent(end) if end.open else 0) for end in mine),
        sum(end.index.items for end in mine),
    )


def _maybe_sent(end: _ChunkEnd) -> int:
    """Return how many items after the last outcome a dead lane may have sent."""
    if end.index.kind in SINGLES:
        return OPEN_CALLS
    # A tag call takes as many removals as additions.
    per_call = CONTACTS_PER_CALL * (2 if end.index.kind == "tag" else 1)
    return OPEN_CALLS * per_call


def _has_leavers_due(ends: list[_ChunkEnd]) -> bool:
    """Tell whether leavers were left to the next run, as another export was at work."""
    return any(
        DUE in block.get("details", {}).values()
        for end in ends
        if end.index.kind != "upsert"
        for block in end.blocks
    )


def _store_ledger(app: App, plan: Plan, table: "pl.DataFrame", *, again: bool = False) -> None:
    """Write the next ledger over the one that was planned with; once per run.

    `again`: over what this run has written, because somebody was erased meanwhile.
    """
    document = plan.document["ledger"]
    now = ledger.load(app.blobs, document["account"], document["audience"], document["uid"])
    if now.run == plan.job.run:
        if again:
            ledger.store(app.blobs, ledger.read_ledger(document, now.etag), table)
        return
    planned_with = plan.document["ledger_etag"]
    if now.etag != planned_with and not _only_erased(now, plan):
        raise BlobConflictError("the ledger has changed since the plan")
    new = ledger.free_tags(ledger.read_ledger(document, now.etag), table)
    ledger.store(app.blobs, new, table)


def _only_erased(now: ledger.Ledger, plan: Plan) -> bool:
    """Tell whether the ledger is the planned one but for people who were erased meanwhile."""
    return bool(now.run == plan.document["ledger_run"])


def _progress(
    record: Record, plan: Plan, order: Record | None, counts: Mapping[str, int]
) -> Record:
    """Return how far an ended run came; one that was stopped, by its contacts without an answer."""
    batches = sum(chunk.calls for chunk in plan.chunks)
    contacts = sum(chunk.items for chunk in plan.chunks)
    share = 1.0 if order is None or not contacts else max(0.0, 1 - counts["failed"] / contacts)
    return progress.shown(record, batches, contacts, batches * share, contacts * share)


def _end(
    app: App,
    record: Record,
    plan: Plan,
    folded: "Folded",
    order: Record | None,
    dropped: Mapping[str, int],
    *,
    leavers_due: bool,
) -> None:
    document = plan.document
    counts = {"profiles": document["profiles"], "contacts": document["contacts"]}
    counts |= dict.fromkeys(COUNTS, 0)
    for code, count in folded.counts.items():
        counts[OUTCOMES[NUMBER[code]].count] += count
    error: dict[str, Any] | None = None
    if order is not None:
        status, error = order["status"], order["error"]
    elif withheld := document["removals_withheld"]:
        status = "partial"
        error = {"code": "removals_withheld", "detail": _REASON.format(withheld)}
    else:
        status = "partial" if counts["rejected"] or counts["failed"] else "succeeded"
    tracing.note(status=status, **counts)
    warnings = list(document["warnings"])
    for tag, count in dropped.items():
        text = f"{tag}: Mailchimp left {count} values out without an error."
        warnings.append({"code": "values_dropped", "detail": text})
    members: Record = {
        "snapshots": document["snapshots"],
        "warnings": warnings,
        "counts": counts,
        "outcomes": folded.counts,
        "leavers_due": leavers_due,
        "progress": _progress(record, plan, order, counts) | {"expected_end": None},
    }
    if record.get("unfolded"):
        # It has ended as failed because this did not succeed before.
        settled = app.blobs.update_document(
            records.record_name(record["id"]), lambda r: {**r, **members, "unfolded": False}
        )
        clear_up(app, settled or record)
        return
    end_run(app, record, status, error, **members)
