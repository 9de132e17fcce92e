"""Exports that run after another one: begun by its end, once for each, whatever fails between."""

from dataclasses import replace
from typing import Any

import pytest

from shared.exports import store
from shared.exports.access import Role, key_holder
from shared.http.export_views import ExportViews
from shared.platform import queues
from shared.platform.clock import to_text, utc_now
from shared.runs import last_run
from shared.runs.ending import clear_up, end_run
from shared.runs.marker import active_run
from shared.runs.record import Run, RunRequest, RunStatus, read_run, update_run
from shared.runs.start import FollowedError, start_run
from shared.runs.upkeep.due import start_due_exports
from shared.upkeep import work
from tests.support.steps import Steps


@pytest.fixture
def follower(steps: Steps) -> Steps:
    """An export that runs after the first one; it can't be told apart by its segments."""
    return steps.beside("-b", schedule={"active": True, "kind": "after", "after": steps.name})


def begin(steps: Steps, **options: Any) -> str:
    asked = RunRequest(requested_by="test", **options)
    return start_run(steps.app, steps.export(), asked).id


def end(steps: Steps, run: str, status: str = "succeeded") -> None:
    end_run(steps.app, run, RunStatus(status))


def tick(steps: Steps) -> None:
    start_due_exports(steps.app)


def active(steps: Steps) -> Run | None:
    return active_run(steps.app.blobs, steps.export_name or steps.name)


def shown(steps: Steps) -> dict[str, Any]:
    return ExportViews(steps.app.blobs, key_holder(Role.ADMINISTRATOR)).show(steps.export())


def warned(steps: Steps) -> list[str]:
    """The codes of an export's warnings, which a list tells as well."""
    views = ExportViews(steps.app.blobs, key_holder(Role.ADMINISTRATOR))
    (listed,) = views.show_all([steps.export()])
    assert listed["warnings"] == shown(steps)["warnings"]
    return [warning["code"] for warning in listed["warnings"]]


@pytest.mark.parametrize(
    ("status", "preview", "begins"),
    [
        ("succeeded", False, True),
        ("partial", False, True),
        ("failed", False, False),
        ("skipped", False, False),
        ("cancelled", False, False),
        ("succeeded", True, False),
    ],
)
def test_a_run_begins_when_one_before_it_has_ended_well_and_warns_of_another_end(
    steps: Steps, follower: Steps, status: str, preview: bool, begins: bool
) -> None:
    tick(steps)
    assert active(follower) is None

    end(steps, begin(steps, preview=preview), status)
    tick(steps)

    begun = active(follower)
    assert (begun is not None) is begins
    assert begun is None or (begun.kind, begun.triggered_by) == ("scheduled", "after")
    assert warned(follower) == ([] if begins or preview else ["predecessor_not_done"])


def test_the_warning_goes_with_the_next_good_end_and_what_was_before_the_schedule_counts_not(
    steps: Steps,
) -> None:
    end(steps, begin(steps))
    follower = steps.beside("-b", schedule={"kind": "after", "after": steps.name})
    tick(steps)
    assert active(follower) is None

    end(steps, begin(steps), "failed")
    (warning,) = shown(follower)["warnings"]
    assert warning["params"] == {
        "export": steps.name,
        "run": shown(steps)["last_run"]["id"],
        "status": "failed",
    }
    end(steps, begin(steps))
    assert warned(follower) == []


def test_it_waits_for_its_predecessor_and_has_no_time_of_its_own(
    steps: Steps, follower: Steps
) -> None:
    waits = shown(follower)
    assert waits["next_run_at"] is None
    assert waits["waiting"]["code"] == "predecessor"
    assert waits["waiting"]["params"] == {"export": steps.name}


