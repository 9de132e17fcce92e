"""One call to a receiver: where it lies, how it is spoken to, and how that is signed."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

import requests

from shared.platform.timed_http import TimedAdapter, answered_within
from shared.platform.urls import is_loopback

# Seconds to connect, and for all of the answer: whoever is told has to be quick.
_TIMEOUTS = (3.05, 5.0)


class WebhookError(Exception):
    """The call failed; `reason` is a word for the log and names neither URL nor key.

    perhaps_told: it went out whole, and only the answer is missing.
    """

    def __init__(self, reason: str, *, perhaps_told: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.perhaps_told = perhaps_told


Format = Literal["json", "slack", "teams"]


@dataclass(frozen=True, repr=False)
class Webhook:
    """Where to call, the key to sign with, and what is understood there."""

    url: str
    key: str
    format: Format = "json"
    language: str = "en"

    @property
    def id(self) -> str:
        """What tells it from other receivers, and tells nothing of its address."""
        return hashlib.blake2b(self.url.encode(), digest_size=8).hexdigest()


def parse_webhooks(secret: str) -> tuple[Webhook, ...]:
    """Read the vault's secret; raises WebhookError.

    It holds a URL and, on a second line, the signing key; or JSON, one `{"url", "key", "format",
    "language"}` or a list of them. Without a key the URL itself is the key: it is as secret, and
    both sides know it.
    """
    text = secret.strip()
    try:
        given = json.loads(text) if text.startswith(("{", "[")) else None
    except ValueError:
        raise WebhookError("no_url") from None
    if given is None:
        url, _, key = text.partition("\n")
        return (_webhook({"url": url.strip(), "key": key.strip()}),)
    listed = given if isinstance(given, list) else [given]
    if not listed or not all(isinstance(one, dict) for one in listed):
        raise WebhookError("no_url")
    # One address twice would be told everything twice.
    return tuple({found.id: found for found in map(_webhook, listed)}.values())


def _webhook(given: Mapping[str, object]) -> Webhook:
    url = str(given.get("url") or "")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.username is None
    except ValueError:
        usable = False
    if not usable:
        raise WebhookError("no_url")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise WebhookError("not_https")
    wanted = str(given.get("format") or "json")
    format_ = next((known for known in get_args(Format) if known == wanted), None)
    if format_ is None:
        raise WebhookError("unknown_format")
    key, language = str(given.get("key") or url), str(given.get("language") or "en")
    return Webhook(url, key, format_, language)


def sign(key: str, timestamp: str, body: bytes) -> str:
    """Return the hexadecimal HMAC-SHA256 over timestamp, a dot and the body."""
    return hmac.digest(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


def call(
    webhook: Webhook, id_: str, body: bytes, timeouts: tuple[float, float] = _TIMEOUTS
) -> None:
    """Send one notification; raises WebhookError unless the answer is a success."""
    timestamp = str(int(time.time()))
    headers = {"Content-Type": "application/json", "User-Agent": "segment-export"}
    if webhook.format == "json":
        headers |= {
            "X-Segment-Export-Id": id_,
            "X-Segment-Export-Timestamp": timestamp,
            "X-Segment-Export-Signature": f"sha256={sign(webhook.key, timestamp, body)}",
        }
    try:
        # A redirect would take the message somewhere else; the answer's body is not looked at.
        with (
            answered_within(sum(timeouts)),
            _session() as session,
            session.post(
                webhook.url,
                data=body,
                headers=headers,
                timeout=timeouts,
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            status = answer.status_code
    except requests.ReadTimeout:
        raise WebhookError("timed_out", perhaps_told=True) from None
    except requests.Timeout:
        raise WebhookError("timed_out") from None
    except (requests.RequestException, ValueError):
        raise WebhookError("unreachable") from None
    if not 200 <= status < 300:
        raise WebhookError(f"status_{status}")


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, TimedAdapter())
    return session
