"""The OpenAPI 3.1 document, made from the route table and the models that the handlers use."""

import importlib
import re
from copy import deepcopy
from functools import cache
from typing import cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.exports.access import Role
from shared.exports.connection_models import Connection, Consent
from shared.exports.models import Export
from shared.http import told_codes
from shared.http.answers import common, runs
from shared.http.messages import Request, Response
from shared.http.parameters import QUERY, Schema, path_schema
from shared.http.route import Route
from shared.http.routes import ROUTES
from shared.platform.settings import judged
from shared.version import VERSION


def get(request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Return the OpenAPI document."""
    return Response(document=document(judged()[0].http_auth))


@cache
def document(http_auth: str) -> Schema:
    """Build the document for keys or entra mode."""
    models: set[type[BaseModel]] = {common.Problem, runs.ActiveRunProblem}
    rows = {name: route for name, route in ROUTES.items() if not route.page}
    for route in rows.values():
        models |= {model_of(model) for model in (route.answer, route.body) if model is not None}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema(
        [(model, "validation") for model in ordered],
        ref_template="#/components/schemas/{model}",
    )
    schemas = definitions["$defs"]
    for model in (Connection, Consent, Export):
        _accept_read_only(schemas[model.__name__], model.read_only)
    _loosen(schemas)
    paths: dict[str, Schema] = {}
    for name, route in rows.items():
        operation = _operation(name, route, http_auth)
        paths.setdefault(f"/{route.api_path}", {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Segment export",
            "version": VERSION,
            "description": "Exports Customer Insights segments to Mailchimp audiences.",
        },
        "servers": [{"url": "/api"}],
        "paths": paths,
        # What `code` may be wherever people are told something, and the names of its `params`.
        "x-codes": told_codes.described(),
        "components": {"schemas": schemas, "securitySchemes": _security_schemes(http_auth)},
    }


def _operation(name: str, route: Route, http_auth: str) -> Schema:
    operation: Schema = {
        "operationId": name,
        "summary": route.summary,
        "description": f"For: {route.role}.",
        "responses": _responses(route, http_auth),
    }
    parameters = _path_parameters(route) + [
        {
            "name": key,
            "in": "query",
            "schema": QUERY[schema],
            "required": key in route.query_required,
        }
        for key, schema in route.query.items()
    ]
    if route.conditional:
        parameters.append({"name": "If-Match", "in": "header", "schema": {"type": "string"}})
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {
            "required": route.body_required,
            "content": {"application/json": {"schema": _ref(route.body)}},
        }
    operation["security"] = _security(route.role, http_auth)
    return operation


def _responses(route: Route, http_auth: str) -> Schema:
    success: Schema = {"description": route.summary}
    if route.answer is not None:
        success["content"] = {"application/json": {"schema": _ref(route.answer)}}
    if route.etag:
        success["headers"] = {"ETag": {"schema": {"type": "string"}}}
    responses = {str(route.status): success}
    for status, media_type in route.other_answers:
        plain = _plain(status, media_type, success)
        known = responses.setdefault(str(status), plain)
        known.setdefault("content", {}).update(plain.get("content", {}))
    for status in sorted(_problem_statuses(route, http_auth)):
        problem = _problem(status, route)
        content = responses.setdefault(str(status), problem).setdefault("content", {})
        content |= problem.get("content", {})
    responses["500"] = _problem(500, route)
    return dict(sorted(responses.items()))


def _problem_statuses(route: Route, http_auth: str) -> set[int]:
    """Return the statuses of all problems that a route may answer with."""
    statuses = set(route.problems)
    if "{" in route.path:
        statuses.add(404)
    if route.body is not None:
        statuses |= {400, 411, 413, 415, 422}
    if route.query:
        statuses.add(422)
    if route.conditional:
        statuses.add(412)
    if route.waits_for_mailchimp:
        statuses.add(409)
    if not route.bare:
        statuses.add(503)
    if route.role is not Role.ANYONE:
        statuses.add(401)
        if http_auth == "entra":
            # A token can't be verified without the tenant's keys. A browser's requests need a type,
            # also without a body, and a page of this app.
            statuses |= {403, 503} if route.method == "GET" else {403, 415, 503}
    return statuses


def _plain(status: int, media_type: str, success: Schema) -> Schema:
    if media_type == "same":
        return deepcopy(success)
    answer: Schema = {"description": _DESCRIPTIONS.get(status, "Done")}
    if media_type:
        kind = "object" if media_type == "application/json" else "string"
        answer["content"] = {media_type: {"schema": {"type": kind}}}
    return answer


def _problem(status: int, route: Route) -> Schema:
    schema: Schema = _ref(common.Problem)
    if status == 409 and route.body == "runs:RunOptions":
        schema = {"anyOf": [_ref(runs.ActiveRunProblem), schema]}
    answer: Schema = {"description": _DESCRIPTIONS[status]}
    # The host itself refuses a missing key, without a body.
    if status != 401:
        answer["content"] = {"application/problem+json": {"schema": schema}}
    if status == 503:
        answer["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return answer


def _path_parameters(route: Route) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": path_schema(before, name)}
        for before, name in re.findall(r"(\w+)/{(\w+)}", route.path)
    ]


def _accept_read_only(schema: Schema, members: frozenset[str]) -> None:
    """What GET gives can be PUT back, so its read-only members may stand in a body."""
    for member in sorted(members):
        schema["properties"][member] = {"readOnly": True, "description": "Ignored."}


def _loosen(schemas: Schema) -> None:
    """Say which members the models fill in before they are checked."""
    for name, given in (
        # The path says the name already.
        ("Connection", ("name", "display_name", "secret_name")),
        ("Export", ("name", "display_name")),
        ("Segment", ("tag",)),
    ):
        required = schemas[name].get("required", [])
        schemas[name]["required"] = [member for member in required if member not in given]
    bare = {"type": "string", "description": "The segment's name, which is its tag as well."}
    schemas["Export"]["properties"]["segments"]["items"] = {
        "anyOf": [bare, schemas["Export"]["properties"]["segments"]["items"]]
    }


def _security(role: Role, http_auth: str) -> list[Schema]:
    if role is Role.ANYONE:
        return [{}]
    return [{"entra": []}] if http_auth == "entra" else [{"key": []}]


def _security_schemes(http_auth: str) -> Schema:
    if http_auth == "entra":
        return {"entra": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    return {"key": {"type": "apiKey", "in": "header", "name": "x-functions-key"}}


def model_of(name: str) -> type[BaseModel]:
    """Return the model that a row of the table names, `module:name` below shared.http."""
    module, model = name.split(":")
    found = getattr(importlib.import_module(f"shared.http.{module}"), model)
    return cast(type[BaseModel], found)


def _ref(model: str | type[BaseModel]) -> Schema:
    name = model.split(":")[1] if isinstance(model, str) else model.__name__
    return {"$ref": f"#/components/schemas/{name}"}


_DESCRIPTIONS = {
    200: "Done",
    201: "Created",
    206: "A part of the file",
    304: "Not changed since the version that the reader holds",
    307: "The file is at Location, a signed URL that ends soon",
    400: "The body can't be read",
    401: "No key, or nobody signed in",
    403: "The caller may not do this",
    404: "There is no such thing",
    409: "It does not fit what is there; `code` says why",
    410: "Its retention has ended",
    412: "Changed by somebody else",
    411: "The body was announced in chunks and did not arrive",
    413: "The body, or what is asked for, is too large for one message",
    415: "The body is not JSON",
    416: "There is no such part of the file",
    422: "The input is not valid; `errors` names every problem",
    500: "A fault of the app",
    503: "Mailchimp or a dependency is busy or does not answer, or a setting is wrong",
}
