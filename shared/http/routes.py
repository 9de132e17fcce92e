"""Every HTTP route of the app: its path, who may call it and what answers it.

`function_app.py` registers these, `openapi.py` describes them, tests walk them. Paths are
relative to /api.
"""

import os
from dataclasses import dataclass
from typing import TypedDict

import azure.functions as func

from shared.exports.access import Role


@dataclass(frozen=True)
class Route:
    """One route; `handler` is `module:function` below shared.http, imported when first called."""

    method: str
    path: str
    role: Role
    handler: str


ROUTES: dict[str, Route] = {
    "get_terms": Route("GET", "terms", Role.VIEWER, "connections:get_terms"),
    "list_connections": Route("GET", "connections", Role.VIEWER, "connections:list_all"),
    "get_connection": Route("GET", "connections/{name}", Role.ADMINISTRATOR, "connections:get"),
    "put_connection": Route("PUT", "connections/{name}", Role.ADMINISTRATOR, "connections:put"),
    "delete_connection": Route(
        "DELETE", "connections/{name}", Role.ADMINISTRATOR, "connections:delete"
    ),
    "put_token": Route("PUT", "connections/{name}/token", Role.ADMINISTRATOR, "tokens:put_token"),
    "authorize_connection": Route(
        "POST", "connections/{name}/authorize", Role.ADMINISTRATOR, "tokens:authorize"
    ),
    "oauth_callback": Route("GET", "oauth/callback", Role.ANYONE, "tokens:callback"),
    "verify_connection": Route(
        "POST", "connections/{name}/verify", Role.ADMINISTRATOR, "connections:verify"
    ),
    "list_audiences": Route(
        "GET", "connections/{name}/audiences", Role.CONTRIBUTOR, "connections:list_audiences"
    ),
    "list_segments": Route("GET", "segments", Role.CONTRIBUTOR, "segments:list_segments"),
    "list_exports": Route("GET", "exports", Role.VIEWER, "exports:list_all"),
    "get_export": Route("GET", "exports/{name}", Role.VIEWER, "exports:get"),
    "put_export": Route("PUT", "exports/{name}", Role.CONTRIBUTOR, "exports:put"),
    "delete_export": Route("DELETE", "exports/{name}", Role.CONTRIBUTOR, "exports:delete"),
    "duplicate_export": Route(
        "POST", "exports/{name}/duplicate", Role.CONTRIBUTOR, "exports:duplicate"
    ),
    "detach_export": Route("POST", "exports/{name}/detach", Role.CONTRIBUTOR, "exports:detach"),
    "start_run": Route("POST", "exports/{name}/runs", Role.CONTRIBUTOR, "runs:start"),
    "start_all_runs": Route("POST", "runs", Role.CONTRIBUTOR, "runs:start_all"),
    "list_runs": Route("GET", "exports/{name}/runs", Role.VIEWER, "runs:list_of_export"),
    "get_run": Route("GET", "runs/{id}", Role.VIEWER, "runs:get"),
    "cancel_run": Route("POST", "runs/{id}/cancel", Role.CONTRIBUTOR, "runs:cancel"),
    "get_outcomes": Route("GET", "runs/{id}/outcomes", Role.VIEWER, "runs:get_outcomes"),
    "erase_person": Route("POST", "erasures", Role.ADMINISTRATOR, "erasures:erase"),
    "get_health": Route("GET", "health", Role.ANYONE, "health:get"),
    "get_openapi": Route("GET", "openapi.json", Role.ANYONE, "openapi:get"),
}


class TriggerArguments(TypedDict):
    """The arguments of a route's decorator."""

    route: str
    methods: list[str]
    auth_level: func.AuthLevel


def trigger(name: str) -> TriggerArguments:
    """Return what `app.route` needs for a route, by the name of its function."""
    route = ROUTES[name]
    return {
        "route": route.path,
        "methods": [route.method],
        "auth_level": auth_level(route.role, os.environ.get("HTTP_AUTH") or "keys"),
    }


def auth_level(role: Role, http_auth: str) -> func.AuthLevel:
    """What the host asks of a caller: a key in keys mode, nothing where the app itself checks."""
    if role is Role.ANYONE or http_auth == "entra":
        return func.AuthLevel.ANONYMOUS
    return func.AuthLevel.ADMIN if role is Role.ADMINISTRATOR else func.AuthLevel.FUNCTION
