"""When all segments are empty: taken for a mistake until a person says that they are right."""

import polars as pl
import pytest

from shared.runs.ledger import FoldedSegment, Ledger
from shared.runs.planning.profiles import Profiles
from shared.runs.planning.reading import check_input
from shared.runs.record import RunFailedError

EMPTY = Profiles(pl.DataFrame(), {"VIP": 0})
FULL = Profiles(pl.DataFrame(), {"VIP": 3})


def ledger(contacts: int, rows: int) -> Ledger:
    segments = {"VIP": FoldedSegment("2026/11/22/0600", rows)}
    return Ledger("account", "audience", "uid", contacts=contacts, segments=segments)


def test_segments_that_are_suddenly_empty_end_the_run() -> None:
    with pytest.raises(RunFailedError) as failed:
        check_input(EMPTY, 0, ledger(3, 3), allow_removals=False)
    assert failed.value.notice.code == "snapshot_empty"


@pytest.mark.parametrize(
    ("profiles", "contacts", "rows", "allowed"),
    [
        (EMPTY, 3, 3, True),
        # Emptied once: whom it archived is still remembered.
        (EMPTY, 2, 0, False),
        (EMPTY, 0, 0, False),
        (FULL, 3, 3, False),
    ],
)
def test_a_person_may_empty_an_export_and_it_stays_so(
    profiles: Profiles, contacts: int, rows: int, allowed: bool
) -> None:
    check_input(profiles, 3, ledger(contacts, rows), allow_removals=allowed)
