"""A first export of a million against the simulator; a small one in the middle; changes after."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from benchmarks.results import Chart, Figure, Result, Table
from benchmarks.watching import memory
from benchmarks.world import World, world
from local.mailchimp.control import CallRecord
from local.sample_data import overlapping_segments, people

NAME = "sending"
_SLOTS, _LIMIT = 8, 10
_TIMEOUT = 900.0
# Between two looks at a run: each is a request that the app answers beside its work.
_LOOK = 0.5


def run(*, quick: bool) -> Result:
    """Export everything, then nothing, then one per cent."""
    count, seconds = (40_000, 0.25) if quick else (1_000_000, 1.0)
    result = Result(NAME, size=count)
    began = datetime.now(UTC)
    with world() as here:
        segments = overlapping_segments(people(count))
        here.write(segments, stamp=began)
        small = people(520, seed=2, blank=0, invalid=0, duplicate=0).head(500)
        here.write({"Small": small}, stamp=began, folder="Small/BlobExport")
        here.save_export("million", list(segments))
        here.save_export("small", ["Small"], folder="Small/BlobExport")
        here.stack.mailchimp.set(bulk_seconds=seconds, work_at="before", limit=_LIMIT)
        _warm_up(here, began)
        _everything(here, result, seconds)
        _unchanged(here, result)
        _one_per_cent(here, result, segments, began)
        errors = here.stack.errors()
        assert not errors, errors[0]
    return result


def _warm_up(here: World, began: datetime) -> None:
    """The app is warm when it starts: what every later run finds loaded is loaded."""
    few = people(60, seed=3).head(50)
    here.write({"Few": few}, stamp=began, folder="Few/BlobExport")
    here.save_export("few", ["Few"], folder="Few/BlobExport")
    here.stack.ended(here.start_run("few"))


def _everything(here: World, result: Result, seconds: float) -> None:
    mailchimp = here.stack.mailchimp
    mailchimp.reset_log()
    here.azurite.operations()
    watch = HostMemory(here)
    begun = time.monotonic()
    run_id = here.start_run("million")
    total = -(-result.size // 500)
    _wait(lambda: mailchimp.stats().members >= 0.05 * result.size)
    window = _Window(here)
    _wait(lambda: mailchimp.stats().members >= 0.6 * result.size)
    window.close()
    small_begun = time.monotonic()
    small = here.stack.ended(here.start_run("small"), timeout=_TIMEOUT, pause=_LOOK)
    small_seconds = time.monotonic() - small_begun
    _wait(lambda: mailchimp.stats().members >= 0.97 * result.size)
    run = here.stack.ended(run_id, timeout=_TIMEOUT, pause=_LOOK)
    elapsed = time.monotonic() - begun
    samples = watch.stop()
    assert run["status"] == small["status"] == "succeeded", (run, small)
    calls = mailchimp.calls()
    bulk = [call for call in calls if call.members and call.method == "POST"]
    ideal = len(bulk) * seconds / _SLOTS
    stats = mailchimp.stats()
    operations = here.azurite.operations() + window.operations
    result.values |= {
        "seconds": elapsed,
        "calls": len(calls),
        "bulk_calls": len(bulk),
        "contacts": run["counts"]["contacts"],
        "operations": sum(operations.values()) - operations["queue polls of the host"],
        "lane_seconds": _lane_seconds(bulk),
        "seconds_per_call": seconds,
    }
    result.figures += [
        Figure(
            f"First export, {run['counts']['contacts']:,} contacts in {len(bulk):,} calls of "
            f"{seconds:g} s, from the request to the run's end",
            elapsed,
            "s",
            ideal / 0.9,
        ),
        Figure("Share of what 8 slots allow", 100 * ideal / elapsed, "%", 90, "more"),
        Figure("Calls refused with 429", float(stats.refused), "calls", 0),
        Figure("Most calls in flight at once", float(stats.max_in_flight), "calls", _SLOTS),
        Figure("Pause between two calls of a lane, median", 1000 * _pause(bulk), "ms"),
        Figure("Storage operations per batch while sending", window.per_batch, "", 1.2),
        Figure("Export of 500 started in the middle of it, until its end", small_seconds, "s", 30),
        Figure("Highest memory of the host process meanwhile", max(m for _, m in samples), "MB"),
    ]
    result.tables.append(window.table())
    result.charts += [
        Chart("throughput", "Contacts per second", "contacts/s", {"sent": _rate(bulk, begun)}),
        Chart("in-flight", "Calls in flight", "calls", {"open": _in_flight(calls, begun)}, _LIMIT),
        Chart("memory-sending", "Memory of the host process", "MB", {"resident": samples}),
    ]
    assert len(bulk) >= 0.9 * total


class _Window:
    """Counts storage operations and calls from its making to `close`."""

    def __init__(self, here: World) -> None:
        self._here = here
        self._before = here.azurite.operations()
        self._calls = here.stack.mailchimp.stats().calls
        self.seen: Counter[str] = Counter()
        self.calls = 0

    def close(self) -> None:
        """Stop counting."""
        self.seen = self._here.azurite.operations()
        self.calls = self._here.stack.mailchimp.stats().calls - self._calls

    @property
    def operations(self) -> Counter[str]:
        """All operations until the end, those before the window too."""
        return self._before + self.seen

    @property
    def per_batch(self) -> float:
        """Operations of the app per call; the host's polling is the same without any run."""
        return sum(n for kind, n in self.seen.items() if "poll" not in kind) / self.calls

    def table(self) -> Table:
        """Operations by kind."""
        rows = [
            (kind, f"{count:,}", f"{count / self.calls:.3f}")
            for kind, count in self.seen.most_common()
        ]
        title = f"Storage operations in a stretch of {self.calls:,} calls"
        return Table(title, ("operation", "count", "per batch"), rows)


