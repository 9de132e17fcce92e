"""Route templates of HTTP triggers and which function answers a request."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from local.functions_host.errors import HostError
from local.functions_host.functions import Function, HttpTrigger

_PARAMETER = re.compile(r"\{(\*)?(\w+)(?::(\w+))?(\?)?\}")
_CONSTRAINTS = {
    None: r"[^/]+",
    "int": r"-?\d+",
    "long": r"-?\d+",
    "bool": r"(?i:true|false)",
    "alpha": r"[A-Za-z]+",
    "guid": r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}",
}
# How specific a segment is; of two routes that match, the one with the lower ranks wins.
_LITERAL, _CONSTRAINED, _PLAIN, _REST = range(4)


@dataclass(frozen=True)
class _Route:
    pattern: re.Pattern[str]
    rank: tuple[int, ...]
    methods: frozenset[str]
    function: Function
    trigger: HttpTrigger


class Routes:
    """Finds the function for a method and path.

    A method that no function of the route takes is as unknown as the path, 404 and not 405, and
    HEAD is served only where it is listed: that is how the Functions host answers
    (Azure/azure-functions-host issues 10098 and 11625).
    """

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        routes = [
            _route(function, function.trigger, prefix)
            for function in functions
            if isinstance(function.trigger, HttpTrigger)
        ]
        self._routes = sorted(routes, key=lambda route: route.rank)

    def find(
        self, method: str, raw_path: str
    ) -> tuple[Function, HttpTrigger, Mapping[str, str]] | None:
        """The function, its trigger and route parameters; `raw_path` is percent-encoded."""
        for route in self._routes:
            match = route.pattern.fullmatch(raw_path.rstrip("/"))
            if match and (not route.methods or method in route.methods):
                given = match.groupdict().items()
                parameters = {k: unquote(v) for k, v in given if v is not None}
                return route.function, route.trigger, parameters
        return None


def _route(function: Function, trigger: HttpTrigger, prefix: str) -> _Route:
    pattern, rank = "", []
    for segment in [part for part in f"{prefix}/{trigger.route}".split("/") if part]:
        text, segment_rank = _segment(function.name, segment)
        pattern += text
        rank.append(segment_rank)
    return _Route(re.compile(pattern), tuple(rank), trigger.methods, function, trigger)


def _segment(name: str, segment: str) -> tuple[str, int]:
    match = _PARAMETER.fullmatch(segment)
    if not match:
        if "{" in segment:
            raise HostError(f"{name}: route segment {segment!r} is not supported here")
        return f"/(?i:{re.escape(segment)})", _LITERAL
    rest, parameter, constraint, optional = match.groups()
    if rest:
        return f"(?:/(?P<{parameter}>.*))?", _REST
    if constraint not in _CONSTRAINTS:
        raise HostError(f"{name}: route constraint {constraint!r} is not supported here")
    text = f"/(?P<{parameter}>{_CONSTRAINTS[constraint]})"
    rank = _CONSTRAINED if constraint else _PLAIN
    return (f"(?:{text})?" if optional else text), rank
