"""Who was added to a table lately: what lanes read instead of all of it."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.addresses import canonical
from shared.app import App
from shared.mailchimp.suppressions.lines import email_of
from shared.mailchimp.suppressions.table import (
    STATUSES,
    State,
    Table,
)

# So many addresses are named; who asks for older ones reads the whole table.
RECENT_LIMIT = 20_000


@dataclass(frozen=True)
class Changes:
    """Who was added since a generation: address in its canonical form to status.

    `generation` is what to ask for next time; `refreshed_at` how old this knowledge is.
    """

    generation: int
    refreshed_at: datetime
    suppressed: Mapping[str, str] = field(default_factory=dict)


def changed_since(app: App, account_id: str, audience_id: str, generation: int) -> Changes:
    """Return who was added to the table after this generation, plain values only.

    One read where nothing changed, two where something did. The whole table comes where it is not
    known any more who was added. Raises SuppressionsMissingError.
    """
    table = Table(app.blobs, account_id, audience_id)
    return table.read(
        lambda state: Changes(
            state.generation, state.refreshed_at, _added(table, state, generation)
        )
    )


def _added(table: Table, state: State, generation: int) -> dict[str, str]:
    if generation >= state.generation:
        return {}
    if generation >= state.recent_since:
        return {
            email: status
            for email, status, added in read_recent(table, state.recent)
            if added > generation
        }
    return {
        email_of(line): status
        for status in reversed(STATUSES)  # the most protective is written last
        for line in table.read_part(state.rows[status].part, state.canonical)
    }


Entry = tuple[str, str, int]


def read_recent(table: Table, name: str) -> list[Entry]:
    """Return who was added lately, as address, status and generation; BlobMissingError."""
    if not name:
        return []
    entries = json.loads(gzip.decompress(table.blobs.read(name)))
    # An earlier version may have written them.
    return [(canonical(email), status, added) for email, status, added in entries]


def write_recent(table: Table, entries: list[Entry]) -> str:
    """Write who was added lately and return the blob's name, "" for nobody."""
    if not entries:
        return ""
    name = table.new_part("recent", "json.gz")
    data = json.dumps(entries, ensure_ascii=False).encode(errors="replace")
    table.blobs.write(name, gzip.compress(data, 1), create=True)
    return name


def add_recent(
    table: Table, state: State | None, generation: int, entered: Mapping[str, str] | None
) -> tuple[str, int]:
    """Write the list for a new generation; return its name and the generation it starts after.

    `entered` None: too many to name.
    """
    if state is None or entered is None:
        return "", generation
    entries = read_recent(table, state.recent)
    entries += [(email, status, generation) for email, status in entered.items()]
    since = state.recent_since
    while len(entries) > RECENT_LIMIT:
        since = min(added for _, _, added in entries)
        entries = [entry for entry in entries if entry[2] > since]
    return write_recent(table, entries), since
