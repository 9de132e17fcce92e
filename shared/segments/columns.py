"""Which column of a file a name means: judged here for saving and for runs alike."""

from collections.abc import Iterable, Sequence

CUSTOMER_ID = "CustomerId"
"""The column of Customer Insights' own id of a profile."""


def find_column(columns: Sequence[str], name: str) -> tuple[int, ...]:
    """Return the places of a column; several where the name isn't clear, none where it is missing.

    The exact name counts, else the one that differs by case or blanks around it alone.

    >>> find_column(["CustomerId", "EMail", "email"], "email")
    (2,)
    >>> find_column(["CustomerId", "EMail"], "Email")
    (1,)
    """
    exact = tuple(place for place, column in enumerate(columns) if column == name)
    return exact or tuple(
        place for place, column in enumerate(columns) if folded(column) == folded(name)
    )


def find_columns(columns: Sequence[str], names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return the places of each of many columns, as `find_column` does, in one look.

    >>> find_columns(["CustomerId", "EMail", "email"], ["email", "EMAIL"])
    {'email': (2,), 'EMAIL': (1, 2)}
    """
    exact: dict[str, list[int]] = {}
    alike: dict[str, list[int]] = {}
    for place, column in enumerate(columns):
        exact.setdefault(column, []).append(place)
        alike.setdefault(folded(column), []).append(place)
    return {name: tuple(exact.get(name) or alike.get(folded(name)) or ()) for name in names}


def folded(name: str) -> str:
    """A column's name as far as it tells columns apart."""
    return name.strip().casefold()
