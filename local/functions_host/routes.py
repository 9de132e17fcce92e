"""Route templates of HTTP triggers and which function answers a request."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from local.functions_host.errors import HostError, UnsupportedError
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


@dataclass(frozen=True)
class _Route:
    pattern: re.Pattern[str]
    function: Function
    trigger: HttpTrigger

    def takes(self, method: str) -> bool:
        return not self.trigger.methods or method in self.trigger.methods


class Routes:
    """Finds the function for a method and path.

    Routes are tried in the order of their functions' names, whatever their case, and the first
    that matches wins, be it a literal, a parameter or a catch-all. A method that no function of the
    route takes is as unknown as the path, 404 and not 405. Of two functions with one route and a
    method in common the second is disabled. Raises HostError for a template that is none, with
    which the whole host serves nothing.
    """

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        self._routes: list[_Route] = []
        for function in sorted(functions, key=lambda function: function.name.lower()):
            trigger = function.trigger
            if isinstance(trigger, HttpTrigger) and not self._is_taken(trigger):
                template = f"{prefix}/{trigger.route}" if prefix else trigger.route
                self._routes.append(_Route(_pattern(function.name, template), function, trigger))

    def _is_taken(self, trigger: HttpTrigger) -> bool:
        return any(
            route.trigger.route.lower() == trigger.route.lower()
            and (
                not route.trigger.methods
                or not trigger.methods
                or route.trigger.methods & trigger.methods
            )
            for route in self._routes
        )

    def find(
        self, method: str, path: str
    ) -> tuple[Function, HttpTrigger, Mapping[str, str]] | None:
        """The function, its trigger and route parameters; `path` is a worked-out one."""
        trimmed = path.removesuffix("/")
        for route in self._routes:
            match = route.pattern.fullmatch(trimmed)
            if match and route.takes(method):
                parameters = {k: v for k, v in match.groupdict().items() if v is not None}
                return route.function, route.trigger, parameters
        return None


def _pattern(name: str, template: str) -> re.Pattern[str]:
    segments = template.removeprefix("/").removesuffix("/").split("/")
    if segments == [""]:
        return re.compile("")
    if "" in segments:
        raise HostError(f"{name}: the route {template!r} has an empty segment")
    return re.compile("".join(_segment(name, segment) for segment in segments))


def _segment(name: str, segment: str) -> str:
    match = _PARAMETER.fullmatch(segment)
    if not match:
        if segment.count("{") != segment.count("}") or "{}" in segment or "?" in segment:
            raise HostError(f"{name}: {segment!r} is no segment of a route")
        if "{" in segment:
            raise UnsupportedError(f"{name}: route segment {segment!r} is not supported here")
        return f"/(?i:{re.escape(segment)})"
    rest, parameter, constraint, optional = match.groups()
    if rest:
        return rf"(?:/(?P<{parameter}>[\s\S]*))?"
    if constraint not in _CONSTRAINTS:
        raise UnsupportedError(f"{name}: route constraint {constraint!r} is not supported here")
    text = f"/(?P<{parameter}>{_CONSTRAINTS[constraint]})"
    return f"(?:{text})?" if optional else text
