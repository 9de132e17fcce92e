"""The table of routes holds on Microsoft's host, which takes the first that fits by name."""

import importlib
import itertools
import re

import pytest

from shared.http.openapi import model_of
from shared.http.parameters import PATH, QUERY
from shared.http.route import Route
from shared.http.routes import ROUTES

LITERAL, PARAMETER, REST = range(3)
PAIRS = [
    pytest.param(one, other, id=f"{one}-{other}")
    for one, other in itertools.combinations(ROUTES, 2)
    if set(ROUTES[one].methods) & set(ROUTES[other].methods)
]


def segments(route: Route) -> list[tuple[int, str]]:
    """Each segment's kind and, of a literal, its text without case, as the host compares it."""

    def kind(part: str) -> tuple[int, str]:
        if part.startswith("{*"):
            return REST, ""
        return (PARAMETER, "") if part.startswith("{") else (LITERAL, part.casefold())

    return [kind(part) for part in route.path.strip("/").split("/") if part]


def can_match_one_path(one: list[tuple[int, str]], other: list[tuple[int, str]]) -> bool:
    if (one and one[0][0] == REST) or (other and other[0][0] == REST):
        return True
    if not one or not other:
        return not one and not other
    both_literal = one[0][0] == other[0][0] == LITERAL
    return (not both_literal or one[0] == other[0]) and can_match_one_path(one[1:], other[1:])


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_of_two_routes_that_fit_one_path_the_more_literal_is_tried_first(
    one: str, other: str
) -> None:
    first, second = sorted((one, other), key=str.casefold)
    kinds = [[kind for kind, _ in segments(ROUTES[name])] for name in (first, second)]

    if can_match_one_path(segments(ROUTES[first]), segments(ROUTES[second])):
        assert kinds[0] < kinds[1], f"{first} is tried before {second}"


def test_routes_that_swallow_everything_below_them_are_tried_last() -> None:
    names = sorted(ROUTES, key=str.casefold)
    swallowing = [name for name in names if "{*" in ROUTES[name].path]

    assert names[len(names) - len(swallowing) :] == swallowing


@pytest.mark.parametrize("name", ROUTES)
def test_no_route_lies_where_the_host_has_its_own(name: str) -> None:
    path = ROUTES[name].path

    assert not re.match(r"(?i)/?(admin|runtime)(/|$)", path)
    assert path == "/" or (not path.startswith("/") and "//" not in path)
    assert not path.startswith("{")


@pytest.mark.parametrize("name", ROUTES)
def test_what_a_row_names_is_there(name: str) -> None:
    route = ROUTES[name]
    module, function = route.handler.split(":")

    assert callable(getattr(importlib.import_module(f"shared.http.{module}"), function))
    assert all(model_of(model) for model in (route.answer, route.body) if model)
    assert set(route.query.values()) <= set(QUERY)
    assert route.query_required <= set(route.query)
    assert set(re.findall(r"{(\w+)}", route.path)) <= set(PATH)
