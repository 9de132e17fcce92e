"""Plans a run: settles input and audience, has the plan built, commits it, calls the lanes.

Every step may be repeated. `plan.json` is created if absent: whoever finds one only sends the
messages that follow from it.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from shared.app import App
from shared.erasure import register
from shared.erasure.register import ErasureKeyError
from shared.exports import store
from shared.exports.accounts import check_account, learn_account, remember_account
from shared.exports.connections import usable_connection
from shared.exports.errors import ConnectionUnusableError
from shared.exports.models import Export, to_export
from shared.mailchimp import board, suppressions
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import MailchimpError, RefusedError, RetryError, StopError
from shared.mailchimp.slots import NoSlotError, SlotLostError, hold_slot
from shared.platform import log, queues, tracing
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.runs import audience, leaving, ledger, planned, records, snapshots
from shared.runs.connecting import new_client, token_of
from shared.runs.ending import clear_up, end_run
from shared.runs.records import Record, RunFailure
from shared.runs.remarks import remarks
from shared.runs.snapshots import RunInput
from shared.runs.turn import LOOK_SECONDS

Guard = Callable[[], None]

# How long a planner waits for a slot, and works at the suppression table, before it lets its
# message come back: well below the ten minutes that a platform update leaves it.
_SLOT_SECONDS = 30.0
_SUPPRESSIONS_SECONDS = 180.0
_INCOMPLETE_HOURS = 6.0
_SILENT_SECONDS = 3600.0
_SOON, _LATER = 2.0, 30.0


class _NotYetError(Exception):
    """The plan has to wait: for a slot, for input, for Mailchimp, for the vault.

    `failure`: what becomes of the run when it has waited for that for an hour. `grows`: shorter
    at first, as what is waited for may pass in a moment.
    """

    def __init__(
        self, seconds: float, failure: RunFailure | None = None, *, grows: bool = False
    ) -> None:
        super().__init__()
        self.seconds = seconds
        self.failure = failure
        self.grows = grows


class _StoppedError(Exception):
    """The run was stopped: its plan goes no further."""


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
        plan = planned.load(app, run)
        if plan is None:
            if records.stop_order(app, run) is not None:
                raise _StoppedError
            plan = _make_plan(app, record)
        if plan is None:
            return "previewed"
        dispatch(app, plan)
        return "planned"
    except _StoppedError:
        app.queues.send(queues.FINISH, {"run": run})
        return "stopped"
    except _NotYetError as wait:
        if wait.failure is not None and _has_waited(app, record):
            return _fail(app, record, wait.failure)
        waits = record.get("waits", 0)
        seconds = min(wait.seconds, _SOON * 2.0**waits) if wait.grows else wait.seconds
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


def _make_plan(app: App, record: Record) -> planned.Plan | None:
    """Make and commit the plan; None where the run has ended with it (a preview)."""
    export = to_export(record["configuration"])
    _check_wanted(app, record)
    connection = _connection(app, export)
    account = connection["account_id"]
    _begin(app, record, account, export)
    if not record["preview"] and leaving.must_wait(app, account, export.audience_id, record["id"]):
        board.remove_run(app, account, export.audience_id, record["id"])
        raise _NotYetError(_LATER / 3)
    try:
        found = _wait_for_input(app, record, export)
    except _NotYetError:
        # Until there is something to send, the audience is free for others.
        board.remove_run(app, account, export.audience_id, record["id"])
        raise
    old = ledger.load(app.blobs, account, export.audience_id, record["configuration"]["uid"])
    records.change_record(app, record["id"], snapshots=found.stamps)
    guard = partial(_check_not_stopped, app, account, record["id"])
    with _reach(app, export, account, guard) as client:
        _check_account(app, record, connection, client)
        setup = audience.prepare(
            app,
            client,
            export,
            old,
            _types(found),
            lambda: _samples(export, found),
            preview=record["preview"],
        )
    setup = replace(setup, warnings=[*setup.warnings, *remarks(app, record, old)])
    _refresh_suppressions(app, export, account, guard)
    try:
        return _build(app, record, export, found, setup)
    except ErasureKeyError as error:
        # Without the key nobody could tell who must be left out.
        failure = RunFailure("secret_unreadable", str(error))
        raise _NotYetError(_LATER, failure) if error.temporary else failure from None


def _check_account(
    app: App, record: Record, connection: dict[str, Any], client: MailchimpClient
) -> None:
    """Begin again when the connection's secret now leads to another account."""
    account = check_account(client.account())
    if account.account_id != connection["account_id"]:
        remember_account(app, connection, account)
        audience_id = record["configuration"]["audience_id"]
        board.remove_run(app, connection["account_id"], audience_id, record["id"])
        raise _NotYetError(_SOON)


def _check_wanted(app: App, record: Record) -> None:
    """End a run whose export was removed or detached in the moment it began."""
    found = store.load_export(app.blobs, record["export"])
    gone = found is None or found[0]["uid"] != record["configuration"]["uid"]
    if gone or (found and found[0]["connection"] != record["configuration"]["connection"]):
        records.stop(app, record, "cancelled", None, "segment-export")
        raise _StoppedError


def _connection(app: App, export: Export) -> dict[str, Any]:
    try:
        connection = learn_account(app, usable_connection(app, export.connection))
    except (ConnectionUnusableError, MailchimpError, NoSlotError) as error:
        raise _as_failure(error) from None
    return connection


