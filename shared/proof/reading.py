"""What an answer of Mailchimp shows of contacts, in the numbers that ledgers know them by."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from shared.addresses import canonical
from shared.mailchimp.answers import objects, text
from shared.proof.compare import SEEN
from shared.runs.ledger import Ledger
from shared.runs.shown import digest_of


class Places:
    """Where addresses stand in a table, searched by their sorted hashes, page after page."""

    def __init__(self, emails: pl.Series) -> None:
        self._emails = emails
        hashes = emails.hash()
        self._order = hashes.arg_sort()
        self._hashes = hashes.gather(self._order)

    def find(self, wanted: list[str]) -> list[int | None]:
        """Return the row of each address, None where it has none."""
        if self._emails.is_empty():
            return [None] * len(wanted)
        sought = pl.Series(wanted, dtype=pl.String).hash()
        places = self._hashes.search_sorted(sought).clip(upper_bound=self._emails.len() - 1)
        rows = self._order.gather(places)
        there = self._emails.gather(rows).to_list()
        return [
            row if email == found else None
            for row, email, found in zip(rows.to_list(), wanted, there, strict=True)
        ]


class Reader:
    """Reads contacts against one ledger.

    called: what Mailchimp calls the merge fields that it has. owned: mask of the tags of which
    everybody's is noted who has them.
    """

    def __init__(
        self, own: Ledger, rows: pl.DataFrame, called: Mapping[str, str], owned: int
    ) -> None:
        self._places = Places(rows["email"])
        self._fields = rows["fields"]
        self._names = [(1 << bit, name) for bit, name in enumerate(own.fields)]
        self._called = called
        self._bits = {tag.id: 1 << bit for bit, tag in enumerate(own.tags) if tag is not None}
        self._owned = owned
        self._of_mask: dict[int, list[tuple[str, str]]] = {}

    def part(self, members: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
        """Return what is seen of contacts (see compare.SEEN): of the ledger's, and of who has an
        owned tag.
        """
        members = [member for member in members if text(member, "email_address")]
        emails = [canonical(text(member, "email_address")) for member in members]
        places = self._places.find(emails)
        rows = (self._row(*one) for one in zip(members, emails, places, strict=True))
        return pl.DataFrame([row for row in rows if row is not None], SEEN, orient="row")

    def _row(
        self, member: Mapping[str, Any], email: str, place: int | None
    ) -> tuple[int | None, str, str, int, bool, int] | None:
        tags = list(objects(dict(member), "tags"))
        mask = 0
        for tag in tags:
            id_ = tag.get("id")
            mask |= self._bits.get(id_, 0) if isinstance(id_, int) else 0
        if place is None and not mask & self._owned:
            return None
        count = member.get("tags_count")
        whole = "tags" in member and not (isinstance(count, int) and count > len(tags))
        shown = digest_of(member, self._sent(place)) if place is not None else 0
        status = text(member, "status")
        return place, email if place is None else "", status, mask, whole, shown

    def _sent(self, place: int) -> Iterator[tuple[str, str]]:
        """Return the merge fields that a contact was sent, by the export's and Mailchimp's tags."""
        mask = self._fields[place]
        if mask not in self._of_mask:
            self._of_mask[mask] = [
                (name, self._called.get(name, "")) for bit, name in self._names if mask & bit
            ]
        return iter(self._of_mask[mask])
