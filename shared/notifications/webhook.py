"""One call to the webhook: where it lies, and how it is signed."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
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


@dataclass(frozen=True, repr=False)
class Webhook:
    """Where to call, and the key to sign with."""

    url: str
    key: str


def parse_webhook(secret: str) -> Webhook:
    """Read the vault's secret; raises WebhookError.

    It holds the URL and, on a second line, the signing key; or both as JSON, `{"url", "key"}`.
    Without a key the URL itself is the key: it is as secret, and both sides know it.
    """
    text = secret.strip()
    try:
        given = json.loads(text) if text.startswith("{") else None
        url, key = (
            (str(given["url"]), str(given.get("key") or ""))
            if isinstance(given, dict)
            else (text.partition("\n")[0].strip(), text.partition("\n")[2].strip())
        )
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.username is None
    except (ValueError, KeyError):
        raise WebhookError("no_url") from None
    if not usable:
        raise WebhookError("no_url")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise WebhookError("not_https")
    return Webhook(url, key or url)


def sign(key: str, timestamp: str, body: bytes) -> str:
    """Return the hexadecimal HMAC-SHA256 over timestamp, a dot and the body."""
    return hmac.digest(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


def call(
    webhook: Webhook, id_: str, body: bytes, timeouts: tuple[float, float] = _TIMEOUTS
) -> None:
    """Send one notification; raises WebhookError unless the answer is a success."""
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "segment-export",
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
