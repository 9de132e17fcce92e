"""Which run a lane works for next, and in which order lanes take the chunks of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.accounts.board import RunView, SlotView, View
from shared.runs.chunks import ChunkState
from shared.runs.payload import ChunkIndex
from shared.runs.sending.choice import by_need, in_order

CHUNK = st.tuples(st.integers(1, 40), st.integers(0, 100))


def chunks_of(given_: list[tuple[int, int]]) -> tuple[list[ChunkIndex], dict[int, ChunkState]]:
    """Return chunks of so many calls and, by number, what share of each is done."""
    index = [ChunkIndex("upsert", 0, 500 * calls, calls, 0, 0) for calls, _ in given_]
    states = {
        number: ChunkState(False, False, 500 * calls * share // 100, False)
        for number, (calls, share) in enumerate(given_)
        if share
    }
    return index, states


RUNS = [f"r{number}-20261001T06000{number}Z-0000" for number in range(9)]


@pytest.mark.parametrize("lanes", [1, 3, 8])
def test_more_runs_than_lanes_take_turns(lanes: int) -> None:
    served: dict[str, float] = {}
    view = View(0.0, runs={run: RunView("sending", "a") for run in RUNS})
    held: list[str] = []
    for turn in range(1, 2 * len(RUNS) + 1):
        view.slots = {n: SlotView(True, True, run) for n, run in enumerate(held[-(lanes - 1) :])}
        if lanes == 1:
            view.slots = {}
        run = by_need(view, served)[0]
        served[run] = float(turn)
        held.append(run)
    assert sorted(held[: len(RUNS)]) == sorted(held[len(RUNS) :]) == sorted(RUNS)


def test_a_run_without_a_lane_comes_before_one_with_lanes_and_the_oldest_first() -> None:
    view = View(0.0, runs={run: RunView("sending", "a") for run in RUNS[:3]})
    view.slots = {0: SlotView(True, True, RUNS[0])}
    assert by_need(view, {RUNS[0]: 1.0}) == [RUNS[1], RUNS[2], RUNS[0]]


@given(st.lists(CHUNK, min_size=1, max_size=30), st.integers(0, 9))
def test_every_chunk_is_offered_once_and_the_longest_first(
    given_: list[tuple[int, int]], slot: int
) -> None:
    index, states = chunks_of(given_)
    ordered = in_order(index, states, range(len(index)), slot)
    assert sorted(ordered) == list(range(len(index)))
    left = [index[n].items - (states[n].position if n in states else 0) for n in ordered]
    assert left == sorted(left, reverse=True)


def test_lanes_that_begin_together_begin_at_different_chunks() -> None:
    index, states = chunks_of([(40, 0)] * 10)
    assert {in_order(index, states, range(10), slot)[0] for slot in range(8)} == set(range(8))
