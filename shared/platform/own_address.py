"""Where this app is reached from outside."""

import os

from shared.platform.settings import Settings
from shared.platform.urls import is_loopback


def own_address(settings: Settings, url: str) -> str | None:
    """Return scheme and host of this app for a request to `url`, None where nobody can tell.

    The deployment says it (PUBLIC_URL), or the platform (WEBSITE_HOSTNAME). A request's own URL
    would not do: its host is whatever the sender wrote, and its scheme that of the last step behind
    Azure's front end. It is believed on this machine alone.
    """
    if settings.public_url:
        return settings.public_url
    if name := os.environ.get("WEBSITE_HOSTNAME"):
        return f"http://{name}" if is_loopback(f"http://{name}") else f"https://{name}"
    # Scheme and host, without a path that could mislead a parser.
    base = "/".join(url.split("/", 3)[:3])
    return base if is_loopback(base) else None