def _unchanged(here: World, result: Result) -> None:
    elapsed, calls, run = _again(here)
    assert run["counts"]["unchanged"] == run["counts"]["contacts"] - _skipped(run), run["counts"]
    contacts = f"{run['counts']['contacts']:,}"
    result.figures += [
        Figure(f"Nothing changed among {contacts}: time", elapsed, "s", 30),
        Figure("Nothing changed: calls", float(calls), "calls", 20),
    ]


def _skipped(run: dict[str, Any]) -> int:
    """Contacts that were not sent for a reason: those with an address that Mailchimp could take."""
    return int(run["counts"]["contacts"]) - int(run["counts"]["unchanged"])


def _one_per_cent(
    here: World, result: Result, segments: dict[str, pl.DataFrame], began: datetime
) -> None:
    changed = {
        name: rows.with_columns(
            City=pl.when(pl.col("CustomerId").hash() % 100 == 0)
            .then(pl.lit("Elsewhere"))
            .otherwise("City")
        )
        for name, rows in segments.items()
    }
    here.write(changed, stamp=began + timedelta(minutes=5))
    elapsed, calls, run = _again(here)
    updated = run["counts"]["updated"]
    result.figures += [
        Figure(f"One per cent changed ({updated:,} contacts): time", elapsed, "s"),
        Figure("One per cent changed: calls", float(calls), "calls", 20.0 + -(-updated // 500)),
    ]
    result.values["changed"] = {"seconds": elapsed, "calls": calls}


def _again(here: World) -> tuple[float, int, dict[str, Any]]:
    here.stack.mailchimp.reset_log()
    begun = time.monotonic()
    run = here.stack.ended(here.start_run("million"), timeout=_TIMEOUT, pause=_LOOK)
    assert run["status"] == "succeeded", run
    return time.monotonic() - begun, here.stack.mailchimp.stats().calls, run


class HostMemory:
    """Samples the worker's resident set once a second."""

    def __init__(self, here: World) -> None:
        self._pid = here.stack.hosts[0].worker_pid
        self._samples: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._begun = time.monotonic()
        self._thread.start()

    def stop(self) -> list[tuple[float, float]]:
        """Return seconds and megabytes."""
        self._over.set()
        self._thread.join()
        return self._samples

    def _run(self) -> None:
        while not self._over.wait(0.5):
            self._samples.append((time.monotonic() - self._begun, memory(self._pid) / 1e6))


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.5)


def _lane_seconds(calls: Sequence[CallRecord]) -> float:
    """Return how long slots were held: as a rule from the first call to the last, by eight."""
    return _SLOTS * (max(c.ended for c in calls) - min(c.started for c in calls))


def _pause(calls: Sequence[CallRecord]) -> float:
    """Return the median time that a slot lies idle between two calls, in seconds.

    Calls end one by one; each end is followed by the next call's start.
    """
    starts = sorted(call.started for call in calls)
    ends = sorted(call.ended for call in calls)
    pauses = [start - end for end, start in zip(ends, starts[_SLOTS:], strict=False)]
    return sorted(pauses)[len(pauses) // 2] if pauses else 0.0


def _rate(calls: Sequence[CallRecord], begun: float) -> list[tuple[float, float]]:
    """Return contacts per second, every five seconds."""
    found: Counter[int] = Counter()
    for call in calls:
        found[int((call.ended - begun) // 5)] += call.members
    return [(5.0 * step, found[step] / 5) for step in range(max(found) + 1)]


def _in_flight(calls: Sequence[CallRecord], begun: float) -> list[tuple[float, float]]:
    """Return the most open calls of each second."""
    events = sorted([(c.started, 1) for c in calls] + [(c.ended, -1) for c in calls])
    most: dict[int, int] = {}
    open_ = 0
    for at, change in events:
        open_ += change
        second = int(at - begun)
        most[second] = max(most.get(second, 0), open_)
    return [(float(second), float(count)) for second, count in sorted(most.items())]
