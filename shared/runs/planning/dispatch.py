"""Calls the lanes for a plan that has been made."""

from shared.app import App
from shared.mailchimp import board
from shared.platform import log, queues, tracing
from shared.platform.clock import to_text, utc_now
from shared.runs import records
from shared.runs.ending import clear_up
from shared.runs.plan_document import Plan
from shared.runs.records import Record


def dispatch(app: App, plan: Plan) -> None:
    """Call the lanes for a plan; may be repeated."""
    run, document = plan.job.run, plan.document
    batches = sum(chunk.calls for chunk in plan.chunks)
    tracing.note(contacts=document["contacts"], chunks=len(plan.chunks), batches=batches)

    def begin(record: Record) -> Record | None:
        if record["status"] in records.ENDED or record["status"] == "running":
            return None
        return {
            **record,
            "status": "running",
            "snapshots": document["snapshots"],
            "warnings": document["warnings"],
            "counts": record["counts"]
            | {"profiles": document["profiles"], "contacts": document["contacts"]},
            "progress": record["progress"]
            | {
                "batches_total": batches,
                "contacts_total": sum(chunk.items for chunk in plan.chunks),
            },
            "chunk_sizes": [[chunk.items, chunk.calls] for chunk in plan.chunks],
            "sending_at": to_text(utc_now()),
        }

    record = app.blobs.update_document(records.record_name(run), begin)
    if record is not None and record["status"] in records.ENDED:
        # It was ended while it was planned: nothing of it may be sent.
        clear_up(app, record)
        return
    if not plan.chunks or records.stop_order(app, run) is not None:
        app.queues.send(queues.FINISH, {"run": run})
        return
    board.put_run(app, plan.account, plan.audience, run, "sending")
    lanes = min(app.settings.max_connections, len(plan.chunks))
    for _ in range(lanes):
        app.queues.send(queues.LANE, {"account": plan.account})
    log.event("run_sending", run=run, chunks=len(plan.chunks), batches=batches, lanes=lanes)
