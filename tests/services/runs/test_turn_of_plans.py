"""One plan at a time is worked out per process: the others wait, but not for ever."""

from dataclasses import replace

from shared.platform import queues
from shared.runs.stopping import stop_order
from shared.runs.upkeep import recovery
from tests.support.steps import Steps


def test_a_plan_that_gets_no_turn_comes_back_and_is_made_then(steps: Steps) -> None:
    run = steps.start()
    steps.messages(queues.PLAN, run)
    impatient = replace(steps, app=replace(steps.app, heavy_work_wait=0.1))
    with steps.app.heavy_work:
        impatient.plan(run)

    waiting = steps.record(run)
    assert waiting["status"] == "planning"
    assert waiting["waits_until"]
    assert "revivals" not in waiting
    recovery.mend_runs(steps.app)
    assert steps.record(run)["status"] == "planning"

    steps.plan(run)
    steps.lane()
    steps.finish(run)
    ended = steps.record(run)
    assert (ended["status"], ended["counts"]["created"]) == ("succeeded", 3)
    assert stop_order(steps.app.blobs, run) is None


def test_a_finish_that_gets_no_turn_comes_back_and_is_made_then(steps: Steps) -> None:
    run = steps.sent()
    steps.messages(queues.FINISH, run)
    impatient = replace(steps, app=replace(steps.app, heavy_work_wait=0.1))
    with steps.app.heavy_work:
        impatient.finish(run)
    assert steps.record(run)["status"] == "running"

    steps.finish(run)
    assert steps.record(run)["status"] == "succeeded"
