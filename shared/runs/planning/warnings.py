"""Warnings that a run reports: a ledger left behind, data that is old, values cut."""

import logging
from collections.abc import Mapping

from shared.accounts.updates import Updates
from shared.exports.models import StoredExport
from shared.mailchimp.values import LeftOut
from shared.notice import Notice
from shared.platform import log
from shared.platform.blobs import Blobs
from shared.runs import last_run, ledger
from shared.runs.ledger import Ledger
from shared.runs.planning import run_input
from shared.runs.planning.attempt import PlanningAttempt

_RESTARTED = (
    "The export had another audience or Mailchimp account before. It starts anew here; the "
    "contacts there stay as they are and are not looked after any more."
)

# What is filled besides merge fields.
_MEMBERS = ("interests", "marketing_permissions", "language_field", "proof_of_consent")

_ONE_BY_ONE = (
    "Contacts that the audience has already are updated one by one, which takes long: no quicker "
    "way is proved that leaves their subscription alone ({reason})."
)


_OLDER = (
    "The newest snapshot of the segment {segment}, {snapshot}, is older than {exported}, which was "
    "exported before. Nobody is removed, and nobody is sent who is in it alone, until a newer one "
    "comes. If the older one is meant, run the export once with allow_removals."
)


def ledger_warnings(attempt: PlanningAttempt) -> list[Notice]:
    """Return the warnings `ledger_restarted` and `merge_field_shared` of a run."""
    # Saving has looked at the other exports on the audience.
    found = [w for w in attempt.export.warnings if w.code == "merge_field_shared"]
    if attempt.old.etag is None and had_ledger_elsewhere(
        attempt.app.blobs, attempt.export, attempt.old
    ):
        found.append(Notice("ledger_restarted", _RESTARTED))
    return found


def had_ledger_elsewhere(blobs: Blobs, export: StoredExport, old: Ledger) -> bool:
    """Return whether the export's last ledger belongs to another audience or account."""
    last = last_run.read_last(blobs, export.name, export.uid)
    if last is None or last.ledger is None or last.ledger == (old.account, old.audience):
        return False
    account, audience = last.ledger
    return ledger.load(blobs, account, audience, old.uid).etag is not None


def updates_warnings(updates: Updates) -> list[Notice]:
    """Return the warning `updates_one_by_one` where each contact that exists takes a call."""
    if updates.way != "one_by_one":
        return []
    params = {"reason": updates.reason}
    return [Notice("updates_one_by_one", _ONE_BY_ONE.format(**params), params)]


def input_warnings(attempt: PlanningAttempt) -> list[Notice]:
    """Return what there is to say of a run's snapshots; old ones are logged, too."""
    warnings = attempt.found.warnings(float(attempt.export.stale_after_hours))
    for position, stamp in run_input.older(attempt.found, attempt.old).items():
        snapshot = attempt.found.snapshots[position]
        params = {"segment": snapshot.segment, "snapshot": snapshot.stamp, "exported": stamp}
        text = _OLDER.format(**params)
        warnings.append(Notice("snapshot_older", text, params))
    if any(warning.code == "input_stale" for warning in warnings):
        run, export = attempt.run.id, attempt.export.name
        log.event("input_stale", level=logging.WARNING, run=run, export=export)
    return warnings


def differing_warnings(differing: Mapping[str, int]) -> list[Notice]:
    """Return the warning `rows_differ` for each segment that has profiles twice, and not alike."""
    return [
        Notice(
            "rows_differ",
            f"{count} profiles of the segment {segment} are there more than once, with different "
            "values or addresses: the first row counts. A job that wrote its files twice may have "
            "left both; remove the older ones, or have the segment written anew.",
            {"segment": segment, "count": count},
        )
        for segment, count in differing.items()
        if count
    ]


def value_warnings(
    cut: Mapping[str, int], left_out: Mapping[str, Mapping[str, LeftOut]]
) -> list[Notice]:
    """Return how many values of each merge field were cut, or left out and why."""
    cuts = [
        Notice(
            "values_cut",
            f"{tag}: {count} values were longer than Mailchimp takes and were cut.",
            {"field": tag, "count": count},
        )
        for tag, count in cut.items()
    ]
    return cuts + [
        Notice(
            "values_dropped",
            _left_out(tag, code, left),
            {
                "field": tag,
                "reason": code,
                "count": left.count,
                "examples": [example for example in left.examples if example],
            },
        )
        for tag, reasons in left_out.items()
        for code, left in reasons.items()
    ]


def _left_out(tag: str, code: str, left: LeftOut) -> str:
    examples = ", ".join(example for example in left.examples if example)
    shown = f", such as {examples}" if examples else ""
    # Members of the export besides merge fields, whose tags are in capitals, say which they are.
    fit = (
        "can't be used"
        if tag.partition(".")[0] in _MEMBERS
        else "do not fit the merge field's type"
    )
    return f"{tag}: {left.count} values {fit} and were left out: {code}{shown}."
