"""Calls the lanes for a plan that has been made."""

from dataclasses import replace

from shared.app import App
from shared.platform import log, queues, tracing
from shared.platform.clock import to_text, utc_now
from shared.runs.counts import Progress
from shared.runs.ending import clear_up
from shared.runs.plan_document import Plan
from shared.runs.record import Run, RunStatus, update_run
from shared.runs.stopping import stop_order


def dispatch(app: App, plan: Plan, read_at: str | None = None) -> None:
    """Call the lanes for a plan; may be repeated. `read_at`: when its segments had been read."""
    tracing.note(contacts=plan.contacts, chunks=len(plan.chunks), batches=plan.calls)

    def begin(run: Run) -> Run | None:
        if run.status.ended or run.status is RunStatus.RUNNING:
            return None
        return replace(
            run,
            status=RunStatus.RUNNING,
            snapshots=plan.snapshots,
            warnings=plan.warnings,
            counts=replace(run.counts, profiles=plan.profiles, contacts=plan.contacts),
            progress=Progress(batches_total=plan.calls, contacts_total=plan.items),
            chunk_sizes=tuple((chunk.items, chunk.calls) for chunk in plan.chunks),
            read_at=read_at,
            sending_at=to_text(utc_now()),
        )

    run = update_run(app.blobs, plan.run, begin)
    if run is not None and run.status.ended:
        # It was ended while it was planned: nothing of it may be sent.
        clear_up(app, run)
        return
    if not plan.chunks or stop_order(app.blobs, plan.run) is not None:
        app.queues.send(queues.FINISH, {"run": plan.run})
        return
    app.board.put_run(plan.account, plan.audience, plan.run, "sending")
    lanes = min(app.slots.allowance(plan.account).most_lanes, len(plan.chunks))
    for _ in range(lanes):
        app.queues.send(queues.LANE, {"account": plan.account})
    log.event("run_sending", run=plan.run, chunks=len(plan.chunks), batches=plan.calls, lanes=lanes)
