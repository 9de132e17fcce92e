"""What the app sends to Application Insights: while nothing happens, and in a run of a million."""

import time
from datetime import UTC, datetime

from benchmarks.results import Figure, Result
from benchmarks.world import World, world
from local.sample_data import overlapping_segments, people
from tests.support.collector import Collector

NAME = "telemetry"
_TICKS_A_DAY = 24 * 60 // 5
_TICKS = 12
_CALL_SECONDS = 0.25
_TIMEOUT = 1800.0
# The exporters send what they have every five seconds at the latest.
_FLUSH_SECONDS = 12.0


def run(*, quick: bool) -> Result:
    """Count the bytes of some ticks, of a run, and of one that finds nothing changed."""
    count = 20_000 if quick else 1_000_000
    result = Result(NAME, size=count)
    with world() as here, Collector(here.stack.services.certificates) as collector:
        segments = overlapping_segments(people(count))
        here.write(segments, stamp=datetime.now(UTC))
        here.save_export("million", list(segments))
        here.stack.mailchimp.set(bulk_seconds=_CALL_SECONDS)
        here.stack.kill_host()
        here.stack.add_host(settings=collector.settings)
        started = _sent_since(collector, 0)
        for _ in range(_TICKS):
            assert here.stack.hosts[0].fire_timer("tick")
        idle = _sent_since(collector, started) * _TICKS_A_DAY / _TICKS
        first = _of_a_run(here, collector)
        again = _of_a_run(here, collector)
    result.values |= {"idle_day": idle, "first": first, "unchanged": again}
    result.figures += [
        Figure("Sent by the app on a day without runs, uncompressed", idle / 1e3, "kB"),
        Figure(f"Sent by the app in a first export of {count:,}", first / 1e6, "MB"),
        Figure("Sent by the app in a run that finds nothing changed", again / 1e3, "kB"),
    ]
    return result


def _of_a_run(here: World, collector: Collector) -> int:
    before = collector.received
    run = here.stack.ended(here.start_run("million"), timeout=_TIMEOUT, pause=1.0)
    assert run["status"] == "succeeded", run
    return _sent_since(collector, before)


def _sent_since(collector: Collector, before: int) -> int:
    """Return how many bytes came, when no more come."""
    time.sleep(_FLUSH_SECONDS)
    return collector.received - before
