"""How far a run is, read from one listing of its chunks' outcome blobs."""

from datetime import timedelta
from typing import Any

from shared.app import App
from shared.platform.clock import from_text, to_text, utc_now
from shared.runs import chunks


def progress_of(app: App, record: dict[str, Any]) -> dict[str, Any]:
    """Return batches done of total, contacts per second so far and the expected end."""
    stored: dict[str, Any] = record["progress"]
    sizes: list[list[int]] = record.get("chunk_sizes") or []
    batches = contacts = 0.0
    for number, state in chunks.states(app, record["id"]).items():
        items, calls = sizes[number]
        share = 1.0 if state.done else min(1.0, state.position / max(1, items))
        batches += calls * share
        contacts += items * share
    begun = record.get("sending_at")
    seconds = (utc_now() - from_text(begun)).total_seconds() if begun else 0
    rate = contacts / seconds if seconds > 0 else 0.0
    left = sum(items for items, _ in sizes) - contacts
    return {
        "batches_total": stored["batches_total"],
        "batches_done": int(batches),
        "contacts_per_second": round(rate, 1),
        "expected_end": to_text(utc_now() + timedelta(seconds=left / rate)) if rate else None,
    }
