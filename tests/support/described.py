"""Holds an answer to what the OpenAPI document says of its route."""

import re
from urllib.parse import urlsplit

import requests

from shared.exports.access import Role
from shared.http.answers.common import Problem
from shared.http.openapi import document, model_of
from shared.http.routes import ROUTES
from shared.http.told_codes import KINDS


def route_of(method: str, path: str) -> str | None:
    """The name of the route of the API that answers a path relative to /api."""
    for name, route in ROUTES.items():
        pattern = re.sub(r"{\w+}", "[^/]+", route.api_path)
        if not route.page and route.method == method and re.fullmatch(pattern, path):
            return name
    return None


def check_described(answer: requests.Response) -> None:
    """Fail when status, media type or members of an answer are not in the document."""
    path = urlsplit(answer.request.url or "").path.removeprefix("/api/")
    name = route_of(str(answer.request.method), str(path))
    if name is None or (ROUTES[name].role is not Role.ANYONE and answer.status_code == 401):
        return
    # The host encodes a cookie's value once more and adds a domain: the app sets none.
    assert "set-cookie" not in answer.headers
    route = ROUTES[name]
    responses = document("entra")["paths"][f"/{route.api_path}"][route.method.lower()]["responses"]
    described = responses.get(str(answer.status_code))
    assert described is not None, f"{name} answers {answer.status_code}: {answer.text}"
    media_type = answer.headers.get("content-type", "").split(";")[0]
    if answer.content:
        assert media_type in described["content"], f"{name} answers {media_type}"
    if answer.content and "json" in media_type:
        _check_params(answer.json())
    if media_type == "application/problem+json":
        problem = Problem.model_validate_json(answer.content)
        assert problem.status == answer.status_code
        assert problem.type.endswith(f":{problem.code}")
    if answer.content and media_type == "application/json" and route.answer is not None:
        model_of(route.answer).model_validate_json(answer.content)


def _check_params(told: object) -> None:
    """Fail where a listed code comes with params that are not listed with it."""
    if isinstance(told, list):
        for item in told:
            _check_params(item)
    if not isinstance(told, dict):
        return
    code, params = str(told.get("code")), told.get("params")
    listed = [codes[code] for codes in KINDS.values() if code in codes]
    if listed and isinstance(params, dict):
        assert set(params) <= {name for names in listed for name in names}, (code, params)
    for item in told.values():
        _check_params(item)
