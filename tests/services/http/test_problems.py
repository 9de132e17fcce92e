"""Whatever is wrong with a request, the answer is a problem document."""

import pytest
from azure.storage.blob import ContainerClient

from local.stack import Stack
from shared.http.answers.common import Problem
from tests.services.http.conftest import Caller


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"display_name": "\\ud800"}',
        b'{"removal_limit_percent": NaN}',
        b'{"name": "a", "name": "b"}',
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_json_object_is_refused(call: Caller, body: bytes) -> None:
    for path in ("connections/a", "exports/a"):
        answer = call.send("PUT", path, body)
        assert answer.status_code == 400, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert Problem.model_validate(answer.json()).code == "malformed_body"


def test_a_body_of_megabytes_is_refused(call: Caller) -> None:
    answer = call.send("PUT", "connections/a", b'{"display_name": "' + b"a" * (1 << 20) + b'"}')
    assert answer.status_code == 413
    assert Problem.model_validate(answer.json()).status == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "connections/none"),
        ("DELETE", "connections/none"),
        ("POST", "connections/none/verify"),
        ("GET", "exports/none"),
        ("POST", "exports/none/runs"),
        ("GET", "runs/none-20260101T000000Z-0000"),
    ],
)
def test_what_is_not_there_is_a_problem_too(call: Caller, method: str, path: str) -> None:
    answer = call(method, path)
    assert answer.status_code == 404
    assert Problem.model_validate(answer.json()).title == "Not found"


def test_a_fault_of_the_app_shows_in_the_log_only(call: Caller, stack: Stack) -> None:
    connection = stack.azurite.connection_string
    blobs = ContainerClient.from_connection_string(connection, "segment-export")
    blobs.upload_blob("exports/torn.json", b"{not json", overwrite=True)
    try:
        answer = call("GET", "exports/torn")
    finally:
        blobs.delete_blob("exports/torn.json")
    assert answer.status_code == 500
    assert Problem.model_validate(answer.json()).detail == "The app's log has the reason."
    assert "request_failed" in stack.logs()


def test_what_a_later_version_has_stored_is_refused_with_words_and_left_alone(
    call: Caller, stack: Stack
) -> None:
    connection = stack.azurite.connection_string
    blobs = ContainerClient.from_connection_string(connection, "segment-export")
    later = b'{"version": 1000, "name": "later"}'
    blobs.upload_blob("exports/later.json", later, overwrite=True)
    try:
        shown = call("GET", "exports/later")
        removed = call("DELETE", "exports/later")
        kept = blobs.download_blob("exports/later.json").readall()
    finally:
        blobs.delete_blob("exports/later.json")
    for answer in (shown, removed):
        problem = Problem.model_validate(answer.json())
        assert (answer.status_code, problem.code) == (500, "unknown_form")
        assert problem.detail.startswith("The stored export is of version 1000")
    assert kept == later
