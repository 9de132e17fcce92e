"""Stored content of an earlier version is upgraded or refused, that of a later one refused."""

from typing import Any

import pytest

from shared.platform.forms import Form, FormError, Forms, NoFormError


def renamed(document: dict[str, Any], version: int) -> dict[str, Any]:
    """Version 2 called it `title`, version 3 calls it `name`."""
    assert version == 2
    return {"name": document["title"]}


FORMS = Forms(
    [
        Form("letter", "letters/{year}/{letter}.json", version=3, oldest=2, upgrade=renamed),
        Form("page", "letters/{year}/{letter}/page"),
    ]
)


def test_a_document_says_its_version_in_storage_alone() -> None:
    stored = FORMS.to_store("letters/2026/a.json", {"name": "Ana"})
    assert stored == {"version": 3, "name": "Ana"}
    assert FORMS.from_store("letters/2026/a.json", stored) == {"name": "Ana"}


def test_what_says_no_version_is_of_the_first() -> None:
    assert FORMS.from_store("letters/2026/a/page", {"text": "x"}) == {"text": "x"}


def test_an_earlier_version_is_brought_up_to_date() -> None:
    stored = {"version": 2, "title": "Ana"}
    assert FORMS.from_store("letters/2026/a.json", stored) == {"name": "Ana"}


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (4, "of version 4, and this version of the app reads none above 3"),
        (1, "of version 1, and this version of the app reads none below 2"),
        ("3", "no version that this app understands"),
        (0, "no version"),
        (True, "no version"),
        (None, "no version"),
    ],
)
def test_what_can_not_be_read_is_refused_with_words(version: object, words: str) -> None:
    with pytest.raises(FormError, match=words) as caught:
        FORMS.from_store("letters/2026/a.json", {"version": version, "name": "Ana"})
    assert str(caught.value).startswith("The stored letter ")


@pytest.mark.parametrize("name", ["letters/2026/b/a.json", "letters/2026/.json/page/x", "other"])
def test_nothing_is_stored_that_has_no_form(name: str) -> None:
    with pytest.raises(NoFormError):
        FORMS.to_store(name, {})
