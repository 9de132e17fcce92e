"""What a preview tells: the plan's counts, calls and minutes, and a few masked contacts."""

from typing import Any

import polars as pl

from shared.app import App
from shared.exports.models import Export
from shared.runs import payload
from shared.runs.audience import Setup
from shared.runs.build import Built
from shared.runs.codes import NUMBER, OUTCOMES
from shared.runs.difference import Action, Kind

_SAMPLES = 5
# Seconds that a call of 500 contacts takes, as far as anybody has published one: Mailchimp's own
# time, which is nearly all of it.
_SECONDS_PER_CALL = 10.0
_SECONDS_PER_SINGLE = 0.5


def describe(app: App, built: Built, export: Export, setup: Setup) -> dict[str, Any]:
    """Return the member `plan` of a preview."""
    work = payload.work_of(built.table, pending_first=export.status_for_new == "pending")
    upserts = -(-work.upserts.height // payload.CONTACTS_PER_CALL)
    tag_calls = sum(chunk[0] for chunk in payload.tag_chunks(work.tag_ops, 1))
    calls = upserts + tag_calls + work.singles.height
    seconds = (upserts + tag_calls) * _SECONDS_PER_CALL
    seconds += work.singles.height * _SECONDS_PER_SINGLE
    new = built.table.filter(
        (pl.col("action") == int(Action.UPSERT)) & pl.col("old_flags").is_null()
    )
    return {
        "counts": _counts(built),
        "calls": calls,
        "minutes": round(seconds / 60 / app.settings.max_connections, 1),
        "new_to_export": new.height,
        "audience_contacts": setup.state.audience.contacts,
        "removals_withheld": built.removals.withheld or None,
        "samples": _samples(built.table),
    }


def _counts(built: Built) -> dict[str, int]:
    """Return how many contacts the plan would do what with."""
    table = built.table.lazy()
    untouched = (
        (pl.col("action") == int(Action.NONE)) & (pl.col("add") == 0) & (pl.col("remove") == 0)
    )
    shown = pl.col("kind") != int(Kind.KEPT)
    skipped = pl.col("code").is_in(
        [NUMBER[o.code] for o in OUTCOMES if o.count in ("skipped", "rejected")]
    )
    counts = table.select(
        to_upsert=(pl.col("action") == int(Action.UPSERT)).sum(),
        to_tag=((pl.col("action") == int(Action.NONE)) & (pl.col("add") != 0)).sum(),
        to_untag=(pl.col("remove") != 0).sum(),
        to_archive=(pl.col("action") == int(Action.ARCHIVE)).sum(),
        to_unsubscribe=(pl.col("action") == int(Action.UNSUBSCRIBE)).sum(),
        unchanged=(untouched & shown & ~skipped.fill_null(False)).sum(),
        skipped=skipped.fill_null(False).sum(),
    )
    found = counts.collect().row(0, named=True)
    return {"profiles": built.profiles, "contacts": built.contacts, **found}


def _samples(table: pl.DataFrame) -> dict[str, list[dict[str, str]]]:
    action, none = pl.col("action"), int(Action.NONE)
    kinds = {
        "to_upsert": action == int(Action.UPSERT),
        "to_tag": (action == none) & (pl.col("add") != 0),
        "to_untag": pl.col("remove") != 0,
        "to_archive": action == int(Action.ARCHIVE),
        "to_unsubscribe": action == int(Action.UNSUBSCRIBE),
        "unchanged": (pl.col("kind") == int(Kind.CONTACT))
        & pl.col("code").is_null()
        & (action == none)
        & (pl.col("add") == 0)
        & (pl.col("remove") == 0),
    }
    return {
        name: [
            {"email": mask(row["email"]), "customer_id": row["customer_id"]}
            for row in table.lazy()
            .filter(condition)
            .select("email", "customer_id")
            .head(_SAMPLES)
            .collect()
            .iter_rows(named=True)
        ]
        for name, condition in kinds.items()
    }


def mask(email: str) -> str:
    """Hide most of an address: `j***@c***.com`."""
    local, _, domain = email.partition("@")
    name, dot, ending = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1]}***{dot}{ending}"
