"""What the timer does at every tick, and what only once an hour."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cronsim import CronSim

from shared.app import App
from shared.runs import records
from shared.runs.tick import is_last_of_hour, tick
from tests.runs.test_retention import keep, run_of

DAY = datetime(2026, 3, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "times"),
    [
        ("0 */5 * * * *", 24),
        ("*/3 * * * * *", 24),
        ("*/7 * * * *", 24),
        ("0 30 * * * *", 24),
        ("0 0 */6 * * *", 4),
        ("0 0 4 * * *", 1),
    ],
)
def test_a_schedule_has_one_last_tick_in_each_hour_that_it_has_any(
    schedule: str, times: int
) -> None:
    last = 0
    for at in CronSim(schedule, DAY - timedelta(seconds=1)):
        if at >= DAY + timedelta(days=1):
            break
        # It starts a little late.
        last += is_last_of_hour(schedule, at + timedelta(milliseconds=40))
    assert last == times


def test_what_is_past_its_retention_goes_with_the_last_tick_of_an_hour(app: App) -> None:
    yearly = replace(app, settings=replace(app.settings, tick_schedule="0 0 0 1 1 *"))
    old = run_of(31)
    keep(app, old)
    tick(yearly)
    assert records.read_record(app, old) is None
