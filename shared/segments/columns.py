"""Which column of a file a name means: judged here for saving and for runs alike."""

from collections.abc import Sequence

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


def folded(name: str) -> str:
    """A column's name as far as it tells columns apart."""
    return name.strip().casefold()
