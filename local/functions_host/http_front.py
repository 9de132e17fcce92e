"""The HTTP side of the host: from a request to a function and back.

Limits and refusals are those of Microsoft's web server and host; what they refuse has no body.
"""

import asyncio
import logging
import os
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from local.functions_host.admin import Admin
from local.functions_host.cookies import set_cookie
from local.functions_host.easy_auth import authenticated
from local.functions_host.functions import Function
from local.functions_host.invocations import Invocations
from local.functions_host.keys import Keys
from local.functions_host.paths import (
    BadPathError,
    encoded,
    header_values,
    query_values,
    worked_out,
)
from local.functions_host.routes import Routes
from local.functions_host.sign_in import PREFIX, SignIn
from local.functions_host.wire import HttpAnswer, HttpRequest, Typed

# Of the host where FUNCTIONS_REQUEST_BODY_SIZE_LIMIT says nothing, in bytes; the others are the web
# server's.
_BODY_LIMIT = 104_857_600
LINE_LIMIT = 8_192
HEADERS_LIMIT = 32_768
# Computed by the server; a function that sets them would contradict the body.
_SERVER_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True)
class HttpFront:
    """Serves the HTTP functions; without `routes` the host is broken, and says 503 to everything.

    `sign_in` stands in for App Service Authentication, None where that is off. `answer_limit` is in
    seconds, 230 in Azure, whose load balancer then gives up on the request while the function goes
    on.
    """

    routes: Routes | None
    keys: Keys
    invocations: Invocations
    admin: Admin
    sign_in: SignIn | None
    answer_limit: float

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """400, 414, 431: no request; 404: no function; 401: no key; else what the function says."""
        if refused := _refusal(request):
            return web.Response(status=refused)
        if self.routes is None:
            return web.Response(status=503)
        raw_path, _, raw_query = request.raw_path.partition("?")
        try:
            path = worked_out(raw_path)
        except BadPathError:
            return web.Response(status=400)
        headers = header_values(request.headers.items())
        query = query_values(raw_query)
        if self.sign_in is not None and path.startswith(PREFIX):
            return await self.sign_in.answer(request, path, query)
        found = self.routes.find(request.method, path)
        if found is None:
            return await self.admin.answer(request, path, headers, query)
        function, trigger, parameters = found
        if not self.keys.open(trigger.auth_level, headers, query):
            return web.Response(status=401)
        if self.sign_in is not None:
            try:
                person = self.sign_in.person(headers.get("cookie", ""))
                headers = authenticated(headers, person)
            except (ValueError, KeyError):
                return web.Response(status=400, text="x-test-principal is not {name, roles}")
        body = await _body(request)
        if body is None:
            return web.Response(status=500)
        url = f"{request.scheme}://{request.host}{encoded(path)}"
        value = HttpRequest(
            request.method,
            f"{url}?{raw_query}" if raw_query else url,
            headers,
            query,
            parameters,
            body,
        )
        return await self._answer(function, Typed(value, "http"))

    async def _answer(self, function: Function, value: Typed) -> web.Response:
        call = self.invocations.run(function, value, {}, "This function was called over HTTP.")
        task = asyncio.ensure_future(call)
        try:
            answer = await asyncio.wait_for(asyncio.shield(task), self.answer_limit)
        except TimeoutError:
            logging.getLogger("Host.Http").error("%s: no answer in time", function.name)
            return web.Response(status=504)
        return _response(answer.returned) if answer.succeeded else web.Response(status=500)


def _refusal(request: web.BaseRequest) -> int | None:
    """The status with which the web server turns a request away by itself."""
    line = len(f"{request.method} {request.raw_path} HTTP/1.1\r\n".encode(errors="replace"))
    if line > LINE_LIMIT:
        return 414
    raw = request.raw_headers
    if sum(len(name) + len(value) + len(b": \r\n") for name, value in raw) > HEADERS_LIMIT:
        return 431
    if not request.raw_path.isascii() or not all(_is_text(value) for _, value in raw):
        return 400
    return None


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def body_limit() -> int:
    """The largest body that a function gets, in bytes."""
    return int(os.environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT") or _BODY_LIMIT)


async def _body(request: web.BaseRequest) -> bytes | None:
    """The body, None above the limit; one that comes in chunks arrives empty, as in Azure.

    (Azure/azure-functions-host issue 7930.)
    """
    if (request.content_length or 0) > body_limit():
        return None
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        async for _ in request.content.iter_any():
            pass
        return b""
    return await request.content.read()


def _response(returned: Typed | None) -> web.Response:
    if returned is None or returned.type is None:
        return web.Response(status=204)
    if not isinstance(answer := returned.value, HttpAnswer):
        return web.Response(text=str(answer))
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in answer.headers.items():
        if name.lower() not in _SERVER_HEADERS:
            headers.add(name, value)
    for cookie in answer.cookies:
        headers.add("Set-Cookie", set_cookie(cookie))
    if answer.status < 200 or not all(_is_header(name, value) for name, value in headers.items()):
        return web.Response(status=500)
    body = None if answer.status in _WITHOUT_BODY else answer.body
    if body is not None:
        headers.setdefault("Content-Type", "text/plain; charset=utf-8")
    return web.Response(status=answer.status, headers=headers, body=body)


def _is_header(name: str, value: str) -> bool:
    return name.isascii() and value.isascii() and not set("\r\n\0") & set(name + value)
