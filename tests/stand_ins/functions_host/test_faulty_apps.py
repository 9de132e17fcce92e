"""What mistakes in an app or its settings cost, where the host does not end because of them."""

from pathlib import Path

import pytest
import requests

from local.functions_host.process import HostProcess

HEAD = "import azure.functions as func\napp = func.FunctionApp(func.AuthLevel.ANONYMOUS)\n"
HTTP = '@app.route(route="{}", methods=["GET"])\ndef {}(req) -> str:\n    return "{}"\n'
TIMER = '@app.timer_trigger(arg_name="t", schedule="{}")\ndef {}(t) -> None: ...\n'
QUEUE = '@app.queue_trigger("m", "{}", "{}")\ndef {}(m) -> None: ...\n'
UNREADABLE = {
    "day_7": "0 0 0 * * 7",
    "question_mark": "0 0 0 ? * *",
    "hour_25": "0 0 25 * * *",
    "empty": "%EMPTY%",
    "unnamed": "%NOT_SET%",
}


def start(directory: Path, code: str, host_json: str = "{}", **settings: str) -> HostProcess:
    document = host_json.replace("{", '{"version": "2.0", ', 1).replace(", }", "}")
    (directory / "host.json").write_text(document)
    (directory / "function_app.py").write_text(HEAD + code)
    return HostProcess.start(directory, settings, log_path=directory / "log", strict=False)


def statuses(host: HostProcess, *paths: str) -> list[int]:
    return [requests.get(host.url + path, timeout=30).status_code for path in paths]


@pytest.mark.parametrize("code", ["import nowhere_to_be_found", HTTP.format("x", "one", "") * 2])
def test_an_app_that_cannot_be_indexed_has_no_functions(tmp_path: Path, code: str) -> None:
    with start(tmp_path, HTTP.format("good", "good", "") + code) as host:
        assert host.functions == ()
        paths = ("/api/good", "/api/x", "/", "/admin/host/ping")
        assert statuses(host, *paths) == [404, 404, 200, 200]


@pytest.mark.parametrize(
    ("route", "host_json"),
    [
        ("a/{b", "{}"),
        ("a//b", "{}"),
        ("a", '{"extensions": {"queues": {"batchSize": 33}}}'),
        ("a", '{"extensions": {"http": {"routePrefix": "api/"}}}'),
        ("a", '{"logging": {"logLevel": {"default": "Info"}}}'),
    ],
)
def test_a_broken_host_says_503_to_everything(tmp_path: Path, route: str, host_json: str) -> None:
    code = HTTP.format("good", "good", "") + HTTP.format(route, "bad", "")
    with start(tmp_path, code, host_json) as host:
        assert statuses(host, "/api/good", "/nothing", "/") == [503, 503, 503]


def test_what_is_wrong_with_a_function_costs_only_that_one(
    tmp_path: Path, connection_string: str
) -> None:
    code = HTTP.format("good", "good", "")
    for name, schedule in UNREADABLE.items():
        code += TIMER.format(schedule, name)
    code += TIMER.format("0 0 0 31 2 *", "never")
    code += QUEUE.format("my_work", "AzureWebJobsStorage", "bad_name")
    code += QUEUE.format("work", "Nowhere", "bad_connection")
    settings = {"AzureWebJobsStorage": connection_string, "EMPTY": ""}
    with start(tmp_path, code, **settings) as host:
        assert set(host.functions) == {"good", "never"}
        assert statuses(host, "/api/good") == [200]


def test_a_root_function_serves_the_methods_that_it_lists(tmp_path: Path) -> None:
    prefix = '{"extensions": {"http": {"routePrefix": ""}}}'
    with start(tmp_path, HTTP.format("/", "root", "mine"), prefix) as host:
        assert requests.get(host.url, timeout=30).text == "mine"
        other = requests.post(host.url, timeout=30)
        assert (other.status_code, other.headers["Content-Type"]) == (
            200,
            "text/html; charset=utf-8",
        )


def test_the_home_page_can_be_switched_off(tmp_path: Path) -> None:
    settings = {"AzureWebJobsDisableHomepage": "true"}
    with start(tmp_path, HTTP.format("good", "good", ""), **settings) as host:
        answers = [requests.request(m, host.url, timeout=30) for m in ("GET", "PUT")]
        assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
