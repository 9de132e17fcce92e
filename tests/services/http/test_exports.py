"""Exports: checked when saved, never run by that, managed by who may use their connection."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from tests.services.http.conftest import FOLDER, Caller, Place, signed_in, wrong_fields


def test_segments_are_shown_as_they_lie_there(call: Caller) -> None:
    answer = call("GET", f"segments?container=dynamics365customerinsights&folder={FOLDER}/")
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["items"]
    assert (first["name"], second["name"]) == ("HighValueSegment", "Readers")
    assert first["columns"] == ["CustomerId", "Email", "FirstName"]
    assert first["profiles"] == {"count": 2, "exact": True}
    assert first["partitions"] >= 1
    assert first["bytes"] > 0
    assert first["age_seconds"] >= 0


def test_a_folder_without_segments_has_none(call: Caller) -> None:
    assert call("GET", "segments?folder=Nowhere").json()["items"] == []


@pytest.mark.parametrize(
    ("query", "wrong"),
    [("folder=", ["folder"]), ("container=azure-webjobs-secrets", ["container", "folder"])],
)
def test_only_allowed_containers_and_a_folder_can_be_looked_into(
    call: Caller, query: str, wrong: list[str]
) -> None:
    assert wrong_fields(call("GET", f"segments?{query}")) == wrong


def test_saving_answers_with_the_stored_export_and_runs_nothing(
    call: Caller, connected: Place
) -> None:
    name = f"{connected.connection}-news"
    answer = call("PUT", f"exports/{name}", connected.export_document())
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/exports/{name}"
    read = call("GET", f"exports/{name}")
    assert read.json() == answer.json()
    assert read.headers["ETag"] == answer.headers["ETag"]
    assert read.json()["warnings"] == []
    assert call("GET", f"exports/{name}/runs").json()["items"] == []


def test_what_is_read_can_be_written_back_and_keeps_its_ledger(call: Caller, export: str) -> None:
    before = call("GET", f"exports/{export}").json()
    after = call("PUT", f"exports/{export}", before).json()
    assert {key for key in before if before[key] != after[key]} <= {"updated_at"}


def test_a_predecessor_is_named_as_the_field_where_it_is_unknown_or_follows_itself(
    call: Caller, connected: Place, export: str
) -> None:
    def put(name: str, schedule: dict[str, Any]) -> Any:
        return call("PUT", f"exports/{name}", connected.export_document(schedule=schedule))

    last = f"{export}-last"
    assert wrong_fields(put(last, {"kind": "after"})) == ["schedule"]
    assert wrong_fields(put(last, {"kind": "after", "after": "nowhere"})) == ["schedule.after"]
    assert put(last, {"kind": "after", "after": export}).status_code == 201
    for name in (export, last):
        circle = put(export, {"kind": "after", "after": name})
        assert wrong_fields(circle) == ["schedule.after"]
        assert [error["code"] for error in circle.json()["errors"]] == ["schedule_circle"]

    assert call("DELETE", f"exports/{export}").status_code == 204
    left = call("GET", f"exports/{last}").json()
    assert [warning["code"] for warning in left["warnings"]] == ["predecessor_missing"]
    again = call("PUT", f"exports/{last}", left)
    assert again.status_code == 200
    assert [warning["code"] for warning in again.json()["warnings"]] == ["predecessor_missing"]


def test_a_reader_who_holds_the_version_gets_what_became_of_it(call: Caller, export: str) -> None:
    first = call("GET", f"exports/{export}")
    run = call("POST", f"exports/{export}/runs").json()
    again = call("GET", f"exports/{export}", if_none_match=first.headers["ETag"])
    assert again.status_code == 200
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (first.json()["active_run"], again.json()["active_run"]) == (None, run["id"])


def test_every_problem_is_named_at_once(call: Caller, connected: Place) -> None:
    document = connected.export_document(
        audience_id="nothing",
        segments=["HighValueSegment", "Missing"],
        email_field="Mail",
        merge_fields={"FNAME": "Name"},
        consent={"field": "Consent", "values": ["1"]},
    )
    assert wrong_fields(call("PUT", "exports/bad", document)) == [
        "audience_id",
        "consent.field",
        "email_field",
        "merge_fields.FNAME",
        "segments.1.name",
    ]
    assert call("GET", "exports/bad").status_code == 404


def test_what_cannot_be_read_hides_no_other_problem(call: Caller, connected: Place) -> None:
    document = connected.export_document(
        name="another",
        connection="nobodys",
        segments=["HighValueSegment", "Missing"],
        schedule={"kind": "cron", "cron": ["0 6 * * 8"]},
        colour="red",
    )
    assert wrong_fields(call("PUT", "exports/bad", document)) == [
        "colour",
        "connection",
        "name",
        "schedule.cron.0",
        "segments.1.name",
    ]


@pytest.mark.parametrize("member", ["audience_id", "source", "segments", "email_field"])
def test_what_cannot_be_read_is_named_once_and_the_audience_is_asked_about_the_rest(
    call: Caller, connected: Place, member: str
) -> None:
    document = connected.export_document(create_merge_fields="yes", merge_fields={"EMAIL": "Email"})
    document[member] = 7
    asked = [] if member == "audience_id" else ["merge_fields.EMAIL"]
    expected = sorted([member, "create_merge_fields", *asked])
    assert wrong_fields(call("PUT", "exports/bad", document)) == expected
    del document[member]
    assert wrong_fields(call("PUT", "exports/bad", document)) == expected


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"connection": "nobodys"}, ["connection"]),
        ({"source": {"container": "secrets", "folder": "x"}}, ["source.container"]),
        ({"merge_fields": {"CITY": "FirstName"}}, ["merge_fields.CITY"]),
        ({"schedule": {"kind": "cron", "cron": ["0 6 * * 8"]}}, ["schedule.cron.0"]),
        ({"name": "another"}, ["name"]),
        ({"colour": "red"}, ["colour"]),
    ],
)
def test_what_is_wrong_is_named(
    call: Caller, connected: Place, changes: dict[str, Any], wrong: list[str]
) -> None:
    answer = call("PUT", "exports/bad", connected.export_document(**changes))
    assert wrong_fields(answer) == wrong


def test_a_connection_that_is_not_ready_cannot_be_used(call: Caller, place: Place) -> None:
    call("PUT", f"connections/{place.connection}", {})
    answer = call("PUT", "exports/bad", place.export_document())
    assert wrong_fields(answer) == ["connection"]


def test_a_tag_of_somebody_else_must_be_adopted(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.create_tag(connected.audience_id, "Readers")
    name = f"{connected.connection}-tags"
    document = connected.export_document(segments=["Readers"])
    assert wrong_fields(call("PUT", f"exports/{name}", document)) == ["segments.0.tag"]
    document["segments"] = [{"name": "Readers", "adopt": True}]
    assert call("PUT", f"exports/{name}", document).status_code == 201


def test_what_may_surprise_is_a_warning(call: Caller, stack: Stack, connected: Place) -> None:
    careful = stack.mailchimp.add_list(
        connected.account, "Careful", double_optin=True, marketing_permissions=True
    )
    name = f"{connected.connection}-careful"
    saved = call("PUT", f"exports/{name}", connected.export_document(audience_id=careful))
    codes = {warning["code"] for warning in saved.json()["warnings"]}
    assert codes == {"double_optin_bypassed", "marketing_permissions_unset"}


def test_a_saved_segment_of_a_tag_s_name_is_in_its_way(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.create_tag(connected.audience_id, "Readers", kind="saved")
    document = connected.export_document(segments=["Readers"])
    answer = call("PUT", f"exports/{connected.connection}-saved", document)
    (problem,) = answer.json()["errors"]
    assert (problem["field"], problem["code"]) == ("segments.0.tag", "tag_name_taken")


def test_a_role_that_may_not_write_is_a_warning(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.change_role(connected.account.api_key, "author")
    saved = call("PUT", f"exports/{connected.connection}-role", connected.export_document())
    warned = {warning["code"]: warning["params"] for warning in saved.json()["warnings"]}
    assert warned["role_may_not_write"] == {"role": "author"}


def test_mailchimp_out_of_reach_is_an_answer_for_later(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.fail_next("GET /3.0/lists|GET .*/lists", "503", times=None)
    try:
        answer = call("PUT", "exports/bad", connected.export_document())
        # What is wrong anyway has to be mended first.
        wrong = call("PUT", "exports/bad", connected.export_document(leavers="go"))
    finally:
        stack.mailchimp.clear_faults()
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert wrong_fields(wrong) == ["leavers"]


def test_a_copy_has_a_name_and_a_ledger_of_its_own(call: Caller, export: str) -> None:
    copy = f"{export}-copy"
    answer = call("POST", f"exports/{export}/duplicate", {"name": copy})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/exports/{copy}"
    original = call("GET", f"exports/{export}").json()
    different = {key for key, value in answer.json().items() if original[key] != value}
    assert {"name", "uid"} <= different
    times = {"created_at", "updated_at", "waiting", "scheduled_since"}
    assert different <= {"name", "uid", "display_name"} | times
    again = call("POST", f"exports/{export}/duplicate", {"name": copy})
    assert (again.status_code, again.json()["code"]) == (409, "export_exists")
    assert wrong_fields(call("POST", f"exports/{export}/duplicate", {"name": "A"})) == ["name"]


def test_a_detached_export_is_kept_and_does_not_run(call: Caller, export: str) -> None:
    run = call("POST", f"exports/{export}/runs").json()
    detached = call("POST", f"exports/{export}/detach")
    assert detached.json()["connection"] is None
    assert call("GET", f"runs/{run['id']}").json()["status"] == "cancelled"
    refused = call("POST", f"exports/{export}/runs")
    assert (refused.status_code, refused.json()["code"]) == (409, "connection_missing")
    # It can be read, changed and written back without one.
    assert call("PUT", f"exports/{export}", detached.json()).status_code == 200


def test_removing_an_export_cancels_its_run(call: Caller, export: str) -> None:
    run = call("POST", f"exports/{export}/runs").json()
    assert call("DELETE", f"exports/{export}").status_code == 204
    assert call("GET", f"exports/{export}").status_code == 404
    assert call("GET", f"runs/{run['id']}").json()["status"] == "cancelled"


def test_contributors_manage_every_export_on_what_is_shared_with_them(
    call: Caller, entra_host: HostProcess, connected: Place, export: str
) -> None:
    contributor = signed_in(entra_host, "Contributor")
    document = contributor("GET", f"exports/{export}").json()
    saved = contributor("PUT", f"exports/{export}", document)
    assert saved.status_code == 200
    assert saved.json()["updated_by"] == "ana"
    connection = f"connections/{connected.connection}"
    call("PUT", connection, call("GET", connection).json() | {"shared_with": "administrators"})
    refused = [
        contributor("PUT", f"exports/{export}", document),
        contributor("DELETE", f"exports/{export}"),
        contributor("POST", f"exports/{export}/runs"),
        contributor("POST", f"exports/{export}/detach"),
        contributor("POST", f"exports/{export}/duplicate", {"name": f"{export}-2"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    new = contributor("PUT", f"exports/{export}-3", connected.export_document())
    assert wrong_fields(new) == ["connection"]
    assert contributor("GET", f"exports/{export}").status_code == 200


def test_every_change_leaves_a_line_in_the_log(
    stack: Stack, entra_host: HostProcess, export: str
) -> None:
    ana = signed_in(entra_host, "Administrator", name="ana.of.the.log@contoso.com")
    document = ana("GET", f"exports/{export}").json()
    ana("PUT", f"exports/{export}", document | {"leavers": "keep"})
    lines = [line for line in stack.logs().splitlines() if "audit" in line and export in line]
    assert any("export_saved" in line and "leavers" in line for line in lines)
    # The log has her object id, not her name.
    assert "ana.of.the.log" not in stack.logs()


def test_changes_at_once_are_all_stored_one_after_the_other(call: Caller, export: str) -> None:
    document = call("GET", f"exports/{export}").json()
    with ThreadPoolExecutor(4) as workers:
        answers = list(
            workers.map(
                lambda hours: call(
                    "PUT", f"exports/{export}", document | {"stale_after_hours": hours}
                ),
                range(1, 5),
            )
        )
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.headers["ETag"] for answer in answers}) == 4
