"""How far a run is, read from one listing of its chunks' outcome blobs."""

from datetime import timedelta
from typing import Any

from shared.app import App
from shared.platform.clock import from_text, to_text, utc_now
from shared.runs import chunks


def progress_of(app: App, record: dict[str, Any]) -> dict[str, Any]:
    """Return what of a run that is sending is done: see `shown`."""
    sizes: list[list[int]] = record.get("chunk_sizes") or []
    batches = contacts = 0.0
    for number, state in chunks.states(app, record["id"]).items():
        items, calls = sizes[number]
        share = 1.0 if state.done else min(1.0, state.position / max(1, items))
        batches += calls * share
        contacts += items * share
    total = sum(items for items, _ in sizes)
    return shown(record, sum(calls for _, calls in sizes), total, batches, contacts)


def shown(
    record: dict[str, Any], batches: int, contacts: int, batches_done: float, contacts_done: float
) -> dict[str, Any]:
    """Return batches and contacts done of all, contacts per second since sending began, the end."""
    begun = record.get("sending_at")
    seconds = (utc_now() - from_text(begun)).total_seconds() if begun else 0
    rate = contacts_done / seconds if seconds > 0 else 0.0
    left = timedelta(seconds=(contacts - contacts_done) / rate) if rate else None
    return {
        "batches_total": batches,
        "batches_done": int(batches_done),
        "contacts_total": contacts,
        "contacts_done": int(contacts_done),
        "contacts_per_second": round(rate, 1),
        "expected_end": None if left is None else to_text(utc_now() + left),
    }
