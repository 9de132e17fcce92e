"""How many contacts a call to one audience may hold: what worked before, learnt from time-outs.

Kept per audience and kind of call in `ledgers/{account}/{audience}/batch-sizes.json`, so that no
run and no instance learns the same lesson twice.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from shared.audiences.names import audience_folder
from shared.platform.blobs import Blobs

MAX_BATCH = 500
MIN_BATCH = 50
# So many calls of one size must succeed before a larger one is tried.
_GROW_AFTER = 50
# A size that timed out is not tried again for this long.
_AVOIDED_SECONDS = 24 * 3600
_READ_EVERY_SECONDS = 30.0


@dataclass
class _Known:
    size: int = MAX_BATCH
    too_large: int = 0
    too_large_at: float = 0.0
    # The largest full call that was answered; what a failed attempt with more falls back to.
    worked: int = 0
    successes: int = 0
    read_at: float = -1e9
    lock: threading.Lock = field(default_factory=threading.Lock)


class BatchSizes:
    """The sizes that this process knows of."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, str], _Known] = {}

    def current(self, account: str, audience: str, kind: str) -> int:
        """Return how many contacts the next call may hold."""
        known = self._get(account, audience, kind)
        with known.lock:
            if time.monotonic() - known.read_at > _READ_EVERY_SECONDS:
                self._read(known, account, audience, kind)
            return known.size

    def timed_out(self, account: str, audience: str, kind: str, size: int) -> None:
        """Remember that a call of this size got no answer in time.

        What worked last is next, or else half of it. A much smaller call than the size says little
        about that: its sender makes it smaller, and nothing is learnt.
        """
        known = self._get(account, audience, kind)
        with known.lock:
            self._read(known, account, audience, kind)
            if not known.size / 2 < size <= known.size or size <= MIN_BATCH:
                return
            if known.worked >= size:
                known.worked = 0
            known.size = known.worked or max(MIN_BATCH, size // 2)
            known.too_large, known.too_large_at = size, time.time()
            known.successes = 0
            self._write(known, account, audience, kind)

    def worked(self, account: str, audience: str, kind: str, size: int) -> None:
        """Remember that a full call of this size was answered; grow slowly."""
        known = self._get(account, audience, kind)
        with known.lock:
            if size < known.size:
                return
            known.worked = max(known.worked, size)
            if known.size >= MAX_BATCH:
                return
            known.successes += 1
            larger = min(MAX_BATCH, known.size + max(1, known.size // 4))
            avoided = time.time() - known.too_large_at < _AVOIDED_SECONDS
            if known.successes < _GROW_AFTER or (avoided and larger >= known.too_large):
                return
            known.size, known.successes = larger, 0
            self._write(known, account, audience, kind)

    def _get(self, account: str, audience: str, kind: str) -> _Known:
        with self._lock:
            return self._known.setdefault((account, audience, kind), _Known())

    def _read(self, known: _Known, account: str, audience: str, kind: str) -> None:
        found = self._blobs.read_document(_name(account, audience))
        entry = (found[0] if found else {}).get(kind)
        known.read_at = time.monotonic()
        if entry is not None and entry["size"] != known.size:
            known.size, known.successes = entry["size"], 0
        if entry is not None:
            known.too_large, known.too_large_at = entry["too_large"], entry["too_large_at"]

    def _write(self, known: _Known, account: str, audience: str, kind: str) -> None:
        entry = {
            "size": known.size,
            "too_large": known.too_large,
            "too_large_at": known.too_large_at,
        }

        def change(document: dict[str, Any]) -> dict[str, Any]:
            return {**document, kind: entry}

        name = _name(account, audience)
        if self._blobs.update_document(name, change) is None:
            self._blobs.create_document(name, {kind: entry})


def _name(account: str, audience: str) -> str:
    return f"{audience_folder(account, audience)}batch-sizes.json"
