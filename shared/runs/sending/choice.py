"""Which run a lane works for next, and which of its chunks. Nothing here claims anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.accounts import board
from shared.runs import names
from shared.runs.chunks import ChunkState, unfinished
from shared.runs.payload import ChunkIndex


@dataclass(frozen=True)
class AllDone:
    """No chunk of the run has anything left."""


@dataclass(frozen=True)
class NoneReady:
    """Other lanes hold all that may be sent now."""


@dataclass(frozen=True)
class Ready:
    """Chunks to claim, the best first."""

    numbers: list[int]


def by_need(view: board.View, served: Mapping[str, float]) -> list[str]:
    """Return the runs to work for: those with the fewest lanes first, the oldest of equals.

    served: when this process began to work for a run last (monotonic clock). Whom that is longest
    ago comes before those with as many lanes: more runs than lanes take turns.
    """

    def rank(run: str) -> tuple[int, float, str]:
        return len(view.lanes_of(run)), served.get(run, 0.0), names.moment_of(run)

    return sorted(view.sending(), key=rank)


def next_chunks(
    index: Sequence[ChunkIndex], states: Mapping[int, ChunkState], slot: int
) -> AllDone | NoneReady | Ready:
    """Return which chunks of a run the holder of a slot may claim: of the first phase left."""
    left = unfinished(len(index), states)
    if not left:
        return AllDone()
    phase = min(index[number].phase for number in left)
    free = [
        number
        for number in left
        if index[number].phase == phase and not (number in states and states[number].leased)
    ]
    return Ready(in_order(index, states, free, slot)) if free else NoneReady()


def in_order(
    index: Sequence[ChunkIndex],
    states: Mapping[int, ChunkState],
    ready: Sequence[int],
    slot: int,
) -> list[int]:
    """Return chunks with most left to do first, so that lanes end together.

    Of those with equally much, lanes that begin together begin at different ones.
    """

    def left(number: int) -> float:
        chunk = index[number]
        done = states[number].position if number in states else 0
        return chunk.calls * (1 - done / max(1, chunk.items))

    ordered = sorted(ready, key=lambda number: (-left(number), number))
    alike = sum(left(number) == left(ordered[0]) for number in ordered)
    start = slot % alike if alike else 0
    return ordered[start:alike] + ordered[:start] + ordered[alike:]