def test_from_the_second_on_an_end_tells_at_once_and_one_without_followers_tells_nobody(
    steps: Steps, follower: Steps
) -> None:
    end(steps, begin(steps))
    assert steps.messages(queues.UPKEEP, steps.name) == 0
    tick(steps)
    end(follower, _id(active(follower)))

    end(steps, begin(steps))
    assert steps.messages(queues.UPKEEP, steps.name) == 1
    work(steps.app, {"predecessor": steps.name})
    assert active(follower) is not None

    # Nobody follows it any more: the next end finds that out, and those after it say nothing.
    follower.change(schedule={"kind": "none"})
    for told in (1, 0):
        end(steps, begin(steps))
        assert steps.messages(queues.UPKEEP, steps.name) == told
        if told:
            work(steps.app, {"predecessor": steps.name})


def test_ends_while_it_runs_are_one_run_afterwards(steps: Steps, follower: Steps) -> None:
    end(steps, begin(steps))
    tick(steps)
    first = _id(active(follower))
    for _ in range(3):
        end(steps, begin(steps))
        tick(steps)
        work(steps.app, {"predecessor": steps.name})
    assert _id(active(follower)) == first

    end(follower, first, "failed")
    tick(steps)
    second = _id(active(follower))
    assert second != first
    end(follower, second)
    tick(steps)
    assert active(follower) is None


def test_killed_between_the_end_and_the_beginning_nothing_is_lost_or_run_twice(
    steps: Steps, follower: Steps
) -> None:
    run = begin(steps)
    # The record has ended, and nothing after that was done.
    now = to_text(utc_now())
    update_run(steps.app.blobs, run, lambda r: replace(r, status=RunStatus.PARTIAL, ended_at=now))
    tick(steps)
    assert active(follower) is None

    ended = read_run(steps.app.blobs, run)
    assert ended is not None
    clear_up(steps.app, ended)
    tick(steps)
    begun = _id(active(follower))
    # Each of the steps once more, while the next one runs and after it.
    for _ in range(2):
        clear_up(steps.app, ended)
        work(steps.app, {"predecessor": steps.name})
        tick(steps)
        if active(follower) is not None:
            assert _id(active(follower)) == begun
            end(follower, begun)
    assert active(follower) is None


def test_who_comes_too_late_for_an_end_begins_nothing(steps: Steps, follower: Steps) -> None:
    end(steps, begin(steps))
    last = last_run.read_last(steps.app.blobs, steps.name, steps.export().uid)
    assert last is not None
    tick(steps)
    end(follower, _id(active(follower)))
    # Judged before that run, begun after it.
    with pytest.raises(FollowedError):
        begin(follower, triggered_by="after", follows=last.run)
    assert active(follower) is None


def test_a_run_by_hand_in_between_serves_no_end(steps: Steps, follower: Steps) -> None:
    run = begin(follower)
    end(steps, begin(steps))
    end(follower, run)
    tick(steps)
    assert active(follower) is not None


def test_when_the_predecessor_goes_the_export_stays_and_says_so(
    steps: Steps, follower: Steps
) -> None:
    store.delete_export(steps.app.blobs, steps.name)
    tick(steps)
    assert warned(follower) == ["predecessor_missing"]
    assert active(follower) is None


def test_switched_off_it_does_not_run_and_switched_on_it_makes_up_for_nothing(
    steps: Steps, follower: Steps
) -> None:
    schedule = {"kind": "after", "after": steps.name}
    follower.change(schedule={**schedule, "active": False})
    end(steps, begin(steps))
    tick(steps)
    assert active(follower) is None
    follower.change(schedule={**schedule, "active": True})
    tick(steps)
    assert active(follower) is None


def test_two_that_were_saved_at_once_after_each_other_begin_nothing(steps: Steps) -> None:
    other = steps.beside("-b", schedule={"kind": "after", "after": steps.name})
    steps.change(schedule={"kind": "after", "after": other.export_name})
    end(steps, begin(steps))
    tick(steps)
    assert active(other) is None


def _id(run: Run | None) -> str:
    assert run is not None
    return run.id
