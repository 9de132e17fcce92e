"""Ids of runs, and the names of the blobs that belong to a run."""

import re
from datetime import UTC, datetime, timedelta

from shared.platform.clock import utc_now

# Export, time of its start, and what tells apart those of one second; as JSON Schema has patterns.
RUN_ID_PATTERN = r"^([a-z0-9][a-z0-9-]{0,62})-([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{4,8}$"
RUNS = "runs/"
ACTIVE = f"{RUNS}_active/"
_MOMENT = len("-20261122T061500Z-7f3a")


def export_of(run: str) -> str | None:
    """Return the export that a run's id names, None where it is no run id."""
    found = re.fullmatch(RUN_ID_PATTERN, run)
    return found[1] if found else None


def begun_at(run: str) -> datetime | None:
    """Return when a run was started, as its id says; None where it is no run id."""
    found = re.fullmatch(RUN_ID_PATTERN, run)
    if found is None:
        return None
    try:
        return datetime.strptime(found[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def is_past_retention(run: str, days: float) -> bool:
    """Return whether a run was started so long ago, as its id says, that nothing of it is kept."""
    begun = begun_at(run)
    return begun is not None and utc_now() - begun > timedelta(days=days)


def moment_of(run: str) -> str:
    """Return the part of a run's id that sorts by time."""
    return run[-_MOMENT:]


def folder(run: str) -> str:
    """Return the folder of everything that belongs to a run."""
    return f"{RUNS}{export_of(run)}/{run}/"


def record_name(run: str) -> str:
    """Return the blob of a run's record."""
    return f"{folder(run)}run.json"


def plan_name(run: str) -> str:
    """Return the blob whose creation makes an attempt's work the plan."""
    return f"{folder(run)}plan.json"


def attempt_folder(run: str, attempt: str) -> str:
    """Return the folder of what one attempt to plan has worked out."""
    return f"{folder(run)}plans/{attempt}/"


def stop_name(run: str) -> str:
    """Return the blob that says a run must not go on, and why."""
    return f"{folder(run)}stop.json"


def lock_name(run: str) -> str:
    """Return the blob whose lease the planner or finisher of a run holds."""
    return f"{folder(run)}lock"


def chunks_folder(run: str) -> str:
    """Return the folder of a run's outcome blobs."""
    return f"{folder(run)}chunks/"


def chunk_name(run: str, number: int) -> str:
    """Return the outcome blob of a chunk."""
    return f"{chunks_folder(run)}{number:05d}"


def series_name(run: str) -> str:
    """Return the blob of what a run did over time."""
    return f"{folder(run)}series.json"


def marker_name(export: str) -> str:
    """Return the blob that says an export has an active run."""
    return f"{ACTIVE}{export}"
