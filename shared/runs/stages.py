"""The stages of a run: when each began and ended, from the times that its record has."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.platform.clock import from_text, seconds_since
from shared.runs.record import Run

NAMES = ("waiting", "reading", "planning", "sending", "permissions", "finishing")


@dataclass(frozen=True)
class Stage:
    """One stage; without times it has not begun, or was left out."""

    began_at: str | None = None
    ended_at: str | None = None
    seconds: float = 0.0


def stages_of(run: Run) -> Mapping[str, Stage]:
    """Return every stage by its name; the last that has begun goes on until the run ends.

    Waiting is everything before the input is there: for a turn, for the files, for the vault.
    """
    begun = [
        (name, moment)
        for name, moment in (
            ("waiting", run.submitted_at),
            # A record of 0.1.0 says no more than when its first attempt to plan began.
            ("reading", run.input_at or (run.sending_at and run.started_at)),
            ("planning", run.read_at),
            ("sending", run.sending_at),
            ("permissions", run.permissions_at),
            ("finishing", run.finishing_at),
        )
        if moment
    ]
    ends = [moment for _, moment in begun[1:]]
    found = {
        name: _stage(began, ended)
        for (name, began), ended in zip(begun, [*ends, run.ended_at], strict=True)
    }
    return {name: found.get(name, Stage()) for name in NAMES}


def _stage(began: str, ended: str | None) -> Stage:
    if ended is None:
        return Stage(began, None, round(max(0.0, seconds_since(began)), 1))
    seconds = (from_text(ended) - from_text(began)).total_seconds()
    return Stage(began, ended, round(max(0.0, seconds), 1))
