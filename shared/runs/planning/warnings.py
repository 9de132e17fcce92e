"""What a run tells besides its work: a ledger left behind, data that is old, values cut."""

import logging
from collections.abc import Mapping
from typing import Any

from shared.app import App
from shared.exports.models import Export
from shared.platform import log
from shared.runs import last_run, ledger
from shared.runs.ledger import Ledger
from shared.runs.planning.run_input import RunInput
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
    last = last_run.read_last(app, configuration["name"], configuration["uid"])
    where = last.get("ledger")
    if where is None or tuple(where) == (old.account, old.audience):
        return False
    return ledger.load(app.blobs, where[0], where[1], old.uid).etag is not None


def of_input(record: Record, export: Export, found: RunInput) -> list[dict[str, str]]:
    """Return what there is to say of a run's snapshots; old ones are logged, too."""
    warnings = found.warnings(float(export.stale_after_hours))
    if any(warning["code"] == "input_stale" for warning in warnings):
        log.event("input_stale", level=logging.WARNING, run=record["id"], export=export.name)
    return warnings


def of_values(cut: Mapping[str, int], dropped: Mapping[str, int]) -> list[dict[str, str]]:
    """Return how many values of each merge field were cut, or left out."""
    return [
        {"code": code, "detail": f"{tag}: {count} values {what}."}
        for code, counts, what in (
            ("values_cut", cut, "were longer than Mailchimp takes and were cut"),
            ("values_dropped", dropped, "do not fit the merge field's type and were left out"),
        )
        for tag, count in counts.items()
    ]
