"""The table that a refresh is making, and its checkpoint while statuses are listed anew."""

import uuid
from dataclasses import dataclass, field, replace

from shared.addresses import CANONICAL_VERSION, canonical
from shared.mailchimp.suppressions.changes import Increment
from shared.mailchimp.suppressions.lines import email_of
from shared.mailchimp.suppressions.pages import Listed
from shared.mailchimp.suppressions.recent import RECENT_LIMIT
from shared.mailchimp.suppressions.table import (
    Rows,
    State,
    Table,
    rows_from,
    rows_to,
)

# A status whose numbers still differ after so many listings is taken with what all of them showed.
MOST_LISTINGS = 3


@dataclass
class Draft:
    """The next state.

    `to_list` are the statuses being listed, into the pages of `listing`. `tries` counts the
    listings of this refresh, `gaps` remembers by how much the one before differed from Mailchimp's
    total. `entered` is who came in, with the status; None when they are too many to name.
    """

    table: Table
    base: int
    rows: dict[str, Rows]
    to_list: list[str] = field(default_factory=list)
    listing: str = ""
    tries: dict[str, int] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    entered: dict[str, str] | None = field(default_factory=dict)
    etag: str | None = None

    @staticmethod
    def load(table: Table, state: State | None, there: set[str]) -> "Draft":
        """Go on with the checkpoint of a refresh that ended early, or start from the state.

        there: the names of all the table's blobs; those that this writes are added.
        """
        base = state.generation if state else 0
        begun = table.draft_name in there
        found = table.blobs.read_document(table.draft_name) if begun else None
        document, etag = found or ({}, None)
        if not document or document["base"] != base:
            # None, or left by a refresh whose result somebody else has overtaken.
            draft = Draft(table, base, dict(state.rows) if state else {}, etag=etag)
            written = state.canonical if state else CANONICAL_VERSION
        else:
            draft = Draft(
                table,
                base,
                {status: rows_from(rows) for status, rows in document["rows"].items()},
                document["to_list"],
                document["listing"],
                document["tries"],
                document["gaps"],
                document["entered"],
                etag,
            )
            written = document.get("canonical", 1)
        if written != CANONICAL_VERSION:
            there |= draft.bring_over(written)
        return draft

    def bring_over(self, written: int) -> set[str]:
        """Write anew what an earlier version wrote in another form of addresses; return the parts.

        Two addresses that are one now are one contact here and two at Mailchimp: the gap shows it.
        """
        parts = set()
        for status, rows in self.rows.items():
            before = list(self.table.read_part(rows.part))
            after = list(dict.fromkeys(self.table.read_part(rows.part, written)))
            if after != before:
                gap = rows.gap - (len(before) - len(after))
                part = self.table.write_part(status, after)
                self.rows[status] = replace(rows, part=part, count=len(after), gap=gap)
                parts.add(part)
        if self.entered is not None:
            self.entered = {canonical(email): status for email, status in self.entered.items()}
        return parts

    def save(self) -> None:
        """Write the checkpoint; raises BlobConflictError when it is not ours any more."""
        document = {
            "base": self.base,
            "rows": {status: rows_to(rows) for status, rows in self.rows.items()},
            "to_list": self.to_list,
            "listing": self.listing,
            "tries": self.tries,
            "gaps": self.gaps,
            "entered": self.entered,
            "canonical": CANONICAL_VERSION,
        }
        self.etag = self.table.blobs.replace_document(self.table.draft_name, document, self.etag)

    def begin_listing(self, statuses: list[str]) -> None:
        """Have these statuses listed anew."""
        self.to_list = statuses
        self.listing = uuid.uuid4().hex
        for status in statuses:
            self.tries[status] = self.tries.get(status, 0) + 1
        self.save()

    def take_listed(self, status: str, listed: Listed) -> None:
        """Put a status's listing in the place of what was known of it."""
        before = self.rows.get(status)
        fresh = set(listed.lines) if self.base else set()
        for line in self.table.read_part(before.part) if before else ():
            fresh.discard(line)
            if self.tries[status] >= MOST_LISTINGS:
                # The list won't hold still: better one too many than one too few.
                listed.lines.add(line)
        self._note_entered(status, fresh)
        part = self.table.write_part(status, sorted(listed.lines))
        gap = before.gap if before else 0
        self.rows[status] = Rows(part, len(listed.lines), listed.total, listed.as_of, gap)

    def take_changes(self, changes: dict[str, Increment]) -> None:
        """Add who came into each status, and remove who has gone on into another."""
        for status in self.table.statuses:
            own = changes[status]
            elsewhere = {
                line for other, one in changes.items() if other != status for line in one.lines
            }
            self._merge(status, own, elsewhere - own.lines)

    def take_returned(self, lines: set[bytes]) -> None:
        """Remove who is subscribed again."""
        for status, rows in self.rows.items():
            before = list(self.table.read_part(rows.part))
            kept = [line for line in before if line not in lines]
            if len(kept) != len(before):
                part = self.table.write_part(status, kept)
                self.rows[status] = replace(rows, part=part, count=len(kept))

    def may_have_returned(self, statuses: list[str]) -> bool:
        """Return whether all that is wrong with these is that they hold too many."""
        return all(
            not self.tries.get(status) and rows.settled and rows.count - rows.total > rows.gap
            for status in statuses
            for rows in (self.rows[status],)
        )

    def _merge(self, status: str, own: Increment, gone: set[bytes]) -> None:
        rows = self.rows[status]
        part, count = rows.part, rows.count
        if own.lines or gone:
            fresh = set(own.lines)
            kept = []
            for line in self.table.read_part(rows.part):
                fresh.discard(line)
                if line not in gone:
                    kept.append(line)
            if fresh or len(kept) != count:
                kept += sorted(fresh)
                part, count = self.table.write_part(status, kept), len(kept)
                self._note_entered(status, fresh)
        self.rows[status] = replace(rows, part=part, count=count, total=own.total, as_of=own.as_of)

    def _note_entered(self, status: str, lines: set[bytes]) -> None:
        if self.entered is None:
            return
        if len(self.entered) + len(lines) > RECENT_LIMIT:
            self.entered = None
            return
        self.entered = {email_of(line): status for line in lines} | self.entered

    def to_list_again(self, *, additions_only: bool) -> list[str]:
        """Return the statuses whose numbers differ from Mailchimp's and may be listed once more.

        `additions_only`: not those that only hold people who have left.
        """
        again = []
        for status, rows in self.rows.items():
            gap = rows.count - rows.total
            tries = self.tries.get(status, 0)
            if tries == 0:
                differs = gap < rows.gap - rows.hidden if additions_only else not rows.agrees()
                if differs or not (rows.settled or additions_only):
                    again.append(status)
                elif not additions_only:
                    # Whether Mailchimp still has who was erased shows in its number.
                    self.rows[status] = replace(rows, gap=gap, hidden=0)
                continue
            # Twice the same difference is how Mailchimp counts, not somebody on the move.
            settled = gap in (0, self.gaps.get(status, rows.gap))
            self.gaps[status] = gap
            if settled or tries >= MOST_LISTINGS:
                self.rows[status] = replace(rows, gap=gap, settled=settled)
            else:
                again.append(status)
        return again
