"""Runs as people see them: stages, what they wait for, and what has changed since the last."""

from datetime import timedelta

import pytest

from shared.platform.clock import to_text, utc_now
from shared.runs import views
from shared.runs.counts import Counts
from shared.runs.record import Before, Run, RunStatus, run_of
from shared.runs.stages import NAMES, stages_of
from tests.support.stored import stored_export, stored_run

ID = "news-20261122T061500Z-7f3a"


def at(second: int) -> str:
    return f"2026-11-22T06:15:{second:02}.000Z"


def ended_run() -> Run:
    return stored_run(
        ID,
        status=RunStatus.SUCCEEDED,
        submitted_at=at(0),
        started_at=at(1),
        input_at=at(3),
        read_at=at(8),
        sending_at=at(10),
        finishing_at=at(40),
        ended_at=at(42),
    )


def test_the_stages_of_an_ended_run_fill_its_time_without_a_gap() -> None:
    stages = stages_of(ended_run())

    assert tuple(stages) == NAMES
    assert {name: stage.seconds for name, stage in stages.items()} == {
        "waiting": 3,
        "reading": 5,
        "planning": 2,
        "sending": 30,
        "permissions": 0,
        "finishing": 2,
    }
    assert stages["permissions"].began_at is None


@pytest.mark.parametrize("name", ["input_at", "read_at", "sending_at", "finishing_at"])
def test_a_stage_that_nobody_has_noted_is_no_gap(name: str) -> None:
    document = {key: value for key, value in ended_run().document().items() if key != name}
    stages = stages_of(run_of(document))

    assert sum(stage.seconds for stage in stages.values()) == 42


def test_the_stage_that_a_run_is_in_has_no_end() -> None:
    began = to_text(utc_now() - timedelta(seconds=5))
    run = stored_run(ID, status=RunStatus.PLANNING, submitted_at=began, input_at=began)
    reading = stages_of(run)["reading"]

    assert reading.ended_at is None
    assert reading.seconds >= 5


def test_what_is_waited_for_is_said_while_it_is_tried_again() -> None:
    soon = to_text(utc_now() + timedelta(seconds=20))
    run = stored_run(
        ID,
        status=RunStatus.PLANNING,
        waits_until=soon,
        waiting_for="input",
        waiting_since=at(0),
    )
    assert views.shown(run)["waiting"] == {"code": "input", "params": {}, "since": at(0)}


@pytest.mark.parametrize(("status", "minutes"), [(RunStatus.PLANNING, -5), (RunStatus.RUNNING, 1)])
def test_a_run_that_has_got_on_waits_for_nothing(status: RunStatus, minutes: int) -> None:
    until = to_text(utc_now() + timedelta(minutes=minutes))
    run = stored_run(ID, status=status, waits_until=until, waiting_for="input")

    assert views.shown(run)["waiting"] is None


def test_counts_are_compared_with_those_of_the_run_before() -> None:
    before = Before("news-20261121T061500Z-7f3a", Counts(contacts=200, created=0))
    run = stored_run(ID, before=before, counts=Counts(contacts=150, created=3))
    compared = views.shown(run)["compared_with_previous"]

    assert compared["run"] == before.run
    assert compared["counts"]["contacts"] == {"difference": -50, "per_cent": -25.0}
    assert compared["counts"]["created"] == {"difference": 3, "per_cent": None}


@pytest.mark.parametrize(
    ("kind", "schedule", "trigger"),
    [
        ("on_demand", {"kind": "refresh"}, "person"),
        ("scheduled", {"kind": "refresh"}, "refresh"),
        ("scheduled", {"kind": "cron", "cron": ["0 6 * * 1"]}, "cron"),
    ],
)
def test_what_started_a_run_of_the_first_version_is_told_by_its_kind(
    kind: str, schedule: dict[str, object], trigger: str
) -> None:
    run = stored_run(ID, stored_export(schedule=schedule), kind=kind, triggered_by=None)

    assert views.shown(run)["triggered_by"] == trigger
