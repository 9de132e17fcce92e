"""Somebody unsubscribes just before, in the middle of or after the call that carries them."""

from typing import Any

import pytest

from local.mailchimp.instants import Moment
from local.stack import Stack
from tests.support.place import Place, email, make_place, people

MOMENTS: tuple[Moment, ...] = ("before", "during", "after")
WAYS: dict[str, dict[str, Any]] = {
    "status_if_new": {},
    "no_status": {"status_if_new": "refused"},
    "one_by_one": {"status_if_new": "as_status", "omitted_status": "subscribed"},
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_unsubscribes_at_any_instant_is_never_subscribed_again(
    stack: Stack, way: str
) -> None:
    # Mailchimp does what it is told: nothing but the calls themselves keeps to who has left.
    stack.mailchimp.set(compliance="ignored", **WAYS[way])
    place = make_place(stack)
    try:
        _story(place, way)
    finally:
        place.leave()
        stack.mailchimp.reset()


def _story(place: Place, way: str) -> None:
    updates = place.stack.ask("GET", f"connections/{place.name}")["updates"]
    assert (updates["way"], updates["archived_is"]) == (
        way,
        None if way == "one_by_one" else "known",
    )
    # Half of them are the export's own, half were there before; the first and the last of a call.
    place.put(*({"email": email(number)} for number in range(10, 20)))
    place.write({"VIP": people(range(20))})
    place.save(["VIP"])
    place.run()
    leaving = {moment: [email(n), email(19 - n)] for n, moment in enumerate(MOMENTS)}
    for name, act in (("Anew", "unsubscribe_by_self"), ("Again", "archive")):
        place.write({"VIP": people(range(20), FirstName=name)})
        for moment, addresses in leaving.items():
            gone = addresses if act == "unsubscribe_by_self" else [email(5), email(14)]
            place.mailchimp.act_upon(
                rf"^(POST|PATCH) /lists/{place.audience}(/members/\w+)?$",
                moment,
                act,
                place.audience,
                gone,
            )
            if act == "archive":
                break
        run = place.run()
        assert run["error"] is None, run
        assert all(place.mailchimp.acted_upon())
    statuses = place.statuses()
    left = {address for addresses in leaving.values() for address in addresses}
    assert {address for address, status in statuses.items() if status == "unsubscribed"} == left
    archived = {address for address, status in statuses.items() if status == "archived"}
    assert archived == {email(5), email(14)}
    place.run(full=True)
    assert place.statuses() == statuses
