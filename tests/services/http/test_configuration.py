"""Connections and exports as one file: read, planned, and applied by the rules of their routes."""

import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from tests.services.http.conftest import (
    NOTHING_RUNS,
    Caller,
    Place,
    app_container,
    new_stack,
    signed_in,
    wrong_fields,
)
from tests.support.root import ROOT

type File = dict[str, Any]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Services of its own: a file is about everything that there is."""
    yield from new_stack()


@pytest.fixture(scope="module")
def keys_host(stack: Stack) -> HostProcess:
    return stack.add_host(functions=NOTHING_RUNS)


@pytest.fixture(autouse=True)
def nothing_yet(stack: Stack) -> None:
    """No test sees what another has saved."""
    container = app_container(stack)
    if not container.exists():
        return
    for folder in ("connections/", "exports/", "index/"):
        for blob in container.list_blobs(name_starts_with=folder):
            container.delete_blob(blob.name)


def read(call: Caller) -> File:
    answer = call("GET", "configuration")
    assert answer.status_code == 200, answer.text
    file: File = answer.json()
    return file


def planned(call: Caller, file: File) -> Any:
    answer = call("POST", "configuration/plan", file)
    assert answer.status_code == 200, answer.text
    return answer.json()


def steps(told: Any) -> list[tuple[str, str, str]]:
    return [(step["kind"], step["name"], step["action"]) for step in told]


def apply(call: Caller, file: File, plan: str | None = None, **options: Any) -> Any:
    plan = plan or planned(call, file)["plan"]
    body = {"configuration": file, "plan": plan, **options}
    answer = call("POST", "configuration/apply", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def export_in(file: File, name: str) -> File:
    [found] = [export for export in file["exports"] if export["name"] == name]
    return found  # type: ignore[no-any-return]


def test_a_file_holds_what_people_wrote_and_no_token_no_consent_nothing_of_the_apps(
    call: Caller, connected: Place, export: str
) -> None:
    file = read(call)

    assert set(file) == {"version", "connections", "exports"}
    [connection] = file["connections"]
    assert "consent" not in connection
    assert not {"status", "account_id", "created_by", "updates"} & set(connection)
    assert connection["shared_with"] == "contributors"
    [saved] = file["exports"]
    assert saved["name"] == export
    assert not {"uid", "warnings", "created_at", "last_run", "may"} & set(saved)
    assert connected.account.api_key not in str(file)


def test_what_was_read_changes_nothing_when_it_is_planned_and_applied(
    call: Caller, stack: Stack, export: str
) -> None:
    file = read(call)
    told = planned(call, file)
    assert (told["changes"], told["errors"]) == ([], [])
    before = {blob.name: blob.etag for blob in app_container(stack).list_blobs("exports/")}

    answer = apply(call, file, told["plan"])

    assert answer == {"done": [], "failed": None, "warnings": []}
    assert before == {blob.name: blob.etag for blob in app_container(stack).list_blobs("exports/")}
    assert export in str(file)


def test_a_plan_says_every_member_with_old_and_new_and_saves_nothing(
    call: Caller, export: str
) -> None:
    file = read(call)
    changed = deepcopy(file)
    export_in(changed, export)["leavers"] = "archive"
    export_in(changed, export)["merge_fields"] = {"FNAME": "FirstName", "LNAME": "FirstName"}

    told = planned(call, changed)

    [step] = told["changes"]
    assert (step["kind"], step["name"], step["action"]) == ("export", export, "change")
    assert {(one["member"], one["old"], one["new"]) for one in step["members"]} == {
        ("leavers", "untag", "archive"),
        ("merge_fields.LNAME", None, "FirstName"),
    }
    assert read(call) == file

    answer = apply(call, changed, told["plan"])

    assert steps(answer["done"]) == [("export", export, "change")]
    assert read(call) == changed
    [latest] = [
        item
        for item in call("GET", f"exports/{export}/history").json()["items"]
        if item["kind"] == "saved" and item["changes"]
    ]
    assert latest["by"] == "master key"


def test_the_file_of_another_app_is_saved_and_its_connection_waits_for_a_person(
    call: Caller, place: Place
) -> None:
    export = place.export_document(name="news", audience_id="unheard0f")
    file: File = {
        "version": 1,
        "connections": [{"name": place.connection, "shared_with": "contributors"}],
        "exports": [export],
    }
    told = planned(call, file)
    made = [("connection", place.connection, "create"), ("export", "news", "create")]
    assert (steps(told["changes"]), told["errors"]) == (made, [])

    answer = apply(call, file, told["plan"])

    assert (steps(answer["done"]), answer["failed"]) == (made, None)
    [warning] = answer["warnings"]
    assert (warning["name"], warning["code"]) == ("news", "connection_not_ready")
    connection = call("GET", f"connections/{place.connection}").json()
    assert (connection["status"], connection["consent"]["accepted"]) == ("needs_consent", False)
    assert call("GET", "exports/news/runs").json()["items"] == []
    assert planned(call, file)["changes"] == []


def test_a_file_gives_no_consent_and_takes_none_away(call: Caller, connected: Place) -> None:
    file = read(call)
    wanted = deepcopy(file)
    wanted["connections"][0]["consent"] = {"accepted": True}
    told = planned(call, wanted)
    assert ([error["field"] for error in told["errors"]], told["plan"]) == (
        ["connections.0.consent"],
        None,
    )
    assert told["errors"][0]["code"] == "consent_in_file"

    path = f"connections/{connected.connection}"
    for accepted in (True, False):
        if not accepted:
            withdrawn = call("GET", path).json() | {"consent": {"accepted": False}}
            assert call("PUT", path, withdrawn).status_code == 200
        consent = call("GET", path).json()["consent"]
        changed = read(call)
        changed["connections"][0]["display_name"] = f"Accepted: {accepted}"
        assert apply(call, changed)["failed"] is None
        assert call("GET", path).json()["consent"] == consent


@pytest.mark.parametrize("change", ["export", "connection", "the same anew", "an apply"])
def test_what_was_saved_since_the_plan_is_not_overwritten(
    call: Caller, connected: Place, export: str, change: str
) -> None:
    file = read(call)
    export_in(file, export)["leavers"] = "keep"
    plan = planned(call, file)["plan"]
    saved = call("GET", f"exports/{export}").json()
    connection = call("GET", f"connections/{connected.connection}").json()
    match change:
        case "export":
            call("PUT", f"exports/{export}", saved | {"stale_after_hours": 5})
        case "connection":
            shown = connection | {"display_name": "Another"}
            call("PUT", f"connections/{connected.connection}", shown)
        case "the same anew":
            call("PUT", f"exports/{export}", saved)
        case _:
            apply(call, file, plan)

    body = {"configuration": file, "plan": plan}
    refused = call("POST", "configuration/apply", body)

    assert (refused.status_code, refused.json()["code"]) == (409, "configuration_changed")


def test_another_file_than_the_one_that_was_planned_is_not_applied(
    call: Caller, export: str
) -> None:
    file = read(call)
    plan = planned(call, file)["plan"]
    export_in(file, export)["leavers"] = "archive"

    refused = call("POST", "configuration/apply", {"configuration": file, "plan": plan})

    assert (refused.status_code, refused.json()["code"]) == (409, "configuration_changed")


def test_a_file_with_errors_is_told_all_of_them_and_nothing_of_it_is_saved(
    call: Caller, connected: Place, export: str
) -> None:
    file = read(call)
    plan = planned(call, file)["plan"]
    export_in(file, export)["leavers"] = "archive"
    file["exports"] += [
        connected.export_document(name="one", email_field="Mail", segments=["Readers", "Nobody"]),
        connected.export_document(name="one"),
        connected.export_document(name="Two", colour="red"),
        connected.export_document(name="three", connection="nobodys"),
        connected.export_document(name="four", audience_id="unheard0f"),
        "no document",
    ]
    file["connections"].append({"name": "other", "shared_with": "all", "secret_name": "x"})
    expected = [
        "connections.1.secret_name",
        "connections.1.shared_with",
        "exports.1.email_field",
        "exports.1.segments.1.name",
        "exports.2.name",
        "exports.3.colour",
        "exports.3.name",
        "exports.4.connection",
        "exports.5.audience_id",
        "exports.6",
    ]
    told = planned(call, file)
    assert sorted(error["field"] for error in told["errors"]) == expected
    assert told["plan"] is None
    before = read(call)

    for body in ({"configuration": file, "plan": plan}, {"configuration": file, "plan": None}):
        refused = call("POST", "configuration/apply", body)
        named = [field for field in wrong_fields(refused) if field != "plan"]
        assert named == expected
    assert read(call) == before


def test_what_a_file_lacks_is_listed_and_kept_unless_it_is_to_be_removed(
    call: Caller, export: str
) -> None:
    everything = read(call)
    empty: File = {"version": 1, "connections": [], "exports": []}
    [connection] = [one["name"] for one in everything["connections"]]
    removals = [("export", export, "remove"), ("connection", connection, "remove")]
    told = planned(call, empty)
    assert steps(told["changes"]) == removals

    assert apply(call, empty, told["plan"])["done"] == []
    assert read(call) == everything

    answer = apply(call, empty, told["plan"], remove_missing=True)

    assert (steps(answer["done"]), answer["failed"]) == (removals, None)
    assert read(call) == empty


def test_an_export_of_the_file_keeps_the_connection_that_it_needs(
    call: Caller, export: str
) -> None:
    file = read(call) | {"connections": []}
    told = planned(call, file)
    assert told["errors"] == []
    body = {"configuration": file, "plan": told["plan"], "remove_missing": True}

    refused = call("POST", "configuration/apply", body)

    assert wrong_fields(refused) == ["exports.0.connection"]
    assert read(call)["exports"][0]["name"] == export


def test_a_failure_stops_it_there_and_it_may_be_planned_and_applied_again(
    call: Caller, stack: Stack, place: Place
) -> None:
    own, others = (f"mailchimp-{place.connection}-{which}" for which in ("own", "others"))
    stack.vault.set(own, place.account.api_key)
    stack.vault.set(others, stack.mailchimp.add_account(f"{place.connection}-other").api_key)
    document = place.connection_document(secret_name=own)
    assert call("PUT", f"connections/{place.connection}", document).json()["status"] == "ready"
    file = read(call)
    file["exports"] = [place.export_document(name=name) for name in ("first", "second")]
    # Whom another secret leads to shows once it is stored: to an account without the audience.
    file["connections"][0]["secret_name"] = others

    answer = apply(call, file)

    assert steps(answer["done"]) == [("connection", place.connection, "change")]
    failed = answer["failed"]
    assert (failed["kind"], failed["name"], failed["action"]) == ("export", "first", "create")
    assert [error["field"] for error in failed["errors"]] == ["audience_id"]
    assert read(call)["exports"] == []
    file["exports"] = []
    assert apply(call, file) == {"done": [], "failed": None, "warnings": []}


def test_an_export_that_cannot_be_read_is_named_and_left_alone(
    call: Caller, stack: Stack, export: str
) -> None:
    app_container(stack).upload_blob("exports/broken.json", b"{}")
    file = read(call)
    assert file["unreadable"] == ["broken"]
    assert planned(call, file)["changes"] == []
    assert [one["name"] for one in file["exports"]] == [export]

    file["exports"].append(export_in(file, export) | {"name": "broken"})
    [error] = planned(call, file)["errors"]
    assert (error["field"], error["code"]) == ("exports.1.name", "document_damaged")


def test_a_whole_configuration_is_for_administrators(stack: Stack) -> None:
    host = stack.add_host(
        functions=NOTHING_RUNS,
        settings={"HTTP_AUTH": "entra", "WEBSITE_AUTH_ENABLED": "True"},
        easy_auth=True,
    )
    assert signed_in(host, "Contributor")("GET", "configuration").status_code == 403
    assert signed_in(host, "Administrator")("GET", "configuration").status_code == 200


def script(host: HostProcess, *arguments: str, **environment: str) -> CompletedProcess[str]:
    """Run the command as somebody without any of this project's packages would."""
    command = [sys.executable, "-I", str(ROOT / "scripts/configuration.py"), *arguments]
    return run(
        [*command, "--app", host.url], capture_output=True, text=True, check=False, env=environment
    )


