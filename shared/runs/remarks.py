"""What a run tells about its export besides its work: a ledger left behind, a field shared."""

from collections.abc import Mapping
from typing import Any

from shared.app import App
from shared.runs import history, ledger
from shared.runs.ledger import Ledger
from shared.runs.records import Record

_RESTARTED = (
    "The export had another audience or Mailchimp account before. It starts anew here; the "
    "contacts there stay as they are and are not looked after any more."
)


def remarks(app: App, record: Record, old: Ledger) -> list[dict[str, str]]:
    """Return the warnings `ledger_restarted` and `merge_field_shared` of a run.

    old: the ledger that the run begins with.
    """
    configuration = record["configuration"]
    # Saving has looked at the other exports on the audience.
    found = [w for w in configuration.get("warnings", ()) if w["code"] == "merge_field_shared"]
    if old.etag is None and had_ledger_elsewhere(app, configuration, old):
        found.append({"code": "ledger_restarted", "detail": _RESTARTED})
    return found


def had_ledger_elsewhere(app: App, configuration: Mapping[str, Any], old: Ledger) -> bool:
    """Tell whether the export's last ledger belongs to another audience or account."""
    last = history.read_last(app, configuration["name"], configuration["uid"])
    where = last.get("ledger")
    if where is None or tuple(where) == (old.account, old.audience):
        return False
    return ledger.load(app.blobs, where[0], where[1], old.uid).etag is not None
