"""Segments that are not of one refresh: who is missing from one may be in the other by now."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.place import Place, email, people

DAYS = [datetime(2026, 1, day, 6, tzinfo=UTC) for day in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("policy", "status"), [("unsubscribe", "unsubscribed"), ("archive", "archived")]
)
def test_who_moves_between_segments_of_two_days_is_only_untagged_meanwhile(
    place: Place, policy: str, status: str
) -> None:
    place.write({"A": people(range(4)), "B": people(range(4, 6))}, stamp=DAYS[0])
    place.save(["A", "B"], leavers=policy)
    place.run()
    # She moves from A to B, and he leaves; of B there is no snapshot that could tell.
    place.write({"A": people(range(2, 4))}, stamp=DAYS[1])

    run = place.run()

    assert place.statuses() == {email(number): "subscribed" for number in range(6)}
    assert place.tags_of()[email(0)] == set()
    assert (run["due"], run["counts"]["untagged"]) == (2, 2)
    details = {row["detail"] for row in place.outcomes(run, "untagged")}
    assert details == {"waiting until all segments and exports of the audience are as new"}
    # Once more with the same: nothing is forgotten, and nothing done.
    again = place.run()
    assert (again["due"], again["counts"]["unchanged"]) == (2, 6)

    place.write({"B": people([0, 4, 5])}, stamp=DAYS[2])
    last = place.run()

    assert (last["due"], place.codes(last)[email(0)]) == (0, "tagged")
    statuses = place.statuses()
    assert statuses[email(0)] == "subscribed"
    assert place.tags_of()[email(0)] == {"B"}
    assert statuses[email(1)] == status


def test_a_person_ends_the_waiting_for_a_segment_that_never_comes(place: Place) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    place.write({"A": people(range(4)), "B": people(range(4, 6))}, stamp=long_ago)
    place.save(["A", "B"], leavers="archive")
    place.run()
    place.write({"A": people(range(1, 4))}, stamp=long_ago + timedelta(days=28))
    # Before anybody was told, the word of a person is about the stop alone.
    first = place.run(allow_removals=True)
    assert first["due"] == 1
    (warning,) = [one for one in first["warnings"] if one["code"] == "removals_waiting"]
    assert (warning["params"]["segment"], warning["params"]["count"]) == ("B", 1)

    run = place.run(allow_removals=True)

    assert (run["due"], run["counts"]["archived"]) == (0, 1)
    assert place.statuses()[email(0)] == "archived"
    # It holds for who leaves later, too, until the segment is renewed.
    place.write({"A": people(range(2, 4))}, stamp=long_ago + timedelta(days=29))
    assert place.run()["counts"]["archived"] == 1
