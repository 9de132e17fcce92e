"""Reading names, bodies, queries and preconditions; every mistake ends as a problem."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.exports import field_sources
from shared.exports.written import NAME_PATTERN
from shared.http import problems
from shared.http.messages import Request
from shared.http.problems import FieldError
from shared.platform.blobs import BlobConflictError
from shared.runs.names import export_of

_WRITES = 5


def name_of(request: Request, what: str) -> str:
    """Return the `{name}` of the path; one that can't exist is not found."""
    name = request.path.get("name", "")
    if not re.fullmatch(NAME_PATTERN, name):
        raise problems.not_found(what)
    return name


def run_id_of(request: Request) -> str:
    """Return the `{id}` of the path; one that can't exist is not found."""
    run_id = request.path.get("id", "")
    if export_of(run_id) is None:
        raise problems.not_found("run")
    return run_id


def new_name_of(request: Request) -> str:
    """Return the `{name}` that something is to have; raises ProblemError."""
    name = request.path.get("name", "")
    if not re.fullmatch(NAME_PATTERN, name):
        raise problems.invalid(
            [
                FieldError(
                    "name", f"must match {NAME_PATTERN}", "malformed", {"pattern": NAME_PATTERN}
                )
            ]
        )
    return name


@dataclass(frozen=True)
class Reading[M]:
    """What could be read of a document; stand-ins are in the place of its `unread` members."""

    value: M
    unread: frozenset[str]
    errors: list[FieldError]


def read[M: BaseModel](model: type[M], document: Mapping[str, Any], name: str | None = None) -> M:
    """Read a document as a model; raises ProblemError with every problem.

    `name` is the one in the path; the document may leave it out, or say the same.
    """
    named, errors = _named(document, name)
    try:
        value = model.model_validate(named)
    except ValidationError as error:
        raise problems.invalid(errors + field_errors(error)) from None
    if errors:
        raise problems.invalid(errors)
    return value


def read_partly[M: BaseModel](
    model: type[M], document: Mapping[str, Any], name: str, stand_ins: Mapping[str, Any]
) -> Reading[M]:
    """Read what can be read of a document, so that the rest of it can be checked as well.

    `stand_ins` are valid values for the members that the model requires.
    """
    named, errors = _named(document, name)
    try:
        return Reading(model.model_validate(named), frozenset(), errors)
    except ValidationError as error:
        unread = frozenset(str(item["loc"][0]) for item in error.errors(include_input=False))
        readable = {key: value for key, value in named.items() if key not in unread}
        value = model.model_validate({**stand_ins, **readable})
        return Reading(value, unread, errors + field_errors(error))


def field_errors(error: ValidationError) -> list[FieldError]:
    """Translate Pydantic's errors; they don't repeat the input."""
    found: dict[str, FieldError] = {}
    for item in error.errors(include_input=False, include_url=False):
        path = [str(part) for part in item["loc"] if part != "[key]" and str(part) not in _BRANCHES]
        field = ".".join(path)
        message = _MESSAGES.get(item["type"], item["msg"].removeprefix("Value error, "))
        code, params = _coded(item["type"], item.get("ctx", {}))
        # The branches of a union each complain about the same member.
        found[field] = FieldError(field, message, code, params)
    return list(found.values())


def _coded(kind: str, context: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return our code and its params for a kind of Pydantic's."""
    params = {
        name: value if isinstance(value, int | float) else str(value)
        for name, value in context.items()
        if name in ("max_length", "min_length", "ge", "le", "gt", "lt", "pattern", "expected")
    }
    return _CODES.get(kind, "invalid_type" if kind.endswith("_type") else "invalid_value"), params


def check_preconditions(request: Request, etag: str | None) -> None:
    """Honour If-Match and If-None-Match; `etag` is that of what is stored, None for nothing."""
    if (wanted := request.headers.get("if-match")) is not None and not _matches(wanted, etag):
        raise problems.precondition_failed()
    unwanted = request.headers.get("if-none-match")
    if unwanted is not None and request.method != "GET" and _matches(unwanted, etag):
        raise problems.precondition_failed()


def until_stored[T](request: Request, attempt: Callable[[], T]) -> T:
    """Repeat a write that somebody else's came between, unless the caller named a version."""
    for _ in range(_WRITES):
        try:
            return attempt()
        except BlobConflictError:
            if "if-match" in request.headers or "if-none-match" in request.headers:
                break
    raise problems.precondition_failed()


def choice(request: Request, name: str, allowed: tuple[str, ...]) -> str | None:
    """Return a word of the query, None where it is not given; raises ProblemError."""
    text = request.query.get(name)
    if text is not None and text not in allowed:
        words = ", ".join(allowed)
        error = FieldError(name, f"must be one of {words}", "not_a_choice", {"allowed": words})
        raise problems.invalid([error])
    return text


_CODES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "string_pattern_mismatch": "malformed",
    "literal_error": "not_a_choice",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
}
_MESSAGES = {"missing": "is required", "extra_forbidden": "is not known"}
# Names of union branches, which Pydantic puts into the path.
_BRANCHES = ("constrained-int", "constrained-float", *field_sources.BRANCHES)


def _named(
    document: Mapping[str, Any], name: str | None
) -> tuple[dict[str, Any], list[FieldError]]:
    """Put the path's name into a document; an error where it says another."""
    if name is None:
        return dict(document), []
    same = document.get("name", name) == name
    errors = [] if same else [FieldError("name", "is not the name in the path", "name_differs")]
    return {**document, "name": name}, errors


def _matches(header: str, etag: str | None) -> bool:
    if etag is None:
        return False
    wanted = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in wanted or etag in wanted
