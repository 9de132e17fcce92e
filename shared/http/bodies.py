"""Refuses a body before anything is looked at, so that nothing is done on the strength of none."""

from collections.abc import Mapping

from shared.http import problems
from shared.http.route import Route


def check_body(route: Route, headers: Mapping[str, str], body: bytes) -> None:
    """Raise ProblemError unless a body is there as it was sent: whole, not too large, JSON.

    The host passes a body that comes in chunks on as an empty one
    (https://github.com/Azure/azure-functions-host/issues/7930). What it said is not known then, and
    an empty body may mean something else: `{"preview": true}` must not start a run.
    """
    if route.body is None:
        return
    if not body and "transfer-encoding" in headers:
        raise problems.length_required()
    if len(body) > route.max_body:
        raise problems.body_too_large(route.max_body)
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if body and kind != "application/json":
        raise problems.unsupported_media_type()
