"""Which run serves a time of a cron schedule, told by what is remembered of the last one."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.exports.models import StoredExport
from shared.platform.clock import to_text, utc_now
from shared.runs import last_run
from shared.runs.record import Run, RunRequest, RunStatus, new_run
from shared.runs.upkeep.due import is_due
from tests.support.steps import Steps

# Half past, so that the time at the hour lies between what is saved and what is asked.
HOUR = utc_now().replace(minute=0, second=0, microsecond=0)


def ended(export: StoredExport, kind: Any, status: RunStatus, at: datetime) -> Run:
    run = new_run(f"{export.name}-1", export, RunRequest(requested_by="test", kind=kind))
    changes = {"status": status, "submitted_at": to_text(at), "ended_at": to_text(at)}
    return Run(**{**vars(run), **changes})


@pytest.mark.parametrize(
    ("kind", "status", "serves"),
    [
        ("scheduled", RunStatus.SUCCEEDED, True),
        ("scheduled", RunStatus.FAILED, True),
        ("scheduled", RunStatus.CANCELLED, True),
        ("on_demand", RunStatus.SUCCEEDED, True),
        ("on_demand", RunStatus.PARTIAL, True),
        ("on_demand", RunStatus.CANCELLED, False),
        ("on_demand", RunStatus.FAILED, False),
        ("on_demand", RunStatus.SKIPPED, False),
    ],
)
def test_a_time_is_served_by_its_own_run_or_by_one_by_hand_that_has_sent(
    steps: Steps, kind: str, status: RunStatus, serves: bool
) -> None:
    steps.change(schedule={"active": True, "kind": "cron", "cron": ["0 * * * *"]})
    before = to_text(HOUR - timedelta(minutes=30))
    export = steps.export().model_copy(update={"scheduled_since": before})
    blobs = steps.app.blobs
    second = HOUR + timedelta(seconds=1)

    last_run.note_end(blobs, ended(export, kind, status, second))

    last = last_run.read_last(blobs, export.name, export.uid)
    assert is_due(export, last, [], HOUR + timedelta(minutes=5)) is not serves
