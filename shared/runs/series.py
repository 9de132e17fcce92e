"""What a run did over time: its calls in flight, and the contacts that they took, per second.

A run that has ended keeps it; of one that is sending it is read from what its calls have left.
"""

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from shared.platform.blobs import Blobs, Document
from shared.platform.clock import to_text
from shared.runs import chunks, names
from shared.runs.chunks import Block

MOST_POINTS = 300
_SECOND = 1000
_PARALLEL_READS = 8
_BLOBS_REMEMBERED = 1024


class Call(NamedTuple):
    """A call, begun at a time (seconds since 1970), and the contacts that it took."""

    begun: float
    seconds: float
    contacts: int


@dataclass(frozen=True)
class Series:
    """Points from a time (None: no call yet) at equal distances, each the highest of its span."""

    begun_at: str | None
    every_seconds: int
    calls_in_flight: tuple[int, ...]
    contacts_per_second: tuple[float, ...]

    def document(self) -> Document:
        """Return what is stored, and what the API shows."""
        return {
            "from": self.begun_at,
            "every_seconds": self.every_seconds,
            "calls_in_flight": list(self.calls_in_flight),
            "contacts_per_second": list(self.contacts_per_second),
        }


def calls_of(blocks: Iterable[Block]) -> list[Call]:
    """Return the calls that a chunk's blocks tell of; the last of an item's tries took them."""
    found = []
    for block in blocks:
        tries = block.get("calls") or ()
        for number, (begun, seconds) in enumerate(tries, 1):
            found.append(Call(begun, seconds, block["n"] if number == len(tries) else 0))
    return found


def series_of(calls: Sequence[Call]) -> Series:
    """Return the series of these calls, in whatever order."""
    if not calls:
        return Series(None, 1, (), ())
    begin = math.floor(min(call.begun for call in calls))
    spans = [_span(call, begin) for call in calls]
    length = math.ceil(max(ended for _, ended in spans) / _SECOND)
    every = math.ceil(length / MOST_POINTS)
    rates = _rates(zip(spans, (call.contacts for call in calls), strict=True), length)
    return Series(
        to_text(datetime.fromtimestamp(begin, UTC)),
        every,
        tuple(_highest(_in_flight(spans, length), every)),
        tuple(round(rate, 1) for rate in _highest(rates, every)),
    )


def _span(call: Call, begin: int) -> tuple[int, int]:
    """Return where a call begins and ends, in milliseconds; it takes one at least."""
    begun = round((call.begun - begin) * _SECOND)
    return begun, begun + max(1, round(call.seconds * _SECOND))


def _in_flight(spans: Iterable[tuple[int, int]], length: int) -> list[int]:
    """Return the most calls at one time in each second."""
    # One that ends as the next begins is not beside it.
    steps = sorted(chain.from_iterable(((begun, 1), (ended, -1)) for begun, ended in spans))
    most, now, since = [0] * length, 0, 0
    for moment, step in steps:
        if now and moment > since:
            for second in _seconds(since, moment):
                most[second] = max(most[second], now)
        now, since = now + step, moment
    return most


def _rates(taken: Iterable[tuple[tuple[int, int], int]], length: int) -> list[float]:
    """Return the contacts of each second, those of a call spread over its time."""
    rates = [0.0] * length
    for (begun, ended), contacts in taken:
        for second in _seconds(begun, ended):
            within = min(ended, (second + 1) * _SECOND) - max(begun, second * _SECOND)
            rates[second] += contacts * within / (ended - begun)
    return rates


def _seconds(begun: int, ended: int) -> range:
    return range(begun // _SECOND, math.ceil(ended / _SECOND))


def _highest[N: (int, float)](values: Sequence[N], every: int) -> list[N]:
    return [max(values[start : start + every]) for start in range(0, len(values), every)]


def store(blobs: Blobs, run: str, blocks: Iterable[Block]) -> None:
    """Keep the series with the run, by all that its chunks have left."""
    blobs.write_document(names.series_name(run), series_of(calls_of(blocks)).document())


def load(blobs: Blobs, run: str) -> Document:
    """Return what the API shows of a run's series, up to now where it is still sending."""
    found = blobs.read_document(names.series_name(run))
    if found is not None:
        return {name: found[0][name] for name in series_of(()).document()}
    made = [(blob.name, blob.size) for blob in blobs.list(names.chunks_folder(run)) if blob.size]
    with ThreadPoolExecutor(_PARALLEL_READS, thread_name_prefix="series") as readers:
        read = readers.map(lambda blob: _calls_in(blobs, run, *blob), made)
        return series_of(list(chain.from_iterable(read))).document()


@lru_cache(maxsize=_BLOBS_REMEMBERED)
def _calls_in(blobs: Blobs, run: str, name: str, size: int) -> tuple[Call, ...]:  # noqa: ARG001
    """Read a blob of outcomes again only when it has grown: pages ask every few seconds."""
    number = int(name.removeprefix(names.chunks_folder(run)))
    return tuple(calls_of(chunks.read_blocks(blobs, run, number)))
