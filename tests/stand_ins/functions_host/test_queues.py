"""Queue triggers: retries, poison, concurrency, and what a dying host leaves behind."""

import base64
import json
from itertools import accumulate
from pathlib import Path

import pytest
import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from local.azurite import Azurite
from local.functions_host.delivery import HiddenTimes
from local.functions_host.options import parse_options
from tests.stand_ins.functions_host.conftest import Stage, until


def test_a_message_is_run_with_its_metadata_and_deleted(stage: Stage) -> None:
    stage.send("once")
    stage.start()
    [entry] = until(lambda: stage.noted("once"))
    assert entry["attempt"] == 1
    assert entry["whole"]
    until(lambda: stage.queue().get_queue_properties().approximate_message_count == 0)


def test_a_queue_that_is_missing_is_looked_for_until_it_is_there(stage: Stage) -> None:
    stage.queue().delete_queue()
    stage.start()
    assert not _exists(stage.queue())
    stage.queue().create_queue()
    stage.send("late")
    assert until(lambda: stage.noted("late"))


def test_a_failed_message_is_tried_again_at_once(stage: Stage) -> None:
    stage.send("second-time", fail_until=2)
    stage.start()
    [entry] = until(lambda: stage.noted("second-time"))
    assert entry["attempt"] == 2
    assert len(stage.noted("second-time", "start")) == 2
    assert stage.poisoned() == []


def test_a_message_that_keeps_failing_is_poisoned_after_the_last_attempt(stage: Stage) -> None:
    stage.send("never", fail_until=99)
    stage.start()
    [poisoned] = until(stage.poisoned)
    assert poisoned["word"] == f"{stage.name}-never"
    assert [entry["attempt"] for entry in stage.noted("never", "start")] == [1, 2, 3]
    until(lambda: stage.queue().get_queue_properties().approximate_message_count == 0)


def test_a_message_fetched_too_often_is_poisoned_without_running(stage: Stage) -> None:
    stage.send("worn-out")
    for _ in range(3):
        [message] = stage.queue().receive_messages(max_messages=1)
        stage.queue().update_message(message, visibility_timeout=0)
    stage.start()
    until(stage.poisoned)
    assert stage.noted("worn-out", "start") == []


def test_text_that_is_not_base64_is_poisoned_as_it_is(stage: Stage) -> None:
    plain = QueueClient.from_connection_string(stage.connection_string, stage.name)
    plain.send_message("no base64!")
    stage.start()
    poison = QueueClient.from_connection_string(stage.connection_string, stage.name + "-poison")
    [message] = until(lambda: poison.peek_messages() if _exists(poison) else [])
    assert message.content == "no base64!"


def test_bytes_that_are_no_text_never_reach_the_function(stage: Stage) -> None:
    plain = QueueClient.from_connection_string(stage.connection_string, stage.name)
    plain.send_message(base64.b64encode(b"\xff\xfe").decode())
    host = stage.start()
    poison = QueueClient.from_connection_string(stage.connection_string, stage.name + "-poison")
    [message] = until(lambda: poison.peek_messages() if _exists(poison) else [])
    assert base64.b64decode(message.content) == b"\xff\xfe"
    assert "work" not in host.status()["functions"]


@pytest.mark.parametrize("text", ["", "no JSON"])
def test_any_text_reaches_the_function(stage: Stage, text: str) -> None:
    stage.queue().send_message(text)
    host = stage.start()
    # It fails there, which is the function's own affair.
    until(lambda: host.status()["functions"].get("work", {}).get("failed") == 3)


def test_sixteen_messages_run_at_once_without_any_setting(stage: Stage) -> None:
    for _ in range(20):
        stage.send("crowd", seconds=3)
    queues = "AzureFunctionsJobHost__extensions__queues__"
    stage.start(environment={f"{queues}batchSize": "8", f"{queues}newBatchThreshold": "8"})
    until(lambda: len(stage.noted("crowd")) == 20)
    changes = [(entry["time"], 1) for entry in stage.noted("crowd", "start")]
    changes += [(entry["time"], -1) for entry in stage.noted("crowd")]
    assert max(accumulate(change for _, change in sorted(changes))) == 16


def test_a_running_message_is_hidden_for_ten_minutes() -> None:
    options = parse_options([])
    assert (options.hidden, options.grace, options.http_grace) == (600, 10, 30)
    hidden = HiddenTimes.scaled(options.hidden, visibility_timeout=10.0, time_scale=1.0)
    assert hidden == HiddenTimes(running=600, retry=10)


def test_messages_need_no_encoding_where_host_json_says_so(stage: Stage) -> None:
    plain = QueueClient.from_connection_string(stage.connection_string, stage.name)
    plain.send_message(json.dumps({"word": f"{stage.name}-plain"}))
    stage.start(environment={"AzureFunctionsJobHost__extensions__queues__messageEncoding": "none"})
    assert until(lambda: stage.noted("plain"))


