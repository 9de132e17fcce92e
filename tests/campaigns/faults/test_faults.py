"""A short selection of the fault suite; `make faults` plays all of it."""

from collections.abc import Iterator

import pytest

from tests.campaigns.faults.catalogue import SHORT_COUNT, short_selection
from tests.campaigns.faults.lab import Lab
from tests.campaigns.faults.scenario import Result, Theatre

# With more hosts at once calls time out for want of a processor, and runs take minutes.
_AT_ONCE = 3


@pytest.fixture(scope="module")
def results() -> Iterator[list[Result]]:
    """What became of the selection, played side by side."""
    with Lab() as lab:
        theatre = Theatre(lab, workers=_AT_ONCE)
        yield theatre.play(short_selection(theatre.reference), lambda _: None)


@pytest.mark.parametrize("number", range(SHORT_COUNT))
def test_nothing_is_lost(results: list[Result], number: int) -> None:
    result = results[number]

    assert result.problems == [], result.name
    assert all(result.reached.values()), f"{result.name}: {result.reached}"
