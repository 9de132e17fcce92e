"""Mends active runs: lost messages, missing lanes, plans without messages, runs that stall.

Everything here may be done once too often: a message too many finds its work taken or done.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from shared.accounts.board import slot_text
from shared.app import App
from shared.notice import Notice
from shared.platform import log, queues
from shared.platform.blobs import Blobs
from shared.platform.clock import from_text, seconds_since, to_text, utc_now
from shared.runs import chunks, names
from shared.runs.chunks import ChunkState
from shared.runs.ending import clear_up, end_run
from shared.runs.marker import active_exports, active_run
from shared.runs.plan_document import Plan, load_plan
from shared.runs.record import Run, RunStatus, change_run, read_run
from shared.runs.start import record_start
from shared.runs.stopping import BY_APP, stop, stop_order
from shared.runs.upkeep.rounds import in_turn

# A message whose handler failed so often that the host put it aside is put back so many times.
_REVIVALS = 3
_REVIVED_AFTER_SECONDS = 30.0
# A message that has become visible is taken sooner than this.
_MESSAGE_SECONDS = 60.0
# So long per tick; a thousand active runs take less.
_MENDING_SECONDS = 90.0
_CLEANING_SECONDS = 30.0
_FAILED = Notice(
    "internal_error",
    "This app failed at the run, and sent nothing more. Ask whoever runs it to look at its "
    "log; the next run sends what is left.",
)
_NOT_ADDED_UP = Notice(
    "internal_error",
    "The run's results could not be added up. This is tried again "
    "until it succeeds, and the export does not run before. Ask whoever runs this app to "
    "look at its log.",
)


def mend_runs(app: App) -> None:
    """Look at every active run and send what it lacks."""

    def mend(export: str) -> None:
        try:
            if (first := active_run(app.blobs, export)) is not None:
                _mend(app, first)
        except Exception as error:  # one broken run must not hold up the others
            log.failure("run_not_mended", error, export=export)

    in_turn(app.blobs, "mend_runs", active_exports(app.blobs), mend, seconds=_MENDING_SECONDS)


def _mend(app: App, first: Run) -> None:
    run = read_run(app.blobs, first.id)
    if run is None:
        record_start(app.blobs, app.queues, first)
    elif run.unfolded:
        app.queues.send(queues.FINISH, {"run": run.id})
    elif run.status.ended:
        clear_up(app, run)
    elif _held(app.blobs, names.lock_name(run.id)):
        return
    elif stop_order(app.blobs, run.id) is not None:
        if run.account:
            app.board.stop_run(run.account, run.id)
        app.queues.send(queues.FINISH, {"run": run.id})
    elif (plan := load_plan(app.blobs, run.id)) is None:
        _mend_planning(app, run)
    else:
        _mend_sending(app, run, plan)


def _mend_planning(app: App, run: Run) -> None:
    if _stalled(_time(run), app.settings.run_deadline_hours):
        _give_up(app, run)
    elif _is_overdue(run):
        app.queues.send(queues.PLAN, {"run": run.id})


def _mend_sending(app: App, run: Run, plan: Plan) -> None:
    states = chunks.states(app.blobs, run.id)
    left = chunks.unfinished(len(plan.chunks), states)
    if run.status is not RunStatus.RUNNING:
        app.queues.send(queues.PLAN, {"run": run.id})
    elif not left:
        app.queues.send(queues.FINISH, {"run": run.id})
    elif _stalled(_last_accepted(run, states), app.settings.run_deadline_hours):
        _give_up(app, run)
    else:
        _call_lanes(app, plan, len(left))


def _is_overdue(run: Run) -> bool:
    """Return whether the message that a waiting plan has put for itself must have been lost."""
    until = run.waits_until
    return until is None or seconds_since(until) > _MESSAGE_SECONDS


def _call_lanes(app: App, plan: Plan, wanted: int) -> None:
    """Call the lanes that are missing, and never more."""
    view = app.board.look(plan.account, max_age=0)
    if plan.run not in view.runs or view.runs[plan.run].state != "sending":
        app.board.put_run(plan.account, plan.audience, plan.run, "sending")
    held = sum(slot.leased for slot in view.all_slots().values())
    missing = min(wanted, app.slots.allowance(plan.account).most_lanes - held)
    for _ in range(missing):
        app.queues.send(queues.LANE, {"account": plan.account})
    if missing > 0:
        log.event("lanes_called", run=plan.run, lanes=missing)


def clean_boards(app: App) -> None:
    """Take ended runs off the boards: a note that came too late would keep others waiting."""
    notes = {"/".join(note): note for note in app.board.all_runs()}

    def clean(name: str) -> None:
        account, audience, run = notes[name]
        found = read_run(app.blobs, run)
        if found is None or found.status.ended:
            app.board.remove_run(account, audience, run)
            log.event("note_removed", run=run)

    in_turn(app.blobs, "clean_boards", notes, clean, seconds=_CLEANING_SECONDS)
    app.board.drop_dead_waiters()


def clean_slots(app: App) -> None:
    """Have the calls of dead holders waited out now, so that nobody has to who is in a hurry."""
    for account, number in app.board.unclean_slots():
        app.queues.send(queues.LANE, {"account": account, "slot": slot_text(number)})
        log.event("slot_cleaned", account_id=account, slot=number)


def _held(blobs: Blobs, name: str) -> bool:
    info = blobs.info(name)
    return info is not None and info.leased


def _time(run: Run) -> datetime:
    return from_text(run.sending_at or run.submitted_at)


def _last_accepted(run: Run, states: Mapping[int, ChunkState]) -> datetime:
    """Return when Mailchimp accepted something of a run last."""
    return max(_time(run), datetime.fromtimestamp(chunks.last_accepted(states), UTC))


def _stalled(last: datetime, hours: float) -> bool:
    return (utc_now() - last).total_seconds() > hours * 3600


def _give_up(app: App, run: Run) -> None:
    hours = app.settings.run_deadline_hours
    detail = (
        f"Mailchimp accepted nothing for {hours:g} hours, so the run was given up. See whether it "
        "is down, or whether other tools use up the account's connections. The next run sends what "
        "is left."
    )
    log.event("run_stalled", level=logging.WARNING, run=run.id)
    stop(app, run, RunStatus.FAILED, Notice("stalled", detail), BY_APP)


def _not_added_up(run: Run) -> Run:
    now = to_text(utc_now())
    return replace(run, status=RunStatus.FAILED, error=_NOT_ADDED_UP, ended_at=now, unfolded=True)


def revive(app: App, queue: str, message: Mapping[str, str]) -> None:
    """Handle a message that the host has put aside after its handler had failed again and again.

    A lane message is one of many: the tick calls lanes that are missing. A run whose plan or
    finish can't be done ends as `internal_error`.
    """
    log.event("poison_message", level=logging.ERROR, queue=queue, run=message.get("run"))
    run = read_run(app.blobs, message["run"]) if message.get("run") else None
    # To what an ended run leaves to be done the tick comes back.
    if run is None or run.status.ended:
        return
    if run.revivals < _REVIVALS:
        change_run(app.blobs, run.id, lambda r: replace(r, revivals=r.revivals + 1))
        app.queues.send(queue, dict(message), delay=_REVIVED_AFTER_SECONDS)
    elif load_plan(app.blobs, run.id) is None:
        end_run(app, run.id, RunStatus.FAILED, _FAILED)
    elif queue == queues.FINISH:
        # What was sent must not be forgotten: the export waits until it is in the ledger.
        change_run(app.blobs, run.id, _not_added_up)
    else:
        stop(app, run, RunStatus.FAILED, _FAILED, BY_APP)
