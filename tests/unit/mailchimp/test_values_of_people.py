"""Values as people really have them, which were right from the beginning and are to stay so."""

from typing import Any

import pytest

from tests.unit.mailchimp.test_values import convert

CHOICES = {"choices": ["Fan's club", 'Friends & "Family"', "Café"]}


@pytest.mark.parametrize(
    ("kind", "options", "text", "expected"),
    [
        # The day as it is written: nobody knows whose evening it was.
        ("date", {}, "1993-01-11T23:00:00.000Z", "1993-01-11"),
        ("birthday", {}, "1993-01-11T23:00:00.000Z", "01/11"),
        ("phone", {"phone_format": "US"}, "+49 170 1234567", None),
        ("phone", {"phone_format": "US"}, "404-555-1212 x7", None),
        ("phone", {"phone_format": "US"}, "(404) 555-0112", "404-555-0112"),
        ("dropdown", CHOICES, "fan's CLUB", "Fan's club"),
        ("dropdown", CHOICES, 'friends & "family"', 'Friends & "Family"'),
        ("dropdown", CHOICES, "CAFÉ", "Café"),
        ("dropdown", CHOICES, "Fan\u2019s club", None),
        ("text", {}, "César", "César"),
        ("text", {}, "漢字", "漢字"),
        ("text", {}, "Zoë 😀", "Zoë 😀"),
        ("text", {}, "A & B <c>", "A & B <c>"),
        ("text", {}, "O&#039;Brien", "O&#039;Brien"),
    ],
)
def test_a_value_is_sent_as_it_is_meant_or_left_out(
    kind: str, options: dict[str, Any], text: str, expected: str | None
) -> None:
    assert convert(kind, text, **options) == [expected]
