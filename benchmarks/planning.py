"""Plan and finish of a million profiles of 30 columns in two overlapping segments."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.results import Chart, Figure, Result, Table
from benchmarks.world import FIELDS, World, world
from local.sample_data import overlapping_segments, people

NAME = "planning"
# The app's own share of a planning process: from 0.2 s on a stage is shown.
_SHOWN_SECONDS = 0.2
_SECONDS, _MEGABYTES = 20.0, 700.0
# Larger results come from the storage itself, by a signed link.
_LARGEST_ANSWER_MEGABYTES = 8.0


def run(*, quick: bool) -> Result:
    """Plan and finish a first export and one in which nothing has changed."""
    count = 50_000 if quick else 1_000_000
    result = Result(NAME, size=count)
    with world(functions=["tick"], EXPORT_TICK="0 0 0 1 1 *") as here:
        segments = overlapping_segments(people(count))
        here.write(segments, stamp=datetime.now(UTC))
        here.save_export("million", list(segments))
        del segments
        for what in ("first export", "nothing changed"):
            run_id = here.start_run("million")
            planned = here.heavy("plan", run_id)
            here.heavy("answer", run_id)
            finished = here.heavy("finish", run_id)
            ended = here.stack.ask("GET", f"runs/{run_id}")
            assert ended["status"] == "succeeded", ended
            for step, seen in (("Plan", planned), ("Finish", finished)):
                title = f"{step}, {what}"
                _add(result, title, seen)
        _outcomes(here, result, run_id)
        result.values["fields"] = len(FIELDS)
    return result


def _outcomes(here: World, result: Result, run_id: str) -> None:
    """Fetch a run's outcomes over HTTP, and see what that costs the app."""
    pid = here.stack.hosts[0].worker_pid
    here.stack.ask("GET", "health")
    before = _highest_memory(pid)
    # Where the answer is a link, it is followed.
    lines = here.stack.api("GET", f"runs/{run_id}/outcomes").content.count(b"\n")
    grown = (_highest_memory(pid) - before) / 1e6
    result.figures.append(
        Figure(
            f"Outcomes, {lines - 1:,} rows over HTTP: growth of the app's highest memory",
            grown,
            "MB",
            _LARGEST_ANSWER_MEGABYTES,
        )
    )


def _highest_memory(pid: int) -> int:
    """Return the highest resident set that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _add(result: Result, title: str, seen: Mapping[str, Any]) -> None:
    megabytes = seen["peak"] / 1e6
    result.values[title] = {"seconds": seen["seconds"], "megabytes": megabytes}
    result.figures += [
        Figure(f"{title}: time", seen["seconds"], "s", _SECONDS),
        Figure(f"{title}: processor time", seen["cpu_seconds"], "s"),
        Figure(f"{title}: peak memory of the process", megabytes, "MB", _MEGABYTES),
    ]
    stages = sorted(seen["stages"].items(), key=lambda item: -item[1]["seconds"])
    rows = [
        (f"`{name}`", f"{stage['seconds']:.1f}", f"{stage['peak'] / 1e6:.0f}")
        for name, stage in stages
        if stage["seconds"] >= _SHOWN_SECONDS
    ]
    result.tables.append(Table(f"{title}: where the time goes", ("stage", "s", "MB"), rows))
    points = [
        (at, used / 1e6) for at, used in seen["samples"][:: max(1, len(seen["samples"]) // 300)]
    ]
    name = title.lower().replace(",", "").replace(" ", "-")
    result.charts.append(
        Chart(f"memory-{name}", f"{title}: memory", "MB", {"resident": points}, _MEGABYTES)
    )
