"""HTTP triggers: what reaches a function, what comes back, and who is let through."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from local.functions_host.process import HostProcess
from tests.stand_ins.functions_host.conftest import Stage


@pytest.fixture(scope="module")
def host(connection_string: str) -> Iterator[HostProcess]:
    stage = Stage(connection_string)
    with stage.start(functions=["work"]) as host:
        yield host


def call(host: HostProcess, method: str, path: str, key: str | None = None) -> requests.Response:
    headers = {} if key is None else {"x-functions-key": key}
    return requests.request(method, host.url + path, headers=headers, timeout=30)


def test_a_function_sees_the_request_as_it_was_sent(host: HostProcess) -> None:
    body = bytes(range(256))
    answer = host.call(
        "POST", "/api/echo/a%20b%2Fc/42?x=1&x=2&y=%C3%A9", data=body, headers={"X-Mine": "Yes"}
    )
    seen = answer.json()
    assert seen["method"] == "POST"
    assert seen["route"] == {"word": "a b%2Fc", "number": "42"}
    assert seen["query"] == {"x": "1,2", "y": "é"}
    assert seen["headers"]["x-mine"] == "Yes"
    assert bytes.fromhex(seen["body"]) == body
    assert seen["url"].startswith(host.url + "/api/echo/")


def test_an_optional_parameter_may_be_left_out(host: HostProcess) -> None:
    assert host.call("POST", "/api/echo/word").json()["route"] == {"word": "word"}
    assert host.call("POST", "/api/echo/word/no-number").status_code == 404


def test_status_headers_and_bytes_come_back(host: HostProcess) -> None:
    answer = call(host, "GET", "/api/accepted")
    assert answer.status_code == 202
    assert answer.headers["Location"] == "/api/echo/GET"
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content == b"\x00\xff"


def test_a_plain_string_is_text(host: HostProcess) -> None:
    answer = host.call("DELETE", "/api/ACCEPTED")
    assert (answer.status_code, answer.text) == (200, "deleted")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_unknown_paths_and_methods_are_not_found(host: HostProcess) -> None:
    assert call(host, "GET", "/api/nothing").status_code == 404
    assert call(host, "GET", "/accepted").status_code == 404
    assert call(host, "PUT", "/api/accepted").status_code == 404
    assert host.call("GET", "/api/echo/word").status_code == 404


def test_head_is_served_where_it_is_listed(host: HostProcess) -> None:
    answer = call(host, "HEAD", "/api/accepted")
    assert (answer.status_code, answer.content) == (202, b"")
    assert call(host, "HEAD", "/api/echo/word").status_code == 404


def test_an_exception_is_a_500_without_details(host: HostProcess) -> None:
    answer = call(host, "GET", "/api/broken")
    assert (answer.status_code, answer.content) == (500, b"")
    assert "broken by GET" in host.log_text()


def test_keys_open_their_levels(host: HostProcess) -> None:
    def status(method: str, path: str, key: str | None) -> int:
        return call(host, method, path, key).status_code

    function_level = ("POST", "/api/echo/word")
    assert status(*function_level, None) == 401
    assert status(*function_level, "wrong") == 401
    assert status(*function_level, host.function_key) == 200
    assert status(*function_level, host.master_key) == 200
    assert status("POST", f"/api/echo/word?code={host.function_key}", None) == 200
    admin_level = ("DELETE", "/api/accepted")
    assert status(*admin_level, host.function_key) == 401
    assert status(*admin_level, host.master_key) == 200


def test_principal_headers_pass_when_authentication_is_off(host: HostProcess) -> None:
    headers = {"X-MS-CLIENT-PRINCIPAL": "forged"}
    seen = host.call("GET", "/api/auth", headers=headers).json()
    assert seen == {"enabled": None, "headers": {"x-ms-client-principal": "forged"}}


def test_principal_headers_are_the_platforms_when_it_is_on(stage: Stage) -> None:
    host = stage.start(easy_auth=True)
    forged = {"X-MS-CLIENT-PRINCIPAL": "forged", "X-MS-CLIENT-PRINCIPAL-NAME": "root"}
    assert host.call("GET", "/api/auth", headers=forged).json() == {
        "enabled": "true",
        "headers": {},
    }

    principal = json.dumps({"name": "ann@contoso.com", "roles": ["Exports.Viewer"]})
    forged["x-test-principal"] = principal
    seen = host.call("GET", "/api/auth", headers=forged).json()["headers"]
    assert seen["x-ms-client-principal-name"] == "ann@contoso.com"
    assert seen["x-ms-client-principal-idp"] == "aad"
    decoded = json.loads(base64.b64decode(seen["x-ms-client-principal"]))
    assert decoded["auth_typ"] == "aad"
    assert {"typ": "roles", "val": "Exports.Viewer"} in decoded["claims"]
    assert "x-test-principal" not in seen


def test_people_sign_in_by_a_page_and_out_again(stage: Stage) -> None:
    url = stage.start(easy_auth=True).url
    login = f"{url}/.auth/login/aad?post_login_redirect_uri=/console/"
    ana = {"name": "ana@contoso.com", "role": "Exports.Viewer"}
    with requests.Session() as browser:
        assert 'name="role"' in browser.get(login, timeout=30).text
        answer = browser.post(login, ana, timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/console/")
        seen = browser.get(f"{url}/api/auth", timeout=30).json()["headers"]
        assert seen["x-ms-client-principal-name"] == "ana@contoso.com"
        claims = json.loads(base64.b64decode(seen["x-ms-client-principal"]))["claims"]
        assert {"typ": "roles", "val": "Exports.Viewer"} in claims

        kept = dict(browser.cookies)
        out = f"{url}/.auth/logout?post_logout_redirect_uri=//elsewhere.test/"
        answer = browser.get(out, timeout=30, allow_redirects=False)
        assert answer.headers["Location"] == "/.auth/login/done"
        assert not browser.cookies
        # A cookie that somebody has copied opens nothing after that.
        seen = requests.get(f"{url}/api/auth", cookies=kept, timeout=30).json()["headers"]
        assert "x-ms-client-principal" not in seen


def test_plain_functions_run_side_by_side(host: HostProcess) -> None:
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(call, host, "GET", "/api/sleepy?seconds=0.5") for _ in range(8)]
        most = 0
        while not all(answer.done() for answer in calls):
            most = max(most, host.status()["running"])
        assert [answer.result().text for answer in calls] == ["woken"] * 8
    assert most == 8


def test_an_answer_that_takes_too_long_is_a_504(stage: Stage) -> None:
    host = stage.start(options=["--answer-limit", "0.2"])
    assert call(host, "GET", "/api/sleepy?seconds=2").status_code == 504
    assert host.status()["running"] == 1


def test_a_body_above_the_limit_is_refused(host: HostProcess) -> None:
    too_much = b"\0" * (104_857_600 + 1)
    try:
        answer = host.call("POST", "/api/echo/word", data=too_much)
    except requests.ConnectionError:
        return
    assert (answer.status_code, answer.content) == (500, b"")


def test_the_largest_body_can_be_set(stage: Stage) -> None:
    host = stage.start(environment={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"})
    assert host.call("POST", "/api/echo/word", data=b"\0" * 1000).status_code == 200
    refused = host.call("POST", "/api/echo/word", data=b"\0" * 1001)
    assert (refused.status_code, refused.content) == (500, b"")


def test_control_needs_the_master_key(host: HostProcess) -> None:
    assert call(host, "GET", "/admin/stand-in/status").status_code == 401
    assert call(host, "GET", "/admin/stand-in/status", host.function_key).status_code == 403
    assert host.call("POST", "/admin/stand-in/timers/nothing").status_code == 404
