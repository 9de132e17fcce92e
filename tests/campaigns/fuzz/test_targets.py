"""The fuzz targets over their seeds and some thousand mutations; `make fuzz` looks further."""

import pytest

from tests.campaigns.fuzz.catalogue import TARGETS
from tests.campaigns.fuzz.mutation import mutations
from tests.campaigns.fuzz.segment_case import decoded
from tests.campaigns.fuzz.target import Target

MUTATIONS = 3000


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_no_seed_shows_a_fault(target: Target) -> None:
    for seed in target.seeds:
        target.check(seed)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_no_mutation_shows_a_fault(target: Target) -> None:
    for data in mutations(target, MUTATIONS, seed=1):
        try:
            target.check(data)
        except Exception as error:
            pytest.fail(f"{data!r}: {error!r}")


def test_every_seed_of_the_reader_is_the_case_that_it_was_made_of() -> None:
    for seed in TARGETS["segments"].seeds:
        assert decoded(seed).encoded() == seed
