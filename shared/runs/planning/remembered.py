"""What a plan knows of contacts from before: the ledger's rows, as they count for this run."""

import json
from collections.abc import Iterable
from hashlib import blake2b
from time import time

import polars as pl

from shared.erased import Register
from shared.exports.models import StoredExport
from shared.frames import lookup
from shared.frames.masks import MASK
from shared.mailchimp.answers import MergeField
from shared.platform.blobs import Blobs
from shared.platform.clock import from_text
from shared.runs import ledger
from shared.runs.codes import NUMBER
from shared.runs.ledger import Flag, Ledger
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.audience import Setup
from shared.runs.planning.repairing import with_repairs


def remembered(
    attempt: PlanningAttempt, setup: Setup, classified: pl.DataFrame, erased: Register
) -> pl.DataFrame:
    """Return the ledger's rows with their places.

    Without the CustomerIds, the largest column: only those of leavers are asked for. Each reading
    fetches the table again: measured, a copy kept on disk costs a plan 50 MB more memory.
    """
    blobs = attempt.app.blobs
    columns = [name for name in ledger.schema() if name != "customer_id"]
    rows = ledger.read_table(blobs, setup.ledger, columns).with_row_index("place")
    rows = _with_times(rows, attempt, setup)
    if setup.ledger.consent != consent_digest(attempt.export):
        # Judged by another column or other values, nobody has withdrawn anything.
        rows = rows.with_columns(flags=pl.col("flags") & (ledger.FLAGS ^ int(Flag.CONSENTED)))
    # 0.1.0 did not say of what the values were asked: nobody's are known to be taken now.
    asked = asked_digest(attempt.export, setup.state.merge_fields)
    if setup.ledger.asked not in ("", asked):
        rows = _without_refused_values(rows)
    if setup.dead_tags:
        rows = rows.with_columns(pl.col("tags", "left") & ~pl.lit(setup.dead_tags, dtype=MASK))
    if setup.refilled:
        # Another field than before: nobody's value is in it.
        empty = (pl.col("fields") & pl.lit(setup.refilled, dtype=MASK)) != 0
        unlike = pl.lit(0, dtype=pl.UInt64)
        rows = rows.with_columns(digest=pl.when(empty).then(unlike).otherwise("digest"))
    rows = with_repairs(rows, attempt, setup.drift)
    return _without_erased(blobs, setup.ledger, rows, classified, erased)


def _without_refused_values(rows: pl.DataFrame) -> pl.DataFrame:
    """Forget that values were refused: by now the audience may take them."""
    refused = (pl.col("refusal") == NUMBER["rejected_merge_field"]).fill_null(False)
    return rows.with_columns(
        pl.when(~refused).then("refusal").alias("refusal"),
        pl.when(~refused).then("refused_digest").alias("refused_digest"),
    )


def _with_times(rows: pl.DataFrame, attempt: PlanningAttempt, setup: Setup) -> pl.DataFrame:
    """Say of contacts that 0.1.0 added when that was: at some time since the export was made."""
    unknown = ((pl.col("flags") & int(Flag.ADDED)) != 0) & (pl.col("made_to") == 0)
    if not rows.select(unknown.any()).item():
        return rows
    first = int(from_text(attempt.export.created_at).timestamp()) + setup.clock_offset
    return rows.with_columns(
        made_from=pl.when(unknown).then(first).otherwise("made_from").cast(pl.UInt32),
        made_to=pl.when(unknown)
        .then(int(time()) + setup.clock_offset)
        .otherwise("made_to")
        .cast(pl.UInt32),
    )


def with_customer_ids(blobs: Blobs, old: Ledger, rows: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of the ledger what it says of their CustomerIds."""
    if rows.is_empty():
        return rows.with_columns(customer_id=pl.lit(None, dtype=pl.String))
    known = ledger.read_table(blobs, old, ["customer_id"])["customer_id"]
    return rows.with_columns(customer_id=known.gather(rows["place"]))


def _without_erased(
    blobs: Blobs, old: Ledger, rows: pl.DataFrame, classified: pl.DataFrame, erased: Register
) -> pl.DataFrame:
    """Drop the ledger's rows about erased people: an erasure under way may still have them."""
    if not erased:
        return rows
    there = lookup.find(rows["email"], classified["email"]).is_not_null()
    gone = rows.filter(~there)
    gone = gone.filter(~erased.is_erased(with_customer_ids(blobs, old, gone)))
    return pl.concat([rows.filter(there), gone])


def own_contacts(blobs: Blobs, old: Ledger, archived: pl.DataFrame) -> pl.DataFrame:
    """Return which contacts this product archived, and knows when, or this export made pending.

    archived: those of other exports (see archived_by_others).
    """
    # Few exports have any: who they are is read only then.
    rows = ledger.read_table(blobs, old, ["flags"])
    marked = rows.filter((pl.col("flags") & int(Flag.ARCHIVED | Flag.PENDING)) != 0)
    if marked.is_empty():
        rows = pl.DataFrame(schema={"email": pl.String, "flags": pl.UInt16, "moved_to": pl.UInt32})
    else:
        rows = ledger.read_table(blobs, old, ["email", "flags", "moved_to"])
    mine = rows.select(
        "email",
        archived=((pl.col("flags") & int(Flag.ARCHIVED)) != 0) & (pl.col("moved_to") > 0),
        pending=(pl.col("flags") & int(Flag.PENDING)) != 0,
    ).filter(pl.col("archived") | pl.col("pending"))
    theirs = archived.select("email", archived=pl.lit(True), pending=pl.lit(False))
    return pl.concat([mine, theirs]).group_by("email").agg(pl.all().any())


def consent_digest(export: StoredExport) -> str:
    """Return what tells by which column and values consent is judged, "" where it isn't."""
    if export.consent is None:
        return ""
    values = sorted({value.strip().lower() for value in export.consent.values})
    return _digest([export.consent.field, values])


def asked_digest(export: StoredExport, merge_fields: Iterable[MergeField]) -> str:
    """Return what tells whether a value that was refused may be taken now."""
    fields = {
        field.tag: [field.type, field.required, field.default_value, dict(field.options)]
        for field in merge_fields
    }
    mapping = export.model_dump(mode="json", include={"merge_fields"})
    return _digest([mapping, fields])


def _digest(described: object) -> str:
    text = json.dumps(described, sort_keys=True)
    return blake2b(text.encode(), digest_size=8).hexdigest()
