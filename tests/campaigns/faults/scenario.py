"""What every scenario is: something bad on the way of one run, and what must be true afterwards."""

import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.campaigns.faults import oracle, people
from tests.campaigns.faults.kinds import is_step
from tests.campaigns.faults.lab import Case, Lab
from tests.campaigns.faults.oracle import Picture


@dataclass(frozen=True)
class Reference:
    """The two runs of an undisturbed export: what they left, and the steps they took."""

    first: Picture
    second: Picture
    first_steps: list[str]
    second_steps: list[str]


# What happened in a scenario: how often each fault was reached, and everything that is wrong.
Findings = tuple[Mapping[str, int], list[str]]


@dataclass(frozen=True)
class Scenario:
    """`play` disturbs a case whose hosts run; it gets the reference to compare with.

    With `lab`, options of Lab, none or some, the scenario has services of its own: it disturbs or
    changes them for everybody. `options` are words of the hosts' command line.
    """

    name: str
    play: Callable[[Case, Reference], Findings]
    hosts: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    size: people.Size = field(default_factory=people.Size)
    lab: Mapping[str, Any] | None = None
    options: Sequence[str] = ()


@dataclass(frozen=True)
class Result:
    """How a scenario went; `problems` is empty when nothing was lost."""

    name: str
    reached: Mapping[str, int]
    problems: list[str]
    restarts: int
    seconds: float


def reached_of(results: Iterable[Result]) -> Counter[str]:
    """Return how often each fault was reached; those that never were have a zero."""
    reached: Counter[str] = Counter()
    for result in results:
        reached.update(result.reached)
    return reached


class Theatre:
    """Plays scenarios side by side in one lab."""

    def __init__(self, lab: Lab, workers: int = 5) -> None:
        self._lab = lab
        self._workers = workers

    @cached_property
    def reference(self) -> Reference:
        """The undisturbed export."""
        with Case(self._lab) as case:
            case.start_hosts()
            case.set_up()
            case.relay.set()
            first = oracle.picture(case, case.run())
            first_steps = steps(case.relay.kinds)
            case.write_snapshot(people.second_snapshot(case.size))
            case.relay.set()
            second = oracle.picture(case, case.run())
            return Reference(first, second, first_steps, steps(case.relay.kinds))

    def play(self, scenarios: Sequence[Scenario], told: Callable[[Result], None]) -> list[Result]:
        """Play all; `told` hears of each as it ends."""
        reference = self.reference

        def one(scenario: Scenario) -> Result:
            result = self._play(scenario, reference)
            told(result)
            return result

        with ThreadPoolExecutor(self._workers) as workers:
            return list(workers.map(one, scenarios))

    def _play(self, scenario: Scenario, reference: Reference) -> Result:
        if scenario.lab is None:
            return self._play_in(self._lab, scenario, reference)
        with Lab(**scenario.lab) as lab:
            return self._play_in(lab, scenario, reference)

    @staticmethod
    def _play_in(lab: Lab, scenario: Scenario, reference: Reference) -> Result:
        started = time.monotonic()
        reached: Mapping[str, int] = {}
        with Case(
            lab,
            hosts=scenario.hosts,
            settings=scenario.settings,
            size=scenario.size,
            options=scenario.options,
        ) as case:
            try:
                case.start_hosts()
                reached, problems = scenario.play(case, reference)
            except Exception as error:
                last = traceback.format_exc().strip().splitlines()
                where = last[-3].strip() if len(last) > 2 else ""
                problems = [f"{type(error).__name__}: {str(error)[-1000:]} ({where})"]
            if problems:
                problems.append(f"the hosts said: {case.last_errors()}")
            seconds = time.monotonic() - started
            return Result(scenario.name, reached, problems, case.restarts, seconds)


def steps(kinds: Sequence[str]) -> list[str]:
    """Return the steps among requests."""
    return [kind for kind in kinds if is_step(kind)]


def first_run_done(case: Case) -> None:
    """Set the case up, run its export once, and write the second snapshot."""
    case.set_up()
    case.run()
    case.write_snapshot(people.second_snapshot(case.size))
    case.relay.set()


def verdict(
    case: Case, run: str, wanted: Picture, *, timeout: float = 400, left_wait: float | None = 40
) -> list[str]:
    """Await the end of a run and say everything that is wrong afterwards.

    left_wait: seconds until nothing may be leased, marked or queued any more, None where messages
    of dead hosts may stay.
    """
    record = case.await_end(run, timeout=timeout)
    case.relay.set()
    found = oracle.differences(oracle.picture(case, record), wanted)
    found += oracle.left_behind(case, left_wait or 40, messages=left_wait is not None)
    found += oracle.connections(case)
    return found + oracle.repeated(case)
