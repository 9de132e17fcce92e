"""Random rounds: an export goes through a chain of random snapshots, and hosts die in each.

Every chain gets the same snapshots and other deaths; after each round it must look like the chain
that nobody disturbed.
"""

import random
from collections.abc import Iterator
from functools import partial
from threading import Lock
from typing import Any

import polars as pl

from tests.campaigns.faults import oracle, people
from tests.campaigns.faults.kills import start_or_find
from tests.campaigns.faults.lab import Case
from tests.campaigns.faults.oracle import Picture
from tests.campaigns.faults.relay import Trap, When
from tests.campaigns.faults.scenario import Findings, Reference, Scenario

CHAINS, ROUNDS = 20, 10
# Of the people so many change their place or their values from one round to the next.
_SHARE = 0.06
# A run makes about so many requests to storage and Mailchimp.
_REQUESTS = 250
_WHEN: tuple[When, When] = ("before", "after")


def all_rounds() -> list[Scenario]:
    """Return CHAINS scenarios of ROUNDS rounds each."""
    undisturbed = _Undisturbed()
    return [
        Scenario(f"killed at random, chain {seed}", partial(_chain, seed, undisturbed))
        for seed in range(1, CHAINS + 1)
    ]


class _Undisturbed:
    """The pictures after each round of a chain in which nothing happens, taken once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pictures: list[Picture] = []

    def pictures(self, like: Case) -> list[Picture]:
        with self._lock:
            if not self._pictures:
                with Case(like.lab, size=like.size) as case:
                    case.start_hosts()
                    case.set_up()
                    for snapshot in _snapshots(case.size):
                        case.write_snapshot(snapshot)
                        self._pictures.append(oracle.picture(case, case.run()))
            return self._pictures


def _chain(seed: int, undisturbed: _Undisturbed, case: Case, reference: Reference) -> Findings:
    del reference
    wanted = undisturbed.pictures(case)
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    case.set_up()
    problems: list[str] = []
    deaths = 0
    for number, snapshot in enumerate(_snapshots(case.size)):
        case.write_snapshot(snapshot)
        nth = dice.randint(1, _REQUESTS)
        trap = Trap("(?!host ).*", nth, dice.choice(_WHEN), at_once=case.kill)
        case.relay.set(trap)
        run = start_or_find(case)
        record = case.await_end(run, timeout=400)
        case.relay.set()
        deaths += trap.struck
        found = oracle.differences(oracle.picture(case, record), wanted[number])
        problems += [f"round {number + 1}, request {nth} ({trap.when}): {one}" for one in found]
        if found:
            break
    problems += oracle.left_behind(case) + oracle.connections(case) + oracle.repeated(case)
    return {"random kill": deaths}, problems


def _snapshots(size: people.Size) -> Iterator[dict[str, pl.DataFrame]]:
    """Return ROUNDS snapshots, each a little different from the one before it."""
    dice = random.Random(size.people)  # noqa: S311 - repeatable, not secret
    everybody = range(size.people + size.later)
    places = {number: dice.choice(([0], [1], [0, 1], [])) for number in everybody}
    names = dict.fromkeys(everybody, "Last")
    for turn in range(ROUNDS):
        for number in dice.sample(everybody, int(_SHARE * len(everybody))):
            if dice.random() < 0.5:
                places[number] = dice.choice(([0], [1], [0, 1], []))
            else:
                names[number] = f"Last{turn}"
        yield {
            segment: _rows([n for n in everybody if place in places[n]], names)
            for place, segment in enumerate(people.SEGMENTS)
        }


def _rows(numbers: list[int], names: dict[int, str]) -> pl.DataFrame:
    columns: dict[str, Any] = {
        "CustomerId": [f"C{number:06d}" for number in numbers],
        "Email": [people.address(number) for number in numbers],
        "FirstName": [f"First{number % 17}" for number in numbers],
        "LastName": [names[number] for number in numbers],
    }
    return pl.DataFrame(columns)
