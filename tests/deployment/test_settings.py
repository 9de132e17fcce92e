"""What Bicep deploys is what the code uses: settings, queues, containers, functions, scale."""

import json
import re
from typing import Any

import pytest

from shared.app import APP_CONTAINER
from shared.platform import queues
from shared.platform.settings import Settings
from tests.deployment import app_settings, bicep, names


def test_every_app_setting_is_written_and_none_that_nothing_reads() -> None:
    assert list(app_settings.problems(bicep.texts())) == []


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        (
            "  RUN_RETENTION_DAYS: string(runRetentionDays)\n",
            "",
            "the code reads RUN_RETENTION_DAYS",
        ),
        ("HTTP_AUTH: 'keys'", "HTTP_AUTH: 'keys'\n  HTTP_AUT: 'keys'", "Bicep writes HTTP_AUT,"),
        (
            "HTTP_AUTH: 'keys'",
            "HTTP_AUTH: 'keys'\n  TZ: 'Europe/Zagreb'",
            "TZ has no place on Flex",
        ),
    ],
)
def test_a_setting_on_one_side_only_is_found(right: str, wrong: str, found: str) -> None:
    files = bicep.with_mistake("workload.bicep", right, wrong)

    assert any(found in problem for problem in app_settings.problems(files))


def test_the_deployed_defaults_are_the_defaults_of_the_code() -> None:
    deployed = Settings.from_environment(app_settings.environment(bicep.texts()))

    by_default = Settings(
        app_storage=deployed.app_storage,
        segment_storage=deployed.segment_storage,
        key_vault_url=deployed.key_vault_url,
    )
    assert deployed == by_default


def test_the_queues_and_containers_are_those_of_the_code() -> None:
    storage = bicep.tree(bicep.texts()["modules/storage.bicep"])
    containers = {
        resource.body["name"]
        for resource in bicep.resources({"": bicep.texts()["modules/storage.bicep"]})
        if resource.type.endswith("/containers")
    }

    assert set(storage["variables"]["queues"]["value"]) == {
        *queues.ALL,
        *(f"{queue}-poison" for queue in queues.ALL),
    }
    assert containers == {APP_CONTAINER, "deployment"}


def _queue_settings() -> dict[str, int]:
    host = json.loads((bicep.ROOT / "host.json").read_text())
    found: dict[str, int] = host["extensions"]["queues"]
    return found


def _defaults() -> dict[str, Any]:
    return names.defaults(bicep.texts()["main.bicep"])


def test_there_is_a_thread_for_every_message_that_an_instance_works_on() -> None:
    at_once = _queue_settings()["batchSize"] + _queue_settings()["newBatchThreshold"]
    threads = app_settings.environment(bicep.texts())["PYTHON_THREADPOOL_THREAD_COUNT"]

    assert int(threads) >= at_once


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_scale_limit_holds_the_lanes_of_an_account_and_is_a_limit(environment: str) -> None:
    path = bicep.INFRA / "parameters" / f"{environment}.json"
    given = json.loads(path.read_text())["parameters"]
    values = _defaults() | {name: entry["value"] for name, entry in given.items()}
    at_once = _queue_settings()["batchSize"] + _queue_settings()["newBatchThreshold"]

    lanes = values["maximumInstanceCount"] * at_once
    assert lanes >= 2 * values["mailchimpMaxConnections"]
    # Azure's own default is 100 instances of each function, which a retry storm would fill.
    assert values["maximumInstanceCount"] <= 40


def test_the_instances_kept_warm_are_of_a_function_that_exists() -> None:
    [name] = re.findall(r"'function:(\w+)'", bicep.texts()["modules/function-app.bicep"])

    assert f"def {name}(" in (bicep.ROOT / "function_app.py").read_text()


def test_the_runtime_is_the_python_that_the_tests_run_on() -> None:
    app = bicep.texts()["modules/function-app.bicep"]

    assert "version: '3.13'" in app
    assert 'requires-python = ">=3.13,<3.14"' in (bicep.ROOT / "pyproject.toml").read_text()


def test_a_lane_that_made_room_is_called_back_while_all_others_work() -> None:
    # The host fetches messages only while at most so many are at work.
    lanes = names.defaults(bicep.texts()["main.bicep"])["mailchimpMaxConnections"]
    assert _queue_settings()["newBatchThreshold"] >= lanes - 1
