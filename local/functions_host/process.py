"""A Functions host as a child process, for tests, the demo and `make run`."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests

from local.functions_host.keys import Keys
from local.functions_host.options import FUNCTION_KEY, MASTER_KEY
from local.process import ChildProcess, StartError

_ROOT = Path(__file__).resolve().parents[2]
_READY = '{"url": '
# Both the host and its worker say where they stood.
_SHOWN_LINES = 120
_TRACES_SECONDS = 2.0


@dataclass(frozen=True)
class _Ready:
    url: str
    functions: tuple[str, ...]


def _temporary_log() -> Path:
    file, name = tempfile.mkstemp(prefix="functions-host-", suffix=".log")
    os.close(file)
    return Path(name)


class HostProcess(ChildProcess):
    """A running host and its worker; they stop when this process ends, however that happens.

    Attributes: `url` without a slash at its end, `functions` (all that were indexed),
    `function_key`, `master_key`, `log_path` (a temporary file, gone with this object, where none
    was given).
    """

    def __init__(self, process: "subprocess.Popen[bytes]", keys: Keys, log_path: Path) -> None:
        super().__init__(process)
        self.function_key = keys.function
        self.master_key = keys.master
        self.log_path = log_path
        self.url = ""
        self.functions: tuple[str, ...] = ()

    @classmethod
    def start(
        cls,
        app_dir: Path,
        environment: Mapping[str, str],
        *,
        port: int = 0,
        time_scale: float = 1.0,
        functions: Iterable[str] | None = None,
        easy_auth: bool = False,
        log_path: Path | None = None,
        keys: Keys | None = None,
        options: Iterable[str] = (),
        wait: bool = True,
        python: Path | None = None,
        strict: bool = True,
    ) -> Self:
        """Starts a host of the app in `app_dir` and returns when it listens.

        `environment` holds the app settings, on top of this process's environment; `functions`
        names the queue and timer functions to run, None for all; `options` are further words of
        the command line; `python` runs the host, by default the one that runs this. With
        `wait=False` call `wait_ready` later: hosts then start side by side.
        Raises StartError with the end of the log where the app cannot be hosted; unless `strict`
        the host goes on as in Azure, without a function or with 503 for everybody.
        """
        keys = keys or Keys.random()
        path = log_path or _temporary_log()
        command = [
            str(python or sys.executable),
            "-X",
            "faulthandler",
            "-m",
            "local.functions_host",
            "--app",
            str(app_dir),
        ]
        command += ["--port", str(port), "--time-scale", str(time_scale), "--stop-with-parent"]
        command += [*options, "--easy-auth"] if easy_auth else options
        command += ["--strict"] if strict else []
        if functions is not None:
            command += ["--functions", ",".join(functions)]
        settings: dict[str, str] = {
            **os.environ,
            MASTER_KEY: keys.master,
            FUNCTION_KEY: keys.function,
            **environment,
        }
        if bundle := settings.get("REQUESTS_CA_BUNDLE"):
            # The host's clients are not requests, and read this one instead.
            settings.setdefault("SSL_CERT_FILE", bundle)
        with path.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=settings,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        host = cls(process, keys, path)
        if log_path is None:
            weakref.finalize(host, path.unlink, missing_ok=True)
        if wait:
            host.wait_ready()
        return host

    def wait_ready(self, timeout: float = 60) -> None:
        """Returns when the host listens; raises StartError when it ended, or `timeout` s passed.

        The error says where a host stood that did not come so far.
        """
        deadline = time.monotonic() + timeout
        while (ready := self._ready()) is None:
            if not self.running or time.monotonic() > deadline:
                self._end_with_traces()
                tail = "\n".join(self.log_text().splitlines()[-_SHOWN_LINES:])
                raise StartError(f"the Functions host did not start\n{tail}")
            time.sleep(0.02)
        self.url, self.functions = ready.url, ready.functions

    def _end_with_traces(self) -> None:
        """Ends the host; where it still can, it writes what its threads were doing to its log."""
        if self.running:
            # One after the other: both write to one log, piece by piece.
            os.kill(self.pid, signal.SIGABRT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_TRACES_SECONDS)
            self._signal_all(signal.SIGABRT)
            deadline = time.monotonic() + _TRACES_SECONDS
            while self._any_left() and time.monotonic() < deadline:
                time.sleep(0.02)
        self.kill()

    def _ready(self) -> _Ready | None:
        for line in self.log_text().splitlines(keepends=True):
            if line.startswith(_READY) and line.endswith("\n"):
                said = json.loads(line)
                return _Ready(said["url"], tuple(said["functions"]))
        return None

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 240,
        **options: Any,
    ) -> requests.Response:
        """One HTTP request with the master key; `options` as for `requests.request`."""
        headers = {"x-functions-key": self.master_key, **(headers or {})}
        url = self.url + path
        return requests.request(method, url, headers=headers, timeout=timeout, **options)

    def fire_timer(self, name: str) -> bool:
        """Fires a timer function now, waits for its end and says whether it succeeded."""
        answer = self.call("POST", f"/admin/stand-in/timers/{name}")
        answer.raise_for_status()
        return bool(answer.json()["succeeded"])

    def status(self) -> dict[str, Any]:
        """`{running, finished, failed, functions: {name: the same three}, worker}`.

        All are counts, but `worker`, a process id.
        """
        answer = self.call("GET", "/admin/stand-in/status")
        answer.raise_for_status()
        return dict(answer.json())

    def drain(self) -> None:
        """Stops queues and timers for good and returns when nothing runs any more."""
        self.call("POST", "/admin/stand-in/drain").raise_for_status()

    def log_text(self) -> str:
        """All that the host and its app have written so far."""
        return self.log_path.read_text("utf-8", errors="replace")

    @property
    def worker_pid(self) -> int:
        """The process that runs the functions; another one after a restart."""
        return int(self.status()["worker"])

    def stop(self, timeout: float = 60) -> None:
        """Lets running invocations end, as on a scale-in; kills after `timeout` s."""
        super().stop(timeout)

    def crash(self) -> None:
        """Ends host and worker at once, as the end of their machine would, and does not wait."""
        self._signal_all(signal.SIGKILL)

    def kill(self) -> None:
        """As `crash`, and waits."""
        self.crash()
        super().kill()

    def kill_alone(self) -> None:
        """Ends the host and not its worker, which finishes what it runs: it can happen in Azure."""
        super().kill()

    def _any_left(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _signal_all(self, number: int) -> None:
        # Host and worker are the processes of a group of their own.
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)
