"""Where a URL leads, as the library that connects reads it.

Two parsers may find two hosts in one text (`http://evil\\@localhost`), and the one that counts is
the one that opens the connection: urllib3's, below `requests` and the Azure clients.
"""

import re

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

# No URL of ours needs one of these, and each has fooled a parser: user and password, a backslash,
# blanks and control characters, what only looks like a character of ASCII.
_UNWANTED = re.compile(r"[@\\\s\x00-\x1f\x7f]|[^\x00-\x7f]")


def parsed(url: str) -> Url | None:
    """Return the parts of an absolute http or https URL without a user, None for anything else."""
    if _UNWANTED.search(url):
        return None
    try:
        parts = parse_url(url)
    except LocationParseError:
        return None
    if parts.scheme not in ("http", "https") or not parts.host or parts.auth:
        return None
    return parts


def is_loopback(url: str) -> bool:
    """Return whether a URL points at this machine; `{dc}` in it counts as any label."""
    parts = parsed(url.replace("{dc}", "dc"))
    host = (parts.host or "").strip("[]") if parts else ""
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
