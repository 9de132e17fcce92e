"""What all exports on an audience know of it: who is ours, and who lets go of a contact last."""

import time
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from shared.audiences import memory
from shared.runs import chunks, ledger, names
from shared.runs.stopping import request_cancel
from tests.support.erasing import erase_here
from tests.support.steps import Steps


@pytest.fixture
def two(steps: Steps) -> tuple[Steps, Steps]:
    """Two exports of one person each beside others, who archive whom they lose."""
    steps.write({"VIP": range(3), "Club": [0, 5, 6]})
    steps.change(removal_limit_percent=100, leavers="archive")
    other = steps.beside("-club", segments=["Club"])
    return steps, other


def due(record: Mapping[str, Any]) -> int:
    count: int = record.get("due", 0)
    return count


def status(steps: Steps, number: int) -> str:
    return steps.mailchimp.contacts(steps.audience)[steps.email(number)].status


def test_the_last_export_that_lets_go_of_a_contact_removes_it_whoever_created_it(
    two: tuple[Steps, Steps],
) -> None:
    vip, club = two
    vip.run()
    club.run()
    vip.write({"VIP": [1, 2], "Club": [0, 5, 6]})
    club.run()
    first = vip.run()
    assert (due(first), status(vip, 0)) == (0, "subscribed")

    vip.write({"VIP": [1, 2], "Club": [5, 6]})
    vip.run()
    last = club.run()

    assert (last["counts"]["archived"], status(vip, 0)) == (1, "archived")


def test_of_two_exports_that_let_go_at_once_the_later_one_removes_the_contact(
    two: tuple[Steps, Steps],
) -> None:
    vip, club = two
    vip.run()
    club.run()
    vip.write({"VIP": [1, 2], "Club": [5, 6]})

    runs = vip.start(), club.start()
    vip.plan(runs[0])
    club.plan(runs[1])
    for steps, run in ((vip, runs[0]), (club, runs[1])):
        steps.lane()
        steps.finish(run)

    first, second = (vip.record(run) for run in runs)
    assert (due(first), due(second), second["leavers_due"]) == (0, 1, True)
    assert status(vip, 0) == "subscribed"
    assert (club.run()["counts"]["archived"], status(vip, 0)) == (1, "archived")


def test_whom_one_export_archived_is_asked_to_come_back_by_another(
    two: tuple[Steps, Steps],
) -> None:
    vip, club = two
    vip.run()
    vip.write({"VIP": [0, 1], "Club": [5, 6]})
    club.run()
    assert (vip.run()["counts"]["archived"], status(vip, 2)) == (1, "archived")

    vip.write({"VIP": [0, 1], "Club": [2, 5, 6]})
    run = club.run()

    assert (run["counts"]["updated"], status(vip, 2)) == (1, "pending")


def test_whom_an_export_archived_for_a_withdrawal_no_other_one_brings_back(
    two: tuple[Steps, Steps],
) -> None:
    vip, club = two
    consent = {"field": "Consent", "values": ["yes"], "withdrawn": "archive"}
    vip.write({"VIP": range(3), "Club": [5, 6]}, Consent="yes")
    vip.change(consent=consent)
    vip.run()
    vip.write({"VIP": range(3), "Club": [5, 6]}, Consent="no")
    club.run()
    vip.run()
    assert status(vip, 2) == "archived"

    vip.write({"VIP": range(3), "Club": [2, 5, 6]}, Consent="no")
    run = club.run()

    assert run["outcomes"]["skipped_archived"] == 1
    assert status(vip, 2) == "archived"


def test_who_signs_up_after_a_call_that_was_lost_is_nobody_s_to_archive(steps: Steps) -> None:
    steps.change(removal_limit_percent=100, leavers="archive")
    run = steps.start()
    steps.plan(run)
    dead = chunks.claim(steps.app.blobs, steps.app.leases, run, 0, begun=False)
    assert dead is not None
    # A lane that was ended in a call, which never came to Mailchimp.
    dead.kept.release()
    request_cancel(steps.app, run, reason=None, by="test")
    steps.finish(run)
    assert steps.record(run)["outcomes"]["failed"] == 3
    came = int(time.time()) + 2
    form = {"email": steps.email(0), "timestamp_opt": came, "timestamp_signup": came}
    steps.mailchimp.put_contacts(steps.audience, [form])
    counts = steps.run()["counts"]
    assert (counts["created"], counts["updated"]) == (2, 1)

    steps.write({"VIP": [2]})
    left = steps.run()["outcomes"]

    assert (left["archived"], left["untagged"]) == (1, 1)
    assert (status(steps, 0), status(steps, 1)) == ("subscribed", "archived")


def test_a_run_that_is_finished_twice_is_remembered_once(steps: Steps) -> None:
    run = steps.sent()
    account, audience = steps.account.account_id, steps.audience
    # As one that died after the memory, and before its ledger, leaves it.
    before = steps.app.blobs.read_document(names.record_name(run))
    assert before is not None
    steps.finish(run)
    pointer = ledger.load(steps.app.blobs, account, audience, steps.export().uid).folder
    steps.app.blobs.delete(f"{pointer}ledger.json")
    steps.app.blobs.write_document(names.record_name(run), before[0])

    steps.finish(run)

    found = memory.load(steps.app.blobs, account, audience)
    assert (found.runs, len(found.made)) == ((run,), 1)
    emails = pl.Series([steps.email(number) for number in range(3)])
    assert memory.made(steps.app.blobs, account, audience, emails).height == 3


def test_whoever_is_erased_is_remembered_no_more(steps: Steps) -> None:
    steps.run()
    account, audience = steps.account.account_id, steps.audience

    erase_here(steps.app, customer_id=f"{steps.name}-1")

    emails = pl.Series([steps.email(number) for number in range(3)])
    left = memory.made(steps.app.blobs, account, audience, emails)["email"]
    assert set(left) == {steps.email(0), steps.email(2)}
