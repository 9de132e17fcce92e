"""A deployment in the middle of a million: the old instance is told to stop, a new one is there.

Everything is as in Azure: ten seconds for what runs, ten minutes until a cut message comes back,
a tick every five minutes.
"""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import polars as pl

from benchmarks.results import Figure, Result
from benchmarks.world import World, world
from local.mailchimp.control import CallRecord
from local.sample_data import overlapping_segments, people

NAME = "deployment"
_SLOTS = 8
_TIMEOUT = 2400.0
_TICK_SECONDS = 300.0
# What a lane that was cut held: waited out before anybody else takes it.
_LEASE_SECONDS = 60.0


def run(*, quick: bool) -> Result:
    """Export everything; deploy when 40 % are sent."""
    count, seconds = (40_000, 0.5) if quick else (1_000_000, 1.0)
    result = Result(NAME, size=count)
    with world() as here:
        segments = overlapping_segments(people(count))
        here.write(segments, stamp=datetime.now(UTC))
        here.save_export("million", list(segments))
        here.stack.mailchimp.set(bulk_seconds=seconds)
        begun = time.monotonic()
        run_id = here.start_run("million")
        _wait(lambda: here.stack.mailchimp.stats().members >= 0.4 * count)
        _deploy(here)
        ended = here.stack.ended(run_id, timeout=_TIMEOUT, pause=2.0)
        elapsed = time.monotonic() - begun
        assert ended["status"] == "succeeded", ended
        calls = [c for c in here.stack.mailchimp.calls() if c.members and c.method == "POST"]
        profiles = pl.concat(segments.values())["CustomerId"].n_unique()
        outcomes = _outcomes(here, run_id)
    told = outcomes["customer_id"].n_unique()
    wrong = (profiles - told) + (outcomes.height - told)
    sent = sum(call.members for call in calls)
    once = ended["counts"]["created"] + ended["counts"]["updated"]
    result.values |= {"seconds": elapsed, "calls": len(calls)}
    result.figures += [
        Figure(
            f"A deployment in the middle of {count:,}: longest time without a call",
            _longest_pause(calls),
            "s",
            _TICK_SECONDS + 2 * _LEASE_SECONDS,
        ),
        Figure(
            "The same: time beyond what eight slots need",
            elapsed - len(calls) * seconds / _SLOTS,
            "s",
        ),
        Figure(
            "The same: contacts sent again, in calls that were cut",
            float(sent - once),
            "",
            500.0 * _SLOTS,
        ),
        Figure("The same: profiles without exactly one outcome", float(wrong), "", 0.0),
    ]
    return result


def _deploy(here: World) -> None:
    old = here.stack.hosts[0]
    stopping = threading.Thread(target=old.stop)
    stopping.start()
    here.stack.hosts.remove(old)
    here.stack.add_host()
    stopping.join()


def _outcomes(here: World, run_id: str) -> pl.DataFrame:
    # Where the answer is a link, it is followed.
    answer = here.stack.api("GET", f"runs/{run_id}/outcomes")
    answer.raise_for_status()
    return pl.read_csv(answer.content, columns=["customer_id"], infer_schema=False)


def _longest_pause(calls: Sequence[CallRecord]) -> float:
    begun = sorted(call.started for call in calls)
    return max(later - earlier for earlier, later in pairwise(begun))


def _wait(condition: Any) -> None:
    while not condition():
        time.sleep(0.5)
