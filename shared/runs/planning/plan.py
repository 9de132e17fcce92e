"""Plans a run: settles input and audience, has the plan built, commits it, calls the lanes.

Every step may be repeated. `plan.json` is created if absent: whoever finds one only sends the
messages that follow from it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from shared.app import App
from shared.erased import ErasureKeyError
from shared.exports import store
from shared.exports.connection_models import StoredConnection
from shared.platform import log, queues, tracing
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.platform.errors import CloudError
from shared.runs import leaving, ledger, names
from shared.runs.counts import Counts
from shared.runs.ending import end_run
from shared.runs.neighbours import neighbours
from shared.runs.plan_document import Plan, create_plan, load_plan
from shared.runs.planning import audience, failed_before, tags
from shared.runs.planning.attempt import PlanningAttempt, check_no_order
from shared.runs.planning.audience import Setup
from shared.runs.planning.dispatch import dispatch
from shared.runs.planning.mailchimp_calls import (
    attempt_token,
    check_same_account,
    client_of,
    connection_of,
    read_subscribed,
    refresh_suppressions,
    updates_of,
)
from shared.runs.planning.run_input import check_unchanged, wait_for_input
from shared.runs.planning.waiting import LATER, SOON, RetryLaterError, StoppedError, as_failure
from shared.runs.planning.warnings import ledger_warnings, updates_warnings
from shared.runs.record import Run, RunFailedError, RunStatus, change_run, read_run
from shared.runs.stopping import BY_APP, stop

if TYPE_CHECKING:  # what needs polars is imported when its turn has come
    from shared.runs.planning.build import Built

# How long a vault, storage or Mailchimp may refuse before the run fails for it.
_SILENT_SECONDS = 3600.0


def plan_run(app: App, message: Mapping[str, str]) -> None:
    """Handle a plan message."""
    run = read_run(app.blobs, message["run"])
    if run is None or run.status.ended:
        return
    with app.leases.held(names.lock_name(run.id)) as lock:
        if lock is None:
            return  # Somebody plans it, or finishes it; the tick mends what they leave.
        with tracing.span("plan", run.id, export=run.export):
            tracing.note(outcome=_plan(app, run))


def _plan(app: App, run: Run) -> str:
    """Plan a run as far as it goes now; return what came of it."""
    try:
        plan, read_at = load_plan(app.blobs, run.id), None
        if plan is None:
            plan, read_at = _make_plan(app, run)
        if plan is None:
            return "ended"
        dispatch(app, plan, read_at)
        return "planned"
    except StoppedError:
        app.queues.send(queues.FINISH, {"run": run.id})
        return "stopped"
    except RetryLaterError as wait:
        run = _silent(app, run, wait)
        if wait.failure is not None and _is_over(run):
            return _fail(app, run, wait.failure)
        seconds = min(wait.seconds, SOON * 2.0**run.waits) if wait.grows else wait.seconds
        until = to_text(utc_now() + timedelta(seconds=seconds))
        waits, code = run.waits + wait.grows, wait.code
        change_run(
            app.blobs,
            run.id,
            lambda r: replace(_waiting(r, code), waits_until=until, waits=waits),
        )
        app.queues.send(queues.PLAN, {"run": run.id}, delay=seconds)
        return "waits"
    except RunFailedError as failure:
        return _fail(app, run, failure)
    except Exception as error:
        if (failed := _repeated(app, run, error)) is None:
            raise
        return _fail(app, run, failed)


def _waiting(run: Run, code: str) -> Run:
    """Say what a run waits for, and since when it has waited for that."""
    if code == (run.waiting_for or ""):
        return run
    since = to_text(utc_now()) if code else None
    return replace(run, waiting_for=code or None, waiting_since=since)


def _repeated(app: App, run: Run, error: Exception) -> RunFailedError | None:
    """Return the run's failure where it fails by the same fault of this app as the last time.

    What services and the machine do may pass, and so may what erasures do, which write anew what a
    plan reads; the same error at the same place does not.
    """
    passing = (CloudError, OSError, MemoryError, BlobMissingError, BlobConflictError)
    if isinstance(error, passing):
        return None
    fault = f"{type(error).__name__} in {log.place_of(error)}"
    if run.fault != fault:
        change_run(app.blobs, run.id, lambda found: replace(found, fault=fault))
        return None
    log.failure("plan_given_up", error, run=run.id)
    return RunFailedError(
        "internal_error",
        f"This app failed twice alike at planning the run ({fault}), and sent nothing. Ask whoever "
        "runs it to look at its log, or to report this: until it is mended each run fails alike.",
    )


def _fail(app: App, run: Run, failure: RunFailedError) -> str:
    end_run(app, run.id, failure.status, failure.notice)
    return failure.notice.code


def _silent(app: App, run: Run, wait: RetryLaterError) -> Run:
    """Note what the plan has no answer of, each by itself, and since when; return the run."""
    silent = wait.failure.notice.code if wait.failure else ""
    if silent == run.silent:
        return run
    since = to_text(utc_now()) if silent else None
    changed = replace(run, silent=silent, silent_since=since)
    change_run(app.blobs, run.id, lambda r: replace(r, silent=silent, silent_since=since))
    return changed


def _is_over(run: Run) -> bool:
    return run.silent_since is not None and seconds_since(run.silent_since) > _SILENT_SECONDS


def _make_plan(app: App, run: Run) -> tuple[Plan | None, str]:
    """Make and commit the plan, and tell when the segments were read.

    None where the run has ended with it (a preview, or nobody to ask again).

    Raises StoppedError, RetryLaterError, RunFailedError.
    """
    check_no_order(app.blobs, run.id)
    _check_wanted(app, run)
    before = failed_before.run_before(app.blobs, run) if run.only else None
    if run.only and before is None and not run.preview:
        end_run(app, run.id, RunStatus.SUCCEEDED)
        return None, ""
    try:
        connection = connection_of(
            app, run.configuration, partial(check_no_order, app.blobs, run.id)
        )
        attempt = _begin(app, run, connection, before)
        setup = _set_up(attempt)
        refresh_suppressions(attempt)
        setup = _with_updates(attempt, setup)
        built = _settle(attempt, setup, _build(attempt, setup))
    except ErasureKeyError as error:
        raise as_failure(error) from None
    return _commit(attempt, setup, built), built.read_at


def _check_wanted(app: App, run: Run) -> None:
    """End a run whose export was removed or detached in the moment it began.

    One that had no connection before is told so by `connection_of`.
    """
    found = store.load_export(app.blobs, run.export)
    gone = found is None or found[0].uid != run.uid
    had_connection = run.configuration.connection is not None
    if gone or (found and found[0].connection is None and had_connection):
        stop(app, run, RunStatus.CANCELLED, None, BY_APP)
        raise StoppedError


def _begin(app: App, run: Run, connection: StoredConnection, before: Run | None) -> PlanningAttempt:
    """Show the run in its record and on the account's board; wait there for others, and for input.

    Until there is something to send, the audience is free for others.
    """
    account = connection.account_id or ""
    now = to_text(utc_now())

    def begun(found: Run) -> Run:
        found = replace(found, account=account)
        if found.status is not RunStatus.QUEUED:
            return found
        return replace(found, status=RunStatus.PLANNING, started_at=now)

    change_run(app.blobs, run.id, begun)
    run = begun(run)
    app.board.put_run(account, "" if run.preview else run.audience, run.id, "planning")
    # Whoever has stopped it before this could not say so on the board.
    check_no_order(app.blobs, run.id)
    try:
        if not run.preview and leaving.must_wait(app.board, account, run.audience, run.id):
            raise RetryLaterError(LATER / 3, code="audience")
        old = ledger.load(app.blobs, account, run.audience, run.uid)
        found = wait_for_input(app, run, old, before)
    except RetryLaterError:
        app.board.remove_run(account, run.audience, run.id)
        raise
    input_at = to_text(utc_now())

    def ready(found_run: Run) -> Run:
        return replace(
            _waiting(found_run, ""),
            snapshots=found.stamps,
            states=found.states,
            input_at=found_run.input_at or input_at,
        )

    change_run(app.blobs, run.id, ready)
    return PlanningAttempt(
        app=app,
        run=run,
        connection=connection,
        account=account,
        found=found,
        before=before,
        old=old,
        # Neither under the slot nor in the turn of the heavy work. Who comes meanwhile is seen
        # before contacts leave.
        others=tuple(neighbours(app.blobs, run.audience, run.uid)),
    )


def _set_up(attempt: PlanningAttempt) -> Setup:
    """Find out what the run needs of its audience, under a slot."""
    with client_of(attempt, attempt_token(attempt)) as client:
        account = check_same_account(attempt, client)
        setup = audience.prepare(attempt, client)
    if attempt.run.only:
        # What a tag has taken the place of is still to be taken from all others.
        setup = replace(setup, ledger=tags.as_given(setup.ledger, attempt.old))
    warnings = [*setup.warnings, *ledger_warnings(attempt)]
    return replace(setup, warnings=warnings, subscribers=account.subscribers)


def _with_updates(attempt: PlanningAttempt, setup: Setup) -> Setup:
    """Return the setup with the way in which contacts that exist are updated."""
    updates = updates_of(attempt)
    warnings = [*setup.warnings, *updates_warnings(updates)]
    return replace(setup, updates=updates, warnings=warnings)


def _build(attempt: PlanningAttempt, setup: Setup) -> "Built":
    """Work out what the run has to do, as the only one in this process that does such work."""
    from shared.runs.planning.growth import SubscribedUnknownError

    try:
        return _build_once(attempt, setup)
    except SubscribedUnknownError:
        # Not in the turn of the heavy work: of a large audience it takes minutes.
        read_subscribed(attempt)
    return _build_once(replace(attempt, knows_subscribed=True), setup)


def _build_once(attempt: PlanningAttempt, setup: Setup) -> "Built":
    from shared.runs.planning import build
    from shared.runs.planning.erased_meanwhile import without_erased
    from shared.segments.errors import SnapshotChangedError

    try:
        with _turn(attempt.app):
            built = build.build(attempt, setup)
    except SnapshotChangedError:
        raise RetryLaterError(SOON) from None
    built = without_erased(attempt.app, built)
    try:
        check_unchanged(attempt.app, attempt.export, attempt.found)
    except RetryLaterError:
        attempt.app.blobs.delete_all(attempt.folder)
        raise
    return built


def _settle(attempt: PlanningAttempt, setup: Setup, built: "Built") -> "Built":
    """Make the audience ready for a plan that sends; return the plan with its tags' ids."""
    from shared.runs.planning.build import planned_tags

    plan = built.plan
    if attempt.run.preview or setup.is_settled:
        return built
    with client_of(attempt) as client:
        settled = audience.settle(attempt, client, setup, create=bool(plan.chunks))
    now = settled.ledger
    kept = replace(plan.ledger, tags=now.tags, field_ids=now.field_ids, field_types=now.field_types)
    return replace(built, plan=replace(plan, ledger=kept, tags=planned_tags(settled)))


