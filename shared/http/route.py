"""One row of the table of routes: who may call it, what answers, and what is said of it.

`function_app.py` registers the rows, `openapi.py` describes them, tests walk them. A row names its
handler and its models, so that nothing is loaded before it is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack

import azure.functions as func

from shared.exports.access import Role

# How long a browser may keep an answer: what people's data is in, never; what may change under its
# address, only after asking again; what has its content's hash in its address, for ever.
type Caching = Literal["no-store", "no-cache", "immutable"]
CACHE_CONTROL: Mapping[Caching, str] = {
    "no-store": "no-store",
    "no-cache": "no-cache",
    "immutable": "public, max-age=31536000, immutable",
}


@dataclass(frozen=True)
class Route:
    """A row; names of handlers and models are `module:name` below shared.http.

    path: the whole template, with `api/` where it has that.
    bare: the handler takes the request alone: no client is built, and no setting has to be right.
    answer, body: the models of the success and of the body, which has at most `max_body` bytes;
        other_answers: status and media type.
    query: the schema of each parameter, by its name in `parameters.py`.
    problems: statuses of its own beside those that every route of its kind has.
    waits_for_mailchimp: it takes one of the account's connections, and may have none in time.
    """

    methods: tuple[str, ...]
    path: str
    role: Role
    handler: str
    summary: str
    page: bool = False
    bare: bool = False
    caching: Caching = "no-store"
    status: int = 200
    answer: str | None = None
    body: str | None = None
    body_required: bool = True
    max_body: int = 1 << 20
    query: Mapping[str, str] = field(default_factory=dict)
    query_required: frozenset[str] = frozenset()
    problems: tuple[int, ...] = ()
    etag: bool = False
    conditional: bool = False
    waits_for_mailchimp: bool = False
    other_answers: tuple[tuple[int, str], ...] = ()

    @property
    def method(self) -> str:
        """The one method of a row of the API; the first of a page."""
        return self.methods[0]

    @property
    def api_path(self) -> str:
        """The path relative to /api."""
        return self.path.removeprefix("api/")


class About(TypedDict, total=False):
    """Whatever a row of the API may say beyond its five first members: see `Route`."""

    bare: bool
    status: int
    answer: str
    body: str
    body_required: bool
    max_body: int
    query: Mapping[str, str]
    query_required: frozenset[str]
    problems: tuple[int, ...]
    etag: bool
    conditional: bool
    waits_for_mailchimp: bool
    other_answers: tuple[tuple[int, str], ...]


class TriggerArguments(TypedDict):
    """The arguments of a route's decorator."""

    route: str
    methods: list[str]
    auth_level: func.AuthLevel


def api(
    method: str, path: str, role: Role, handler: str, summary: str, **about: Unpack[About]
) -> Route:
    """Return a row of the API, at `path` below /api."""
    return Route((method,), f"api/{path}", role, handler, summary, **about)


def page(path: str, handler: str, summary: str, caching: Caching) -> Route:
    """Return a row of a page that anyone may see; it holds no data and touches no client."""
    return Route(
        ("GET", "HEAD"), path, Role.ANYONE, handler, summary, page=True, bare=True, caching=caching
    )


def trigger(route: Route, http_auth: str) -> TriggerArguments:
    """Return what `app.route` needs for a row."""
    return {
        "route": route.path,
        "methods": list(route.methods),
        "auth_level": auth_level(route.role, http_auth),
    }


def auth_level(role: Role, http_auth: str) -> func.AuthLevel:
    """What the host asks of a caller: a key in keys mode, nothing where the app itself checks."""
    if role is Role.ANYONE or http_auth == "entra":
        return func.AuthLevel.ANONYMOUS
    return func.AuthLevel.ADMIN if role is Role.ADMINISTRATOR else func.AuthLevel.FUNCTION
