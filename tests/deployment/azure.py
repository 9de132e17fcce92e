"""A subscription as the scripts see it: the az command line, and the app's own addresses."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.deployment import bicep, fake_az
from tests.deployment.compiler import SEGMENT_STORAGE

DEPLOY = bicep.INFRA / "deploy.sh"
REMOVE = bicep.INFRA / "remove.sh"
HEALTH = bicep.INFRA / "tools" / "health.sh"
AZ = f"""#!/bin/sh
exec "{sys.executable}" "{fake_az.__file__}" "$@"
"""


class App(ThreadingHTTPServer):
    """The deployed app: its health, and the platform's address that takes packages.

    Each list is answered from the front; its last answer stays.
    """

    daemon_threads = True

    def __init__(self, statuses: Iterable[int] = (200,), deployments: Iterable[int] = (4,)) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses)
        self.deployments = list(deployments)
        self.asked: list[str] = []
        self.packages: list[bytes] = []
        self.tokens: set[str | None] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        """The app's address."""
        return f"http://127.0.0.1:{self.server_port}"

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: App

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path == "/site/deployments/latest":
            status = _next(self.server.deployments)
            self._answer(200, json.dumps({"id": "1", "status": status, "progress": ""}))
            return
        status = _next(self.server.statuses)
        # What is neither well nor unwell is the host's own, which has no body.
        self._answer(status, '{"status": "unavailable"}' if status in (200, 503) else "")

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        self.server.tokens.add(self.headers["Authorization"])
        self.server.packages.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(202, "")

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _next(answers: list[int]) -> int:
    return answers.pop(0) if len(answers) > 1 else answers[0]


class Azure:
    """A subscription in a folder, with `app` in it; `state` is what fake_az.py keeps."""

    def __init__(self, folder: Path, app: App | None = None) -> None:
        self.folder = folder
        self.package = folder / "app.zip"
        self.package.write_bytes(b"a package")
        self._url = app.url if app else "http://127.0.0.1:1"
        self._state = folder / "state.json"
        az = folder / "az"
        az.write_text(AZ)
        az.chmod(0o755)
        self.set(calls=[], there=[], removed=[], fails={}, functions="tick", purge_protection=False)

    @property
    def state(self) -> dict[str, Any]:
        """Everything that fake_az.py keeps."""
        state: dict[str, Any] = json.loads(self._state.read_text())
        return state

    def set(self, **values: Any) -> None:
        """Change what is there."""
        before = self.state if self._state.is_file() else {}
        self._state.write_text(json.dumps({**before, **values}))

    def fails(self, call: str, says: str = "(Forbidden)", times: int = 1) -> None:
        """Have the next calls that begin so fail."""
        self.set(fails={**self.state["fails"], call: {"says": says, "times": times}})

    @property
    def calls(self) -> list[str]:
        """All that az was asked, one text each."""
        return [" ".join(call) for call in self.state["calls"]]

    def run(
        self, script: Path, *arguments: str, answer: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Run a script with these arguments and nothing else."""
        environment = {
            **os.environ,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "AZ_STATE": str(self._state),
            "AZ_APP_URL": self._url,
            "DEPLOY_SITE": f"{self._url}/site",
            "DEPLOY_PAUSE": "0",
            "DEPLOY_POLL": "0",
            "HEALTH_ATTEMPTS": "2",
            "HEALTH_PAUSE": "0",
        }
        return subprocess.run(
            [script, *arguments], env=environment, input=answer, capture_output=True, text=True
        )

    def deploy(self, *more: str) -> "subprocess.CompletedProcess[str]":
        """Run deploy.sh for dev with the package of this folder."""
        return self.run(DEPLOY, *WHERE, "--package", str(self.package), *more)

    def remove(self, *more: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        """Run remove.sh for dev."""
        return self.run(REMOVE, *WHERE, *more, answer=answer)


WHERE = [
    *("--environment", "dev", "--location", "westeurope"),
    *("--segment-storage", SEGMENT_STORAGE),
]
