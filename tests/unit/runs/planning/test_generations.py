"""Who has left is known for good once every segment has a snapshot that is new enough to tell."""

from typing import Any

import pytest

from shared.runs.ledger import Flag
from shared.runs.planning.difference.generations import (
    Generation,
    Generations,
    Neighbour,
    seconds_of,
    waiting,
)
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Note
from tests.support.tables import (
    NOW,
    OURS,
    address,
    by_email,
    compare,
    contacts_of,
    given,
    ledger_of,
    suppressions,
)

DAY, HOUR = 86_400, 3_600


def generations(*taken: int, named: bool = False, waived: bool = False) -> Generations:
    """Segments that give the tags 0, 1 and so on; the first of them may be waived."""
    return Generations(
        tuple(
            Generation(f"s{tag}", time, tag, named=named, waived=waived and tag == 0)
            for tag, time in enumerate(taken)
        ),
        saved=NOW,
    )


def leaver(of: Generations, policy: Any = "archive", **known: Any) -> dict[str, Any]:
    """What becomes of one of ours who is in none of the segments."""
    table, _ = compare(
        contacts_of([{"email": address("b")}]),
        ledger_of([{"email": address("a")} | OURS | known, {"email": address("b")} | OURS]),
        Policy(now=NOW, leavers=policy, generations=of),
        given(),
        suppressions(),
        {0: 0, 1: 1},
    )
    counted = sum(waiting(table, of).values())
    return {"waits": counted, **by_email(table)[address("a")]}


def test_a_stamp_is_a_time() -> None:
    assert seconds_of("2026/11/22/0600") + 30 == seconds_of("2026/11/22/060030")
    assert seconds_of("2026/11/23/0600") - seconds_of("2026/11/22/0600") == DAY


def test_who_left_a_segment_waits_for_those_that_are_older() -> None:
    row = leaver(generations(DAY, 0))
    assert (row["action"], row["note"]) == (Action.WAIT, Note.WAITING)
    assert (row["stamp"], row["remove"], row["waits"]) == (DAY, 1, 1)


def test_nobody_waits_for_a_segment_that_is_newer_than_the_one_that_was_left() -> None:
    row = leaver(generations(0, DAY))
    assert (row["action"], row["stamp"]) == (Action.ARCHIVE, 0)


def test_who_left_several_segments_left_with_the_newest() -> None:
    assert leaver(generations(0, DAY), tags=3)["action"] == Action.WAIT


def test_of_whom_it_is_not_known_where_they_were_the_newest_counts() -> None:
    assert leaver(generations(0, DAY), tags=0)["action"] == Action.WAIT
    unsure = OURS["flags"] | int(Flag.UNCERTAIN)
    assert leaver(generations(0, DAY), flags=unsure)["action"] == Action.WAIT


def test_who_is_missing_because_segments_were_edited_is_so_since_it_was_saved() -> None:
    # Nobody gives the tag of bit 5 any more.
    row = leaver(generations(0, DAY), tags=1 << 5)
    assert (row["action"], row["stamp"]) == (Action.WAIT, NOW)


def test_a_stamp_stays_while_snapshots_get_newer() -> None:
    row = leaver(generations(2 * DAY, DAY), stamp=DAY, tags=0)
    assert (row["action"], row["stamp"]) == (Action.ARCHIVE, DAY)


def test_tables_of_one_refresh_need_not_be_of_one_minute() -> None:
    assert leaver(generations(DAY, DAY - 120, named=True))["action"] == Action.ARCHIVE
    # Without a model.json nobody says that they belong together.
    assert leaver(generations(DAY, DAY - 120))["action"] == Action.WAIT
    # And one that was left out of a refresh is named as it was the day before.
    assert leaver(generations(DAY, 0, named=True))["action"] == Action.WAIT
    # Beside a newer snapshot than the one that was left, nothing is said of that.
    assert leaver(generations(2 * DAY, DAY - 120, named=True), stamp=DAY)["action"] == Action.WAIT


def test_a_person_s_word_ends_the_waiting_for_a_segment() -> None:
    assert leaver(generations(0, DAY, waived=True), stamp=DAY)["action"] == Action.ARCHIVE
    assert leaver(generations(0, 0, waived=True), stamp=DAY)["action"] == Action.WAIT


@pytest.mark.parametrize(
    ("other", "action"),
    [
        (Neighbour("b", "1", taken=DAY), Action.ARCHIVE),
        (Neighbour("b", "1", taken=DAY - 1), Action.WAIT),
        # She may be in the snapshot that it has not exported yet.
        (Neighbour("b", "1", taken=DAY, behind=True), Action.WAIT),
        (Neighbour("b", "1", taken=0, behind=True, waived=True), Action.ARCHIVE),
    ],
)
def test_who_left_waits_for_the_other_exports_of_the_audience(
    other: Neighbour, action: Action
) -> None:
    of = Generations(generations(DAY).segments, others=(other,))
    row = leaver(of)
    assert (row["action"], row["remove"]) == (action, 1)
    assert row["waits"] == (action == Action.WAIT)


@pytest.mark.parametrize(
    ("then", "now", "action"),
    [
        (Flag.ARCHIVE_AT_MOST, "unsubscribe", Action.ARCHIVE),
        (Flag.ARCHIVE_AT_MOST, "untag", Action.NONE),
        (Flag.KEEP, "archive", Action.NONE),
        (Flag(0), "unsubscribe", Action.UNSUBSCRIBE),
    ],
)
def test_of_two_policies_the_milder_one_is_applied(then: Flag, now: Any, action: Action) -> None:
    row = leaver(generations(0), now, flags=OURS["flags"] | int(then))
    assert row["action"] == action


def test_how_mild_an_export_is_goes_with_the_leaver() -> None:
    assert leaver(generations(0))["old_flags"] & Flag.ARCHIVE_AT_MOST
    assert leaver(generations(0), "keep")["old_flags"] & Flag.KEEP


def test_the_stop_does_not_count_again_who_only_waits() -> None:
    people: list[dict[str, Any]] = [{"email": f"p{n}@x.org"} | OURS for n in range(40)]
    of = generations(DAY, 0)
    waits: dict[str, Any] = {"flags": OURS["flags"] | int(Flag.DUE), "tags": 0, "stamp": DAY}
    known = ledger_of([person | waits for person in people[:30]] + people[30:])
    table, removals = compare(
        contacts_of(people[30:]),
        known,
        Policy(now=NOW, leavers="archive", removal_limit_percent=20, generations=of),
        given(),
        suppressions(),
        {0: 0, 1: 1},
    )
    assert removals.withheld == ""
    assert sum(waiting(table, of).values()) == 30
