"""The HTTP side of the host: from a request to a function and back."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum
from multidict import CIMultiDict

from local.functions_host.easy_auth import authenticated
from local.functions_host.functions import Function
from local.functions_host.invocations import Invocations
from local.functions_host.keys import Keys
from local.functions_host.routes import Routes

# FUNCTIONS_REQUEST_BODY_SIZE_LIMIT of the host, in bytes.
BODY_LIMIT = 104_857_600
# Computed by the server; a function that sets them would contradict the body.
_SERVER_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True)
class HttpFront:
    """Serves the HTTP functions.

    `answer_limit` is in seconds, 230 in Azure, whose load balancer then gives up on the request
    while the function goes on.
    """

    routes: Routes
    keys: Keys
    invocations: Invocations
    easy_auth: bool
    answer_limit: float

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """404 for unknown paths and methods, 401 for a missing or wrong key, else the function."""
        found = self.routes.find(request.method, request.rel_url.raw_path)
        if found is None:
            return web.Response(status=404)
        function, trigger, parameters = found
        headers = _joined(request.headers, lower=True)
        query = _joined(request.query, lower=False)
        if not self.keys.open(trigger.auth_level, headers, query):
            return web.Response(status=401)
        if self.easy_auth:
            try:
                headers = authenticated(headers)
            except (ValueError, KeyError):
                return web.Response(status=400, text="x-test-principal is not {name, roles}")
        body = await request.read()
        value = Datum(
            {
                "method": Datum(request.method, "string"),
                "url": Datum(str(request.url), "string"),
                "headers": _texts(headers),
                "query": _texts(query),
                "params": _texts(parameters),
                "body": Datum(body, "bytes"),
            },
            "http",
        )
        return await self._answer(function, value)

    async def _answer(self, function: Function, value: Datum) -> web.Response:
        call = self.invocations.run(function, value, {}, "This function was called over HTTP.")
        task = asyncio.ensure_future(call)
        try:
            answer = await asyncio.wait_for(asyncio.shield(task), self.answer_limit)
        except TimeoutError:
            logging.getLogger("Host.Http").error("%s: no answer in time", function.name)
            return web.Response(status=504)
        if not answer.succeeded:
            return web.Response(status=500)
        return _response(answer.returned)


def _joined(pairs: Any, *, lower: bool) -> dict[str, str]:
    """One value per name, repeated ones joined by commas, as the host hands them on."""
    joined: dict[str, str] = {}
    for name, value in pairs.items():
        key = name.lower() if lower else name
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


def _texts(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def _response(returned: Datum | None) -> web.Response:
    if returned is None or returned.type is None:
        return web.Response(status=204)
    if returned.type == "string":
        return web.Response(text=returned.value)
    answer = returned.value
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in answer["headers"].items():
        if name.lower() not in _SERVER_HEADERS:
            headers.add(name, value.value)
    cookie: SimpleCookie
    for cookie in answer["cookies"] or ():
        for morsel in cookie.values():
            headers.add("Set-Cookie", morsel.OutputString())
    return web.Response(
        status=int(answer["status_code"].value), headers=headers, body=answer["body"].value
    )
