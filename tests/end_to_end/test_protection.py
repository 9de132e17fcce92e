"""People who leave in the middle of a long run, with the times of production scaled."""

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.support.place import QUICK, Document, Place, email, emails, make_place, people, until

# The table of protected contacts is looked at anew every 600 s for a timeout of 130 s.
_SCALED = {"MAILCHIMP_TIMEOUT_SECONDS": "2", "MAILCHIMP_MAX_CONNECTIONS": "1"}
_BATCHES = 16


@pytest.fixture(scope="module")
def slow_place() -> Iterator[Place]:
    with Stack.start(environment={}, settings={**QUICK, **_SCALED}) as stack:
        yield make_place(stack)


def test_who_unsubscribes_long_before_their_batch_is_left_out(slow_place: Place) -> None:
    place = slow_place
    place.write({"VIP": people(range(_BATCHES * 500))})
    place.save(["VIP"])
    last = range((_BATCHES - 1) * 500 + 100, (_BATCHES - 1) * 500 + 110)
    place.put(*({"email": email(number)} for number in last))
    place.mailchimp.set(bulk_seconds=1.0)
    run = place.start()
    until(lambda: any(call.members for call in place.calls()), what="the first batch")

    place.mailchimp.unsubscribe_by_admin(place.audience, emails(last))
    run = place.ended(run)

    statuses = place.statuses()
    assert {statuses[address] for address in emails(last)} == {"unsubscribed"}
    assert {row["email"] for row in place.outcomes(run, "skipped_unsubscribed")} == emails(last)
    assert run["counts"]["created"] == _BATCHES * 500 - len(last)


def start_with_leavers(place: Place, everybody: range, leavers: str) -> Document:
    """Start a run whose first two people leave; they wait behind batches of a second each."""
    place.mailchimp.set(bulk_seconds=None)
    place.write({"VIP": people(everybody)})
    place.save(["VIP"], leavers=leavers)
    assert place.run()["status"] == "succeeded"
    place.write({"VIP": people(everybody[2:], FirstName="New")})
    place.mailchimp.set(bulk_seconds=1.0)
    place.forget_calls()
    run = place.start()
    until(lambda: any(call.members for call in place.calls()), what="the first batch")
    return run


@pytest.mark.parametrize("leavers", ["archive", "unsubscribe"])
def test_a_leaver_who_unsubscribes_before_their_turn_is_left_alone_and_stays_unsubscribed(
    slow_place: Place, leavers: str
) -> None:
    place = make_place(slow_place.stack)
    everybody = range(1_500)
    run = start_with_leavers(place, everybody, leavers)
    left, gone = email(0), email(1)

    place.mailchimp.unsubscribe_by_admin(place.audience, [left])
    run = place.ended(run)

    assert run["status"] == "succeeded", run
    done = {"archive": "archived", "unsubscribe": "unsubscribed"}[leavers]
    assert place.codes(run)[gone] == place.statuses()[gone] == done
    assert place.statuses()[left] == "unsubscribed"
    place.mailchimp.set(bulk_seconds=None)
    place.write({"VIP": people(everybody)})
    run = place.run()
    assert place.codes(run)[left] == "skipped_unsubscribed"
    assert place.statuses()[left] == "unsubscribed"


def test_nobody_is_archived_while_it_cannot_be_seen_who_has_unsubscribed(
    slow_place: Place,
) -> None:
    place = make_place(slow_place.stack)
    run = start_with_leavers(place, range(600), "archive")
    left, gone = email(0), email(1)

    place.mailchimp.fail_next(f"GET /lists/{place.audience}/members", "503", times=None)
    place.mailchimp.unsubscribe_by_admin(place.audience, [left])

    def looks() -> int:
        return sum(call.fault == "503" for call in place.calls())

    # More than one look has ended without having seen anything.
    until(lambda: looks() >= 12, timeout=60, what="looks that fail")
    assert not [call for call in place.calls() if call.method == "DELETE"]
    place.mailchimp.clear_faults()
    run = place.ended(run)

    assert place.codes(run)[gone] == place.statuses()[gone] == "archived"
    assert place.statuses()[left] == "unsubscribed"
