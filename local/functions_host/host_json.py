"""host.json, with the defaults and the limits of Azure Functions 4.x."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from local.functions_host.errors import HostError

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)")
# Any setting of host.json can be replaced by an app setting of this prefix.
_OVERRIDE = "AzureFunctionsJobHost__"


@dataclass(frozen=True)
class QueueSettings:
    """`extensions.queues`; the times are in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8 * (os.cpu_count() or 1)
    max_dequeue_count: int = 5
    visibility_timeout: float = 0.0
    max_polling_interval: float = 60.0
    message_encoding: Literal["base64", "none"] = "base64"


@dataclass(frozen=True)
class HostJson:
    """What this host honours of host.json; `function_timeout` in seconds, None for unbounded."""

    queues: QueueSettings = field(default_factory=QueueSettings)
    route_prefix: str = "api"
    function_timeout: float | None = 1800.0
    log_levels: Mapping[str, str] = field(default_factory=dict)


def seconds_of(time_span: str) -> float:
    """Seconds of a .NET TimeSpan, `[d.]hh:mm:ss[.fff]`; raises HostError for anything else."""
    match = _TIME_SPAN.fullmatch(time_span.strip())
    if not match:
        raise HostError(f"host.json: {time_span!r} is not a time span such as 00:00:02")
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def read_host_json(app_directory: Path, environment: Mapping[str, str]) -> HostJson:
    """Reads host.json and applies `AzureFunctionsJobHost__a__b` settings; raises HostError."""
    path = app_directory / "host.json"
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise HostError(f"no host.json in {app_directory}") from None
    except ValueError as error:
        raise HostError(f"host.json is not valid JSON: {error}") from None
    if document.get("version") != "2.0":
        raise HostError('host.json: "version" must be "2.0"')
    for name, value in environment.items():
        if name.startswith(_OVERRIDE):
            _override(document, name.removeprefix(_OVERRIDE).split("__"), value)
    extensions = document.get("extensions", {})
    timeout = document.get("functionTimeout", "00:30:00")
    return HostJson(
        queues=_queue_settings(extensions.get("queues", {})),
        route_prefix=str(extensions.get("http", {}).get("routePrefix", "api")).strip("/"),
        function_timeout=None if str(timeout) == "-1" else seconds_of(timeout),
        log_levels=dict(document.get("logging", {}).get("logLevel", {})),
    )


def _override(document: dict[str, Any], path: list[str], value: str) -> None:
    *parents, last = path
    for name in parents:
        document = document.setdefault(name, {})
    document[last] = value


def _queue_settings(section: Mapping[str, Any]) -> QueueSettings:
    batch_size = int(section.get("batchSize", 16))
    encoding = str(section.get("messageEncoding", "base64")).lower()
    if not 1 <= batch_size <= 32:
        raise HostError("host.json: queues.batchSize must be 1 to 32")
    if encoding not in ("base64", "none"):
        raise HostError("host.json: queues.messageEncoding must be base64 or none")
    polling = seconds_of(section.get("maxPollingInterval", "00:01:00"))
    if polling < 0.1:
        raise HostError("host.json: queues.maxPollingInterval must be 100 ms or more")
    default_threshold = (os.cpu_count() or 1) * batch_size // 2
    return QueueSettings(
        batch_size=batch_size,
        new_batch_threshold=int(section.get("newBatchThreshold", default_threshold)),
        max_dequeue_count=int(section.get("maxDequeueCount", 5)),
        visibility_timeout=seconds_of(section.get("visibilityTimeout", "00:00:00")),
        max_polling_interval=polling,
        message_encoding="none" if encoding == "none" else "base64",
    )