def test_the_command_reads_plans_and_applies_a_file(
    call: Caller, stack: Stack, export: str, tmp_path: Path
) -> None:
    key = {"SEGMENT_EXPORT_KEY": stack.keys.master}
    path = tmp_path / "all.json"
    assert script(call.host, "get", str(path), **key).returncode == 0
    file = json.loads(path.read_text("utf-8"))
    assert file == read(call)

    export_in(file, export)["leavers"] = "archive"
    path.write_text(json.dumps(file), "utf-8")
    shown = script(call.host, "plan", str(path), **key)
    assert shown.returncode == 0
    assert f'~ export {export}\n    leavers: "untag" -> "archive"\n' in shown.stdout
    assert export_in(read(call), export)["leavers"] == "untag"

    applied = script(call.host, "apply", str(path), **key)
    assert applied.returncode == 0, applied.stderr
    assert f"done: export {export}" in applied.stdout
    assert read(call) == file

    export_in(file, export)["email_field"] = "Mail"
    path.write_text(json.dumps(file), "utf-8")
    refused = script(call.host, "apply", str(path), **key)
    assert refused.returncode == 1
    assert "error: exports.0.email_field: no column Mail" in refused.stderr

    path.write_text('{"version": 1, "connections": [], "exports": []}', "utf-8")
    kept = script(call.host, "apply", str(path), **key)
    assert kept.returncode == 0
    assert read(call)["exports"] != []
    assert script(call.host, "apply", str(path), "--remove-missing", **key).returncode == 0
    assert read(call)["exports"] == []


