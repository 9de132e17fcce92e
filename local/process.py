"""Starting servers that end with the process that started them, and finding out where."""

import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.running import Running


class StartError(RuntimeError):
    """A server ended, or stayed silent, before it said that it listens; holds its last lines."""


class ChildProcess(Running):
    """A process that this one has started, with a pipe to its standard input."""

    def __init__(self, process: "subprocess.Popen[Any]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """The process id, for tests that end it in their own way."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def stop(self, timeout: float = 10) -> None:
        """Ask the process to end, and wait; one that does not within `timeout` s is killed."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._close()

    def kill(self) -> None:
        """End the process as a power failure would."""
        self._process.kill()
        self._close()

    def _close(self) -> None:
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


class ServerProcess(ChildProcess):
    """A child process that announces itself on standard output.

    The child gets the read end of a pipe as its standard input. It is expected to stop when that
    closes, which happens however this process ends.
    """

    def __init__(
        self, command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start the command; `environment` replaces the inherited one when given."""
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(environment) if environment is not None else None,
            # Ctrl-C in a terminal is for this process, which then stops its servers in order.
            start_new_session=True,
        )
        super().__init__(process)
        self._said: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for above
        for line in self._process.stdout:
            self._said = [*self._said[-19:], line.rstrip()]
            self._lines.put(line)
        self._lines.put(None)

    def await_line(self, pattern: str, *, timeout: float = 60) -> re.Match[str]:
        """Wait for the first line from now on that holds the pattern.

        Raises StartError when the process ends or `timeout` seconds pass before.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self.kill()
                raise StartError(self._complaint(f"said nothing for {timeout:.0f} s")) from None
            if line is None:
                raise StartError(self._complaint(f"ended with {self._process.wait()}"))
            if match := re.search(pattern, line):
                return match

    def _complaint(self, what: str) -> str:
        program = Path(str(self._process.args[0] if self._process.args else "")).name  # type: ignore[index]  # args is the list given above
        return f"{program} {what}\n" + "\n".join(self._said)
