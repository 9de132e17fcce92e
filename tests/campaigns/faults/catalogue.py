"""All scenarios, and the few that every test run plays."""

import random

from tests.campaigns.faults.crowds import all_crowds
from tests.campaigns.faults.deliveries import all_deliveries
from tests.campaigns.faults.ends import all_ends, short_end
from tests.campaigns.faults.kills import all_kills
from tests.campaigns.faults.outages import all_outages
from tests.campaigns.faults.people_act import all_acts
from tests.campaigns.faults.rounds import all_rounds
from tests.campaigns.faults.scenario import Reference, Scenario

# Chosen once, so that a failure can be seen again; `make faults` plays all.
_SEED = 7
_SHORT_KILLS = 2
_SHORT = (
    "every message is delivered twice",
    "messages lost after send segment-export-lane",
    "calls fail now and then: 503, the work done",
    "cancelled before call POST /lists/{id} #1",
)
SHORT_COUNT = _SHORT_KILLS + len(_SHORT) + 1


def every_scenario(reference: Reference) -> list[Scenario]:
    """Return all scenarios; the kill points come from the steps of the undisturbed runs."""
    return [*all_kills(reference), *_others(), *all_rounds()]


def short_selection(reference: Reference) -> list[Scenario]:
    """Return SHORT_COUNT of them: kill points by lot, the others one of each sort."""
    dice = random.Random(_SEED)  # noqa: S311 - repeatable, not secret
    kills = dice.sample(all_kills(reference), _SHORT_KILLS)
    others = [one for one in _others() if one.name in _SHORT]
    return [*kills, *others, short_end()]


def _others() -> list[Scenario]:
    return [*all_outages(), *all_acts(), *all_deliveries(), *all_crowds(), *all_ends()]
