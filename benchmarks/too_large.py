"""An audience for which calls above a certain size never get an answer."""

import time
from datetime import UTC, datetime

from benchmarks.results import Figure, Result
from benchmarks.world import world
from local.sample_data import people

NAME = "too_large"
# Mailchimp's 120 s, the app's 130 s and its cool-down of 60 s, all of them a twentieth.
_CUTOFF, _TIMEOUT, _COOLDOWN = 6.0, "6.5", "3"
_WORKS, _SLOTS = 250, 8


def run(*, quick: bool) -> Result:
    """Export to it, and compare with calls of the size that works."""
    count, seconds = (8_000, 0.25) if quick else (80_000, 1.0)
    result = Result(NAME, size=count)
    settings = {"MAILCHIMP_TIMEOUT_SECONDS": _TIMEOUT, "MAILCHIMP_COOLDOWN_SECONDS": _COOLDOWN}
    with world(**settings) as here:
        here.write({"Segment": people(count)}, stamp=datetime.now(UTC))
        here.save_export("large", ["Segment"])
        here.stack.mailchimp.set(
            bulk_seconds=seconds,
            work_at="before",
            always_timeout_above=_WORKS,
            cutoff_seconds=_CUTOFF,
        )
        begun = time.monotonic()
        ended = here.stack.ended(here.start_run("large"), timeout=600)
        elapsed = time.monotonic() - begun
        assert ended["status"] == "succeeded", ended
        calls = here.stack.mailchimp.calls()
    tried = [call for call in calls if call.members > _WORKS]
    ideal = ended["counts"]["contacts"] / _WORKS * seconds / _SLOTS
    result.figures += [
        Figure(
            f"{count:,} contacts where calls of more than {_WORKS} always time out: time as a "
            f"multiple of what calls of {_WORKS} need in 8 slots",
            elapsed / ideal,
            "",
            2,
        ),
        Figure("Calls that timed out meanwhile", float(len(tried)), "calls"),
    ]
    return result