def test_the_command_says_what_keeps_it_from_its_work(
    call: Caller, stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "all.json"
    without = script(call.host, "get", str(path))
    foreign = script(call.host, "get", str(path), SEGMENT_EXPORT_KEY=stack.keys.function)
    path.write_text("no JSON", "utf-8")
    unread = script(call.host, "plan", str(path), SEGMENT_EXPORT_KEY=stack.keys.master)

    assert [one.returncode for one in (without, foreign, unread)] == [1, 1, 1]
    assert "SEGMENT_EXPORT_KEY" in without.stderr
    assert "401" in foreign.stderr
    assert "can't be read as JSON" in unread.stderr
    assert stack.keys.function not in foreign.stderr


def test_exports_that_run_after_one_another_are_saved_in_that_order_and_never_in_a_circle(
    call: Caller, connected: Place
) -> None:
    def follows(name: str, other: str | None) -> File:
        schedule = {"kind": "after", "after": other} if other else {"kind": "none"}
        return connected.export_document(name=name, schedule=schedule)

    file = read(call)
    file["exports"] = [follows("a", "b"), follows("b", "c"), follows("c", None)]
    answer = apply(call, file)
    assert [step["name"] for step in answer["done"]] == ["c", "b", "a"]

    file["exports"] = [follows("c", "b"), follows("b", "a"), follows("a", None)]
    turned = apply(call, file)
    assert ([step["name"] for step in turned["done"]], turned["failed"]) == (["a", "b", "c"], None)

    file["exports"] = [follows("a", "c"), follows("b", "a"), follows("c", "b")]
    told = planned(call, file)
    assert {error["code"] for error in told["errors"]} == {"schedule_circle"}
    file["exports"] = [follows("a", "nobody")]
    [error] = planned(call, file)["errors"]
    assert (error["field"], error["code"]) == ("exports.0.schedule.after", "export_not_found")