def _commit(attempt: PlanningAttempt, setup: Setup, built: "Built") -> Plan | None:
    """Make what was built the run's plan; a preview ends with it instead."""
    from shared.runs.planning import preview

    app, run, plan = attempt.app, attempt.run, built.plan
    if run.preview:
        described = preview.describe(built, setup, app.slots.allowance(attempt.account).lanes)
        counts = Counts(profiles=plan.profiles, contacts=plan.contacts)
        end_run(
            app,
            run.id,
            RunStatus.SUCCEEDED,
            results=lambda found: replace(
                found,
                counts=counts,
                plan=described,
                read_at=built.read_at,
                snapshots=plan.snapshots,
                warnings=plan.warnings,
            ),
        )
        return None
    if create_plan(app.blobs, plan):
        return plan
    # Another attempt was quicker: its plan counts.
    app.blobs.delete_all(attempt.folder)
    return load_plan(app.blobs, run.id)


@contextmanager
def _turn(app: App) -> Iterator[None]:
    """Have the heavy work for the block; raises RetryLaterError where others have it for long.

    The host ends what takes ten minutes, the waiting included.
    """
    if not app.heavy_work.acquire(timeout=app.heavy_work_wait):
        raise RetryLaterError(SOON)
    try:
        yield
    finally:
        app.heavy_work.release()
