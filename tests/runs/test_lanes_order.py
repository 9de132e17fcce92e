"""In which order lanes take the chunks of a run."""

from hypothesis import given
from hypothesis import strategies as st

from shared.runs.chunks import ChunkState
from shared.runs.lanes import in_order
from shared.runs.payload import ChunkIndex

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
