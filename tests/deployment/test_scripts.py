"""deploy.sh and the health check, with a stand-in for the az command line."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.deployment import bicep

DEPLOY = bicep.INFRA / "deploy.sh"
HEALTH = bicep.INFRA / "tools" / "health.sh"
SEGMENT_STORAGE = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-data"
    "/providers/Microsoft.Storage/storageAccounts/stdata"
)
AZ = """#!/bin/sh
echo "$@" >> "$AZ_LOG"
case "$*" in
  *resourceGroupName*) echo rg-segment-export-dev ;;
  *functionAppName*) echo func-segment-export ;;
  *appUrl*) echo "$AZ_APP_URL" ;;
  *keyVaultName*) echo kv-seg ;;
  "functionapp function list"*) echo "$AZ_FUNCTIONS" ;;
esac
"""


class _App(ThreadingHTTPServer):
    """Answers the health check with the next of its statuses; the last one stays."""

    daemon_threads = True

    def __init__(self, statuses: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = statuses
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: _App

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        statuses = self.server.statuses
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        self.send_response(status)
        self.end_headers()
        if status in (200, 503):  # the rest is the host's own, which has no body
            self.wfile.write(b'{"status": "unavailable"}')

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[_App]:
    server = _App(list(request.param))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _health(url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HEALTH_ATTEMPTS": "3", "HEALTH_PAUSE": "0"}
    return subprocess.run([HEALTH, url], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("app", [[503, 200]], indirect=True)
def test_the_health_check_waits_until_the_app_is_healthy(app: _App) -> None:
    assert _health(app.url).returncode == 0
    assert app.asked == ["/api/health", "/api/health"]


@pytest.mark.parametrize("app", [[503]], indirect=True)
def test_an_app_that_stays_unhealthy_fails_and_its_answer_is_shown(app: _App) -> None:
    result = _health(app.url)

    assert result.returncode == 1
    assert '{"status": "unavailable"}' in result.stderr
    assert len(app.asked) == 3


@pytest.mark.parametrize("app", [[404], [500]], indirect=True)
def test_an_error_of_the_host_is_told_by_its_status_alone(app: _App) -> None:
    status = app.statuses[0]
    result = _health(app.url)

    assert result.returncode == 1
    assert f"{status} without a body: the host runs" in result.stderr


def _deploy(
    folder: Path, *arguments: str, url: str = "http://127.0.0.1:1", functions: str = "tick"
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run deploy.sh with an az that writes down how it is called."""
    az = folder / "az"
    az.write_text(AZ)
    az.chmod(0o755)
    (folder / "app.zip").write_bytes(b"a package")
    log = folder / "az.log"
    log.touch()
    environment = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "AZ_LOG": str(log),
        "AZ_APP_URL": url,
        "AZ_FUNCTIONS": functions,
        "HEALTH_ATTEMPTS": "2",
        "HEALTH_PAUSE": "0",
    }
    result = subprocess.run([DEPLOY, *arguments], env=environment, capture_output=True, text=True)
    return result, log.read_text().splitlines()


def _to(folder: Path, *more: str) -> list[str]:
    return [
        *("--environment", "dev", "--location", "westeurope"),
        *("--segment-storage", SEGMENT_STORAGE, "--package", str(folder / "app.zip")),
        *more,
    ]


@pytest.mark.parametrize("app", [[503, 200]], indirect=True)
def test_a_deployment_makes_everything_and_ends_healthy(app: _App, tmp_path: Path) -> None:
    result, calls = _deploy(
        tmp_path, *_to(tmp_path, "--parameter", "alwaysReadySenders=1"), url=app.url
    )

    assert result.returncode == 0, result.stderr
    [create] = [call for call in calls if call.startswith("deployment sub create")]
    assert "--name segment-export-dev-westeurope" in create
    assert (
        "--parameters infra/parameters/dev.bicepparam --parameters alwaysReadySenders=1" in create
    )
    [upload] = [call for call in calls if call.startswith("functionapp deployment source")]
    assert "--build-remote true" in upload
    assert f"--src {tmp_path / 'app.zip'}" in upload
    names = ("rg-segment-export-dev", "func-segment-export", "kv-seg")
    assert [name for name in names if name not in result.stdout] == []
    assert result.stdout.endswith(f"Done: {app.url}\n")


@pytest.mark.parametrize("app", [[503]], indirect=True)
def test_a_deployment_without_a_healthy_app_fails(app: _App, tmp_path: Path) -> None:
    result, _ = _deploy(tmp_path, *_to(tmp_path), url=app.url)

    assert result.returncode == 1
    assert "Done" not in result.stdout


@pytest.mark.parametrize("app", [[200]], indirect=True)
def test_a_deployment_without_functions_fails(app: _App, tmp_path: Path) -> None:
    result, _ = _deploy(tmp_path, *_to(tmp_path), url=app.url, functions="")

    assert result.returncode == 1
    assert "has no functions" in result.stderr


def test_what_if_changes_nothing(tmp_path: Path) -> None:
    result, calls = _deploy(tmp_path, *_to(tmp_path, "--what-if"))

    assert result.returncode == 0
    assert [call for call in calls if " create " in call or " source " in call] == []
    assert any(call.startswith("deployment sub what-if") for call in calls)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--location", "westeurope"], "--environment is missing"),
        (["--environment", "dev"], "--location is missing"),
        (["--environment", "dev", "--location", "x"], "--segment-storage is missing"),
        (
            ["--environment", "dev", "--location", "x", "--segment-storage", "stdata"],
            "must be a resource id",
        ),
        (
            ["--environment", "none", "--location", "x", "--segment-storage", SEGMENT_STORAGE],
            "there is no infra/parameters/none.bicepparam",
        ),
        (["--enviroment", "dev"], "unknown argument: --enviroment"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_does_nothing(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    result, calls = _deploy(tmp_path, *arguments)

    assert result.returncode == 1
    assert message in result.stderr
    assert calls == []
