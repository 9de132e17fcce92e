"""Work of the tick that grows with the installation: for so long, and on from there next time."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import monotonic

from shared.platform import log
from shared.platform.blobs import Blobs

_CURSORS = "index/cursors.json"
_WORKERS = 8


def in_turn(
    blobs: Blobs,
    step: str,
    names: Iterable[str],
    act: Callable[[str], object],
    *,
    seconds: float,
    workers: int = _WORKERS,
) -> None:
    """Act on each name side by side; after so many seconds the rest is left to the next tick.

    That one begins with the name after the last that was begun: none has its turn twice before
    all have had theirs, however many there are and however long they take.
    """
    found = blobs.read_document(_CURSORS)
    cursors: dict[str, str] = found[0]["after"] if found else {}
    ordered = sorted(names)
    begin = bisect_right(ordered, cursors.get(step, ""))
    queue = _Queue([*ordered[begin:], *ordered[:begin]], monotonic() + seconds)

    def work(_: int) -> None:
        while (name := queue.take()) is not None:
            act(name)

    if ordered:
        with ThreadPoolExecutor(min(workers, len(ordered)), thread_name_prefix=step) as pool:
            list(pool.map(work, range(min(workers, len(ordered)))))
    if queue.left:
        log.event("tick_went_on_later", step=step, done=queue.taken, left=queue.left)
    after = ordered[(begin + queue.taken - 1) % len(ordered)] if queue.left else ""
    if after != cursors.get(step, ""):
        blobs.write_document(_CURSORS, {"after": {**cursors, step: after}})


class _Queue:
    """Names that are taken one by one until the time is over; the first is always given."""

    def __init__(self, names: list[str], end: float) -> None:
        self._names = names
        self._end = end
        self._lock = Lock()
        self.taken = 0

    def take(self) -> str | None:
        """Return the next name, None where there is none or no time."""
        with self._lock:
            if self.left == 0 or (self.taken and monotonic() >= self._end):
                return None
            self.taken += 1
            return self._names[self.taken - 1]

    @property
    def left(self) -> int:
        """How many nobody has taken."""
        return len(self._names) - self.taken
