"""Watches a piece of work from beside: how long it and its stages take, and its memory."""

import resource
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

_EVERY_SECONDS = 0.01
# A stage is what one of these functions calls, or does itself.
_ROOTS = frozenset(
    {
        ("plan.py", "_make_plan"),
        ("plan.py", "_plan"),
        ("build.py", "build"),
        ("build.py", "_build"),
        ("build.py", "_write_tables"),
        ("build.py", "_write_payload"),
        ("finish.py", "_finish"),
        ("finish.py", "_fold"),
    }
)
_PAGE = resource.getpagesize()


@dataclass
class Stage:
    """Seconds spent, and the highest memory seen meanwhile (bytes)."""

    seconds: float = 0.0
    peak: int = 0


@dataclass
class Watched:
    """What was seen. Memory is the resident set in bytes; samples are (second, bytes)."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak: int = 0
    before: int = 0
    stages: dict[str, Stage] = field(default_factory=dict)
    samples: list[tuple[float, int]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


class Watch:
    """Samples the calling thread while the block runs. Nothing in the code under test changes."""

    def __init__(self) -> None:
        self.seen = Watched()
        self._watched = threading.get_ident()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="watch")

    def __enter__(self) -> Self:
        self.seen.before = memory()
        self._begun = time.monotonic()
        self._cpu = time.process_time()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seen.seconds = time.monotonic() - self._begun
        self.seen.cpu_seconds = time.process_time() - self._cpu
        self._over.set()
        self._thread.join()
        # What the system keeps count of sees also what lies between two samples; getrusage would
        # begin with the memory of the process that started this one.
        status = Path("/proc/self/status").read_text()
        self.seen.peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def _run(self) -> None:
        last = time.monotonic()
        while not self._over.wait(_EVERY_SECONDS):
            frame = sys._current_frames().get(self._watched)
            used, now = memory(), time.monotonic()
            stage = self.seen.stages.setdefault(_stage(frame), Stage())
            stage.seconds += now - last
            stage.peak = max(stage.peak, used)
            self.seen.samples.append((now - self._begun, used))
            last = now


def memory(pid: int | str = "self") -> int:
    """Return a process's resident set in bytes, 0 where it has gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _stage(frame: FrameType | None) -> str:
    """Name what the innermost root calls."""
    below: FrameType | None = None
    while frame is not None:
        code = frame.f_code
        here = Path(code.co_filename).name, code.co_name
        if here in _ROOTS:
            return _name(below) if below is not None else f"{here[0]}:{frame.f_lineno}"
        below, frame = frame, frame.f_back
    return "else"


def _name(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"
