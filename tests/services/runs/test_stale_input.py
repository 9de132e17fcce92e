"""Customer Insights stops writing: there is no run, and it is told all the same."""

from datetime import timedelta
from typing import Any

from shared.exports.access import Role, key_holder
from shared.http.export_views import ExportViews
from shared.platform.clock import utc_now
from shared.runs.last_run import LastRun, read_last
from shared.runs.upkeep.due import start_due_exports
from shared.runs.upkeep.sources import Newest
from shared.runs.upkeep.stale import look_at_age
from shared.segments.snapshots import find_snapshot
from tests.support.steps import Steps


def warned(steps: Steps) -> list[dict[str, Any]]:
    views = ExportViews(steps.app.blobs, key_holder(Role.ADMINISTRATOR))
    warnings = views.show(steps.export())["warnings"]
    return [w["params"] for w in warnings if w["code"] == "input_stale"]


def last_of(steps: Steps) -> LastRun:
    last = read_last(steps.app.blobs, steps.name, steps.export().uid)
    assert last is not None
    return last


def look(steps: Steps, hours: float) -> None:
    """Look at the export so many hours from now."""
    folder, now = steps.export().source.folder, utc_now()
    blobs = steps.app.segment_container(steps.export().source.container)
    newest = [Newest.of(find_snapshot(blobs, folder, "VIP", 0, now), now)]
    look_at_age(steps.app, steps.export(), last_of(steps), newest, now + timedelta(hours=hours))


def test_an_export_says_that_nothing_new_comes_and_ceases_to_when_it_does(steps: Steps) -> None:
    steps.change(schedule={"active": True, "kind": "refresh"})
    steps.run()
    look(steps, 71)
    assert warned(steps) == []
    look(steps, 73)
    (params,) = warned(steps)
    assert params == {"segment": "VIP", "age_hours": 0}
    assert list(last_of(steps).stale) == ["VIP"]

    # A run on the same data makes it no newer.
    steps.run()
    assert warned(steps) == [params]

    steps.write({"VIP": range(4)})
    # The tick sees to it, and starts the run.
    start_due_exports(steps.app)
    assert warned(steps) == []
