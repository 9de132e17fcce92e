"""Requests and answers, without the host's classes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.exports.access import Caller
from shared.http import problems


@dataclass(frozen=True)
class Request:
    """A request to one route, from a caller who may use it. Header names are in lower case."""

    method: str
    url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    caller: Caller

    def document(self, *, optional: bool = False) -> dict[str, Any]:
        """Return the JSON object of the body; raises ProblemError.

        `optional`: an empty body counts as an empty object.
        """
        if optional and not self.body.strip():
            return {}
        return parse_document(self.body)


@dataclass(frozen=True)
class Response:
    """An answer: a JSON document, or a text of some other type, or nothing."""

    status: int = 200
    document: Any = None
    body: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """Return the bytes of the body."""
        if self.body is not None:
            return self.body
        if self.document is None:
            return b""
        return json.dumps(self.document, ensure_ascii=False).encode()


def parse_document(body: bytes) -> dict[str, Any]:
    """Read a JSON object; raises ProblemError."""
    try:
        document = json.loads(body, parse_constant=_no_constant, object_pairs_hook=_no_repeats)
        # Half a surrogate pair passes as JSON and can't be stored as UTF-8.
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise problems.malformed("The body is not JSON in UTF-8.") from None
    if not isinstance(document, dict):
        raise problems.malformed("The body must be a JSON object.")
    return document


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a member is given twice")
    return document
