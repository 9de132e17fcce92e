"""Twenty exports that are due in the same minute, on one instance."""

import time
from datetime import UTC, datetime

from benchmarks.results import Figure, Result
from benchmarks.sending import HostMemory
from benchmarks.world import world
from local.sample_data import people

NAME = "twenty"
_EXPORTS = 20
_INSTANCE_MEGABYTES = 2048.0


def run(*, quick: bool) -> Result:
    """Start them all at once and wait for the last."""
    count = 1_000 if quick else 25_000
    result = Result(NAME, size=count)
    with world() as here:
        began = datetime.now(UTC)
        for number in range(_EXPORTS):
            folder = f"Export{number}/BlobExport"
            here.write({"Segment": people(count, seed=number)}, stamp=began, folder=folder)
            here.save_export(f"export-{number}", ["Segment"], folder=folder)
        watch = HostMemory(here)
        begun = time.monotonic()
        runs = [here.start_run(f"export-{number}") for number in range(_EXPORTS)]
        ended = [here.stack.ended(run_id, timeout=600) for run_id in runs]
        elapsed = time.monotonic() - begun
        most = max(megabytes for _, megabytes in watch.stop())
        assert {run["status"] for run in ended} == {"succeeded"}, ended
        refused = here.stack.mailchimp.stats().refused
    what = f"{_EXPORTS} exports of {count:,} profiles started together"
    result.figures += [
        Figure(f"{what}: time", elapsed, "s"),
        Figure(f"{what}: highest memory of the host process", most, "MB", _INSTANCE_MEGABYTES),
        Figure(f"{what}: calls refused with 429", float(refused), "calls", 0),
    ]
    return result
