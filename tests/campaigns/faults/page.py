"""Writes docs/faults.md: what was tried, how often each of it was reached, and what was lost."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tests.campaigns.faults.rounds import CHAINS, ROUNDS
from tests.campaigns.faults.scenario import Result, reached_of
from tests.support.root import ROOT

PAGE = ROOT / "docs" / "faults.md"
_KILL = re.compile(r"kill (before|after) (\w+) (.*)")
_RANDOM = "random kill"
# How the steps of a run are told to people.
_STEPS = {
    "acquire": "take the lease of `{}`",
    "append": "append to `{}`",
    "call": "call Mailchimp: `{}`",
    "create": "create `{}`",
    "delete": "delete `{}`",
    "metadata": "set the metadata of `{}`",
    "release": "give back the lease of `{}`",
    "send": "send a message to `{}`",
    "write": "write `{}`",
}
_TEXT = """\
# Faults

`make faults` plays whole exports while something breaks, and writes this page. After each of them
the audience, the outcomes and the ledger are compared with those of an export that nobody
disturbed; nothing may be leased, marked or queued any more, no call may have been refused for too
many connections, and the same export once more must write nothing.

Played on {date} in {minutes:.0f} minutes, {workers} at a time: {scenarios} scenarios, {restarts}
killed hosts. {losses}

## Random rounds

{chains} times an export goes through {rounds} snapshots, each a little different from the last; in
each round its host is killed at a random request to storage or Mailchimp, before or after it was
carried out, and started again: {kills} kills.

## Hosts killed at every step

Every write to storage and every call of a first and of a second run; the numbers say how often a
host was killed right before and right after that step was carried out.

{killed}

## Everything else

{others}
"""


def write(results: Sequence[Result], minutes: float, workers: int) -> None:
    """Write the page from the results of all scenarios."""
    PAGE.write_text(text_of(results, minutes, workers), "utf-8")


def text_of(results: Sequence[Result], minutes: float, workers: int) -> str:
    """Return the page."""
    reached = reached_of(results)
    steps: dict[str, dict[str, int]] = {}
    others = []
    for fault, times in sorted(reached.items()):
        if match := _KILL.fullmatch(fault):
            when, kind, what = match.groups()
            steps.setdefault(_STEPS[kind].format(_plain(what)), {})[when] = times
        elif fault != _RANDOM:
            others.append((_plain(fault), times))
    killed = [(step, told.get("before", 0), told.get("after", 0)) for step, told in steps.items()]
    return _TEXT.format(
        date=datetime.now(UTC).date(),
        minutes=minutes,
        workers=workers,
        scenarios=len(results),
        restarts=sum(result.restarts for result in results),
        losses=_losses(results),
        chains=CHAINS,
        rounds=ROUNDS,
        kills=reached[_RANDOM],
        killed=_table(("step", "before", "after"), killed),
        others=_table(("what happened", "how often"), others),
    )


def _losses(results: Iterable[Result]) -> str:
    lost = [result for result in results if result.problems]
    if not lost:
        return "**What was lost: nothing.**"
    rows = [f"- {result.name}: {'; '.join(result.problems)}" for result in lost]
    return "\n".join([f"**In {len(lost)} scenarios something was lost:**", "", *rows])


def _plain(name: str) -> str:
    """Leave out what marks a part of a name that stands for many."""
    return re.sub(r"[\\{}]", "", name)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines])
