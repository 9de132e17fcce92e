"""Mailchimp refuses calls as a whole: for one contact's sake, or whatever they hold."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from local.services import Services
from shared.app import App
from shared.platform.clock import to_text, utc_now
from shared.runs import chunks
from shared.runs.plan_document import load_plan
from shared.runs.record import change_run
from shared.runs.sending.batch_sizes import BatchSizes
from shared.runs.sending.lanes import Lanes
from shared.runs.sending.turn import GiveWayError, Turn
from shared.runs.views import load_run, shown
from tests.support.steps import Steps

UPSERTS = r"POST /lists/[^/]+\?.*|POST /lists/[^/]+"


@pytest.fixture
def many(services: Services, app_of_steps: App) -> Iterator[Steps]:
    """An export of 300 people."""
    steps = Steps.make(services, app_of_steps, people=300)
    yield steps
    steps.mailchimp.clear_faults()


def test_a_run_whose_calls_are_all_refused_ends_before_it_has_tried_everybody(
    many: Steps,
) -> None:
    many.mailchimp.fail_next(UPSERTS, "400", times=None, min_members=1)
    run = many.sent()
    calls = many.calls(many.account)
    many.finish(run)
    record = many.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "internal_error"), record
    assert "refuses one call after the other" in record["error"]["detail"]
    assert calls < 150
    assert many.contacts() == set()


def test_no_call_of_a_lane_begins_after_its_time(many: Steps) -> None:
    run = many.start()
    many.plan(run)
    plan = load_plan(many.app.blobs, run)
    chunk = chunks.claim(many.app.blobs, many.app.leases, run, 0, begun=False)
    slot = many.app.slots.take(many.account.account_id)
    assert plan is not None
    assert chunk is not None
    assert slot is not None
    lanes = Lanes(many.app, BatchSizes(many.app.blobs))
    ends = time.monotonic()
    Turn(lanes, slot, plan, chunk, ends + 60, {}).guard()
    with pytest.raises(GiveWayError):
        Turn(lanes, slot, plan, chunk, ends, {}).guard()
    chunk.abandon()
    slot.release()


def test_a_lane_makes_no_call_under_a_slot_that_is_not_allowed_any_more(many: Steps) -> None:
    run = many.start()
    many.plan(run)
    before = many.calls(many.account)
    number = many.app.settings.max_connections
    many.lane(slot=number)
    assert many.calls(many.account) == before
    many.lane()
    assert many.calls(many.account) > before


def test_a_contact_whom_a_firewall_dislikes_fails_alone(many: Steps) -> None:
    many.write({"VIP": range(20)})
    many.mailchimp.fail_next("/lists/", "403_html", times=None, about=many.email(13))

    record = many.run()

    assert (record["status"], record["error"]) == ("partial", None), record
    assert (record["counts"]["created"], record["counts"]["failed"]) == (19, 1)
    assert many.contacts() == {many.email(n) for n in range(20) if n != 13}
    (row,) = [row for row in many.outcomes(record["id"]) if row["code"] == "failed"]
    assert row["email"] == many.email(13)
    assert "HTTP 403" in row["detail"]
    assert "18.2d351ab8" in row["detail"]


def test_a_firewall_that_lets_nothing_through_is_named_after_an_hour(many: Steps) -> None:
    run = many.start()
    many.plan(run)
    _since_an_hour_ago(many, run)
    many.mailchimp.fail_next("", "403_html", times=None)
    many.lane()
    many.finish(run)

    record = many.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "mailchimp_denied"), record
    assert "18.2d351ab8" in record["error"]["detail"]
    assert record["error"]["params"]["said"] in record["error"]["detail"]
    assert {row["detail"] for row in many.outcomes(run)} == {"not sent"}


def test_a_method_that_mailchimp_has_switched_off_is_told_at_once(many: Steps) -> None:
    run = many.start()
    many.plan(run)
    many.mailchimp.fail_next(UPSERTS, "503_compliance", times=None, min_members=1)
    many.lane()
    calls = many.calls(many.account)
    many.finish(run)

    error = many.record(run)["error"]
    assert (many.record(run)["status"], error["code"]) == ("failed", "mailchimp_method_disabled")
    assert error["params"]["said"] == "This method has been disabled."
    assert "compliance team" in error["detail"]
    assert many.calls(many.account) == calls
    assert {row["detail"] for row in many.outcomes(run)} == {"not sent"}
    many.mailchimp.clear_faults()
    assert many.run()["counts"]["created"] == 300


def _since_an_hour_ago(steps: Steps, run: str) -> None:
    """Have it that a lane has met the firewall before, when the run began."""
    ago = to_text(utc_now() - timedelta(minutes=61))
    change_run(steps.app.blobs, run, lambda r: replace(r, blocked_since=ago))
    found = load_run(steps.app.blobs, run)
    assert found is not None
    assert shown(found)["waiting"] == {"code": "mailchimp", "params": {}, "since": ago}


def test_a_plan_that_a_firewall_blocks_waits_and_says_so_at_the_end(steps: Steps) -> None:
    run = steps.start()
    steps.mailchimp.fail_next("GET /lists/", "403_html", times=None)
    steps.plan(run)
    waiting = steps.record(run)
    assert (waiting["status"], waiting["waiting_for"]) == ("planning", "mailchimp")

    since = to_text(utc_now() - timedelta(minutes=61))
    change_run(steps.app.blobs, run, lambda r: replace(r, silent_since=since))
    steps.plan(run)
    steps.mailchimp.clear_faults()

    record = steps.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "mailchimp_denied"), record
    assert "18.2d351ab8" in record["error"]["detail"]


def test_waiting_for_one_thing_is_not_counted_as_waiting_for_another(steps: Steps) -> None:
    run = steps.start()
    steps.vault.pause()
    steps.plan(run)
    since = to_text(utc_now() - timedelta(minutes=61))
    change_run(steps.app.blobs, run, lambda r: replace(r, silent_since=since))
    steps.vault.resume()
    steps.mailchimp.fail_next("GET /lists/", "403_html", times=None)
    steps.plan(run)
    steps.mailchimp.clear_faults()
    assert steps.record(run)["status"] == "planning"
    steps.plan(run)
    assert steps.record(run)["status"] == "running"


def test_a_deactivated_account_is_told_once_and_of_no_contact(many: Steps) -> None:
    run = many.start()
    many.plan(run)
    many.mailchimp.disable_account(many.account)
    many.lane()
    many.finish(run)

    record = many.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "mailchimp_denied"), record
    assert "This account has been disabled" in record["error"]["detail"]
    assert {row["detail"] for row in many.outcomes(run)} == {"not sent"}


def test_a_role_that_may_not_write_ends_the_run_with_what_to_do(steps: Steps) -> None:
    steps.mailchimp.change_role(steps.account.api_key, "viewer")
    run = steps.start()
    steps.plan(run)
    record = steps.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "mailchimp_denied"), record
    assert "User does not have access to the requested operation" in record["error"]["detail"]
    assert "Manager or higher" in record["error"]["detail"]
