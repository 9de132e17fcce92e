"""host.json, with the defaults and the limits of Azure Functions 4.x."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from local.functions_host.errors import HostError

_TIME_SPAN = re.compile(
    r"(?P<only>\d+)|(?:(?P<days>\d+)\.)?(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<s>\d{1,2}(?:\.\d+)?))?"
)
_LEVELS = ("Trace", "Debug", "Information", "Warning", "Error", "Critical", "None")
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


def seconds_of(time_span: object) -> float:
    """Seconds of a .NET TimeSpan, `[d.]hh:mm[:ss[.fff]]`, or of a number alone, which is of days.

    Raises HostError for anything else.
    """
    match = _TIME_SPAN.fullmatch(str(time_span).strip())
    if not match:
        raise HostError(f"host.json: {time_span!r} is not a time span such as 00:00:02")
    if match["only"]:
        return int(match["only"]) * 86400
    hours, minutes, seconds = int(match["h"]), int(match["m"]), float(match["s"] or 0)
    if hours > 23 or minutes > 59 or seconds >= 60:
        raise HostError(f"host.json: {time_span!r} is not a time of a day")
    return int(match["days"] or 0) * 86400 + hours * 3600 + minutes * 60 + seconds


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
        route_prefix=_route_prefix(extensions.get("http", {})),
        function_timeout=None if str(timeout) == "-1" else seconds_of(timeout),
        log_levels=_log_levels(document.get("logging", {}).get("logLevel", {})),
    )


def _override(document: dict[str, Any], path: list[str], value: str) -> None:
    *parents, last = path
    for name in parents:
        document = document.setdefault(name, {})
    document[last] = value


def _route_prefix(section: Mapping[str, Any]) -> str:
    prefix = str(section.get("routePrefix", "api")).removeprefix("/")
    if prefix.endswith("/"):
        raise HostError(f"host.json: routePrefix {prefix!r} must not end with a slash")
    return prefix


def _log_levels(section: Mapping[str, Any]) -> Mapping[str, str]:
    for category, level in section.items():
        if str(level).title() not in _LEVELS:
            raise HostError(f"host.json: logLevel {category} is {level!r}, none of {_LEVELS}")
    return {category: str(level).title() for category, level in section.items()}


def _whole(section: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    try:
        number = int(str(section.get(name, default)))
    except ValueError:
        raise HostError(f"host.json: queues.{name} must be a whole number") from None
    if not least <= number <= most:
        raise HostError(f"host.json: queues.{name} must be {least} to {most}")
    return number


def _queue_settings(section: Mapping[str, Any]) -> QueueSettings:
    batch_size = _whole(section, "batchSize", 16, 1, 32)
    encoding = str(section.get("messageEncoding", "base64")).lower()
    if encoding not in ("base64", "none"):
        raise HostError("host.json: queues.messageEncoding must be base64 or none")
    polling = seconds_of(section.get("maxPollingInterval", "00:01:00"))
    if polling < 0.1:
        raise HostError("host.json: queues.maxPollingInterval must be 100 ms or more")
    default_threshold = (os.cpu_count() or 1) * batch_size // 2
    return QueueSettings(
        batch_size=batch_size,
        new_batch_threshold=_whole(section, "newBatchThreshold", default_threshold, 0, 2**31 - 1),
        max_dequeue_count=_whole(section, "maxDequeueCount", 5, 1, 2**31 - 1),
        visibility_timeout=seconds_of(section.get("visibilityTimeout", "00:00:00")),
        max_polling_interval=polling,
        message_encoding="none" if encoding == "none" else "base64",
    )
