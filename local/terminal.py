"""Plain output for people: steps, a progress line, tables."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

_BAR = 24


class ProgressLine:
    """One line that changes in place on a terminal, or a line per change elsewhere."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        """Replace the line."""
        if text == self._shown:
            return
        if sys.stdout.isatty():
            print(f"\r  {text:<{len(self._shown)}}", end="", flush=True)
        else:
            print(f"  {text}", flush=True)
        self._shown = text

    def end(self) -> None:
        """Leave the line as it is."""
        if self._shown and sys.stdout.isatty():
            print()
        self._shown = ""


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done, and how long it took when it is done."""
    print(f"{text} ...", end=" ", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


@contextlib.contextmanager
def children_ignore_interrupts() -> Iterator[None]:
    """What is started within leaves Ctrl-C to this process, which stops it in order."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def bar(share: float) -> str:
    """A bar for a share between 0 and 1."""
    full = round(max(0.0, min(1.0, share)) * _BAR)
    return "[" + "#" * full + "." * (_BAR - full) + "]"


def table(rows: Iterable[Sequence[object]]) -> str:
    """Rows in columns two spaces apart, indented; numbers are set to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [[isinstance(value, int) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  "
        + "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, rights, strict=True)
        ).rstrip()
        for row, rights in zip(cells, numeric, strict=True)
    )


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
