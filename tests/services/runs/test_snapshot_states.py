"""A snapshot is its files: what comes, goes or is written over makes another state of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.runs.marker import active_run
from shared.runs.planning.run_input import check_unchanged, find_input
from shared.runs.planning.waiting import RetryLaterError
from shared.runs.upkeep.due import is_due, start_due_exports
from shared.runs.upkeep.sources import Newest
from shared.segments.state import state_of
from tests.support.steps import Steps

HEADER = "CustomerId,Email,FirstName\n"


@pytest.fixture
def refreshed(steps: Steps) -> Steps:
    """An export on every refresh that has sent its newest snapshot."""
    steps.change(schedule={"active": True, "kind": "refresh"}, removal_limit_percent=100)
    assert steps.run()["status"] == "succeeded"
    return steps


def row(steps: Steps, number: int) -> str:
    return f"{steps.name}-{number},{steps.email(number)},P{number}\n"


def run_if_due(steps: Steps) -> str | None:
    """Let a tick look; the run that it starts, driven to its end."""
    start_due_exports(steps.app)
    run = active_run(steps.app.blobs, steps.name)
    if run is None:
        return None
    steps.plan(run.id)
    steps.lane()
    steps.finish(run.id)
    return run.id


def test_what_was_exported_is_not_exported_again(refreshed: Steps) -> None:
    assert run_if_due(refreshed) is None


def test_a_file_that_comes_into_an_exported_folder_is_exported(refreshed: Steps) -> None:
    (first,) = refreshed.files()
    refreshed.put(first.replace("_1.csv", "_2.csv"), HEADER + row(refreshed, 7))

    run = run_if_due(refreshed)

    assert run is not None
    assert refreshed.record(run)["counts"]["created"] == 1
    assert refreshed.email(7) in refreshed.contacts()
    assert run_if_due(refreshed) is None


def test_a_file_that_is_written_over_is_exported_anew(refreshed: Steps) -> None:
    (first,) = refreshed.files()
    refreshed.put(first, HEADER + "".join(row(refreshed, n) for n in (0, 1, 2, 8)))

    run = run_if_due(refreshed)

    assert run is not None
    assert refreshed.record(run)["counts"]["created"] == 1


def test_files_that_go_are_no_ground_for_removals(steps: Steps) -> None:
    (first,) = steps.files()
    second = first.replace("_1.csv", "_2.csv")
    steps.put(second, HEADER + row(steps, 7))
    steps.change(removal_limit_percent=100)
    assert steps.run()["counts"]["created"] == 4
    steps.segments.delete_blob(f"{steps.folder}/{second}")

    for _ in range(2):  # What was not believed once is not believed the next time, either.
        record = steps.run()
        assert (record["status"], record["error"]["code"]) == ("partial", "removals_withheld")
        assert "files" in record["error"]["detail"]


def test_people_who_go_from_a_file_that_is_written_over_are_removed(steps: Steps) -> None:
    steps.change(removal_limit_percent=100)
    steps.run()
    (first,) = steps.files()
    steps.put(first, HEADER + row(steps, 0) + row(steps, 1))

    assert steps.run()["counts"]["untagged"] == 1


def test_a_failed_run_of_another_state_does_not_wait_for_a_newer_folder(steps: Steps) -> None:
    steps.change(schedule={"active": True, "kind": "refresh"})
    (first,) = steps.files()
    steps.put(first, "CustomerId,FirstName\nx,Ann\n")
    assert steps.run()["status"] == "failed"
    assert run_if_due(steps) is None

    steps.put(first, HEADER + row(steps, 0))

    # The folder's model.json says nothing of it: it is seen once all is looked at again.
    steps.app.blobs.delete("index/sources.json")
    assert run_if_due(steps) is not None
    assert steps.contacts() == {steps.email(0)}


def test_what_changes_while_it_is_read_is_read_again(steps: Steps) -> None:
    export = steps.export()
    found = find_input(steps.app, export)
    check_unchanged(steps.app, export, found)
    (first,) = steps.files()
    for change in (first, first.replace("_1.csv", "_2.csv")):
        steps.put(change, HEADER + row(steps, 9))
        with pytest.raises(RetryLaterError):
            check_unchanged(steps.app, export, found)
        found = find_input(steps.app, export)
    steps.segments.delete_blob(f"{steps.folder}/{first}")
    with pytest.raises(RetryLaterError):
        check_unchanged(steps.app, export, found)


def test_a_newer_folder_does_no_harm_to_the_one_that_is_read(steps: Steps) -> None:
    export = steps.export()
    found = find_input(steps.app, export)
    steps.put("VIP/2099/01/01/0600/VIP_1.csv", HEADER)
    check_unchanged(steps.app, export, found)


def test_each_of_name_version_size_and_time_makes_another_state(steps: Steps) -> None:
    (snapshot,) = find_input(steps.app, steps.export()).snapshots
    (file,) = snapshot.files
    others = [
        replace(file, name="x.csv"),
        replace(file, etag='"x"'),
        replace(file, size=file.size + 1),
        replace(file, modified=file.modified.replace(year=2020)),
    ]
    states = {state_of(replace(snapshot, files=(other,))).digest for other in [file, *others]}
    assert len(states) == 5
    assert state_of(snapshot).digest in states


def test_files_that_never_come_are_told_after_six_hours(steps: Steps) -> None:
    steps.change(schedule={"active": True, "kind": "refresh"})
    (snapshot,) = find_input(steps.app, steps.export()).snapshots
    incomplete = replace(snapshot, whole=False)
    written = snapshot.modified

    for hours, due in ((5, False), (7, True)):
        now = written + timedelta(hours=hours)
        assert is_due(steps.export(), None, [Newest.of(incomplete, now)], now) is due
