"""Plans a run: settles input and audience, has the plan built, commits it, calls the lanes.

Every step may be repeated. `plan.json` is created if absent: whoever finds one only sends the
messages that follow from it.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

from shared.app import App
from shared.erasure import register
from shared.erasure.register import ErasureKeyError
from shared.exports import store
from shared.exports.models import Export, to_export
from shared.mailchimp import board
from shared.platform import queues, tracing
from shared.platform.blobs import Document
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.runs import leaving, ledger, plan_document, records
from shared.runs.ending import end_run
from shared.runs.neighbours import neighbours
from shared.runs.planning import audience
from shared.runs.planning.dispatch import dispatch
from shared.runs.planning.mailchimp_calls import (
    check_same_account,
    connection_of,
    reach,
    refresh_suppressions,
)
from shared.runs.planning.run_input import RunInput, wait_for_input
from shared.runs.planning.waiting import LATER, SOON, NotYetError, StoppedError, as_failure
from shared.runs.planning.warnings import remarks
from shared.runs.records import Record, RunFailure

# How long a vault may be silent before the run fails for it.
_SILENT_SECONDS = 3600.0


def plan_run(app: App, message: Mapping[str, str]) -> None:
    """Handle a plan message."""
    run = message["run"]
    record = records.read_record(app, run)
    if record is None or record["status"] in records.ENDED:
        return
    with app.leases.held(records.lock_name(run)) as lock:
        if lock is None:
            return  # Somebody plans it, or finishes it; the tick mends what they leave.
        with tracing.span("plan", run, export=record["export"]):
            tracing.note(outcome=_plan(app, record))


def _plan(app: App, record: Record) -> str:
    """Plan a run as far as it goes now; return what came of it."""
    run = record["id"]
    try:
        plan = plan_document.load(app, run)
        if plan is None:
            _check_no_order(app, run)
            plan = _new_plan(app, record)
        if plan is None:
            return "previewed"
        dispatch(app, plan)
        return "planned"
    except StoppedError:
        app.queues.send(queues.FINISH, {"run": run})
        return "stopped"
    except NotYetError as wait:
        if wait.failure is not None and _has_waited(app, record):
            return _fail(app, record, wait.failure)
        waits = record.get("waits", 0)
        seconds = min(wait.seconds, SOON * 2.0**waits) if wait.grows else wait.seconds
        until = to_text(utc_now() + timedelta(seconds=seconds))
        records.change_record(app, run, waits_until=until, waits=waits + wait.grows)
        app.queues.send(queues.PLAN, {"run": run}, delay=seconds)
        return "waits"
    except RunFailure as failure:
        return _fail(app, record, failure)


def _fail(app: App, record: Record, failure: RunFailure) -> str:
    end_run(app, record, failure.status, {"code": failure.code, "detail": failure.detail})
    return failure.code


def _has_waited(app: App, record: Record) -> bool:
    """Tell whether the vault has been silent for long; note when it was found so at first."""
    since = record.get("silent_since")
    if since is None:
        records.change_record(app, record["id"], silent_since=to_text(utc_now()))
        return False
    return seconds_since(since) > _SILENT_SECONDS


def _new_plan(app: App, record: Record) -> plan_document.Plan | None:
    try:
        return _make_plan(app, record)
    except ErasureKeyError as error:
        raise as_failure(error) from None


def _make_plan(app: App, record: Record) -> plan_document.Plan | None:
    """Make and commit the plan; None where the run has ended with it (a preview)."""
    export = to_export(record["configuration"])
    _check_wanted(app, record)
    # Until the account is known its board can't say that the run was stopped.
    connection = connection_of(app, export, partial(_check_no_order, app, record["id"]))
    account = connection["account_id"]
    _begin(app, record, account, export)
    if not record["preview"] and leaving.must_wait(app, account, export.audience_id, record["id"]):
        board.remove_run(app, account, export.audience_id, record["id"])
        raise NotYetError(LATER / 3)
    try:
        found = wait_for_input(app, record, export)
    except NotYetError:
        # Until there is something to send, the audience is free for others.
        board.remove_run(app, account, export.audience_id, record["id"])
        raise
    old = ledger.load(app.blobs, account, export.audience_id, record["configuration"]["uid"])
    records.change_record(app, record["id"], snapshots=found.stamps)
    guard = partial(_check_not_stopped, app, account, record["id"])
    # Neither under the slot nor in the turn of the heavy work: it reads every export. Who comes
    # meanwhile is seen before contacts leave.
    others = neighbours(app, export.audience_id, old.uid)
    with reach(app, export, account, guard) as client:
        check_same_account(app, record, connection, client)
        setup = audience.prepare(
            app,
            client,
            export,
            old,
            found.types,
            partial(_samples, export, found),
            others,
            preview=record["preview"],
        )
    setup = replace(setup, warnings=[*setup.warnings, *remarks(app, record, old)])
    refresh_suppressions(app, export, account, guard)
    return _build(app, record, export, found, setup, others)


def _check_wanted(app: App, record: Record) -> None:
    """End a run whose export was removed or detached in the moment it began.

    One that had no connection before is told so by `connection_of`.
    """
    found = store.load_export(app.blobs, record["export"])
    gone = found is None or found[0]["uid"] != record["configuration"]["uid"]
    had_connection = record["configuration"]["connection"] is not None
    if gone or (found and found[0]["connection"] is None and had_connection):
        records.stop(app, record, "cancelled", None, "segment-export")
        raise StoppedError


def _begin(app: App, record: Record, account: str, export: Export) -> None:
    """Say that the run is being planned, in its record and on the account's board."""
    members: Record = {"account": account}
    if record["status"] == "queued":
        members |= {"status": "planning", "started_at": to_text(utc_now())}
    records.change_record(app, record["id"], **members)
    record |= members
    seen = "" if record["preview"] else export.audience_id
    board.put_run(app, account, seen, record["id"], "planning")
    _check_no_order(app, record["id"])


