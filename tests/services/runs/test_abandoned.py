"""A run that can't end by itself: a person gives it up, and its export runs again."""

from dataclasses import replace

import pytest

from shared.platform.clock import to_text, utc_now
from shared.runs import chunks, ledger, names
from shared.runs.abandoning import NotStuckError, request_abandon
from shared.runs.marker import active_run, take_marker
from shared.runs.plan_document import load_plan
from shared.runs.record import Run, RunStatus, read_run, update_run
from shared.runs.stopping import RunEndedError, request_cancel
from tests.support.steps import Steps

LONG_AGO = "2026-01-01T00:00:00.000Z"


def let_time_pass(steps: Steps, run: str) -> None:
    """Have nothing come of a run since long ago."""

    def older(found: Run) -> Run:
        changes = {"submitted_at": LONG_AGO, "started_at": LONG_AGO, "sending_at": LONG_AGO}
        ended = LONG_AGO if found.ended_at else None
        return replace(found, input_at=LONG_AGO, ended_at=ended, **changes)  # type: ignore[arg-type]  # all are texts

    update_run(steps.app.blobs, run, older)
    for number in chunks.states(steps.app.blobs, run):
        name = names.chunk_name(run, number)
        info = steps.app.blobs.info(name)
        assert info is not None
        steps.app.blobs.set_metadata(name, {**info.metadata, "accepted_at": "0"})


def damage(steps: Steps, run: str) -> None:
    plan = load_plan(steps.app.blobs, run)
    assert plan is not None
    steps.app.blobs.write(f"{plan.folder}table.parquet", b"no table")


def told(steps: Steps, run: str) -> tuple[str, str]:
    record = steps.record(run)
    return record["status"], record["error"]["code"]


def test_a_run_that_comes_on_is_not_given_up(steps: Steps) -> None:
    run = steps.sent()
    with pytest.raises(NotStuckError):
        request_abandon(steps.app, run, "ana")
    steps.finish(run)
    with pytest.raises(RunEndedError):
        request_abandon(steps.app, run, "ana")


def test_results_that_cannot_be_added_up_keep_no_run_open_that_is_given_up(steps: Steps) -> None:
    run = steps.sent()
    damage(steps, run)
    let_time_pass(steps, run)

    assert request_abandon(steps.app, run, "ana").status is RunStatus.FAILED
    steps.finish(run)

    assert told(steps, run) == ("failed", "abandoned")
    assert active_run(steps.app.blobs, steps.name) is None
    # What was sent is known to nobody, and sent once more.
    assert steps.run()["counts"]["updated"] == 3


def test_a_run_that_failed_and_was_never_added_up_is_given_up(steps: Steps) -> None:
    run = steps.sent()
    damage(steps, run)
    now = to_text(utc_now())
    update_run(
        steps.app.blobs,
        run,
        lambda r: replace(r, status=RunStatus.FAILED, ended_at=now, unfolded=True),
    )
    let_time_pass(steps, run)

    request_abandon(steps.app, run, "ana")
    steps.finish(run)

    assert told(steps, run) == ("failed", "abandoned")
    assert active_run(steps.app.blobs, steps.name) is None


def test_what_can_be_added_up_of_a_run_that_is_given_up_is(steps: Steps) -> None:
    run = steps.start()
    steps.plan(run)
    # Whoever cancelled it was told something else.
    request_cancel(steps.app, run, reason=None, by="ivo")
    let_time_pass(steps, run)
    steps.app.blobs.update_document(names.stop_name(run), lambda order: {**order, "at": LONG_AGO})

    request_abandon(steps.app, run, "ana")
    steps.finish(run)

    assert told(steps, run) == ("failed", "abandoned")
    assert steps.record(run)["counts"]["failed"] == 3


def test_a_ledger_that_is_restored_under_an_open_run_keeps_it_from_nothing(steps: Steps) -> None:
    steps.run()
    uid, blobs = steps.export().uid, steps.app.blobs
    name = f"ledgers/{steps.account.account_id}/{steps.audience}/{uid}/ledger.json"
    older = blobs.read(name)
    steps.write({"VIP": range(4)})
    steps.run()
    steps.write({"VIP": range(5)})
    run = steps.sent()

    blobs.write(name, older)
    steps.finish(run)

    record = steps.record(run)
    assert (record["status"], record["counts"]["created"]) == ("succeeded", 1)
    found = ledger.load(blobs, steps.account.account_id, steps.audience, uid)
    assert (found.run, found.contacts) == (run, 5)


def test_whoever_meets_the_marker_of_a_run_that_has_ended_clears_up(steps: Steps) -> None:
    ended = steps.sent()
    steps.finish(ended)
    first = read_run(steps.app.blobs, ended)
    assert first is not None
    # As a process leaves it that is killed between the run's end and its marker's.
    assert take_marker(steps.app.blobs, first)

    run = steps.start()

    found = active_run(steps.app.blobs, steps.name)
    assert found is not None
    assert found.id == run
