"""Webhooks of an audience: made, listed, removed; `deliveries` sends what they are told."""

import uuid

from .. import problems
from ..deliveries import answers
from ..model import Webhook
from ..requests import Answer, Request

_EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
_SOURCES = ("user", "admin", "api")
_ONE = "Lists/Webhooks/Response"


def get_webhooks(request: Request, list_id: str) -> Answer:
    """All webhooks."""
    audience = request.audience(list_id)
    body = {
        "webhooks": [one.shown(list_id) for one in audience.webhooks.values()],
        "list_id": list_id,
        "total_items": len(audience.webhooks),
    }
    return Answer(body, "Lists/Webhooks/CollectionResponse")


def add_webhook(request: Request, list_id: str) -> Answer:
    """Create one; the URL must be new and answer."""
    audience = request.audience(list_id)
    body = request.document()
    url = body.get("url")
    if not isinstance(url, str) or not url.startswith("http") or not answers(url):
        raise problems.bad_shape(("url", "We could not verify that the URL is valid."))
    if any(one.url == url for one in audience.webhooks.values()):
        raise problems.invalid("Sorry, you can't set up multiple WebHooks for one URL")
    signed = request.switches.webhook_signing == "signed"
    webhook = Webhook(
        id=uuid.uuid4().hex[:10],
        url=url,
        events=_flags(body.get("events"), _EVENTS),
        sources=_flags(body.get("sources"), _SOURCES),
        secret=uuid.uuid4().hex if signed else "",
    )
    audience.webhooks[webhook.id] = webhook
    once = {"signing_enabled": True, "signing_secret": webhook.secret} if signed else {}
    return Answer({**webhook.shown(list_id), **once}, _ONE)


def delete_webhook(request: Request, list_id: str, webhook_id: str) -> Answer:
    """Remove one."""
    if request.audience(list_id).webhooks.pop(webhook_id, None) is None:
        raise problems.not_found()
    return Answer(None, _ONE)


def _flags(given: object, names: tuple[str, ...]) -> dict[str, bool]:
    values = given if isinstance(given, dict) else {}
    return {name: bool(values.get(name, False)) for name in names}
