"""How workers and hosts end, and what becomes of what they were doing."""

import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import requests

from local.functions_host.process import HostProcess
from tests.stand_ins.functions_host.conftest import Stage, until

TWO_SECONDS = {"AzureFunctionsJobHost__functionTimeout": "00:00:02"}


def status(host: HostProcess, path: str) -> int:
    return requests.get(host.url + path, timeout=60).status_code


def refuses(host: HostProcess) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(host.url.rpartition(":")[2])), 5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_worker_that_dies_takes_all_its_calls_along(stage: Stage) -> None:
    stage.send("neighbour", seconds=1.5)
    host = stage.start()
    until(lambda: stage.noted("neighbour", "start"))
    with ThreadPoolExecutor() as threads:
        other = threads.submit(status, host, "/api/sleepy?seconds=20")
        until(lambda: host.status()["functions"].get("sleepy", {}).get("running"))
        first = host.worker_pid
        assert status(host, "/api/die") == 500
        assert other.result() == 500
    assert status(host, "/api/sleepy?seconds=0") == 200
    assert host.worker_pid != first
    until(lambda: stage.noted("neighbour"))
    assert [entry["attempt"] for entry in stage.noted("neighbour", "start")] == [1, 2]


def test_the_third_death_ends_the_host(stage: Stage) -> None:
    host = stage.start()
    assert status(host, "/api/die") == 500
    assert status(host, "/api/die") == 500
    assert status(host, "/api/sleepy?seconds=0") == 200
    with suppress(requests.ConnectionError):
        status(host, "/api/die")
    until(lambda: not host.running)


def test_a_call_that_exceeds_its_time_takes_its_neighbours_along(stage: Stage) -> None:
    host = stage.start(environment=TWO_SECONDS)
    with ThreadPoolExecutor() as threads:
        too_long = threads.submit(status, host, "/api/sleepy?seconds=60")
        until(lambda: host.status()["functions"].get("sleepy", {}).get("running"))
        # What began later is not out of time by itself.
        neighbour = threads.submit(status, host, "/api/sleepy?seconds=1.9")
        answers = {too_long.result(), neighbour.result()}
    assert 500 in answers
    assert status(host, "/api/sleepy?seconds=0") == 200


def test_a_worker_outlives_its_killed_host_and_the_message_comes_again(stage: Stage) -> None:
    stage.send("twice", seconds=4)
    first = stage.start()
    until(lambda: stage.noted("twice", "start"))
    first.kill_alone()
    stage.start()
    until(lambda: len(stage.noted("twice")) == 2)
    assert [entry["attempt"] for entry in stage.noted("twice", "start")] == [1, 2]


def test_after_sigterm_queue_functions_are_cut_when_their_time_is_over(stage: Stage) -> None:
    stage.send("short", seconds=1)
    stage.send("long", seconds=60)
    # Hidden for a minute: what is cut does not come back meanwhile.
    host = stage.start(time_scale=0.1, options=["--grace", "2"])
    until(lambda: stage.noted("short", "start") and stage.noted("long", "start"))
    os.kill(host.pid, signal.SIGTERM)
    until(lambda: refuses(host))
    until(lambda: not host.running)
    assert stage.noted("short")
    assert not stage.noted("long")
    assert stage.queue().get_queue_properties().approximate_message_count == 1
    assert stage.queue().peek_messages() == []


def test_after_sigterm_a_call_in_flight_is_answered(stage: Stage) -> None:
    host = stage.start(options=["--grace", "0.1"])
    with ThreadPoolExecutor() as threads:
        call = threads.submit(status, host, "/api/sleepy?seconds=2")
        until(lambda: host.status()["functions"].get("sleepy", {}).get("running"))
        os.kill(host.pid, signal.SIGTERM)
        until(lambda: refuses(host))
        assert call.result() == 200
    until(lambda: not host.running)


def test_a_client_that_leaves_does_not_stop_the_function(stage: Stage) -> None:
    host = stage.start()
    with suppress(requests.Timeout):
        requests.get(host.url + "/api/sleepy?seconds=1", timeout=0.3)
    sleepy: Callable[[], object] = lambda: host.status()["functions"].get("sleepy")  # noqa: E731
    until(lambda: sleepy() == {"running": 0, "finished": 1, "failed": 0})


def test_a_function_is_started_by_hand(stage: Stage) -> None:
    host = stage.start()
    by_hand = '{"input": "{\\"word\\": \\"' + f"{stage.name}-hand" + '\\"}"}'
    assert host.call("POST", "/admin/functions/work", data=by_hand).status_code == 202
    assert host.call("POST", "/admin/functions/tick", data="{}").status_code == 202
    assert host.call("POST", "/admin/functions/nothing", data="{}").status_code == 404
    until(lambda: stage.noted("hand") and stage.ticks("end"))
