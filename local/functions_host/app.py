"""What a host serves: host.json, and the functions that its worker has found."""

import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from local.functions_host.errors import HostError, IndexingError, UnsupportedError
from local.functions_host.functions import (
    Function,
    HttpTrigger,
    TimerTrigger,
    functions_of,
    is_connected,
)
from local.functions_host.host_json import HostJson, read_host_json
from local.functions_host.ncrontab import Schedule
from local.functions_host.options import Options
from local.functions_host.routes import Routes
from local.functions_host.worker_process import WorkerCommand, WorkerProcess

_log = logging.getLogger("Host.Startup")


@dataclass(frozen=True)
class HostedApp:
    """`routes` is None where the whole host is broken and says 503."""

    host_json: HostJson
    functions: list[Function]
    routes: Routes | None
    command: WorkerCommand
    worker: WorkerProcess


class Loading:
    """Reads host.json and starts a worker; `finish` waits for it.

    What is wrong with the app is logged, and costs what it costs in Azure: a function, all of them,
    or every answer. With `strict` it is raised, HostError.
    """

    def __init__(self, options: Options, directory: Path) -> None:
        self._options = options
        self._problems: list[str] = []
        self._broken = False
        try:
            self._host_json = read_host_json(options.app, os.environ)
        except HostError as error:
            self._excuse(error)
            self._broken = True
            self._host_json = HostJson()
        self.log_levels = self._host_json.log_levels
        self._command = WorkerCommand(options.app, directory, options.log_format, self.log_levels)
        self._worker = self._command.start()

    def finish(self) -> HostedApp:
        """Waits until the worker has loaded the app."""
        functions = self._functions()
        names = {function.name for function in functions}
        if unknown := (self._options.functions or frozenset()) - names:
            raise HostError(f"--functions names {', '.join(sorted(unknown))}, which the app lacks")
        for problem in self._problems:
            _log.error("%s", problem)
        return HostedApp(
            self._host_json, functions, self._routes(functions), self._command, self._worker
        )

    def _functions(self) -> list[Function]:
        try:
            found = self._worker.indexed()
        except IndexingError as error:
            self._excuse(error)
            return []
        functions, missing = functions_of(found, os.environ)
        for text in missing:
            self._excuse(HostError(text))
        if not functions:
            self._excuse(HostError("the app has no functions"))
        return [function for function in functions if self._can_listen(function)]

    def _can_listen(self, function: Function) -> bool:
        trigger = function.trigger
        if isinstance(trigger, HttpTrigger):
            return True
        if isinstance(trigger, TimerTrigger):
            if Schedule.parse(trigger.schedule).next_after(datetime.now(UTC)) is None:
                self._excuse(HostError(f"{function.name}: {trigger.schedule!r} never fires"))
            return True
        if not is_connected(trigger.connection, os.environ):
            self._excuse(HostError(f"{function.name}: no connection {trigger.connection}"))
            return False
        return True

    def _routes(self, functions: list[Function]) -> Routes | None:
        if self._broken:
            return None
        try:
            return Routes(functions, self._host_json.route_prefix)
        except UnsupportedError:
            raise
        except HostError as error:
            self._excuse(error)
            _log.error("%s", error)
            return None

    def _excuse(self, error: HostError) -> None:
        if self._options.strict or isinstance(error, UnsupportedError):
            raise error
        self._problems.append(str(error))