def test_outputs_are_sent_in_the_hosts_encoding(stage: Stage) -> None:
    stage.send("giver", result=f"from {stage.name}")
    stage.start()
    results = QueueClient.from_connection_string(stage.connection_string, "results")
    expected = base64.b64encode(f"from {stage.name}".encode()).decode()
    until(
        lambda: (
            _exists(results)
            and expected in {message.content for message in results.peek_messages(32)}
        )
    )


def test_batch_size_and_threshold_bound_what_runs_at_once(stage: Stage) -> None:
    # Two slow ones leave just as many running as allow for another batch of four.
    for seconds in [2.5, 2.5, *[0.4] * 10]:
        stage.send("many", seconds=seconds)
    stage.start()
    until(lambda: len(stage.noted("many")) == 12)
    changes = [(entry["time"], 1) for entry in stage.noted("many", "start")]
    changes += [(entry["time"], -1) for entry in stage.noted("many")]
    running = list(accumulate(change for _, change in sorted(changes)))
    assert max(running) == 6


def test_a_long_run_keeps_its_message(stage: Stage) -> None:
    stage.send("long", seconds=5)
    stage.start()
    stage.start()
    until(lambda: stage.noted("long"))
    # It ran for longer than twice the hidden time, beside a second host that looked all the time.
    assert len(stage.noted("long", "start")) == 1
    until(lambda: stage.queue().get_queue_properties().approximate_message_count == 0)


def test_two_hosts_share_a_queue(stage: Stage) -> None:
    first, second = (stage.start(wait=False) for _ in range(2))
    first.wait_ready()
    second.wait_ready()
    for number in range(20):
        stage.send(f"shared-{number}", seconds=0.1)
    runs = [until(lambda n=number: stage.noted(f"shared-{n}")) for number in range(20)]  # type: ignore[misc]  # mypy cannot type a default in a lambda
    assert [len(run) for run in runs] == [1] * 20
    assert {run[0]["pid"] for run in runs} == {first.pid, second.pid}


def test_a_killed_hosts_message_comes_back_when_its_hidden_time_is_over(stage: Stage) -> None:
    stage.send("orphan", seconds=2)
    first = stage.start()
    [started] = until(lambda: stage.noted("orphan", "start"))
    first.kill()
    second = stage.start()
    [_, again] = until(lambda: len(seen := stage.noted("orphan", "start")) > 1 and seen)  # type: ignore[misc]  # it is a list by then
    assert again["pid"] == second.pid
    assert again["attempt"] == 2
    # Storage counts in whole seconds of its own clock.
    assert again["time"] - started["time"] > 0.9


def test_a_stopped_host_lets_its_messages_end_and_takes_no_more(stage: Stage) -> None:
    for _ in range(8):
        stage.send("stopping", seconds=1.5)
    host = stage.start()
    until(lambda: stage.noted("stopping", "start"))
    host.stop()
    started, ended = stage.noted("stopping", "start"), stage.noted("stopping")
    assert 0 < len(started) == len(ended) < 8
    left = stage.queue().get_queue_properties().approximate_message_count
    assert left == 8 - len(ended)


def test_a_drained_host_serves_http_only(stage: Stage) -> None:
    host = stage.start()
    host.drain()
    stage.send("too-late")
    assert host.status()["running"] == 0
    assert host.call("GET", "/api/accepted").status_code == 202
    assert stage.noted("too-late", "start") == []


def test_a_host_listens_to_the_named_functions_only(stage: Stage) -> None:
    stage.send("elsewhere")
    host = stage.start(functions=["tick"])
    assert host.fire_timer("tick")
    assert "work" not in host.status()["functions"]
    stage.start(functions=["work"])
    assert until(lambda: stage.noted("elsewhere"))


def test_a_function_that_exceeds_its_time_ends_its_worker(stage: Stage) -> None:
    stage.send("stuck", seconds=30)
    host = stage.start(environment={"AzureFunctionsJobHost__functionTimeout": "00:00:01"})
    first = host.worker_pid
    until(stage.poisoned)
    assert [entry["attempt"] for entry in stage.noted("stuck", "start")] == [1, 2, 3]
    assert stage.noted("stuck") == []
    assert until(lambda: _answers(host.url))
    assert host.worker_pid != first


def test_a_host_outlives_an_outage_of_its_storage(tmp_path: Path) -> None:
    with Azurite.start(directory=tmp_path) as azurite:
        text = azurite.connection_string
        ContainerClient.from_connection_string(text, "journal").create_container()
        stage = Stage(text)
        stage.queue().create_queue()
        with stage.start():
            azurite.restart()
            stage.send("afterwards")
            assert until(lambda: stage.noted("afterwards"))


def _exists(queue: QueueClient) -> bool:
    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        return requests.get(url + "/api/accepted", timeout=5).status_code == 202
    except requests.ConnectionError:
        return False
