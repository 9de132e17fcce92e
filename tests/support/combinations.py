"""Few combinations of values in which any two of them, or any three, come together."""

import itertools
import os
from collections.abc import Mapping, Sequence

# What `make combinations` raises to 3.
STRENGTH = int(os.environ.get("COMBINATIONS", "2"))


def covering(values: Mapping[str, Sequence[str]], strength: int = STRENGTH) -> list[dict[str, str]]:
    """Return combinations that hold every choice of values of any `strength` members.

    Greedy: each combination begins with a choice that is still lacking, and each further member
    gets the value that completes most of those. The same input gives the same combinations.
    """
    lacking = {
        frozenset(zip(members, chosen, strict=True))
        for members in itertools.combinations(values, strength)
        for chosen in itertools.product(*(values[member] for member in members))
    }
    found: list[dict[str, str]] = []
    while lacking:
        combination = dict(min(lacking, key=sorted))
        for member in values:
            if member not in combination:
                combination[member] = max(
                    values[member],
                    key=lambda value, member=member: _completed(  # type: ignore[misc]
                        lacking, combination, member, value
                    ),
                )
        items = set(combination.items())
        lacking = {choice for choice in lacking if not choice <= items}
        found.append(combination)
    return found


def _completed(
    lacking: set[frozenset[tuple[str, str]]], so_far: Mapping[str, str], member: str, value: str
) -> int:
    """Count the choices that a further value completes, or at least doesn't rule out."""
    items = {*so_far.items(), (member, value)}
    return sum(
        (member, value) in choice and all(item in items or item[0] not in so_far for item in choice)
        for choice in lacking
    )
