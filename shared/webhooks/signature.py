"""Whether Mailchimp sent it: `X-Mailchimp-Signature: t=<unix>,v1=<hex>`.

HMAC-SHA256 over `{t}.{raw body}`, with a tolerance of five minutes, as Mailchimp's documentation
of webhooks says; unproven on a live account.
"""

import hmac
import re

HEADER = "x-mailchimp-signature"
TOLERANCE_SECONDS = 300


def is_signed(header: str, body: bytes, secret: str, now: float) -> bool:
    """Return whether a body was signed with this secret within the last five minutes.

    `now` in seconds since 1970. A signature of the future is as old as one of the past. While a
    secret is replaced there may be several, of which one is enough.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0]):
        return False
    if abs(now - int(times[0])) > TOLERANCE_SECONDS:
        return False
    wanted = hmac.digest(secret.encode(), times[0].encode() + b"." + body, "sha256").hex()
    given = [value.lower().encode(errors="replace") for name, _, value in parts if name == "v1"]
    return any(hmac.compare_digest(wanted.encode(), one) for one in given)
