"""One person explained over HTTP: in whose words, to whom, and with what in the log."""

from dataclasses import replace

import polars as pl
import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from shared.bootstrap import build_app
from shared.frames.masks import MASK
from shared.platform.settings import Settings
from shared.runs import outcomes
from shared.runs.codes import NUMBER
from shared.runs.record import RunStatus, change_run
from tests.services.http.conftest import Caller, Place, signed_in, wrong_fields

EXPLAIN = "people/explain"


@pytest.fixture
def run(call: Caller, stack: Stack, export: str) -> str:
    """A run that has ended: Ana was refused, Ivo arrived."""
    run: str = call("POST", f"exports/{export}/runs").json()["id"]
    app = build_app(Settings.from_environment(stack.settings))
    rows = pl.DataFrame(
        {
            "email": ["ana@contoso.com", "ivo@contoso.com"],
            "customer_id": ["1", "2"],
            "code": [NUMBER["rejected_fake"], NUMBER["created"]],
            "detail": ["it looks made up", ""],
            "segments": pl.Series([1, 3], dtype=MASK),
        }
    )
    outcomes.write(app.blobs, run, rows, ["HighValueSegment", "Readers"])
    stamps = dict.fromkeys(("HighValueSegment", "Readers"), "2026/11/22/0600")
    change_run(
        app.blobs,
        run,
        lambda found: replace(
            found, status=RunStatus.PARTIAL, snapshots=stamps, outcomes={"created": 1}
        ),
    )
    return run


def test_a_person_is_explained(call: Caller, connected: Place, export: str, run: str) -> None:
    answer = call("POST", EXPLAIN, {"email": " Ana@Contoso.com", "export": export})
    assert answer.status_code == 200, answer.text
    found = answer.json()

    assert found["verdict"] == {"code": "fake", "params": {"column": "Email"}}
    assert [step["code"] for step in found["would_change"]] == [
        "correct_address",
        "refresh_segments",
        "run_export",
    ]
    [one] = found["exports"]
    assert (one["export"], one["verdict"], one["held"]) == (export, found["verdict"], None)
    [told] = one["runs"]
    assert (told["id"], told["outcome"], told["detail"]) == (
        run,
        "rejected_fake",
        "it looks made up",
    )
    [audience] = found["audiences"]
    assert (audience["audience_id"], audience["status"]) == (connected.audience_id, None)
    assert audience["asked_at"]
    assert found["hidden_exports"] == 0


def test_a_question_names_one_person_and_an_export_that_is_there(call: Caller, export: str) -> None:
    assert call("POST", EXPLAIN, {"email": "a@b.org", "customer_id": "1"}).status_code == 422
    assert wrong_fields(call("POST", EXPLAIN, {"email": " "})) == ["email"]
    assert wrong_fields(
        call("POST", EXPLAIN, {"email": "a@b.org", "export": export, "next": "x"})
    ) == ["next"]
    missing = call("POST", EXPLAIN, {"email": "a@b.org", "export": "nothing-there"})
    assert missing.status_code == 404


@pytest.mark.usefixtures("run")
def test_persons_are_explained_to_whom_they_are_shown(
    call: Caller, entra_host: HostProcess, connected: Place, export: str
) -> None:
    contributor = signed_in(entra_host, "Contributor")
    viewer = signed_in(entra_host, "Viewer")
    body = {"email": "ana@contoso.com", "export": export}
    assert contributor("POST", EXPLAIN, body).status_code == 200
    assert viewer("POST", EXPLAIN, body).status_code == 403

    connection = f"connections/{connected.connection}"
    shared = call("GET", connection).json()
    call("PUT", connection, shared | {"shared_with": "administrators"})
    refused = contributor("POST", EXPLAIN, body)
    everything = contributor("POST", EXPLAIN, {"email": "ana@contoso.com"}).json()

    assert (refused.status_code, refused.json()["code"]) == (403, "not_shared")
    assert export not in [one["export"] for one in everything["exports"]]
    assert everything["hidden_exports"] >= 1
    assert signed_in(entra_host, "Administrator")("POST", EXPLAIN, body).status_code == 200


@pytest.mark.usefixtures("run")
def test_who_asked_is_in_the_audit_and_whom_about_is_nowhere(
    stack: Stack, call: Caller, export: str
) -> None:
    call("POST", EXPLAIN, {"email": "ana@contoso.com", "export": export})
    lines = [line for line in stack.logs().splitlines() if "person_explained" in line]

    assert any(export in line and "audit" in line for line in lines)
    assert "ana@contoso.com" not in stack.logs()


@pytest.mark.usefixtures("run")
def test_the_file_of_a_person_is_for_administrators_and_whom_about_is_in_no_log(
    stack: Stack, call: Caller, entra_host: HostProcess, connected: Place, export: str
) -> None:
    body = {"email": "ivo@contoso.com", "export": export}

    answer = call("POST", "people/report", body)

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["person"] == {"addresses": ["ivo@contoso.com"], "customer_ids": ["2"]}
    [sent] = found["sent_to"]
    assert (sent["audience_id"], sent["connection"]) == (
        connected.audience_id,
        connected.connection,
    )
    assert {one["segment"] for one in found["from"]} == {"HighValueSegment", "Readers"}
    # The run's record names a snapshot that was never there.
    assert {one["code"] for one in found["left_out"]} == {"snapshot_gone"}
    assert (found["complete"], found["next"]) == (False, None)
    assert signed_in(entra_host, "Contributor")("POST", "people/report", body).status_code == 403
    assert any("person_reported" in line for line in stack.logs().splitlines())
    assert "ivo@contoso.com" not in stack.logs()
