"""Makes a lane's next batch ready while the call before it is under way: nobody waits for that.

What was made ready is used where it still fits, and made anew where it doesn't: where somebody was
erased, a tag renamed or a batch made smaller meanwhile.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from shared.accounts.ways import Way
from shared.runs.payload import SINGLES, Item, Items, UpsertItem
from shared.runs.sending import calls
from shared.runs.sending.batch_sizes import MAX_BATCH
from shared.runs.sending.turn import Turn
from shared.runs.sending.writing import LATER_SECONDS


class Ahead:
    """What is made ready of a turn's chunk; `writer` is the one thread that does it."""

    def __init__(self, turn: Turn, writer: ThreadPoolExecutor) -> None:
        self._turn, self._writer = turn, writer
        self._written: calls.Written | None = None
        # What was begun last: of which items, and from where on.
        self._begun: tuple[Sequence[Item], int] | None = None

    def prepare(self, start: int, way: Way, writing: Future[None] | None) -> calls.Written | None:
        """Begin with the items from `start` on; return those before, for the call that goes out.

        writing: what the thread still has to write, before.
        """
        index, now, begun = self._turn.index, self._written, self._begun
        if index.kind in SINGLES or start >= index.items:
            return now
        if begun is not None and begun[0] is self._turn.items and begun[1] == start:
            return now
        self._begun = self._turn.items, start
        # Behind a write it is late enough: that has let the call go out first.
        pause = 0.0 if writing is not None and not writing.done() else LATER_SECONDS
        # Nobody asks what became of it: what is not there is made when it is needed.
        self._writer.submit(self._make, self._turn.items, start, way, pause)
        return now

    def _make(self, items: Items[Item], start: int, way: Way, pause: float) -> None:
        time.sleep(pause)
        items.prepare(start, MAX_BATCH)
        if self._turn.index.kind == "upsert" and way == "status_if_new":
            batch = items.of(UpsertItem)[start : start + MAX_BATCH]
            self._written = calls.write_ahead(batch, self._turn.job)
