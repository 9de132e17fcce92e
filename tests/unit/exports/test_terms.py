"""The data privacy terms in their languages."""

import re

import pytest

from shared.exports.terms import terms_in, terms_languages, terms_version


@pytest.mark.parametrize("language", terms_languages())
def test_every_language_has_the_same_version_and_the_same_points(language: str) -> None:
    terms = terms_in(language)

    assert terms.language == language
    assert terms.version == terms_version()
    assert re.findall(r"^(\d)\. ", terms.text, re.MULTILINE) == ["1", "2", "3", "4"]
    assert terms.text.count("Mailchimp") >= 4


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("hr", "hr"),
        ("hr-HR", "hr"),
        ("ZH-cn", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("en-GB", "en"),
        ("xx", "en"),
        ("", "en"),
        ("../en", "en"),
    ],
)
def test_a_language_is_found_by_its_tag_and_english_stands_in(asked: str, given: str) -> None:
    assert terms_in(asked).language == given
