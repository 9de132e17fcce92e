"""The functions of an app, as its worker describes them."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.functions_host.errors import HostError, UnsupportedError
from local.functions_host.ncrontab import Schedule
from local.functions_host.wire import Found

type AuthLevel = Literal["ANONYMOUS", "FUNCTION", "ADMIN"]

_SETTING = re.compile(r"%([^%]+)%")
_QUEUE_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")


@dataclass(frozen=True)
class QueueOutput:
    """A queue that a function writes to through the binding of this parameter (or `$return`)."""

    parameter: str
    queue: str
    connection: str


@dataclass(frozen=True)
class HttpTrigger:
    """`methods` is empty where every method is accepted."""

    route: str
    methods: frozenset[str]
    auth_level: AuthLevel


@dataclass(frozen=True)
class QueueTrigger:
    """Names after replacing `%SETTING%`."""

    queue: str
    connection: str


@dataclass(frozen=True)
class TimerTrigger:
    """An NCRONTAB schedule after replacing `%SETTING%`."""

    schedule: str
    use_monitor: bool


@dataclass(frozen=True)
class Function:
    """One indexed function; `id` is what the worker calls it by."""

    id: str
    name: str
    parameter: str
    trigger: HttpTrigger | QueueTrigger | TimerTrigger
    outputs: tuple[QueueOutput, ...]


def functions_of(
    found: Iterable[Found], environment: Mapping[str, str]
) -> tuple[list[Function], list[str]]:
    """Reads what the worker has found: the functions, and why others are missing.

    What is wrong with one function keeps only that one away. Raises UnsupportedError for what
    this host cannot serve.
    """
    functions, missing = [], []
    for item in found:
        try:
            functions.append(_function(item, environment))
        except UnsupportedError:
            raise
        except HostError as error:
            missing.append(str(error))
    return functions, missing


def with_settings(text: str, environment: Mapping[str, str]) -> str:
    """Replaces `%NAME%` by the app setting NAME; raises HostError where it is missing."""

    def value(match: re.Match[str]) -> str:
        try:
            return environment[match[1]]
        except KeyError:
            raise HostError(f"%{match[1]}% names an app setting that does not exist") from None

    return _SETTING.sub(value, text)


def is_connected(connection: str, environment: Mapping[str, str]) -> bool:
    """Whether settings say where the queues of a connection are."""
    names = (connection, f"{connection}__queueServiceUri", f"{connection}__accountName")
    return any(connection_setting(name, environment) for name in names)


def connection_setting(name: str, environment: Mapping[str, str]) -> str | None:
    """A setting of a connection, which may also have the prefix AzureWebJobs."""
    return environment.get(name) or environment.get(f"AzureWebJobs{name}")


def _function(found: Found, environment: Mapping[str, str]) -> Function:
    bindings = [json.loads(binding) for binding in found.bindings]
    triggers = [binding for binding in bindings if binding["type"].endswith("Trigger")]
    if len(triggers) != 1:
        raise HostError(f"{found.name}: a function has exactly one trigger")
    if found.retries:
        raise UnsupportedError(f"{found.name}: retry policies are not supported here")
    outputs = []
    for binding in bindings:
        if binding["type"] == "queue":
            queue = _queue_name(found.name, binding, environment)
            outputs.append(QueueOutput(binding["name"], queue, _connection(binding)))
        elif binding not in triggers and binding["type"] != "http":
            raise UnsupportedError(f"{found.name}: binding {binding['type']} is not supported here")
    return Function(
        id=found.id,
        name=found.name,
        parameter=triggers[0]["name"],
        trigger=_trigger(found.name, triggers[0], environment),
        outputs=tuple(outputs),
    )


def _trigger(
    name: str, binding: Mapping[str, Any], environment: Mapping[str, str]
) -> HttpTrigger | QueueTrigger | TimerTrigger:
    match binding["type"]:
        case "httpTrigger":
            route = str(binding.get("route") or name)
            if re.match(r"/?(admin|runtime)(/|$)", route, re.IGNORECASE):
                raise HostError(f"{name}: the route {route!r} is the host's own")
            return HttpTrigger(
                route=route,
                methods=frozenset(method.upper() for method in binding.get("methods") or ()),
                auth_level=str(binding.get("authLevel", "FUNCTION")).upper(),  # type: ignore[arg-type]  # the SDK's enum allows no other
            )
        case "queueTrigger":
            return QueueTrigger(_queue_name(name, binding, environment), _connection(binding))
        case "timerTrigger":
            if binding.get("runOnStartup"):
                raise UnsupportedError(
                    f"{name}: run_on_startup must stay off, it fires on every scale-out"
                )
            schedule = with_settings(binding["schedule"], environment)
            try:
                Schedule.parse(schedule)
            except ValueError as error:
                raise HostError(f"{name}: {error}") from None
            return TimerTrigger(schedule, binding.get("useMonitor") is not False)
        case other:
            raise UnsupportedError(f"{name}: trigger {other} is not supported here")


def _queue_name(name: str, binding: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    queue = with_settings(binding["queueName"], environment).lower()
    if not _QUEUE_NAME.fullmatch(queue):
        raise HostError(f"{name}: {queue!r} is not a queue name")
    return queue


def _connection(binding: Mapping[str, Any]) -> str:
    return binding.get("connection") or "AzureWebJobsStorage"
