"""Tells receivers what is due: one notice per message, each receiver by itself.

Whether one that answers too late was told is not known: it counts as told, so that it is not told
again and again, and hears of the way back.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.app import App
from shared.notifications.changes import DUE, STATES, state_of
from shared.notifications.webhook import Webhook, WebhookError, call, parse_webhooks
from shared.notifications.wording import written
from shared.platform import log, queues
from shared.platform.blobs import BlobConflictError, Document
from shared.platform.clock import from_text, to_text, utc_now
from shared.platform.vault import SecretUnreadableError

_LOCKS = "exports/_notices/locks/"
# Waits after failures in minutes; the last one is repeated until the notification is given up.
_WAITS = (1, 5, 15, 60)
_MAX_TRIES = 24
# Somebody tells what a newer change has taken the place of.
_SOON = 10.0


def tell(app: App, message: Mapping[str, str]) -> None:
    """Handle a message: tell what is due of an export, or put it off.

    A receiver that is slow keeps nobody else waiting than those of the same notice.
    """
    notice = message["notice"]
    with app.leases.held(f"{_LOCKS}{notice}") as lease:
        if lease is None:
            app.queues.send(queues.NOTICES, {"notice": notice}, delay=_SOON)
            return
        name = f"{DUE}{notice}"
        found = app.blobs.read_document(name)
        if found is None or app.settings.webhook_secret_name is None:
            return
        if from_text(found[0]["next_at"]) <= utc_now():
            _tell(app, name, *found)


def _tell(app: App, name: str, due: Document, etag: str) -> None:
    try:
        webhooks = parse_webhooks(app.vault.get(app.settings.webhook_secret_name or ""))
    except WebhookError as error:
        _not_told(app, name, due, etag, error.reason)
        return
    except SecretUnreadableError:
        _not_told(app, name, due, etag, "secret_unreadable")
        return
    reason = ""
    for webhook in webhooks:
        before = _to_hear(app, due, webhook)
        if before is None:
            continue
        body = due["body"] | ({"status_before": before} if before else {})
        if failed := _call(webhook, body):
            reason = failed
            continue
        try:
            due, etag = _heard(app, name, due, etag, webhook)
        except BlobConflictError:
            return  # A newer change has taken its place, and has a message of its own.
    if reason:
        _not_told(app, name, due, etag, reason)
    else:
        _settle(app, name, due, etag)


def _to_hear(app: App, due: Document, webhook: Webhook) -> str | None:
    """Return what a receiver knows as the state before, "" of input; None where it knows all."""
    body = due["body"]
    if "status" in body:
        state = state_of(app.blobs, body["export"], due["uid"])
        known = state.get("told_by", {}).get(webhook.id)
        before = str(known or state.get("told") or body["status_before"])
        return before if before != body["status"] else None
    wanted = due.get("only", [webhook.id])
    return "" if webhook.id in wanted and webhook.id not in due.get("told", []) else None


def _call(webhook: Webhook, body: Document) -> str:
    """Tell one receiver; return why it was not told, "" where it was or may have been."""
    # A state changes by a run; input is of no run.
    id_ = body.get("run") or f"{body['export']}-{body['event']}-{body['at']}"
    fields = _fields(body) | {"format": webhook.format}
    try:
        call(webhook, id_, written(webhook, body))
    except WebhookError as error:
        if not error.perhaps_told:
            return error.reason
        log.event("notification_sent", answered=False, **fields)
        return ""
    log.event("notification_sent", answered=True, **fields)
    return ""


def _heard(app: App, name: str, due: Document, etag: str, webhook: Webhook) -> tuple[Document, str]:
    """Note that a receiver was told; raises BlobConflictError where a newer change is due."""
    body = due["body"]
    if "status" not in body:
        due = {**due, "told": [*due.get("told", []), webhook.id]}
        return due, app.blobs.write_document(name, due, etag)

    def noted(state: Document) -> Document | None:
        if state["uid"] != due["uid"]:
            return None
        return {**state, "told_by": {**state.get("told_by", {}), webhook.id: body["status"]}}

    app.blobs.update_document(f"{STATES}{body['export']}", noted)
    info = app.blobs.info(name)
    if info is None or info.etag != etag:
        raise BlobConflictError("a newer change is due")
    return due, etag


def _not_told(app: App, name: str, due: Document, etag: str, reason: str) -> None:
    """Put a notification off that somebody was not told, or give it up after a day."""
    tries = due["tries"] + 1
    level = logging.WARNING if tries < _MAX_TRIES else logging.ERROR
    fields = _fields(due["body"])
    log.event("notification_failed", level=level, reason=reason, tries=tries, **fields)
    if tries < _MAX_TRIES:
        _put_off(app, name, due, etag, tries)
    else:
        _settle(app, name, due, etag)


def _settle(app: App, name: str, due: Document, etag: str) -> None:
    """Note that nothing is due any more: it was told, or given up."""
    body = due["body"]
    try:
        app.blobs.delete(name, etag)
    except BlobConflictError:
        return  # A newer change has taken its place; who has heard this one is noted.
    if "status" in body:
        app.blobs.update_document(f"{STATES}{body['export']}", lambda state: _all_told(state, due))


def _all_told(state: Document, due: Document) -> Document | None:
    if state["uid"] != due["uid"]:
        return None
    return {**state, "told": due["body"]["status"], "told_by": {}}


def _fields(body: Document) -> dict[str, Any]:
    """Return what the log says of a notification."""
    fields = {"export": body["export"], "about": body.get("event")}
    names = (("run", "run"), ("status", "status"), ("before", "status_before"))
    return fields | {name: body[member] for name, member in names if member in body}


def _put_off(app: App, name: str, due: Document, etag: str, tries: int) -> None:
    wait = timedelta(minutes=_WAITS[min(tries, len(_WAITS)) - 1])
    try:
        next_at = to_text(utc_now() + wait)
        app.blobs.write_document(name, {**due, "tries": tries, "next_at": next_at}, etag)
    except BlobConflictError:
        return  # A newer change has taken its place.
