"""A body counts as it was sent, or nothing is done: on every route that takes one."""

from collections.abc import Iterable

import pytest

from local.stack import Stack
from shared.http.answers.common import Problem
from shared.http.routes import ROUTES
from tests.services.http.conftest import Caller, Place, app_container

WITH_BODY = [name for name, route in ROUTES.items() if route.body is not None]
OPTIONAL = [name for name in WITH_BODY if not ROUTES[name].body_required]


def in_chunks(*parts: bytes) -> Iterable[bytes]:
    """Sent with Transfer-Encoding: chunked; without parts what arrives behind the real host."""
    yield from parts


def stored(stack: Stack, *folders: str) -> dict[str, str]:
    """The documents that requests could have changed, by their ETags."""
    blobs = app_container(stack).list_blobs()
    return {blob.name: blob.etag for blob in blobs if blob.name.startswith(folders)}


def refused(call: Caller, name: str, path: str, body: bytes | Iterable[bytes], kind: str) -> str:
    """The code of the refusal."""
    answer = call.send(ROUTES[name].method, path, body, Content_Type=kind)
    problem = Problem.model_validate(answer.json())
    assert problem.status == answer.status_code
    return f"{answer.status_code} {problem.code}"


@pytest.mark.parametrize("name", WITH_BODY)
def test_what_did_not_arrive_whole_and_as_json_changes_nothing(
    call: Caller, stack: Stack, connected: Place, export: str, name: str
) -> None:
    path = ROUTES[name].api_path
    of_connection = path.startswith("connections/")
    path = path.format(
        name=connected.connection if of_connection else export,
        id=f"{export}-20260101T000000Z-0000",
    )
    before = stored(stack, "connections/", "exports/", "runs/", "erasures/")
    json, huge = "application/json", b" " * (ROUTES[name].max_body + 1)

    assert refused(call, name, path, in_chunks(), json) == "411 length_required"
    assert refused(call, name, path, huge, json) == "413 body_too_large"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert refused(call, name, path, b"{}", kind) == "415 unsupported_media_type"
    assert refused(call, name, path, b"\xff\xfe\xff", json) == "400 malformed_body"
    if name not in OPTIONAL:
        assert refused(call, name, path, b"", json) == "400 malformed_body"
    assert stored(stack, "connections/", "exports/", "runs/", "erasures/") == before


def test_a_preview_that_is_sent_in_chunks_starts_no_real_run(call: Caller, export: str) -> None:
    answer = call.send("POST", f"exports/{export}/runs", in_chunks(b'{"preview": true}'))

    if answer.status_code == 202:  # a front end that gathers chunks
        assert answer.json()["preview"] is True
    else:
        assert answer.json()["code"] == "length_required"


def test_a_run_may_be_started_without_a_body(call: Caller, export: str) -> None:
    assert call("POST", f"exports/{export}/runs").status_code == 202


def test_the_words_of_a_type_may_be_in_any_case_and_have_more_behind(
    call: Caller, export: str
) -> None:
    kind = "Application/JSON; charset=utf-8"
    answer = call.send("POST", f"exports/{export}/runs", b'{"preview": true}', Content_Type=kind)
    assert answer.status_code == 202
