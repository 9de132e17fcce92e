"""Mends active runs: lost messages, missing lanes, plans without messages, runs that stall.

Everything here may be done once too often: a message too many finds its work taken or done.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from shared.app import App
from shared.mailchimp import board
from shared.platform import log, queues
from shared.platform.clock import from_text, seconds_since, to_text, utc_now
from shared.runs import chunks, plan_document, records
from shared.runs.chunks import ChunkState
from shared.runs.ending import clear_up, end_run
from shared.runs.records import Record
from shared.runs.start import record_start

# A message whose handler failed so often that the host put it aside is put back so many times.
_REVIVALS = 3
_REVIVED_AFTER_SECONDS = 30.0
# A message that has become visible is taken sooner than this.
_MESSAGE_SECONDS = 60.0


def mend_runs(app: App) -> None:
    """Look at every active run and send what it lacks."""
    for _, first in list(records.active_runs(app)):
        try:
            _mend(app, first)
        except Exception as error:  # one broken run must not keep the others from being mended
            log.failure("run_not_mended", error, run=first["id"])


def _mend(app: App, first: Record) -> None:
    run = first["id"]
    record = records.read_record(app, run)
    if record is None:
        record_start(app, first)
        return
    if record["status"] in records.ENDED:
        if record.get("unfolded"):
            app.queues.send(queues.FINISH, {"run": run})
        else:
            clear_up(app, record)
        return
    if _held(app, records.lock_name(run)):
        return
    if records.stop_order(app, run) is not None:
        if account := record.get("account"):
            board.stop_run(app, account, run)
        app.queues.send(queues.FINISH, {"run": run})
        return
    plan = plan_document.load(app, run)
    if plan is None:
        if _stalled(app, _time(record)):
            _give_up(app, record)
        elif _is_overdue(record):
            app.queues.send(queues.PLAN, {"run": run})
        return
    states = chunks.states(app, run)
    open_ = [n for n in range(len(plan.chunks)) if n not in states or not states[n].done]
    if record["status"] != "running":
        app.queues.send(queues.PLAN, {"run": run})
    elif not open_:
        app.queues.send(queues.FINISH, {"run": run})
    elif _stalled(app, _last_accepted(record, states)):
        _give_up(app, record)
    else:
        _call_lanes(app, plan, len(open_))


def _is_overdue(record: Record) -> bool:
    """Tell whether the message that a waiting plan has put for itself must have been lost."""
    until = record.get("waits_until")
    return until is None or seconds_since(until) > _MESSAGE_SECONDS


def _call_lanes(app: App, plan: plan_document.Plan, wanted: int) -> None:
    """Call the lanes that are missing, and never more."""
    view = board.look(app, plan.account, max_age=0)
    if plan.job.run not in view.runs or view.runs[plan.job.run].state != "sending":
        board.put_run(app, plan.account, plan.audience, plan.job.run, "sending")
    held = sum(slot.leased for slot in view.slots.values())
    missing = min(wanted, app.settings.max_connections - held)
    for _ in range(missing):
        app.queues.send(queues.LANE, {"account": plan.account})
    if missing > 0:
        log.event("lanes_called", run=plan.job.run, lanes=missing)


def clean_boards(app: App) -> None:
    """Take ended runs off the boards: a note that came too late would keep others waiting."""
    for account, audience, run in board.all_runs(app):
        record = records.read_record(app, run)
        if record is None or record["status"] in records.ENDED:
            board.remove_run(app, account, audience, run)
            log.event("note_removed", run=run)
    board.drop_dead_waiters(app)


def clean_slots(app: App) -> None:
    """Have the calls of dead holders waited out now, so that nobody has to who is in a hurry."""
    for account, number in board.unclean_slots(app):
        app.queues.send(queues.LANE, {"account": account, "slot": str(number)})
        log.event("slot_cleaned", account_id=account, slot=number)


def _held(app: App, name: str) -> bool:
    info = app.blobs.info(name)
    return info is not None and info.leased


def _time(record: Record) -> datetime:
    return from_text(record["sending_at"] if record.get("sending_at") else record["submitted_at"])


def _last_accepted(record: Record, states: Mapping[int, ChunkState]) -> datetime:
    """Return when Mailchimp accepted something of a run last."""
    last = max((state.accepted_at for state in states.values()), default=0)
    return max(_time(record), datetime.fromtimestamp(last, UTC))


def _stalled(app: App, last: datetime) -> bool:
    hours = (utc_now() - last).total_seconds() / 3600
    return hours > app.settings.run_deadline_hours


def _give_up(app: App, record: Record) -> None:
    hours = app.settings.run_deadline_hours
    detail = (
        f"Mailchimp accepted nothing for {hours:g} hours, so the run was given up. See whether it "
        "is down, or whether other tools use up the account's connections. The next run sends what "
        "is left."
    )
    log.event("run_stalled", level=logging.WARNING, run=record["id"])
    error = {"code": "stalled", "detail": detail}
    records.stop(app, record, "failed", error, "segment-export")


def revive(app: App, queue: str, message: Mapping[str, str]) -> None:
    """Handle a message that the host has put aside after its handler had failed again and again.

    A lane message is one of many: the tick calls lanes that are missing. A run whose plan or
    finish can't be done ends as `internal_error`.
    """
    log.event("poison_message", level=logging.ERROR, queue=queue, run=message.get("run"))
    run = message.get("run")
    record = records.read_record(app, run) if run else None
    if record is None or run is None:
        return
    if record["status"] in records.ENDED:
        # The tick comes back to what is left to do.
        return
    revivals = record.get("revivals", 0)
    if revivals < _REVIVALS:
        records.change_record(app, run, revivals=revivals + 1)
        app.queues.send(queue, dict(message), delay=_REVIVED_AFTER_SECONDS)
        return
    detail = (
        "This app failed at the run, and sent nothing more. Ask whoever runs it to look at its "
        "log; the next run sends what is left."
    )
    error = {"code": "internal_error", "detail": detail}
    if plan_document.load(app, run) is None:
        end_run(app, record, "failed", error)
    elif queue == queues.FINISH:
        # What was sent must not be forgotten: the export waits until it is in the ledger.
        error["detail"] = (
            "The run's results could not be added up. This is tried again "
            "until it succeeds, and the export does not run before. Ask whoever runs this app to "
            "look at its log."
        )
        ended_at = to_text(utc_now())
        records.change_record(
            app, run, status="failed", error=error, ended_at=ended_at, unfolded=True
        )
    else:
        records.stop(app, record, "failed", error, "segment-export")
