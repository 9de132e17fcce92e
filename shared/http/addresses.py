"""Where this app is reached from outside."""

import os
from urllib.parse import urlsplit

from shared.platform.settings import is_loopback


def own_address(url: str) -> str | None:
    """Return scheme and host of this app for a request to `url`, None where nobody can tell.

    In Azure the platform says it (WEBSITE_HOSTNAME). A request's own URL would not do: its host is
    whatever the sender wrote, and its scheme that of the last step behind Azure's front end. It is
    believed on this machine alone.
    """
    if name := os.environ.get("WEBSITE_HOSTNAME"):
        return f"http://{name}" if is_loopback(f"http://{name}") else f"https://{name}"
    here = urlsplit(url)
    return f"{here.scheme}://{here.netloc}" if is_loopback(url) else None
