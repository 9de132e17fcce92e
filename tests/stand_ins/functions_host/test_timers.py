"""Timer triggers: one host of many, one invocation at a time."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobServiceClient

from tests.stand_ins.functions_host.conftest import Stage, until

EVERY_SECOND = {"TICK": "* * * * * *"}


def test_a_timer_fires_by_its_schedule(stage: Stage) -> None:
    stage.start(environment=EVERY_SECOND)
    entries = until(lambda: len(seen := stage.ticks("start")) > 1 and seen)
    assert not any(entry["past_due"] for entry in entries or ())


def test_a_timer_never_overlaps_itself(stage: Stage) -> None:
    host = stage.start(environment=EVERY_SECOND | {"TICK_SECONDS": "1.3"})
    assert host.fire_timer("tick")
    until(lambda: len(stage.ticks("end")) >= 4)
    starts = [entry["time"] for entry in stage.ticks("start")]
    ends = [entry["time"] for entry in stage.ticks("end")]
    assert all(start >= end for start, end in zip(starts[1:], ends, strict=False))


def test_one_of_two_hosts_fires_and_the_other_takes_over(stage: Stage) -> None:
    first = stage.start(environment=EVERY_SECOND)
    until(lambda: stage.ticks("start"))
    second = stage.start(environment=EVERY_SECOND)
    count = len(stage.ticks("start"))
    until(lambda: len(stage.ticks("start")) > count + 2)
    assert {entry["pid"] for entry in stage.ticks("start")} == {first.pid}
    first.stop()
    until(lambda: second.pid in {entry["pid"] for entry in stage.ticks("start")})


def test_the_lock_of_a_killed_host_runs_out(stage: Stage) -> None:
    first = stage.start(environment=EVERY_SECOND)
    until(lambda: stage.ticks("start"))
    first.kill()
    second = stage.start(environment=EVERY_SECOND)
    until(lambda: second.pid in {entry["pid"] for entry in stage.ticks("start")})


def test_a_timer_can_be_fired_at_once(stage: Stage) -> None:
    host = stage.start()
    assert host.fire_timer("tick")
    assert len(stage.ticks("end")) == 1
    assert host.status()["functions"]["tick"] == {"running": 0, "finished": 1, "failed": 0}


def test_a_failed_timer_is_not_tried_again(stage: Stage) -> None:
    host = stage.start(environment={"TICK_SECONDS": "not a number"})
    assert not host.fire_timer("tick")
    assert host.status()["functions"]["tick"] == {"running": 0, "finished": 1, "failed": 1}
    assert len(stage.ticks("start")) == 1


def test_nothing_fires_at_the_start(stage: Stage) -> None:
    host = stage.start()
    assert host.status()["finished"] == 0


@pytest.mark.parametrize("missed", [True, False])
def test_an_occurrence_that_no_host_saw_is_made_up_for_once(stage: Stage, missed: bool) -> None:
    following = datetime.now(UTC) + timedelta(hours=-1 if missed else 1)
    _write_status(stage, {"Expression": "0 0 0 29 2 *", "Next": following.isoformat()})
    host = stage.start()
    if missed:
        until(lambda: stage.ticks("end"))
    assert host.fire_timer("tick")
    past_due = [entry["past_due"] for entry in stage.ticks("start")]
    assert past_due == ([True, False] if missed else [False])


def _write_status(stage: Stage, status: dict[str, str]) -> None:
    service = BlobServiceClient.from_connection_string(stage.connection_string)
    container = service.get_container_client("azure-webjobs-hosts")
    if not container.exists():
        container.create_container()
    blob = f"timers/{stage.name}/Host.Functions.tick/status"
    container.upload_blob(blob, json.dumps(status))
