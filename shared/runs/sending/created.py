"""Whom a run has created, read from the blocks of a chunk that is sent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.platform.blobs import Blobs
from shared.runs.chunks import read_blocks
from shared.runs.codes import NUMBER, from_letters
from shared.runs.payload import PermitItem
from shared.runs.sending.batch_sizes import MAX_BATCH
from shared.runs.sending.calls.answers import Written

_CHANGED = Written._fields.index("changed")


def created_of(blocks: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    """Return the items whose contacts were created, with their last_changed then.

    In seconds since 1970, 0 for unknown.
    """
    found: dict[int, int] = {}
    for block in blocks:
        if "at" in block:
            written = block.get("written") or {}
            for place, code in enumerate(from_letters(block["codes"])):
                if code == NUMBER["created"]:
                    numbers = written.get(str(place))
                    found[block["at"] + place] = numbers[_CHANGED] if numbers else 0
        elif "taken_back" in block:
            found.pop(block["taken_back"], None)
    return found


class Created:
    """Whom a run has created, chunk by chunk as it is asked for."""

    def __init__(self, blobs: Blobs, run: str) -> None:
        self._blobs, self._run = blobs, run
        # One chunk's at a time: items come in the order of the chunks.
        self._read: tuple[int, dict[int, int]] = (-1, {})

    def at(self, item: PermitItem) -> int | None:
        """Return a contact's last_changed as it was created, None where it wasn't."""
        if self._read[0] != item.chunk:
            self._read = item.chunk, created_of(read_blocks(self._blobs, self._run, item.chunk))
        return self._read[1].get(item.place)

    def together(self, items: Sequence[PermitItem], start: int) -> int:
        """Return how many of the next items are settled together: those that take no call."""
        if self.at(items[start]) is not None:
            return 1
        end = min(len(items), start + MAX_BATCH)
        for here in range(start + 1, end):
            if self.at(items[here]) is not None:
                return here - start
        return end - start
