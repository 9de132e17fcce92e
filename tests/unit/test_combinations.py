"""The combinations of values that other tests go through."""

import itertools

import pytest

from tests.support.combinations import covering

VALUES = {"a": ["1", "2", "3"], "b": ["1", "2"], "c": ["1", "2", "3", "4"], "d": ["1", "2"]}


@pytest.mark.parametrize(("strength", "most"), [(2, 16), (3, 36)])
def test_any_values_come_together_in_few_combinations(strength: int, most: int) -> None:
    found = covering(VALUES, strength)

    assert len(found) <= most
    for members in itertools.combinations(VALUES, strength):
        for chosen in itertools.product(*(VALUES[member] for member in members)):
            wanted = dict(zip(members, chosen, strict=True))
            assert any(wanted.items() <= combination.items() for combination in found)


def test_the_same_values_give_the_same_combinations() -> None:
    assert covering(VALUES, 2) == covering(VALUES, 2)
