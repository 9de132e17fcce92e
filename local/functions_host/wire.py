"""What host and worker say to each other: pickled records on a pipe between the two processes.

In Azure it is protobuf over gRPC. Values carry the type names of that protocol: `string`, `bytes`,
`json`, `http`; an `http` value is an HttpRequest on the way in and an HttpAnswer on the way out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Typed:
    """A value and its type; the type is None where there is no value."""

    value: Any
    type: str | None


@dataclass(frozen=True)
class HttpRequest:
    """A request as a function sees it: names of headers in lower case, one value a name."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    params: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Cookie:
    """A Set-Cookie header, taken apart by the worker; what was not said is an empty text or None.

    `expires` is in seconds since 1970, `max_age` in seconds.
    """

    name: str
    value: str
    domain: str
    path: str
    expires: int | None
    max_age: float | None
    secure: bool
    http_only: bool
    same_site: str


@dataclass(frozen=True)
class HttpAnswer:
    """What a function answered."""

    status: int
    headers: Mapping[str, str]
    cookies: Sequence[Cookie]
    body: bytes


@dataclass(frozen=True)
class Indexed:
    """The functions that a worker has found; its first word unless it is Refused."""

    functions: Sequence["Found"]


@dataclass(frozen=True)
class Found:
    """One function: its bindings are JSON texts."""

    id: str
    name: str
    bindings: Sequence[str]
    retries: bool


@dataclass(frozen=True)
class Refused:
    """The app cannot be indexed, and why."""

    reason: str


@dataclass(frozen=True)
class Call:
    """One invocation."""

    id: str
    function_id: str
    parameter: str
    value: Typed
    metadata: Mapping[str, Typed]
    traceparent: str


@dataclass(frozen=True)
class Answer:
    """What an invocation came to."""

    succeeded: bool
    returned: Typed | None = None
    outputs: Sequence[tuple[str, Typed]] = ()


FAILED = Answer(succeeded=False)