def _as_failure(error: Exception) -> Exception:
    """Return what a failed call to Mailchimp means for the plan."""
    match error:
        case ConnectionUnusableError(temporary=True):
            return _NotYetError(_LATER, RunFailure(error.code, error.detail))
        case ConnectionUnusableError():
            skipped = error.code in ("connection_missing", "connection_not_ready")
            return RunFailure(error.code, error.detail, "skipped" if skipped else "failed")
        case StopError():
            return RunFailure(error.code, f"{error}. {error.advice}")
        case NoSlotError() | SlotLostError():
            return _NotYetError(_SOON)
        case RetryError():
            return _NotYetError(_LATER, grows=True)
        case RefusedError():
            return RunFailure("internal_error", f"Mailchimp refuses: {error.detail}")
        case _:
            return error


def _begin(app: App, record: Record, account: str, export: Export) -> None:
    """Say that the run is being planned, in its record and on the account's board."""
    members: Record = {"account": account}
    if record["status"] == "queued":
        members |= {"status": "planning", "started_at": to_text(utc_now())}
    records.change_record(app, record["id"], **members)
    record |= members
    seen = "" if record["preview"] else export.audience_id
    board.put_run(app, account, seen, record["id"], "planning")
    if records.stop_order(app, record["id"]) is not None:
        raise _StoppedError


def _wait_for_input(app: App, record: Record, export: Export) -> RunInput:
    found = snapshots.find_input(app, export)
    if found.whole:
        return found
    since = record.get("waits_since")
    if since is None:
        records.change_record(app, record["id"], waits_since=to_text(utc_now()))
    elif seconds_since(since) > _INCOMPLETE_HOURS * 3600:
        names = ", ".join(s.segment for s in found.snapshots if not s.whole)
        raise RunFailure(
            "snapshot_incomplete",
            f"Customer Insights has not finished writing {names} for {_INCOMPLETE_HOURS:.0f} "
            "hours. See whether its own export failed there, and run this one again afterwards.",
        )
    raise _NotYetError(min(_LATER, max(1.0, app.settings.snapshot_quiet / 2)))


def _check_not_stopped(app: App, account: str, run: str) -> None:
    """Raise _StoppedError when no call may be made for the run any more."""
    seen = board.look(app, account, LOOK_SECONDS).runs.get(run)
    if seen is None or seen.stopped:
        raise _StoppedError


@contextmanager
def _reach(app: App, export: Export, account: str, guard: Guard) -> Iterator[MailchimpClient]:
    """Give a client whose calls are made under a slot."""
    try:
        with (
            hold_slot(app, account, _SLOT_SECONDS, guard) as slot,
            new_client(app, token_of(app, export.connection or "", account)) as client,
        ):
            yield client.under(slot.call)
    except (ConnectionUnusableError, MailchimpError, NoSlotError, SlotLostError) as error:
        raise _as_failure(error) from None


def _refresh_suppressions(app: App, export: Export, account: str, guard: Guard) -> None:
    """Bring the table of protected contacts up to date; it is resumed where time runs out."""
    try:
        token = token_of(app, export.connection or "", account)
        result = suppressions.refresh(
            app,
            account,
            export.audience_id,
            lambda: new_client(app, token),
            budget_seconds=_SUPPRESSIONS_SECONDS,
            slots=lambda: hold_slot(app, account, _SLOT_SECONDS, guard),
        )
    except (ConnectionUnusableError, MailchimpError, NoSlotError, SlotLostError) as error:
        raise _as_failure(error) from None
    if not result.finished:
        raise _NotYetError(_SOON)


def _types(found: RunInput) -> dict[str, str]:
    return {name: kind for s in reversed(found.snapshots) for name, kind in s.types.items()}


def _samples(export: Export, found: RunInput) -> Mapping[str, Sequence[str | None]]:
    """Return some values of each mapped column, from the first segment that has rows."""
    from shared.segments.errors import SegmentsError
    from shared.segments.reader import read_profiles

    columns = list(dict.fromkeys(export.merge_fields.values()))
    for snapshot in found.snapshots:
        try:
            batches = read_profiles(found.blobs, snapshot, columns)
            batch = next(iter(batches), None)
        except SegmentsError as error:
            raise RunFailure(error.code, str(error)) from None
        if batch is not None and batch.num_rows:
            part = batch.slice(0, 1000)
            return {name: part.column(name).to_pylist() for name in columns}
    return {}


def _build(
    app: App, record: Record, export: Export, found: RunInput, setup: audience.Setup
) -> planned.Plan | None:
    from shared.runs import build, preview
    from shared.segments.errors import SnapshotChangedError

    run = record["id"]
    attempt = secrets.token_hex(4)
    try:
        with app.heavy_work:
            built = build.build(app, record, export, found, setup, attempt=attempt)
    except SnapshotChangedError:
        raise _NotYetError(_SOON) from None
    if register.load(app) != built.erased:
        # Somebody was erased while this was worked out: it may hold them.
        if not record["preview"]:
            app.blobs.delete_all(built.document["folder"])
        raise _NotYetError(_SOON)
    if record["preview"]:
        end_run(
            app,
            record,
            "succeeded",
            None,
            plan=preview.describe(app, built, export, setup),
            snapshots=found.stamps,
            warnings=built.document["warnings"],
        )
        return None
    if app.blobs.create_document(records.plan_name(run), built.document) is None:
        # Another attempt was quicker: its plan counts.
        app.blobs.delete_all(built.document["folder"])
    return planned.load(app, run)


def dispatch(app: App, plan: planned.Plan) -> None:
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
            "progress": record["progress"] | {"batches_total": batches},
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
