"""Hosts killed before and after every write to storage and every call, one run after the other."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial

from tests.campaigns.faults.lab import Case
from tests.campaigns.faults.relay import Trap, When
from tests.campaigns.faults.scenario import Findings, Reference, Scenario, first_run_done, verdict

# Points of one run: each costs the time until the dead host's leases have run out.
_PER_RUN = 3
Point = tuple[str, int, When]


def points(steps: Sequence[str]) -> list[Point]:
    """Return the kill points of a run: its steps, the first, a middle and the last of each kind."""
    counts = Counter(steps)
    found: list[Point] = []
    for kind, count in counts.items():
        for nth in sorted({1, (count + 1) // 2} if count < 100 else {1, 10}):
            found += [(kind, nth, "before"), (kind, nth, "after")]
    return found


def all_kills(reference: Reference) -> list[Scenario]:
    """Return scenarios that together reach every point of a first and of a second run."""
    only_first = set(reference.first_steps) - set(reference.second_steps)
    first = [step for step in reference.first_steps if step in only_first]
    return [
        *_chains("first run", points(first), first=True),
        *_chains("second run", points(reference.second_steps), first=False),
    ]


def _chains(name: str, found: list[Point], *, first: bool) -> list[Scenario]:
    """Put points into runs so that those of one run lie far apart."""
    runs = -(-len(found) // _PER_RUN)
    return [
        Scenario(_name(name, found[n::runs]), partial(_kill, found[n::runs], first))
        for n in range(runs)
    ]


def _name(name: str, chain: list[Point]) -> str:
    return f"{name} killed " + ", ".join(
        f"{when} {kind}" + (f" #{nth}" if nth > 1 else "") for kind, nth, when in chain
    )


def _kill(chain: list[Point], first: bool, case: Case, reference: Reference) -> Findings:
    if first:
        case.set_up()
    else:
        first_run_done(case)
    # The message that starts the run is sent by the HTTP route: the caller is told nothing then.
    traps = [Trap(_exactly(kind), nth, when, at_once=case.kill) for kind, nth, when in chain]
    case.relay.set(*traps)
    run = start_or_find(case)
    problems = verdict(case, run, reference.first if first else reference.second)
    reached = {
        f"kill {when} {kind}": trap.struck
        for trap, (kind, _, when) in zip(traps, chain, strict=True)
    }
    return reached, problems


def start_or_find(case: Case) -> str:
    """Start a run although the host may die meanwhile, as a person would: by trying again."""
    for _ in range(5):
        try:
            return case.start()
        except OSError:
            case.start_hosts()
            found = case.blobs.read_document(f"runs/_active/{case.name}")
            if found is not None:
                return str(found[0]["id"])
    raise TimeoutError("the run could not be started")


def _exactly(kind: str) -> str:
    return re.escape(kind)
