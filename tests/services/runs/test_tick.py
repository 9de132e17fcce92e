"""What the timer does at every tick, and what only once an hour."""

from datetime import timedelta

import pytest

from shared.app import App
from shared.platform.clock import to_text, utc_now
from shared.runs.record import read_run
from shared.runs.upkeep import retention
from shared.runs.upkeep.tick import tick
from tests.campaigns.faults.kinds import is_step, kind_of
from tests.campaigns.faults.messages import Message
from tests.services.runs.test_retention import keep, run_of

OLD = run_of(31)


def last_done(app: App, minutes: float) -> None:
    """Have what is past its retention dropped so many minutes ago."""
    at = to_text(utc_now() - timedelta(minutes=minutes))
    app.blobs.write_document(retention.DONE, {"at": at})


def test_a_tick_drops_what_is_past_its_retention(app: App) -> None:
    keep(app, OLD)
    tick(app)
    assert read_run(app.blobs, OLD) is None


def test_a_tick_within_the_hour_after_that_does_not_look_again(app: App) -> None:
    tick(app)
    keep(app, OLD)
    tick(app)
    assert read_run(app.blobs, OLD) is not None


def test_a_tick_an_hour_after_that_looks_again_however_late_it_comes(app: App) -> None:
    for minutes in (61, 100_000):
        keep(app, OLD)
        last_done(app, minutes)
        tick(app)
        assert read_run(app.blobs, OLD) is None


def test_what_failed_is_tried_again_by_the_next_tick(app: App) -> None:
    # Which ledgers are nobody's can't be told while an export can't be read.
    app.blobs.write("exports/broken.json", b"no document")
    tick(app)
    app.blobs.delete("exports/broken.json")
    keep(app, OLD)
    tick(app)
    assert read_run(app.blobs, OLD) is None


@pytest.mark.parametrize(("name", "counts"), [(retention.DONE, False), ("runs/_active/a", True)])
def test_what_a_tick_remembers_is_no_step_of_a_run(name: str, counts: bool) -> None:
    request = Message(f"PUT /account/segment-export/{name} HTTP/1.1", {}, b"")
    assert is_step(kind_of("blob", request)) is counts
