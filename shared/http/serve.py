"""From the host's request to a handler and back; every error ends as a problem document."""

import importlib
from collections.abc import Callable
from typing import cast

import azure.functions as func

from shared.exports import access
from shared.exports.access import Caller, Role
from shared.http import problems
from shared.http.bodies import check_body
from shared.http.callers import caller_of, check_same_origin
from shared.http.messages import Request, Response
from shared.http.route import CACHE_CONTROL, Route
from shared.http.routes import ROUTES
from shared.http.translation import translate
from shared.platform import log

# Handlers take the app and the request, those of bare rows the request alone.
Handler = Callable[..., Response]


def serve(name: str, request: func.HttpRequest) -> func.HttpResponse:
    """Answer a request to the route of this name."""
    route = ROUTES[name]
    try:
        answer = _answer(route, request)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a library is no Exception
        answer = _refuse(name, error)
    return func.HttpResponse(
        answer.payload(),
        status_code=answer.status,
        headers={
            "Cache-Control": CACHE_CONTROL[route.caching],
            # A browser must not take a CSV for a page.
            "X-Content-Type-Options": "nosniff",
            **answer.headers,
        },
        mimetype=answer.content_type,
        charset="utf-8",
    )


def _answer(route: Route, request: func.HttpRequest) -> Response:
    """Let the row's handler answer whoever may call it; raises what goes wrong."""
    handler = _handler(route)
    if route.page:
        return handler(_read(request, access.NOBODY))
    from shared.platform.settings import judged

    settings, wrong = judged()
    # With wrong settings only those may look who can mend them, as far as that can be told.
    role = Role.ADMINISTRATOR if wrong and settings.http_auth == "entra" else route.role
    headers = _headers(request)
    caller = caller_of(settings, route.role if route.role is Role.ANYONE else role, headers)
    if route.bare:
        return handler(_read(request, caller))
    if wrong:
        raise problems.app_misconfigured()
    check_same_origin(settings, route, request.method, request.url, headers)
    check_body(route, headers, request.get_body())
    from shared.bootstrap import get_app

    return handler(get_app(), _read(request, caller))


def _headers(request: func.HttpRequest) -> dict[str, str]:
    return {key.lower(): value for key, value in request.headers.items()}


def _read(request: func.HttpRequest, caller: Caller) -> Request:
    return Request(
        method=request.method,
        url=request.url,
        path=dict(request.route_params),
        query=dict(request.params),
        headers=_headers(request),
        body=request.get_body(),
        caller=caller,
    )


def _handler(route: Route) -> Handler:
    module, function = route.handler.split(":")
    return cast(Handler, getattr(importlib.import_module(f"shared.http.{module}"), function))


def _refuse(name: str, error: BaseException) -> Response:
    problem = translate(error)
    if problem.status == 500:
        log.failure("request_failed", error, route=name)
    return Response(
        status=problem.status,
        document=problem.document(),
        content_type="application/problem+json",
        headers=problem.headers,
    )