def _check_no_order(app: App, run: str) -> None:
    """Raise StoppedError when the run was ordered to stop."""
    if records.stop_order(app, run) is not None:
        raise StoppedError


def _check_not_stopped(app: App, account: str, run: str) -> None:
    """Raise StoppedError when no call may be made for the run any more."""
    seen = board.look(app, account, board.LOOK_SECONDS).runs.get(run)
    if seen is None or seen.stopped:
        raise StoppedError


def _samples(export: Export, found: RunInput) -> Mapping[str, Sequence[str | None]]:
    from shared.runs.planning.reading import samples

    return samples(export, found)


@contextmanager
def _turn(app: App) -> Iterator[None]:
    """Have the heavy work for the block; raises NotYetError where others have it for long.

    The host ends what takes ten minutes, the waiting included.
    """
    if not app.heavy_work.acquire(timeout=app.heavy_work_wait):
        raise NotYetError(SOON)
    try:
        yield
    finally:
        app.heavy_work.release()


def _build(
    app: App,
    record: Record,
    export: Export,
    found: RunInput,
    setup: audience.Setup,
    others: Sequence[Document],
) -> plan_document.Plan | None:
    from shared.runs.planning import build, preview
    from shared.segments.errors import SnapshotChangedError

    run = record["id"]
    attempt = secrets.token_hex(4)
    try:
        with _turn(app):
            built = build.build(app, record, export, found, setup, others, attempt=attempt)
    except SnapshotChangedError:
        raise NotYetError(SOON) from None
    if register.load(app) != built.erased:
        # Somebody was erased while this was worked out: it may hold them.
        if not record["preview"]:
            app.blobs.delete_all(built.document["folder"])
        raise NotYetError(SOON)
    if record["preview"]:
        end_run(
            app,
            record,
            "succeeded",
            None,
            counts=record["counts"] | {"profiles": built.profiles, "contacts": built.contacts},
            plan=preview.describe(app, built, export, setup),
            snapshots=found.stamps,
            warnings=built.document["warnings"],
        )
        return None
    if app.blobs.create_document(records.plan_name(run), built.document) is None:
        # Another attempt was quicker: its plan counts.
        app.blobs.delete_all(built.document["folder"])
    return plan_document.load(app, run)
