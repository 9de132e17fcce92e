"""How many storage operations a small run takes: each costs money, and time that people wait."""

import logging
from collections.abc import Callable

import pytest

from tests.support.steps import Steps

# Of a first run the account, the audience and all that is made once are found out. How many slots
# are taken, and how often somebody looks for one, depends on who is quicker: some room for that.
MOST_OF_A_FIRST_RUN = 450
MOST_OF_AN_UNCHANGED_RUN = 220


@pytest.fixture
def count(caplog: pytest.LogCaptureFixture) -> Callable[[Callable[[], object]], int]:
    """Give a function that counts the requests to the storage while something is done."""

    def counted(act: Callable[[], object]) -> int:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="urllib3.connectionpool"):
            act()
        told = [record.getMessage() for record in caplog.records]
        return sum('"' in text and "/devstoreaccount1/" in text for text in told)

    return counted


def test_a_small_run_takes_a_bounded_number_of_storage_operations(
    steps: Steps, count: Callable[[Callable[[], object]], int]
) -> None:
    first = count(steps.run)
    unchanged = count(steps.run)

    assert 50 < first <= MOST_OF_A_FIRST_RUN
    assert 50 < unchanged <= MOST_OF_AN_UNCHANGED_RUN
