"""Which addresses Mailchimp takes, in which form it stores them, and how it refuses the others."""

import re
import unicodedata
from functools import lru_cache

import idna

from .switches import Switches

# Letters beyond ASCII are taken in the domain alone.
_LETTER = r"[A-Za-z0-9\u0080-\U0010ffff]"
_PLAUSIBLE = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    rf"@(?:{_LETTER}(?:(?:{_LETTER}|-)*{_LETTER})?\.)+"
    rf"(?:[A-Za-z]{{2,63}}|[Xx][Nn]--(?:{_LETTER}|-)*{_LETTER}|[^\W\d_]*[\u0080-\U0010ffff]+{_LETTER}*)"
)


def refusal(email: str, switches: Switches) -> str | None:
    """Why Mailchimp refuses this address, in its own words; None when it takes it."""
    lower = email.lower()
    local, _, domain = lower.rpartition("@")
    if len(email) > 254 or not _PLAUSIBLE.fullmatch(email) or _ascii_domain(domain) is None:
        return "Please provide a valid email address."
    if _is_fake(lower, domain, switches):
        return f"{email} looks fake or invalid, please enter a real email address."
    if switches.too_many_prefix and local.startswith(switches.too_many_prefix):
        return (
            f"{email} has signed up to a lot of lists very recently; "
            "we're not allowing more signups for now"
        )
    return None


def stored(email: str, switches: Switches) -> str:
    """The form in which Mailchimp keeps an address, by which alone it tells contacts apart."""
    if switches.idn_stored == "as_sent" or _is_plain(email):
        return email
    local, at, domain = email.rpartition("@")
    plain = _ascii_domain(domain)
    if not at or plain is None:
        return email
    return local + at + (plain if switches.idn_stored == "ascii" else idna.decode(plain))


def _is_plain(email: str) -> bool:
    return email.isascii() and "xn--" not in email.lower()


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str | None:
    """A domain in the letters of DNS; None for one that cannot be one."""
    if _is_plain(domain):
        return domain
    try:
        return idna.encode(unicodedata.normalize("NFC", domain), uts46=True).decode()
    except idna.IDNAError:
        return None


def _is_fake(lower: str, domain: str, switches: Switches) -> bool:
    if switches.fake_marker and switches.fake_marker in lower:
        return True
    if lower in switches.fake_addresses:
        return True
    return any(domain == fake or domain.endswith("." + fake) for fake in switches.fake_domains)
