"""The one form in which addresses are compared, hashed and kept.

Mailchimp tells contacts apart by the address in lower case. People and systems write one mailbox
in more ways than that: with blanks or invisible characters around it, with a domain in its own
letters or in those of DNS (RFC 5890), with letters that are composed or not. All of them are one
address here: trimmed, in lower case, composed (NFC), the domain in its own letters.

0.1.0 compared by trimmed lower case alone; what it stored is read with `canonical`, and people
that it erased are looked for by `spellings`, for ever.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import idna

# Stored beside what is keyed by an address. 1: 0.1.0's, trimmed and in lower case.
CANONICAL_VERSION: Final = 2

# White space, and what is pasted along: characters without width, and marks of writing direction.
_INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
# What is trimmed, as a pattern for Python's regular expressions and those of polars.
AROUND: Final = f"^[\\s{_INVISIBLE}]+|[\\s{_INVISIBLE}]+$"
_AROUND = re.compile(AROUND)
_WORD = re.compile(r"\S+")
# Addresses with one of these may have more than one spelling; all others are what they are.
SPELLED_PATTERN: Final = r"[^\x00-\x7f]|xn--"


UNSEEN_PATTERN: Final = f"[{_INVISIBLE}]"


def canonical(email: str) -> str:
    """Return an address as it is compared, whatever it is: text without an @ is only trimmed."""
    # Of ASCII nothing but blanks is trimmed: `strip` does for most what the pattern does for all.
    text = (email.strip() if email.isascii() else _AROUND.sub("", email)).lower()
    if not has_spellings(text):
        return text
    local, at, domain = _composed(text).rpartition("@")
    return _AROUND.sub("", local + at + (_own_letters(domain) if at else domain))


def has_spellings(text: str) -> bool:
    """Tell of a text in lower case whether it may be one of several spellings of an address."""
    return not text.isascii() or "xn--" in text


def spellings(email: str) -> tuple[str, ...]:
    """Return the forms in which an address may be kept elsewhere, the canonical one first.

    With the domain in the letters of DNS, with decomposed letters, and as 0.1.0 wrote it.
    """
    trimmed = _AROUND.sub("", email).lower()
    form = canonical(trimmed)
    if not has_spellings(trimmed) and not has_spellings(form):
        return (form,)
    local, at, domain = form.rpartition("@")
    in_dns = local + at + (_letters_of_dns(domain) if at else domain)
    return tuple(dict.fromkeys([form, in_dns, unicodedata.normalize("NFD", form), trimmed]))


def without_addresses(text: str, mark: str) -> str:
    """Put `mark` in place of every word that may be an address.

    Word by word, as the text is somebody else's: a pattern that looks for the `@` behind any number
    of letters takes time that grows with the square of a text without one.
    """
    return _WORD.sub(lambda word: mark if "@" in word[0] else word[0], text)


def _composed(text: str) -> str:
    # Composing may bring a letter of which there is another in lower case.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


@lru_cache(maxsize=4096)
def _own_letters(domain: str) -> str:
    """Return a domain with each label in its own letters, as far as it is one."""
    return ".".join(_ulabel(label) for label in _mapped(domain).split("."))


@lru_cache(maxsize=4096)
def _letters_of_dns(domain: str) -> str:
    return ".".join(_alabel(label) for label in domain.split("."))


def _mapped(domain: str) -> str:
    """Return a domain with wide letters, other full stops and the like as UTS 46 has them."""
    try:
        return _composed(idna.uts46_remap(domain, std3_rules=False))
    except UnicodeError:
        return domain


def _ulabel(label: str) -> str:
    try:
        return _composed(idna.ulabel(label)) if has_spellings(label) else label
    except UnicodeError:
        # No label that DNS can have; it is nothing but itself.
        return label


def _alabel(label: str) -> str:
    try:
        return idna.alabel(label).decode() if has_spellings(label) else label
    except UnicodeError:
        return label
