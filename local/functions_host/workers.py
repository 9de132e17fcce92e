"""The worker of a host and its successors: what follows a death, a time-out, a third death."""

import asyncio
import logging
import time
from collections import deque

from local.functions_host.errors import IndexingError
from local.functions_host.wire import Answer, Call
from local.functions_host.worker_process import WorkerCommand, WorkerProcess

# From the end of a function's time to that of its worker, and from there to the next worker.
_GRACE_SECONDS = 2.0
_RESTART_SECONDS = 10.0
_MOST_DEATHS = 3
_WITHIN_SECONDS = 1800.0
_log = logging.getLogger("Host.Worker")


class Workers:
    """Calls the functions of whichever worker there is.

    `given_up` is set when the third worker has died within half an hour. `scale` shortens times.
    """

    def __init__(self, command: WorkerCommand, first: WorkerProcess, scale: float) -> None:
        self._command = command
        self._scale = scale
        self._worker = first
        self._current: asyncio.Future[WorkerProcess]
        self._out_of_time: WorkerProcess | None = None
        self._deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
        self._watching: asyncio.Task[None]
        self.given_up = asyncio.Event()

    @property
    def pid(self) -> int:
        """The process id of the worker that there is, or was last."""
        return self._worker.pid

    def begin(self) -> None:
        """Takes the first worker into the running event loop."""
        self._current = asyncio.get_running_loop().create_future()
        self._use(self._worker)
        self._watching = asyncio.create_task(self._watch())

    async def invoke(self, call: Call) -> Answer:
        """Runs a function to its end, once there is a worker; unsuccessful where that has died."""
        worker = await asyncio.shield(self._current)
        return await worker.invoke(call)

    async def ready(self) -> None:
        """Returns when there is a worker."""
        await asyncio.shield(self._current)

    async def end_current(self) -> None:
        """Ends the worker, for a function has exceeded its time, and everything that it runs."""
        worker = self._worker
        await asyncio.sleep(_GRACE_SECONDS * self._scale)
        if not worker.gone.is_set():
            self._out_of_time = worker
            worker.kill()

    def kill(self) -> None:
        """Ends the worker for good."""
        self._watching.cancel()
        self._worker.kill()

    def _use(self, worker: WorkerProcess) -> None:
        self._worker = worker
        worker.listen()
        self._current.set_result(worker)

    async def _watch(self) -> None:
        while True:
            await self._worker.gone.wait()
            self._current = asyncio.get_running_loop().create_future()
            if self._worker is self._out_of_time:
                await asyncio.sleep(_RESTART_SECONDS * self._scale)
            elif self._has_died():
                _log.critical("the worker has died %d times: the host ends", _MOST_DEATHS)
                self.given_up.set()
                return
            while not await self._restart():
                if self._has_died():
                    self.given_up.set()
                    return

    def _has_died(self) -> bool:
        """Notes a death; says whether it was one too many."""
        _log.error("the worker has died")
        self._deaths.append(now := time.monotonic())
        return len(self._deaths) == _MOST_DEATHS and now - self._deaths[0] < _WITHIN_SECONDS

    async def _restart(self) -> bool:
        worker = self._command.start()
        try:
            await asyncio.to_thread(worker.indexed)
        except IndexingError as error:
            _log.error("the worker did not start: %s", error)
            return False
        self._use(worker)
        return True
