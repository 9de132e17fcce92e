"""Sends events to webhooks as Mailchimp does: signed, again until they are taken, given up by 410.

Also what Mailchimp never sends: forged, unsigned, old and doubled ones.
"""

import asyncio
import hashlib
import hmac
import http.client
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from .audience import Audience

type Wrong = Literal["", "forged", "unsigned", "old", "twice"]

# What an act tells of, by whom, and what is said of how; acts that are not here tell of nothing.
_TOLD: dict[str, tuple[str, str, str]] = {
    "unsubscribe_by_self": ("unsubscribe", "user", "unsub"),
    "unsubscribe_by_admin": ("unsubscribe", "admin", "unsub"),
    "archive": ("unsubscribe", "admin", "delete"),
    "bounce": ("cleaned", "admin", ""),
    "confirm": ("subscribe", "user", ""),
    "resubscribe_by_form": ("subscribe", "user", ""),
    "set_value": ("profile", "admin", ""),
}
_TOO_OLD = 400


@dataclass
class Delivery:
    """One event to one webhook, and the statuses that it was answered with; 0: no answer."""

    list_id: str
    webhook: str
    type: str
    wrong: Wrong = ""
    statuses: list[int] = field(default_factory=list)


class Deliveries:
    """The deliveries since the last reset. tries, pause: how often, after how many seconds."""

    def __init__(self) -> None:
        self.made: list[Delivery] = []
        self.tries, self.pause = 5, 0.2
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, audience: Audience, act: str, emails: Iterable[str], wrong: Wrong = "") -> int:
        """Send what an act tells of to every webhook that wants it; how many are under way."""
        if act not in _TOLD:
            return 0
        type_, source, action = _TOLD[act]
        count = 0
        for webhook in list(audience.webhooks.values()):
            wanted = webhook.wants(type_, source)
            for email in emails if wanted else ():
                body = _form(audience, type_, email, action)
                for _ in range(2 if wrong == "twice" else 1):
                    delivery = Delivery(audience.id, webhook.id, type_, wrong)
                    self.made.append(delivery)
                    self._start(audience, delivery, body)
                    count += 1
        return count

    def shown(self) -> list[dict[str, object]]:
        """All deliveries, oldest first."""
        return [asdict(one) for one in self.made]

    def _start(self, audience: Audience, delivery: Delivery, body: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._send(audience, delivery, body))
        # The loop itself holds no reference.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, audience: Audience, delivery: Delivery, body: bytes) -> None:
        async with ClientSession(timeout=ClientTimeout(total=10)) as session:
            for attempt in range(self.tries):
                if attempt:
                    await asyncio.sleep(self.pause)
                webhook = audience.webhooks.get(delivery.webhook)
                if webhook is None:
                    return
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                if delivery.wrong != "unsigned":
                    headers["X-Mailchimp-Signature"] = _sign(webhook.secret, body, delivery.wrong)
                try:
                    async with session.post(webhook.url, data=body, headers=headers) as answer:
                        status = answer.status
                except (ClientError, TimeoutError):
                    status = 0
                delivery.statuses.append(status)
                if status == 410:
                    audience.webhooks.pop(delivery.webhook, None)
                if status in (200, 410) or delivery.wrong:
                    return


def answers(url: str) -> bool:
    """Whether an address is taken as that of a webhook: Mailchimp asks it; here only on loopback.

    Nothing that runs on this machine calls out of it.
    """
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        return True
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _form(audience: Audience, type_: str, email: str, action: str) -> bytes:
    contact = audience.find(email)
    data = {
        "id": audience.contact_id(contact) if contact else "",
        "list_id": audience.id,
        "email": email,
        "email_type": "html",
    }
    if action:
        data |= {"action": action, "reason": "manual"}
    fired = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    members = {f"data[{name}]": value for name, value in data.items()}
    return urlencode({"type": type_, "fired_at": fired, **members}).encode()


def _sign(secret: str, body: bytes, wrong: Wrong) -> str:
    at = int(time.time()) - (_TOO_OLD if wrong == "old" else 0)
    key = "guessed" if wrong == "forged" else secret
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
