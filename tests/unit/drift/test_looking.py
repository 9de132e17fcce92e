"""What a look, and what people choose, does to the drift of an audience."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.drift.choosing import AlreadyDoneError, NotOfferedError, chosen
from shared.drift.items import Choice, Drift, Item, Look, Seen
from shared.drift.looking import OF_RUNS, OF_VERIFICATIONS, looked, made_anew

RENAMED = Seen(
    code="tag_renamed", subject="7", params={"given": "VIP", "found": "Gold"}, may_put_back=True
)
AWAY = Seen(code="contacts_unsubscribed", subject="a", count=3)


def seen(
    drift: Drift, *found: Seen, uid: str = "a", done: Sequence[str] = (), at: str = "1"
) -> Drift:
    """After a run's look."""
    return looked(drift, uid, Look(seen=found, carried_out=tuple(done)), OF_RUNS, at).drift


def only(drift: Drift, uid: str = "a") -> Item:
    (item,) = drift.of_export(uid)
    return item


def choose(drift: Drift, choice: Choice) -> Drift:
    (item,) = [one for one in drift.items if one.is_open]
    return chosen(drift, item, choice, "ana", "2")


def test_what_is_seen_again_stays_one_item_and_is_no_news() -> None:
    first = looked(Drift(), "a", Look(seen=(RENAMED, AWAY)), OF_RUNS, "1")
    again = looked(first.drift, "a", Look(seen=(RENAMED, AWAY)), OF_RUNS, "2")
    more = looked(again.drift, "a", Look(seen=(RENAMED, replace(AWAY, count=4))), OF_RUNS, "3")

    assert [one.found for one in (first, again, more)] == [2, 0, 1]
    assert again.drift == first.drift
    assert [one.count for one in more.drift.items] == [1, 4]
    assert {one.first_seen_at for one in more.drift.items} == {"1"}


def test_what_nobody_decided_on_goes_when_people_have_put_it_right() -> None:
    assert seen(seen(Drift(), RENAMED)).items == ()


def test_a_look_says_nothing_of_kinds_that_it_does_not_show() -> None:
    taken = Seen(code="tags_taken", subject="7", params={"tag": "VIP"}, count=2, may_put_back=True)
    drift = looked(Drift(), "a", Look(seen=(taken,)), OF_VERIFICATIONS, "1").drift

    assert seen(drift) == drift
    assert looked(drift, "a", Look(), OF_VERIFICATIONS, "2").drift.items == ()


@pytest.mark.parametrize(
    ("found", "choices"),
    [
        (RENAMED, ("put_back", "leave", "note")),
        (replace(RENAMED, may_put_back=False), ("leave", "note")),
        (AWAY, ("leave", "note")),
        (Seen(code="tag_deleted", subject="7", params={"tag": "VIP"}), ("note",)),
    ],
)
def test_nothing_is_offered_that_no_run_can_do(found: Seen, choices: tuple[Choice, ...]) -> None:
    drift = seen(Drift(), found)

    assert only(drift).choices == choices
    for choice in {"put_back", "leave", "note"} - set(choices):
        with pytest.raises(NotOfferedError):
            choose(drift, choice)  # type: ignore[arg-type] # one of the three


def test_what_is_left_is_not_shown_again_until_there_is_more_of_it() -> None:
    drift = choose(seen(Drift(), AWAY), "leave")

    assert drift.of_export("a") == []
    assert seen(drift, AWAY).of_export("a") == []
    assert only(seen(drift, replace(AWAY, count=5))).count == 2
    again = choose(seen(drift, replace(AWAY, count=5)), "leave")
    assert seen(again, replace(AWAY, count=5)).of_export("a") == []


def test_another_name_is_another_change_than_the_one_that_was_left() -> None:
    drift = choose(seen(Drift(), RENAMED), "leave")
    other = replace(RENAMED, params={"given": "VIP", "found": "Silver"})

    assert only(seen(drift, other)).params["found"] == "Silver"


def test_what_is_noted_stays_as_it_is_and_may_be_decided_on_later() -> None:
    noted = choose(seen(Drift(), RENAMED), "note")

    assert seen(noted) == noted
    assert only(choose(noted, "put_back")).choice == "put_back"


def test_what_was_put_back_is_done_and_can_not_be_changed_any_more() -> None:
    wanted = choose(seen(Drift(), RENAMED), "put_back")
    (item,) = wanted.wanted_back("a")
    done = seen(wanted, done=[item.id], at="3")

    assert only(done).done_at == "3"
    assert done.wanted_back("a") == []
    with pytest.raises(AlreadyDoneError):
        chosen(done, only(done), "leave", "ana", "4")
    # The same once more is a change of its own.
    assert [one.is_open for one in seen(done, RENAMED, at="4").of_export("a")] == [True, False]


def test_a_run_that_could_not_put_it_back_tries_again_the_next_time() -> None:
    wanted = choose(seen(Drift(), RENAMED), "put_back")

    assert len(seen(wanted, RENAMED, at="3").wanted_back("a")) == 1


def test_what_was_deleted_is_done_once_a_run_has_made_it_anew() -> None:
    deleted = Seen(code="merge_field_deleted", subject="3", params={"field": "NICK"})
    drift = seen(Drift(), deleted)

    assert only(seen(drift)).is_open
    assert not only(made_anew(drift, "a", "2")).is_open
    assert only(made_anew(drift, "b", "2")).is_open


def test_exports_that_share_a_tag_show_one_item_and_the_last_choice_counts_for_both() -> None:
    shared = replace(RENAMED, holders=("b",))
    drift = seen(Drift(), shared)

    assert only(drift, "b") == only(drift)
    both = seen(choose(drift, "note"), replace(shared, holders=("a",)), uid="b")
    assert only(both, "b") == only(both)
    assert only(choose(both, "put_back"), "b").choice == "put_back"
    # Gone for one of them, it is still there for the other.
    assert [one.seen_by for one in seen(seen(drift, shared, uid="b")).items] == [("b",)]


def test_what_is_done_is_not_kept_for_ever() -> None:
    drift = Drift()
    for number in range(60):
        one = replace(AWAY, subject=str(number))
        drift = choose(seen(drift, one, at=f"{number:02}"), "leave")
        drift = replace(drift, items=tuple(replace(i, done_at=f"{i.id:0>30}") for i in drift.items))

    assert len(seen(drift, AWAY).items) <= 52
