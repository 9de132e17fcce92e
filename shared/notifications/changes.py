"""Which change of an export's state is to be told, and until when it waits for that.

- `exports/_notices/state/{export}`: what was told last
- `exports/_notices/due/{export}`: what is still to be told; a later change takes its place
"""

import json
import logging
import threading
import time
from dataclasses import asdict, replace
from datetime import timedelta

from shared.addresses import without_addresses
from shared.app import App
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
    body = due["body"]
    fields = {"export": body["export"], "run": body["run"], "status": body["status"]}
    try:
        webhook = parse_webhook(app.vault.get(app.settings.webhook_secret_name or ""))
        call(webhook, body["run"], json.dumps(body, ensure_ascii=False).encode())
    except (WebhookError, SecretUnreadableError) as error:
        reason = error.reason if isinstance(error, WebhookError) else "secret_unreadable"
        tries = due["tries"] + 1
        level = logging.WARNING if tries < _MAX_TRIES else logging.ERROR
        log.event("notification_failed", level=level, reason=reason, tries=tries, **fields)
        if tries < _MAX_TRIES:
            _put_off(app, name, due, etag, tries)
            return
    else:
        log.event("notification_sent", before=body["status_before"], **fields)
    app.blobs.update_document(
        f"{_STATES}{body['export']}",
        lambda state: {**state, "told": body["status"]} if state["uid"] == due["uid"] else None,
    )
    _delete(app, name, etag)


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
