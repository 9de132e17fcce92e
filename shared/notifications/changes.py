"""Which change of an export's state, or of its input's age, is to be told, and when.

Whether a webhook that answers too late was told is not known: it counts as told, so that it is
not told again and again, and hears of the way back.

- `exports/_notices/state/{export}`: what was told last
- `exports/_notices/due/{export}`: what is still to be told; a later change takes its place
- `exports/_notices/due/{export}.input`: the same of its input
"""

import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from shared.addresses import without_addresses
from shared.app import App
from shared.exports.export_index import IndexedExport
from shared.exports.models import StoredExport
from shared.notifications.webhook import WebhookError, call, parse_webhook
from shared.platform import log
from shared.platform.blobs import BlobConflictError, Blobs, Document
from shared.platform.clock import from_text, to_text, utc_now
from shared.platform.vault import SecretUnreadableError
from shared.runs.record import Run, RunStatus

_STATES = "exports/_notices/state/"
_DUE = "exports/_notices/due/"
_LOCK = "exports/_notices/lock"
_FINE = RunStatus.SUCCEEDED
# A cancelled run says nothing about the export.
_COUNTING = frozenset({_FINE, RunStatus.PARTIAL, RunStatus.FAILED, RunStatus.SKIPPED})
# Waits after failures; the last one is repeated until the notification is given up.
_WAITS = (1, 5, 15, 60)
_MAX_TRIES = 24
# The tick has other things to do, too.
_SECONDS = 60.0


def note_end(app: App, run: Run) -> None:
    """Note what the end of a run changes for its export, and begin to tell it.

    May be repeated. Waits for nobody: the telling is done beside, and by the tick where it fails.
    """
    if app.settings.webhook_secret_name is None or run.preview:
        return
    after = run.status
    if after not in _COUNTING:
        return
    known = _state(app.blobs, run.export, run.uid)
    if known.get("submitted_at", "") >= run.submitted_at:
        return
    before = known.get("told", _FINE)
    if after == before:
        app.blobs.delete(f"{_DUE}{run.export}")
    else:
        body = _body(run, before)
        due = {"uid": run.uid, "body": body, "tries": 0, "next_at": to_text(utc_now())}
        app.blobs.write_document(f"{_DUE}{run.export}", due)
    state = {"uid": run.uid, "told": before, "submitted_at": run.submitted_at}
    app.blobs.write_document(f"{_STATES}{run.export}", state)
    if after != before:
        threading.Thread(target=_tell_quietly, args=(app,), daemon=True, name="webhook").start()


def note_input(app: App, export: IndexedExport | StoredExport, stale: Mapping[str, str]) -> None:
    """Note that the input of an export is stale (since when, by segment), or not any more."""
    if app.settings.webhook_secret_name is None:
        return
    name = f"{_DUE}{export.name}.input"
    if not stale and app.blobs.delete(name):
        return  # Nobody has been told yet.
    now = to_text(utc_now())
    body = {
        "event": "input_stale" if stale else "input_fresh",
        "export": export.name,
        "display_name": export.display_name,
        "at": now,
        "segments": [{"name": name, "written_at": at} for name, at in sorted(stale.items())],
    }
    due = {"uid": export.uid, "body": body, "tries": 0, "next_at": now}
    app.blobs.write_document(name, due)


def tell_due(app: App, seconds: float = _SECONDS) -> None:
    """Tell what is due, one after the other; somebody else's turn is left to them.

    After so many seconds the rest is left to the next tick: a webhook may answer slowly or not.
    """
    # What was tried last comes last: nothing keeps another from its turn for good.
    waiting = [b.name for b in sorted(app.blobs.list(_DUE), key=lambda blob: blob.modified)]
    if not waiting or app.settings.webhook_secret_name is None:
        return
    end = time.monotonic() + seconds
    with app.leases.held(_LOCK) as lease:
        for name in waiting if lease is not None else ():
            found = app.blobs.read_document(name)
            if found is not None and from_text(found[0]["next_at"]) <= utc_now():
                _tell(app, name, *found)
            if time.monotonic() > end:
                return


def _tell_quietly(app: App) -> None:
    try:
        tell_due(app)
    except Exception as error:  # the tick comes back to it
        log.failure("notification_failed", error)


def _tell(app: App, name: str, due: Document, etag: str) -> None:
    body, fields = due["body"], _fields(due["body"])
    # A state changes by a run; input is of no run.
    id_ = body.get("run") or f"{body['export']}-{body['event']}-{body['at']}"
    try:
        webhook = parse_webhook(app.vault.get(app.settings.webhook_secret_name or ""))
        call(webhook, id_, json.dumps(body, ensure_ascii=False).encode())
    except WebhookError as error:
        if not error.perhaps_told:
            _not_told(app, name, due, etag, error.reason)
            return
        # Whoever answers late has been told: only the way back is told once more.
        log.event("notification_sent", answered=False, **fields)
    except SecretUnreadableError:
        _not_told(app, name, due, etag, "secret_unreadable")
        return
    else:
        log.event("notification_sent", answered=True, **fields)
    _settle(app, name, due, etag)


def _not_told(app: App, name: str, due: Document, etag: str, reason: str) -> None:
    """Put a notification off that nobody was told, or give it up after a day."""
    fields = _fields(due["body"])
    tries = due["tries"] + 1
    level = logging.WARNING if tries < _MAX_TRIES else logging.ERROR
    log.event("notification_failed", level=level, reason=reason, tries=tries, **fields)
    if tries < _MAX_TRIES:
        _put_off(app, name, due, etag, tries)
    else:
        _settle(app, name, due, etag)


def _settle(app: App, name: str, due: Document, etag: str) -> None:
    """Note that nothing is due any more: it was told, or given up."""
    body = due["body"]
    if "status" in body:
        app.blobs.update_document(
            f"{_STATES}{body['export']}",
            lambda state: {**state, "told": body["status"]} if state["uid"] == due["uid"] else None,
        )
    _delete(app, name, etag)


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


def _delete(app: App, name: str, etag: str) -> None:
    try:
        app.blobs.delete(name, etag)
    except BlobConflictError:
        return  # A newer change has taken its place.


def _state(blobs: Blobs, export: str, uid: str) -> Document:
    found = blobs.read_document(f"{_STATES}{export}")
    return found[0] if found and found[0]["uid"] == uid else {}


def _body(run: Run, before: str) -> Document:
    """Return what is told: ids, counts, and the run's own text for people."""
    # Mailchimp's own words are part of some texts, and may name an address.
    error = run.error and replace(
        run.error, detail=without_addresses(run.error.detail, "(address)")
    )
    return {
        "event": "export_state_changed",
        "export": run.export,
        "display_name": run.configuration.display_name,
        "run": run.id,
        "status_before": before,
        "status": run.status,
        "ended_at": run.ended_at,
        "error": error and asdict(error),
        "counts": asdict(run.counts),
        "outcomes": run.outcomes,
    }
