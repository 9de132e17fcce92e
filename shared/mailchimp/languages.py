"""Languages of contacts: the codes that Mailchimp has, and what is brought to them.

Source: Mailchimp's help, *View and edit contact languages*. What isn't in the list is left out: a
code that Mailchimp doesn't know would be passed over there, or refused with the whole contact.
"""

from functools import cache

CODES = (
    *("en", "ar", "af", "be", "bg", "ca", "zh", "hr", "cs", "da", "nl", "et", "fa", "fi", "fr"),
    *("fr_CA", "de", "el", "he", "hi", "hu", "is", "id", "ga", "it", "ja", "km", "ko", "lv", "lt"),
    *("mt", "ms", "mk", "no", "pl", "pt", "pt_PT", "ro", "ru", "sr", "sk", "sl", "es", "es_ES"),
    *("sw", "sv", "ta", "th", "tr", "uk", "vi"),
)
# Older codes, and the two written forms of Norwegian.
_ALSO = {"iw": "he", "in": "id", "nb": "no", "nn": "no"}
_BY_FOLDED = {code.casefold(): code for code in CODES}


@cache
def language_code(text: str) -> str | None:
    """Return Mailchimp's code for a language's code or tag, None where it has none.

    >>> language_code("hr-HR"), language_code("pt_BR"), language_code("pt-PT"), language_code("kk")
    ('hr', 'pt', 'pt_PT', None)
    """
    parts = text.strip().replace("-", "_").casefold().split("_")
    if not all(part.isascii() and part.isalnum() for part in parts):
        return None
    # A tag may name the script before the region: sr-Latn-RS.
    regions = [part for part in parts[1:] if len(part) == 2]
    language = _ALSO.get(parts[0], parts[0])
    for known in (*(f"{language}_{region}" for region in regions), language):
        if known in _BY_FOLDED:
            return _BY_FOLDED[known]
    return None
