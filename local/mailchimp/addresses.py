"""Which addresses Mailchimp takes, and the sentences it refuses the others with."""

import re

from .switches import Switches

_PLAUSIBLE = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def refusal(email: str, switches: Switches) -> str | None:
    """Why Mailchimp refuses this address, in its own words; None when it takes it."""
    if len(email) > 254 or not _PLAUSIBLE.fullmatch(email):
        return "Please provide a valid email address."
    lower = email.lower()
    local, _, domain = lower.rpartition("@")
    if _is_fake(lower, domain, switches):
        return f"{email} looks fake or invalid, please enter a real email address."
    if switches.too_many_prefix and local.startswith(switches.too_many_prefix):
        return (
            f"{email} has signed up to a lot of lists very recently; "
            "we're not allowing more signups for now"
        )
    return None


def _is_fake(lower: str, domain: str, switches: Switches) -> bool:
    if switches.fake_marker and switches.fake_marker in lower:
        return True
    if lower in switches.fake_addresses:
        return True
    return any(domain == fake or domain.endswith("." + fake) for fake in switches.fake_domains)
