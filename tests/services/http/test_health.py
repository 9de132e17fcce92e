"""Health says whether the app can do its work, and to whom it may what is wrong with it."""

from collections.abc import Iterator

import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from shared.http.routes import ROUTES
from shared.version import VERSION
from tests.services.http.conftest import NOTHING_RUNS, Caller, app_container, signed_in

# Two at once, and one that only the client that connects can judge.
WRONG = {
    "MAILCHIMP_MAX_CONNECTIONS": "eleven",
    "SegmentStorage": "AccountName=oops",
    "SegmentStorage__blobServiceUri": "",
    "KEY_VAULT_URL": "",
}


@pytest.fixture(scope="module")
def misconfigured_host(stack: Stack) -> Iterator[HostProcess]:
    host = stack.add_host(functions=NOTHING_RUNS, settings=WRONG)
    yield host
    stack.kill_host(host)


def test_what_does_not_answer_is_named(call: Caller, stack: Stack) -> None:
    stack.vault.pause()
    try:
        answer = call("GET", "health/details")
        shared = Caller(call.host, {})("GET", "health")
    finally:
        stack.vault.resume()
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert answer.json()["dependencies"] == {
        "app_storage": {"ok": True},
        "segment_storage": {"ok": True},
        "key_vault": {"ok": False},
    }
    assert (shared.status_code, shared.json()) == (503, {"status": "unavailable"})
    assert call("GET", "health/details").status_code == 200


def test_strangers_learn_the_status_and_nothing_else(
    keys_host: HostProcess, entra_host: HostProcess
) -> None:
    for host in (keys_host, entra_host):
        answer = Caller(host, {"X-MS-CLIENT-PRINCIPAL": "e30="})("GET", "health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_details_are_for_viewers(
    stack: Stack, keys_host: HostProcess, entra_host: HostProcess
) -> None:
    key = Caller(keys_host, {"x-functions-key": stack.keys.function})
    for caller in (key, signed_in(entra_host, "Viewer")):
        document = caller("GET", "health/details").json()
        assert document["settings"] == []
        assert document["functions_missing"] == []
        assert document["version"] == VERSION
        assert {queue["name"] for queue in document["queues"]} >= {
            "segment-export-plan",
            "segment-export-plan-poison",
        }
    assert signed_in(entra_host)("GET", "health/details").status_code == 403
    assert Caller(keys_host, {})("GET", "health/details").status_code == 401


def test_mailchimp_is_not_asked(call: Caller, stack: Stack) -> None:
    stack.mailchimp.reset_log()
    assert call("GET", "health/details").status_code == 200
    assert stack.mailchimp.calls() == []


def test_every_wrong_setting_is_named_at_once_and_no_value_is_told(
    stack: Stack, misconfigured_host: HostProcess
) -> None:
    answer = Caller(misconfigured_host, {"x-functions-key": stack.keys.function})(
        "GET", "health/details"
    )
    assert answer.status_code == 503
    assert {(s["name"], s["code"]) for s in answer.json()["settings"]} == {
        ("MAILCHIMP_MAX_CONNECTIONS", "not_a_number"),
        ("SegmentStorage", "malformed"),
        ("KEY_VAULT_URL", "missing"),
    }
    assert "eleven" not in answer.text
    assert "oops" not in answer.text


# Who the caller is can be said, and pages be shown, whatever the settings are.
ANSWERING = {"get_me", "get_me_administrator"}


@pytest.mark.parametrize(
    "name", [name for name, route in ROUTES.items() if not route.page and name not in ANSWERING]
)
def test_with_wrong_settings_every_other_route_says_so(
    stack: Stack, misconfigured_host: HostProcess, name: str
) -> None:
    route = ROUTES[name]
    caller = Caller(misconfigured_host, {"x-functions-key": stack.keys.master})
    path = route.api_path.format(name="some", id="some-20260101T000000Z-0000", hook="some")
    answer = caller(route.method, path)
    if name in ("get_health", "get_health_details"):
        assert answer.status_code == 503
        assert answer.json()["status"] == "unavailable"
    elif name == "get_openapi":
        assert answer.status_code == 200
    else:
        assert answer.status_code == 503
        assert answer.json()["code"] == "app_misconfigured"
        assert not any(value and value in answer.text for value in WRONG.values())


def test_with_wrong_settings_administrators_alone_see_which(stack: Stack) -> None:
    settings = {"HTTP_AUTH": "entra", "WEBSITE_AUTH_ENABLED": "True", "RUN_RETENTION_DAYS": "x"}
    host = stack.add_host(functions=NOTHING_RUNS, settings=settings, easy_auth=True)
    try:
        assert signed_in(host, "Viewer")("GET", "health/details").status_code == 403
        answer = signed_in(host, "Administrator")("GET", "health/details")
        assert [setting["name"] for setting in answer.json()["settings"]] == ["RUN_RETENTION_DAYS"]
    finally:
        stack.kill_host(host)


def test_a_timer_that_has_missed_three_of_its_times_is_said(stack: Stack) -> None:
    blobs = app_container(stack)
    settings = {"EXPORT_TICK": "0 0 * * * *", "AzureWebJobs_plan_run_Disabled": "true"}
    host = stack.add_host(functions=["finish_run"], settings=settings)
    caller = Caller(host, {"x-functions-key": stack.keys.function})
    try:
        first = caller("GET", "health/details").json()
        blobs.upload_blob(
            "index/tick.json", b'{"version": 1, "at": "2026-01-01T00:00:00Z"}', overwrite=True
        )
        late = caller("GET", "health/details")
    finally:
        stack.kill_host(host)
        blobs.delete_blob("index/tick.json")
    assert first["settings"] == []
    assert first["functions_missing"] == ["plan_run"]
    assert late.status_code == 503
    assert [setting["code"] for setting in late.json()["settings"]] == ["tick_missing"]
    assert late.json()["functions_missing"] == ["plan_run", "tick"]
    assert late.json()["last_tick_at"] == "2026-01-01T00:00:00.000Z"
