"""A run whose results can't be added up for good: it has failed, and is never forgotten."""

from collections.abc import Callable, Iterator
from functools import partial

import polars.exceptions
import pytest

from shared.platform import queues
from shared.runs import ledger, outcomes, views
from shared.runs.marker import active_run
from shared.runs.plan_document import load_plan
from shared.runs.record import RunStatus
from shared.runs.start import ActiveRunError
from shared.runs.upkeep import recovery
from tests.support.steps import Steps

Damage = Callable[[str], Callable[[], object]]


@pytest.fixture
def damage(steps: Steps) -> Iterator[Damage]:
    """Makes a run's table unreadable; what is returned makes it whole again, as the end does."""
    mends = []

    def make_unreadable(run: str) -> Callable[[], object]:
        plan = load_plan(steps.app.blobs, run)
        assert plan is not None
        blobs, name = steps.app.blobs, f"{plan.folder}table.parquet"
        mends.append(partial(blobs.write, name, blobs.read(name)))
        blobs.write(name, b"no table")
        return mends[-1]

    yield make_unreadable
    # Others share the storage, and an erasure looks through all tables.
    for mend in mends:
        mend()


def let_fail(steps: Steps, run: str, queue: str = queues.FINISH) -> None:
    """Put a message aside as often as the app takes it back."""
    for _ in range(10):
        if RunStatus(steps.record(run)["status"]).ended:
            return
        recovery.revive(steps.app, queue, {"run": run})
    raise AssertionError("the run has not ended")


def held(steps: Steps) -> int:
    """How many contacts the export's ledger holds."""
    uid = steps.app.blobs.read_document(f"exports/{steps.name}.json")
    assert uid is not None
    found = ledger.load(steps.app.blobs, steps.account.account_id, steps.audience, uid[0]["uid"])
    return found.contacts


def test_a_message_that_was_put_aside_is_put_back_some_times(steps: Steps, damage: Damage) -> None:
    run = steps.sent()
    damage(run)
    with pytest.raises(polars.exceptions.ComputeError):
        steps.finish(run)
    recovery.revive(steps.app, queues.FINISH, {"run": run})
    record = steps.record(run)
    assert (record["status"], record["revivals"]) == ("running", 1)


def test_it_is_told_as_failed_and_its_export_does_not_run_before_it_is_folded(
    steps: Steps, damage: Damage
) -> None:
    run = steps.sent()
    damage(run)
    let_fail(steps, run)

    found = views.load_run(steps.app.blobs, run)
    assert found is not None
    shown = views.shown(found)
    assert (shown["status"], shown["error"]["code"]) == ("failed", "internal_error")
    assert "unfolded" not in shown
    with pytest.raises(ActiveRunError):
        steps.start()


def test_the_tick_tries_again_and_again_until_it_is_folded(steps: Steps, damage: Damage) -> None:
    run = steps.sent()
    mend = damage(run)
    let_fail(steps, run)
    for _ in range(2):
        steps.messages(queues.FINISH, run)
        recovery.mend_runs(steps.app)
        assert steps.messages(queues.FINISH, run) == 1
        with pytest.raises(polars.exceptions.ComputeError):
            steps.finish(run)
        # A message that is put aside now changes nothing: the tick goes on.
        recovery.revive(steps.app, queues.FINISH, {"run": run})
    assert held(steps) == 0

    mend()
    steps.finish(run)

    record = steps.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "internal_error")
    assert record["counts"]["created"] == 3
    assert held(steps) == 3
    assert list(steps.app.blobs.list(outcomes.folder(run)))
    recovery.mend_runs(steps.app)
    assert steps.messages(queues.FINISH, run) == 0


def test_the_next_run_knows_whom_it_has_sent(steps: Steps, damage: Damage) -> None:
    run = steps.sent()
    mend = damage(run)
    let_fail(steps, run)
    mend()
    steps.finish(run)

    run = steps.sent()
    steps.finish(run)

    assert steps.record(run)["counts"]["unchanged"] == 3


def test_a_plan_that_cannot_be_made_ends_the_run_and_frees_its_export(steps: Steps) -> None:
    run = steps.start()
    let_fail(steps, run, queues.PLAN)
    record = steps.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "internal_error")
    assert active_run(steps.app.blobs, steps.name) is None
    assert steps.calls(steps.account) == 0
