"""The whole product on this machine: the services and one or more hosts of the app."""

import contextlib
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import orjson
import requests
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient

from local.azurite import Azurite
from local.functions_host.easy_auth import TEST_HEADER
from local.functions_host.keys import Keys
from local.functions_host.process import HostProcess
from local.mailchimp.control import Simulator
from local.running import Running
from local.services import Services
from local.vault import Vault

ROOT = Path(__file__).resolve().parent.parent
SEGMENT_CONTAINER = "dynamics365customerinsights"

# Times that are minutes in production, so that a test sees in seconds what they lead to.
COMPRESSED = {
    "EXPORT_TICK": "*/3 * * * * *",
    "MAILCHIMP_TIMEOUT_SECONDS": "5",
    "MAILCHIMP_COOLDOWN_SECONDS": "1",
    "SNAPSHOT_QUIET_SECONDS": "1",
}
# A local host runs in one process what production runs on instances of 16 threads each, one kind
# for HTTP and one per queue: enough for all, so that calls of the API do not wait for lanes.
_THREADS = {"PYTHON_THREADPOOL_THREAD_COUNT": "48"}
# A killed host's messages come back after ten minutes: twelve seconds here.
COMPRESSED_TIME_SCALE = 0.02

_ACTIVE = frozenset({"queued", "planning", "running"})


class AppError(RuntimeError):
    """The app answered with an error; the message has the request, the status and the problem."""


class Stack(Running):
    """Services, hosts and a way to call the app. Use `with Stack.start() as stack:`.

    Attributes: `services`, `hosts` (running ones, oldest first), `keys`, `settings` (what every
    host gets). `azurite`, `vault` and `mailchimp` raise AssertionError where real services are
    used instead.
    """

    def __init__(
        self, services: Services, settings: Mapping[str, str], time_scale: float, app: Path
    ) -> None:
        self.services = services
        self.settings = {**services.settings, **_THREADS, **settings}
        self.keys = Keys.random()
        self.hosts: list[HostProcess] = []
        self._time_scale = time_scale
        self._app = app
        self._started = 0

    @classmethod
    def start(
        cls,
        *,
        hosts: int = 1,
        settings: Mapping[str, str] | None = None,
        time_scale: float = COMPRESSED_TIME_SCALE,
        identity: bool = False,
        keep_in: Path | None = None,
        environment: Mapping[str, str] | None = None,
        app: Path = ROOT,
    ) -> Self:
        """Start everything and return when all hosts listen.

        `settings` are app settings, by default COMPRESSED ones (given ones are put on top);
        `time_scale` shortens the times for which messages hide. For the others see Services.
        Raises StartError.
        """
        services = Services.start(environment=environment, identity=identity, keep_in=keep_in)
        stack = cls(services, {**COMPRESSED, **(settings or {})}, time_scale, app)
        try:
            if services.azurite is not None:
                stack.add_segment_containers()
            for _ in range(hosts):
                stack.add_host(wait=False)
            for host in stack.hosts:
                host.wait_ready()
        except BaseException:
            stack.stop()
            raise
        return stack

    @property
    def azurite(self) -> Azurite:
        """The storage emulator."""
        assert self.services.azurite is not None, "storage is a real one"  # noqa: S101 - as documented
        return self.services.azurite

    @property
    def vault(self) -> Vault:
        """The local vault."""
        assert self.services.vault is not None, "the vault is a real one"  # noqa: S101 - as documented
        return self.services.vault

    @property
    def mailchimp(self) -> Simulator:
        """The Mailchimp simulator."""
        assert self.services.mailchimp is not None, "Mailchimp is the real one"  # noqa: S101 - as documented
        return self.services.mailchimp

    def add_host(
        self,
        *,
        port: int = 0,
        functions: Iterable[str] | None = None,
        settings: Mapping[str, str] | None = None,
        easy_auth: bool = False,
        options: Iterable[str] = (),
        wait: bool = True,
        python: Path | None = None,
    ) -> HostProcess:
        """Start one more host; `functions` limits the queues and timers that it runs."""
        self._started += 1
        host = HostProcess.start(
            self._app,
            {**self.settings, **(settings or {})},
            port=port,
            time_scale=self._time_scale,
            functions=functions,
            easy_auth=easy_auth,
            log_path=self.services.directory / f"host-{self._started}.log",
            keys=self.keys,
            options=options,
            wait=wait,
            python=python,
        )
        self.hosts.append(host)
        return host

    def kill_host(self, host: HostProcess | None = None) -> None:
        """End a host, the oldest by default, as a crash of its machine would."""
        host = host or self.hosts[0]
        self.hosts.remove(host)
        host.kill()

    def add_segment_containers(self) -> None:
        """Make the containers that exports may name, as an administrator would have."""
        names = self.settings.get("SEGMENT_CONTAINERS", SEGMENT_CONTAINER)
        for name in names.split(","):
            with contextlib.suppress(ResourceExistsError):
                self.segment_container(name.strip()).create_container()

    def segment_container(self, name: str = SEGMENT_CONTAINER) -> ContainerClient:
        """The container that Customer Insights writes to."""
        return self.services.segment_container(name)

    def api(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Call the app; `path` is relative to /api. The master key is used unless one is given.

        In entra mode an administrator calls.
        """
        return requests.request(
            method,
            f"{self.hosts[0].url}/api/{path.lstrip('/')}",
            json=json,
            params=params,
            headers={**self._caller(key), **(headers or {})},
            timeout=240,
        )

    def _caller(self, key: str | None) -> dict[str, str]:
        if self.settings.get("HTTP_AUTH") == "entra":
            person = {"name": "local", "roles": ["Exports.Administrator"]}
            return {TEST_HEADER: orjson.dumps(person).decode()}
        return {"x-functions-key": key or self.keys.master}

    def ask(self, method: str, path: str, json: object = None, **more: Any) -> Any:
        """As `api`, but returns the JSON document; raises AppError."""
        answer = self.api(method, path, json, **more)
        if not answer.ok:
            raise AppError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def ended(self, run_id: str, *, timeout: float = 120, pause: float = 0.1) -> dict[str, Any]:
        """Wait until a run has ended and return it; TimeoutError shows how far it came.

        pause: seconds between two looks, each of which costs the app some work.
        """
        deadline = time.monotonic() + timeout
        while True:
            run: dict[str, Any] = self.ask("GET", f"runs/{run_id}")
            if run["status"] not in _ACTIVE:
                return run
            if time.monotonic() > deadline:
                raise TimeoutError(f"run {run_id} after {timeout:.0f} s: {run}")
            time.sleep(pause)

    def logs(self) -> str:
        """All that every host wrote, also those that are gone."""
        paths = sorted(self.services.directory.glob("host-*.log"))
        return "".join(path.read_text("utf-8", errors="replace") for path in paths)

    def errors(self) -> list[str]:
        """The messages, with tracebacks, that hosts and app logged as errors."""
        lines = (line for line in self.logs().splitlines() if line.startswith('{"time"'))
        entries = (orjson.loads(line) for line in lines if line.endswith("}"))
        return [entry["message"] for entry in entries if entry["level"] in ("Error", "Critical")]

    def stop(self) -> None:
        """Stop the hosts, then the services."""
        for host in self.hosts:
            host.kill()
        self.hosts.clear()
        self.services.stop()
