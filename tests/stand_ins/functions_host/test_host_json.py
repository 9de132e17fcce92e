"""Reading host.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.functions_host.errors import HostError
from local.functions_host.host_json import HostJson, QueueSettings, read_host_json, seconds_of
from tests.support.root import ROOT


def read(directory: Path, settings: dict[str, str] | None = None, **document: object) -> HostJson:
    (directory / "host.json").write_text(json.dumps({"version": "2.0", **document}))
    return read_host_json(directory, settings or {})


def test_defaults_are_those_of_azure(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.queues.batch_size == 16
    assert settings.queues.max_dequeue_count == 5
    assert settings.queues.max_polling_interval == 60
    assert settings.queues.message_encoding == "base64"
    assert settings.route_prefix == "api"
    assert settings.function_timeout == 1800


def test_values_are_read(tmp_path: Path) -> None:
    queues = {
        "batchSize": 8,
        "newBatchThreshold": 4,
        "maxDequeueCount": 2,
        "visibilityTimeout": "00:00:10",
        "maxPollingInterval": "00:00:02",
        "messageEncoding": "none",
    }
    settings = read(
        tmp_path,
        functionTimeout="-1",
        extensions={"http": {"routePrefix": "v1"}, "queues": queues},
    )
    assert settings.queues == QueueSettings(8, 4, 2, 10.0, 2.0, "none")
    assert settings.route_prefix == "v1"
    assert settings.function_timeout is None


def test_app_settings_override_it(tmp_path: Path) -> None:
    overrides = {"AzureFunctionsJobHost__extensions__queues__batchSize": "3"}
    assert read(tmp_path, overrides).queues.batch_size == 3


@pytest.mark.parametrize(
    "queues", [{"batchSize": 33}, {"maxPollingInterval": "2 s"}, {"messageEncoding": "utf-8"}]
)
def test_values_that_azure_refuses_are_refused(tmp_path: Path, queues: dict[str, object]) -> None:
    with pytest.raises(HostError):
        read(tmp_path, extensions={"queues": queues})


def test_time_spans() -> None:
    assert seconds_of("1.02:03:04.5") == 86400 + 2 * 3600 + 3 * 60 + 4.5


# Microsoft's host ignores a name that it does not know, without a word.
_NAMES = {
    "version": {},
    "functionTimeout": {},
    "telemetryMode": {},
    "extensionBundle": {"id": {}, "version": {}},
    "extensions": {
        "http": {"routePrefix": {}},
        "queues": {
            "batchSize": {},
            "newBatchThreshold": {},
            "maxDequeueCount": {},
            "maxPollingInterval": {},
            "visibilityTimeout": {},
            "messageEncoding": {},
        },
    },
    "logging": {"logLevel": None},
}


def unknown(document: Mapping[str, Any], names: Mapping[str, Any], above: str = "") -> list[str]:
    found = []
    for name, value in document.items():
        if name not in names:
            found.append(above + name)
        elif names[name]:
            found += unknown(value, names[name], f"{above}{name}.")
    return found


def test_the_apps_own_file_holds_only_what_the_host_reads_and_takes() -> None:
    document = json.loads((ROOT / "host.json").read_text())

    assert unknown(document, _NAMES) == []
    settings = read_host_json(ROOT, {})
    # A number alone would be days.
    assert settings.function_timeout is not None
    assert settings.function_timeout <= 3600
    assert settings.queues.max_polling_interval <= 60
