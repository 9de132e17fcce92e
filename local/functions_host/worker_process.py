"""One worker process, as its host sees it: started, asked, and gone."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from local.functions_host.errors import IndexingError
from local.functions_host.wire import FAILED, Answer, Call, Found, Indexed

_THREADS = "PYTHON_THREADPOOL_THREAD_COUNT"
_MOST_THREADS = "1000"


@dataclass(frozen=True)
class WorkerCommand:
    """How the workers of a host are started; `directory` is where the modules are found."""

    app: Path
    directory: Path
    log_form: str
    log_levels: Mapping[str, str]

    def start(self) -> "WorkerProcess":
        """Starts a worker and returns at once; `indexed` waits for it."""
        here, there = Pipe()
        environment = {_THREADS: _MOST_THREADS, **os.environ}
        process = subprocess.Popen(
            [
                *(sys.executable, "-X", "faulthandler", "-m", "local.functions_host.worker"),
                *(str(there.fileno()), str(self.app)),
                *(self.log_form, json.dumps(dict(self.log_levels))),
            ],
            cwd=self.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[there.fileno()],
        )
        there.close()
        return WorkerProcess(process, here)


class WorkerProcess:
    """A running worker. `gone` is set when it has ended, however that was."""

    def __init__(self, process: "subprocess.Popen[bytes]", pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe
        self._sending = asyncio.Lock()
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self.gone = asyncio.Event()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def indexed(self) -> list[Found]:
        """Waits until the app is loaded; raises IndexingError, also where the worker has died."""
        try:
            word = self._pipe.recv()
        except (EOFError, OSError):
            raise IndexingError("the worker ended while it loaded the app") from None
        if not isinstance(word, Indexed):
            raise IndexingError(word.reason)
        return list(word.functions)

    def listen(self) -> None:
        """Takes answers from now on, into the running event loop."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), daemon=True).start()

    async def invoke(self, call: Call) -> Answer:
        """Runs one function to its end; one that dies with its worker has failed."""
        if self.gone.is_set():
            return FAILED
        answer = self._answers[call.id] = asyncio.get_running_loop().create_future()
        with suppress(OSError):
            async with self._sending:
                await asyncio.to_thread(self._pipe.send, call)
        return await asyncio.shield(answer)

    def kill(self) -> None:
        """Ends the worker and all that it runs."""
        self._process.kill()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while True:
                loop.call_soon_threadsafe(self._settle, *self._pipe.recv())
        except (EOFError, OSError):
            self._process.wait()
        # The loop may have ended before its worker.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._end)

    def _settle(self, call_id: str, answer: Answer) -> None:
        future = self._answers.pop(call_id, None)
        if future is not None and not future.done():
            future.set_result(answer)

    def _end(self) -> None:
        self.gone.set()
        for call_id in list(self._answers):
            self._settle(call_id, FAILED)
