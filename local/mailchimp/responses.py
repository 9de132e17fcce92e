"""HTTP answers: Mailchimp's own, and those of the gateways and the CDN in front of it."""

import uuid

import orjson
from aiohttp import web

from . import problems
from .links import SCHEMA
from .problems import Problem
from .requests import Answer

_STATUS = {"403_html": 403, "502_html": 502, "504_html": 504}
# As Akamai's: the reference is all that its operators need.
_REFUSAL = (
    "You don't have permission to access this on this server.<P>\n"
    "Reference&#32;&#35;18&#46;2d351ab8&#46;1557333295&#46;a4e16ab\n</P>"
)
_TITLES = {403: "Access Denied", 502: "502 Bad Gateway", 504: "504 Gateway Time-out"}


def html(kind: str) -> web.Response:
    """A page of the CDN or of a proxy in front."""
    status = _STATUS[kind]
    title = _TITLES[status]
    text = _REFUSAL if status == 403 else ""
    page = (
        f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1>{text}</body></html>"
    )
    server = "AkamaiGHost" if status == 403 else "openresty"
    headers = {"Server": server, "Content-Type": "text/html"}
    return web.Response(status=status, body=page.encode(), headers=headers)


def bodyless(kind: str) -> web.Response:
    """What Mailchimp documents for exceptionally high volumes: a status and nothing else."""
    return web.Response(status=int(kind[:3]), headers={"Server": "openresty"})


def _problem_for(kind: str) -> Problem:
    """The problem of a fault kind."""
    match kind:
        case "400":
            return problems.invalid("The resource submitted could not be validated.")
        case "401":
            return problems.key_invalid()
        case "403_json":
            return problems.not_permitted()
        case "429":
            return problems.too_many_requests()
        case "503_compliance":
            return problems.method_disabled()
        case "503":
            return problems.unavailable()
        case _:
            return problems.internal_error()


def _headers(dc: str, schema: str) -> dict[str, str]:
    url = SCHEMA.format(dc=dc, name=schema)
    return {
        "Server": "openresty",
        "X-Request-Id": str(uuid.uuid4()),
        "Link": f'<{url}>; rel="describedBy"',
    }


def answer_response(answer: Answer, dc: str) -> web.Response:
    """A good answer: 200 with JSON or 204."""
    headers = _headers(dc, answer.schema)
    if answer.body is None:
        return web.Response(status=204, headers=headers)
    headers["Content-Type"] = "application/json; charset=utf-8"
    return web.Response(body=orjson.dumps(answer.body), headers=headers)


def problem_response(problem: Problem, dc: str) -> web.Response:
    """An error as Mailchimp's own software gives it."""
    headers = _headers(dc, "Definitions/ProblemDetailDocument") | problem.headers
    headers["Content-Type"] = "application/problem+json; charset=utf-8"
    body = orjson.dumps(problem.document(headers["X-Request-Id"]))
    return web.Response(status=problem.status, body=body, headers=headers)


def fault_response(kind: str, dc: str) -> web.Response:
    """The answer of a fault that has a status."""
    if kind.endswith("_html"):
        return html(kind)
    if kind.endswith("_bodyless"):
        return bodyless(kind)
    return problem_response(_problem_for(kind), dc)
