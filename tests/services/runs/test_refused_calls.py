"""Mailchimp refuses calls as a whole: for one contact's sake, or whatever they hold."""

from collections.abc import Iterator

import pytest

from local.services import Services
from shared.app import App
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


def test_a_lane_makes_no_call_under_a_slot_that_is_not_allowed_any_more(many: Steps) -> None:
    run = many.start()
    many.plan(run)
    before = many.calls(many.account)
    number = many.app.settings.max_connections
    many.lane(slot=number)
    assert many.calls(many.account) == before
    many.lane()
    assert many.calls(many.account) > before
