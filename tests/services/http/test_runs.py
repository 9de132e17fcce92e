"""Runs over HTTP: started, listed, cancelled. Nothing executes them here."""

from local.functions_host.process import HostProcess
from tests.services.http.conftest import Caller, Place, signed_in, wrong_fields


def test_a_run_is_accepted_and_says_where_it_is(call: Caller, export: str) -> None:
    answer = call("POST", f"exports/{export}/runs", {"full": True})
    assert answer.status_code == 202
    run = answer.json()
    assert answer.headers["Location"] == f"/api/runs/{run['id']}"
    assert run["status"] == "queued"
    assert run["full"]
    assert not run["preview"]
    assert run["options"] == {"full": True}
    assert run["kind"] == "on_demand"
    again = call("GET", f"runs/{run['id']}").json()
    # How long it has been waiting moves on.
    assert again | {"stages": None} == run | {"stages": None}


def test_the_options_may_be_left_out_but_not_made_up(call: Caller, export: str) -> None:
    path = f"exports/{export}/runs"
    assert wrong_fields(call("POST", path, {"fast": True, "full": 1})) == ["fast", "full"]
    assert wrong_fields(call("POST", path, {"only": "everybody"})) == ["only"]
    for other in ("full", "repair"):
        refused = call("POST", path, {other: True, "only": "failed"})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert call.send("POST", path, b"").status_code == 202


def test_a_second_run_is_refused_and_names_the_first(call: Caller, export: str) -> None:
    run = call("POST", f"exports/{export}/runs").json()
    refused = call("POST", f"exports/{export}/runs")
    assert refused.status_code == 409
    assert refused.json()["code"] == "run_active"
    assert refused.json()["run"]["id"] == run["id"]


def test_run_all_starts_what_has_an_active_schedule(
    call: Caller, connected: Place, export: str
) -> None:
    for name, schedule in (
        ("off", {"active": False, "kind": "refresh"}),
        ("none", {"active": True, "kind": "none"}),
    ):
        document = connected.export_document(schedule=schedule)
        assert call("PUT", f"exports/{export}-{name}", document).status_code == 201
    answer = call("POST", "runs")
    assert answer.status_code == 202
    started = {run["export"] for run in answer.json()["items"]}
    assert export in started
    assert not started & {f"{export}-off", f"{export}-none"}
    # Once more names the runs that are under way.
    again = {run["id"] for run in call("POST", "runs").json()["items"]}
    assert {run["id"] for run in answer.json()["items"]} <= again


def test_run_all_leaves_to_its_predecessor_what_runs_after_one_that_it_starts(
    call: Caller, connected: Place, export: str
) -> None:
    def save(suffix: str, after: str) -> str:
        schedule = {"kind": "after", "after": after}
        body = connected.export_document(schedule=schedule)
        assert call("PUT", f"exports/{export}-{suffix}", body).status_code == 201
        return f"{export}-{suffix}"

    by_hand = connected.export_document(schedule={"kind": "none"})
    assert call("PUT", f"exports/{export}-hand", by_hand).status_code == 201
    second, third = save("2", export), save("3", f"{export}-2")
    alone = save("alone", f"{export}-hand")

    started = {run["export"] for run in call("POST", "runs").json()["items"]}

    assert {export, alone} <= started
    assert not started & {second, third, f"{export}-hand"}


def test_runs_are_listed_and_filtered(call: Caller, export: str) -> None:
    run = call("POST", f"exports/{export}/runs").json()
    path = f"exports/{export}/runs"

    def ids(query: str) -> list[str]:
        return [found["id"] for found in call("GET", f"{path}?{query}").json()["items"]]

    assert ids("") == ids("status=queued") == ids("limit=1") == [run["id"]]
    assert ids("before=2100-01-01T00:00:00Z") == ids("before=2100-01-01T00:00:00+01:00")
    assert ids("status=failed") == ids("before=2000-01-01T00:00:00Z") == []
    assert ids(f"before={run['id']}") == []
    bad = call("GET", f"{path}?status=done&limit=1")
    assert wrong_fields(bad) == ["status"]
    assert wrong_fields(call("GET", f"{path}?limit=0")) == ["limit"]
    assert wrong_fields(call("GET", f"{path}?before=yesterday")) == ["before"]


def test_a_run_is_cancelled_once(call: Caller, export: str) -> None:
    run = call("POST", f"exports/{export}/runs").json()
    cancelled = call("POST", f"runs/{run['id']}/cancel")
    assert cancelled.status_code == 202
    assert cancelled.json()["status"] == "cancelled"
    assert cancelled.json()["error"] is None
    again = call("POST", f"runs/{run['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "run_ended")


def test_outcomes_are_there_once_a_run_has_ended(call: Caller, export: str) -> None:
    run = call("POST", f"exports/{export}/runs").json()
    answer = call("GET", f"runs/{run['id']}/outcomes")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_ended")
    assert wrong_fields(call("GET", f"runs/{run['id']}/outcomes?code=lost")) == ["code"]


def test_what_is_no_run_is_not_found(call: Caller) -> None:
    for run in ("x", "weekly-20261122T061500Z-7f3a", "..%2F..%2Fexports", "a/b"):
        assert call("GET", f"runs/{run}").status_code == 404
        assert call("GET", f"runs/{run}/outcomes").status_code == 404


def test_outcomes_whose_retention_is_over_are_gone(call: Caller) -> None:
    run = "weekly-news-20200101T000000Z-7f3a"
    answer = call("GET", f"runs/{run}/outcomes")
    assert (answer.status_code, answer.json()["code"]) == (410, "outcomes_gone")
    assert call("GET", f"runs/{run}").status_code == 404


def test_contributors_run_only_what_they_may_manage(
    call: Caller, entra_host: HostProcess, connected: Place, export: str
) -> None:
    contributor = signed_in(entra_host, "Contributor")
    run = contributor("POST", f"exports/{export}/runs").json()
    assert run["requested_by"] == "ana"
    connection = f"connections/{connected.connection}"
    call("PUT", connection, call("GET", connection).json() | {"shared_with": "administrators"})
    assert contributor("POST", f"runs/{run['id']}/cancel").status_code == 403
    started = contributor("POST", "runs").json()["items"]
    assert export not in {found["export"] for found in started}
