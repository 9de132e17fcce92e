"""What an export's ledger has of a person."""

import polars as pl

from shared.people.asked import Asked
from shared.people.facts import Held
from shared.platform.blobs import Blobs
from shared.runs import ledger
from shared.runs.codes import NAMES
from shared.runs.ledger import Flag, Ledger, LedgerTag

_COLUMNS = ["email", "customer_id", "tags", "flags", "refusal", "retry_at", "made_to"]


def held_by(blobs: Blobs, found: Ledger, asked: Asked) -> tuple[Held, ...]:
    """Return the rows of a person: one, or under a CustomerId those of several addresses."""
    if found.table is None:
        return ()
    table = ledger.read_table(blobs, found, _COLUMNS)
    if asked.email is None:
        rows = table.filter(pl.col("customer_id") == asked.customer_id)
    else:
        rows = table.filter(pl.col("email") == asked.email)
    given = {bit: tag for bit, tag in enumerate(found.tags) if tag is not None}
    return tuple(_held(row, given) for row in rows.iter_rows(named=True))


def _held(row: dict[str, object], given: dict[int, LedgerTag]) -> Held:
    def number(column: str) -> int:
        value = row[column]
        return value if isinstance(value, int) else 0

    flags, tags = number("flags"), number("tags")
    held = [tag for bit, tag in given.items() if tags >> bit & 1]
    refusal = row["refusal"]
    return Held(
        email=str(row["email"]),
        customer_id=str(row["customer_id"] or ""),
        tags=tuple(tag.name for tag in held),
        tag_ids=frozenset(tag.id for tag in held),
        made_at=number("made_to"),
        created_by_us=bool(flags & Flag.ADDED),
        accepted=bool(flags & Flag.ACCEPTED),
        due=bool(flags & Flag.DUE),
        archived=bool(flags & Flag.ARCHIVED),
        consented=bool(flags & Flag.CONSENTED),
        refusal=NAMES[refusal] if isinstance(refusal, int) else None,
        retry_at=number("retry_at"),
    )
