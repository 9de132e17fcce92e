"""What an export's last run that counted left behind, for its schedule: one small document."""

from typing import Any

from shared.app import App
from shared.runs import ledger
from shared.runs.records import Record

# Not below runs/: it outlives them.
_FOLDER = "exports/_last/"


def read_last(app: App, export: str, uid: str) -> dict[str, Any]:
    """Return status, snapshots, submitted_at, ended_at and failures of the last run; or {}.

    Also `ledger`: account and audience of the one that was written last; and `leavers_due`: whether
    the run left leavers to the next one, as another export was at work on the audience.
    """
    found = app.blobs.read_document(f"{_FOLDER}{export}")
    return found[0] if found and found[0]["uid"] == uid else {}


def note_end(app: App, record: Record) -> None:
    """Remember an ended run; previews do not count. May be repeated."""
    if record["preview"]:
        return
    name = f"{_FOLDER}{record['export']}"
    uid = record["configuration"]["uid"]
    last = read_last(app, record["export"], uid)
    if last and last["submitted_at"] >= record["submitted_at"]:
        return
    failed = record["status"] in ("failed", "skipped")
    same = last.get("snapshots") == record["snapshots"] or not record["snapshots"]
    app.blobs.write_document(
        name,
        {
            "uid": uid,
            "run": record["id"],
            "status": record["status"],
            "snapshots": record["snapshots"] or last.get("snapshots", {}),
            "submitted_at": record["submitted_at"],
            "ended_at": record["ended_at"],
            "ledger": _place_of_ledger(app, record) or last.get("ledger"),
            "leavers_due": record.get("leavers_due", False),
            "failures": (last.get("failures", 0) + 1 if same else 1) if failed else 0,
        },
    )


def _place_of_ledger(app: App, record: Record) -> list[str] | None:
    """Return account and audience of a run's ledger, None where nothing was written there yet."""
    account, audience = record.get("account"), record["configuration"]["audience_id"]
    if not account:
        return None
    found = ledger.load(app.blobs, account, audience, record["configuration"]["uid"])
    return None if found.etag is None else [account, audience]
