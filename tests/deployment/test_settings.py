"""What a deployment sets is what the code uses: settings, queues, containers, functions, scale."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.bootstrap import APP_CONTAINER
from shared.http.routes import ROUTES
from shared.platform import queues
from shared.platform.settings import Settings
from tests.deployment import app_settings, bicep
from tests.deployment.bicep import Deployment

# Of an account whose user serves the app alone: Mailchimp allows ten calls at once.
_MOST_LANES = 10


def test_every_app_setting_is_written_and_none_that_nothing_reads(
    deployment: Callable[[str], Deployment],
) -> None:
    assert list(app_settings.problems(deployment("entra"))) == []


@pytest.mark.parametrize("name", sorted(app_settings.NOT_ON_FLEX))
def test_a_setting_that_has_no_place_on_flex_is_found(
    name: str, deployment: Callable[[str], Deployment]
) -> None:
    entra = deployment("entra")
    resources = [
        {**one, "properties": {**one["properties"], name: "1"}}
        if one["name"].endswith("/appsettings")
        else one
        for one in entra.resources
    ]

    found = app_settings.problems(replace(entra, resources=tuple(resources)))
    assert f"{name} has no place on Flex Consumption" in list(found)


def test_the_deployed_defaults_are_the_defaults_of_the_code(
    deployment: Callable[[str], Deployment],
) -> None:
    deployed = Settings.from_environment(app_settings.environment(deployment("defaults")))

    by_default = Settings(
        app_storage=deployed.app_storage,
        segment_storage=deployed.segment_storage,
        key_vault_url=deployed.key_vault_url,
    )
    assert deployed == by_default


def test_the_queues_and_containers_of_the_code_are_made(
    deployment: Callable[[str], Deployment],
) -> None:
    def names(kind: str) -> set[str]:
        return {
            one["name"].rpartition("/")[2]
            for one in deployment("defaults").of(f"Microsoft.Storage/storageAccounts/{kind}")
        }

    made = names("queueServices/queues")
    assert set(queues.ALL) <= made
    assert {name for name in made if not name.endswith("-poison")} == {
        name.removesuffix("-poison") for name in made if name.endswith("-poison")
    }
    assert names("blobServices/containers") == {APP_CONTAINER, "deployment"}


def _queue_settings() -> dict[str, int]:
    host = json.loads((bicep.ROOT / "host.json").read_text())
    found: dict[str, int] = host["extensions"]["queues"]
    return found


def _scale(deployed: Deployment) -> dict[str, Any]:
    app = deployed.one("Microsoft.Web/sites")["properties"]["functionAppConfig"]
    found: dict[str, Any] = app["scaleAndConcurrency"]
    return found


def test_there_is_a_thread_for_every_message_that_an_instance_works_on(
    deployment: Callable[[str], Deployment],
) -> None:
    at_once = _queue_settings()["batchSize"] + _queue_settings()["newBatchThreshold"]
    threads = deployment("defaults").settings()["PYTHON_THREADPOOL_THREAD_COUNT"]

    assert int(threads) >= at_once


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_scale_limit_holds_the_lanes_of_an_account_and_is_a_limit(
    environment: str, deployment: Callable[[str], Deployment]
) -> None:
    deployed = deployment(environment)
    at_once = _queue_settings()["batchSize"] + _queue_settings()["newBatchThreshold"]

    most = _scale(deployed)["maximumInstanceCount"]
    assert most * at_once >= 2 * _MOST_LANES
    # Azure's own default is 100 instances of each function, which a retry storm would fill.
    assert most <= 40


def test_no_body_reaches_the_worker_that_no_route_takes(
    deployment: Callable[[str], Deployment],
) -> None:
    most = int(deployment("defaults").settings()["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])

    assert max(route.max_body for route in ROUTES.values()) < most <= 32 * 1024 * 1024


def test_the_instances_kept_warm_are_of_a_function_that_exists(
    deployment: Callable[[str], Deployment],
) -> None:
    [warm] = _scale(deployment("everything"))["alwaysReady"]
    name = warm["name"].removeprefix("function:")

    assert f"def {name}(" in (bicep.ROOT / "function_app.py").read_text()


def test_the_runtime_is_the_python_that_the_tests_run_on(
    deployment: Callable[[str], Deployment],
) -> None:
    app = deployment("defaults").one("Microsoft.Web/sites")["properties"]["functionAppConfig"]

    assert app["runtime"] == {"name": "python", "version": "3.13"}
    assert 'requires-python = ">=3.13,<3.14"' in (bicep.ROOT / "pyproject.toml").read_text()


def test_a_lane_that_made_room_is_called_back_while_all_others_work(
    deployment: Callable[[str], Deployment],
) -> None:
    # The host fetches messages only while at most so many are at work.
    assert deployment("defaults").settings()["MAILCHIMP_MAX_CONNECTIONS"] == ""
    assert _queue_settings()["newBatchThreshold"] >= _MOST_LANES - 1
