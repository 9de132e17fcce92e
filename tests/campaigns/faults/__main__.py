"""Plays every scenario and prints what was tried, how often it was reached and what was lost.

`python -m tests.campaigns.faults` plays all and writes docs/faults.md; words after it choose the
scenarios whose names hold them.
"""

import sys
import time
from collections.abc import Sequence

from tests.campaigns.faults import page
from tests.campaigns.faults.catalogue import every_scenario
from tests.campaigns.faults.lab import Lab
from tests.campaigns.faults.scenario import Result, Theatre, reached_of

# Most of a scenario is waiting for dead hosts' leases to run out.
_WORKERS = 8


def main(words: Sequence[str]) -> int:
    """Play the scenarios; 1 when something was lost or a fault was never reached."""
    started = time.monotonic()
    with Lab() as lab:
        theatre = Theatre(lab, _WORKERS)
        scenarios = [
            one
            for one in every_scenario(theatre.reference)
            if not words or any(word in one.name for word in words)
        ]
        print(f"{len(scenarios)} scenarios, {_WORKERS} at a time", flush=True)
        results = theatre.play(scenarios, _tell)
        missed = {fault for fault, times in reached_of(results).items() if not times}
        again = [
            one
            for one, result in zip(scenarios, results, strict=True)
            if missed & result.reached.keys()
        ]
        if again:
            # Which steps a run takes depends a little on when it takes them.
            print("Once more, where something was not reached:", flush=True)
            results += theatre.play(again, _tell)
    minutes = (time.monotonic() - started) / 60
    if not words:
        page.write(results, minutes, _WORKERS)
    return _sum_up(results, minutes)


def _tell(result: Result) -> None:
    print(f"{'lost' if result.problems else 'ok':5}{result.seconds:5.0f} s  {result.name}")
    for problem in result.problems:
        print(f"            {problem}")
    sys.stdout.flush()


def _sum_up(results: Sequence[Result], minutes: float) -> int:
    reached = reached_of(results)
    print(f"\n{'fault':78}reached")
    for fault, times in sorted(reached.items()):
        print(f"{fault:78}{times:7}")
    lost = sum(bool(result.problems) for result in results)
    never = [fault for fault, times in reached.items() if not times]
    restarts = sum(result.restarts for result in results)
    print(f"\n{len(results)} scenarios in {minutes:.0f} min, {restarts} hosts killed.")
    print(f"Faults never reached: {', '.join(never) or 'none'}. Scenarios with losses: {lost}.")
    return int(bool(lost or never))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
