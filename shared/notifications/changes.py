"""Which change of an export's state, or of its input's age, is to be told, and when.

Nothing here speaks to a receiver: what is due is noted, and a message asks for the telling
(telling.py). Each receiver hears of a change once, and of the way back.

- `exports/_notices/state/{export}`: what was told last, by receiver while not all have heard it
- `exports/_notices/due/{export}`: what is still to be told; a later change takes its place
- `exports/_notices/due/{export}.input`: the same of its input
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, replace

from shared.addresses import without_addresses
from shared.app import App
from shared.exports.export_index import IndexedExport
from shared.exports.models import StoredExport
from shared.platform import queues
from shared.platform.blobs import Blobs, Document
from shared.platform.clock import from_text, to_text, utc_now
from shared.runs.record import Run, RunStatus

STATES = "exports/_notices/state/"
DUE = "exports/_notices/due/"
INPUT = ".input"
_FINE = RunStatus.SUCCEEDED
# A cancelled run says nothing about the export.
_COUNTING = frozenset({_FINE, RunStatus.PARTIAL, RunStatus.FAILED, RunStatus.SKIPPED})
# The tick has other things to do, too.
_SECONDS = 20.0


def note_end(app: App, run: Run) -> None:
    """Note what the end of a run changes for its export, and ask for the telling.

    May be repeated. Where the message is lost, the tick sends another.
    """
    if app.settings.webhook_secret_name is None or run.preview:
        return
    if run.status not in _COUNTING:
        return
    known = state_of(app.blobs, run.export, run.uid)
    if known.get("submitted_at", "") >= run.submitted_at:
        return
    before = known.get("told", _FINE)
    is_change = {run.status} != {before, *known.get("told_by", {}).values()}
    if is_change:
        due = {
            "uid": run.uid,
            "body": _body(run, before),
            "tries": 0,
            "next_at": to_text(utc_now()),
        }
        app.blobs.write_document(f"{DUE}{run.export}", due)
    else:
        app.blobs.delete(f"{DUE}{run.export}")
    _note_state(app.blobs, run, before)
    if is_change:
        app.queues.send(queues.NOTICES, {"notice": run.export})


def note_input(app: App, export: IndexedExport | StoredExport, stale: Mapping[str, str]) -> None:
    """Note that the input of an export is stale (since when, by segment), or not any more."""
    if app.settings.webhook_secret_name is None:
        return
    name = f"{DUE}{export.name}{INPUT}"
    waiting = None if stale else app.blobs.read_document(name)
    heard = waiting[0].get("told", []) if waiting else None
    if heard == []:
        app.blobs.delete(name)
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
    # Of some who should have heard that it is stale it is over already.
    app.blobs.write_document(name, due if heard is None else {**due, "only": heard})
    app.queues.send(queues.NOTICES, {"notice": f"{export.name}{INPUT}"})


def queue_due(app: App, seconds: float = _SECONDS) -> None:
    """Ask again for what is due by now: its message was lost, or the telling failed before."""
    if app.settings.webhook_secret_name is None:
        return
    end = time.monotonic() + seconds
    # What was tried last comes last: nothing keeps another from its turn for good.
    for blob in sorted(app.blobs.list(DUE), key=lambda found: found.modified):
        found = app.blobs.read_document(blob.name)
        if found is not None and from_text(found[0]["next_at"]) <= utc_now():
            app.queues.send(queues.NOTICES, {"notice": blob.name.removeprefix(DUE)})
        if time.monotonic() > end:
            return


def state_of(blobs: Blobs, export: str, uid: str) -> Document:
    """Return what was told of an export, nothing where it is another one of the name."""
    found = blobs.read_document(f"{STATES}{export}")
    return found[0] if found and found[0]["uid"] == uid else {}


def _note_state(blobs: Blobs, run: Run, before: str) -> None:
    """Note that a run was looked at; what is being told meanwhile stays as it is."""
    name = f"{STATES}{run.export}"
    new = {"uid": run.uid, "told": before, "submitted_at": run.submitted_at}

    def changed(state: Document) -> Document:
        return {**state, "submitted_at": run.submitted_at} if state["uid"] == run.uid else new

    if blobs.update_document(name, changed) is None:
        blobs.write_document(name, new)


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
