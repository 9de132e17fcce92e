"""All scenarios, and the few that every test run plays."""

import random
from collections.abc import Callable

from tests.faults.crowds import all_crowds
from tests.faults.deliveries import all_deliveries
from tests.faults.kills import all_kills
from tests.faults.outages import all_outages
from tests.faults.people_act import all_acts
from tests.faults.scenario import Reference, Scenario

# Chosen once, so that a failure can be seen again; `make faults` plays all.
_SEED = 7


def every_scenario(reference: Reference) -> list[Scenario]:
    """Return all scenarios; the kill points come from the steps of the undisturbed runs."""
    return [*all_kills(reference), *all_outages(), *all_acts(), *all_deliveries(), *all_crowds()]


def short_selection(reference: Reference) -> list[Scenario]:
    """Return a few of each sort."""
    dice = random.Random(_SEED)  # noqa: S311 - repeatable, not secret
    sorts: list[tuple[Callable[[], list[Scenario]], int]] = [
        (lambda: all_kills(reference), 2),
        (all_outages, 2),
        (all_acts, 2),
        (all_deliveries, 2),
    ]
    return [one for sort, count in sorts for one in dice.sample(sort(), count)]
