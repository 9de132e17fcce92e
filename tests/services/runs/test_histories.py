"""Random histories of an audience's people under several exports: nobody comes to harm.

`make histories` goes through many more of them.
"""

import os
from random import Random
from typing import get_args

import pytest

from local.services import Services
from shared.app import App
from tests.support.histories import PEOPLE, TAGS, Act, Fault, Leavers, Round, World
from tests.support.steps import Steps

# What `make histories` raises.
HISTORIES = int(os.environ.get("HISTORIES", "2"))
SEGMENTS = sorted(TAGS)
ACTS: list[Act] = list(get_args(Act))
FAULTS: list[Fault] = ["", "", "", *get_args(Fault)]
# Whoever has left everywhere doesn't stay with the first; with the second she may.
POLICIES: list[list[Leavers]] = [["archive", "unsubscribe"], list(get_args(Leavers))]


def moves(chance: Random, count: int) -> tuple[tuple[int, str], ...]:
    return tuple((chance.randrange(PEOPLE), chance.choice(SEGMENTS)) for _ in range(count))


def random_round(chance: Random) -> Round:
    some = frozenset(chance.sample(SEGMENTS, chance.randint(1, 4)))
    return Round(
        moves=moves(chance, chance.randint(0, 8)),
        acts=tuple(
            (chance.choice(ACTS), chance.randrange(PEOPLE)) for _ in range(chance.randint(1, 6))
        ),
        renewed=chance.choice([frozenset(SEGMENTS), some]),
        audience=chance.choice(["", "", "", "tag", "field"]),
        export=chance.randrange(3),
        fault=chance.choice(FAULTS),
        who=chance.randrange(PEOPLE),
    )


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_nobody_comes_to_harm_in_a_random_history(
    services: Services, app_of_steps: App, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - the same histories each time
    allowed = POLICIES[seed % 2]
    world = World.make(Steps.make(services, app_of_steps), [chance.choice(allowed) for _ in "123"])
    everybody = Round(moves=moves(chance, 18))
    rounds = [random_round(chance) for _ in range(chance.randint(4, 7))]
    try:
        world.play([everybody, Round(export=1), Round(export=2), *rounds])
        world.settle()
    finally:
        world.steps.mailchimp.reset()
