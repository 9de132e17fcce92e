"""Languages of contacts, brought to Mailchimp's list."""

import pytest

from shared.mailchimp.languages import CODES, language_code


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("hr", "hr"),
        (" HR-hr ", "hr"),
        ("en_GB", "en"),
        ("pt_BR", "pt"),
        ("pt-PT", "pt_PT"),
        ("fr-CA", "fr_CA"),
        ("fr-BE", "fr"),
        ("es-MX", "es"),
        ("es-ES", "es_ES"),
        ("es-419", "es"),
        ("sr-Latn-RS", "sr"),
        ("zh-Hans-CN", "zh"),
        ("nb-NO", "no"),
        ("iw", "he"),
        ("kk", None),
        ("Croatian", None),
        ("x", None),
        ("", None),
        ("hr;lv", None),
        ("\u0445\u0440", None),
    ],
)
def test_a_code_or_tag_is_brought_to_mailchimp_s_list(given: str, sent: str | None) -> None:
    assert language_code(given) == sent


def test_each_of_mailchimp_s_codes_is_itself() -> None:
    assert [language_code(code) for code in CODES] == list(CODES)
