"""What 0.1.0's ledger says of one person under two spellings becomes one row."""

from typing import Any

import polars as pl

from shared.runs import ledger
from shared.runs.ledger import Flag
from shared.runs.ledger_spellings import is_canonical, one_row_per_address

PLAIN: dict[str, Any] = {
    "email": "a@contoso.com",
    "customer_id": "c1",
    "digest": 1,
    "tags": 1,
    "fields": 1,
    "flags": int(Flag.ACCEPTED | Flag.ADDED),
    "refusal": None,
    "refused_digest": None,
    "retry_at": 0,
    "tried": None,
    "left": 0,
    **dict.fromkeys(ledger.NEW, 0),
}


def rows(*changes: dict[str, Any]) -> pl.DataFrame:
    """A ledger's table."""
    return pl.DataFrame([PLAIN | change for change in changes], schema=ledger.schema())


def test_rows_in_the_canonical_form_stay_as_they_are() -> None:
    table = rows({}, {"email": "b@m\u00fcller.de"})
    assert is_canonical(table)
    assert one_row_per_address(table).equals(table)


def test_another_spelling_is_the_same_row_under_the_canonical_form() -> None:
    table = rows({"email": "b@xn--mller-kva.de", "customer_id": "c2", "digest": 7}, {})
    assert not is_canonical(table)
    assert one_row_per_address(table).to_dicts() == [
        PLAIN | {"email": "b@m\u00fcller.de", "customer_id": "c2", "digest": 7},
        PLAIN,
    ]


def test_rows_that_become_one_keep_every_tag_and_only_what_all_allow() -> None:
    added = int(Flag.ACCEPTED | Flag.ADDED)
    table = rows(
        {"email": "b@xn--mller-kva.de", "tags": 1, "digest": 7, "flags": added},
        {},
        {
            "email": "b@m\u00fcller.de",
            "tags": 2,
            "left": 2,
            "flags": int(Flag.ACCEPTED | Flag.UNCERTAIN | Flag.ARCHIVED),
            "refusal": 9,
            "refused_digest": 8,
            "retry_at": -1,
            "tried": 5,
        },
    )
    one, other = one_row_per_address(table).to_dicts()
    assert other == PLAIN
    assert one == PLAIN | {
        "email": "b@m\u00fcller.de",
        "tags": 3,
        "digest": 7,
        "flags": int(Flag.ACCEPTED | Flag.UNCERTAIN),
        "refusal": 9,
        "refused_digest": 8,
        "retry_at": -1,
        "tried": 5,
    }
