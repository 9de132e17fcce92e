"""Outcomes a page at a time: some rows of a million, by code and segment, or of one person."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.platform.blobs import Blobs
from shared.runs import outcome_index
from shared.runs.outcome_cells import marked, plain
from shared.runs.outcome_index import ROWS_PER_BLOCK
from shared.runs.outcomes import file_name

# So many blocks are looked through at once for a person: about 4 MB.
_SEARCHED_BLOCKS = 64
# What this product itself says of a contact; everything else is Mailchimp's text.
REASONS = {
    "removal withheld": "removal_withheld",
    "not sent": "not_sent",
    "uncertain": "uncertain",
    "filtered": "filtered",
    "no consent": "no_consent",
    "consent withdrawn": "consent_withdrawn",
    "not in the audience any more": "not_in_audience",
    "asked to confirm": "asked_to_confirm",
    "left alone: it is in the audience by another way than this export": "came_otherwise",
    **{
        f"left alone: it is {status}": f"is_{status}"
        for status in ("archived", "unsubscribed", "cleaned", "pending", "transactional")
    },
}


@dataclass(frozen=True)
class Row:
    """What happened to one contact."""

    email: str
    customer_id: str
    code: str
    detail: str
    segments: tuple[str, ...]


@dataclass(frozen=True)
class Position:
    """Where a page ended: behind the row of this number in the file of a code."""

    code: str
    row: int


@dataclass(frozen=True)
class Wanted:
    """Which rows: of these codes, in their order, and of one segment where it is named."""

    codes: Sequence[str]
    segment: str | None = None
    after: Position | None = None
    limit: int = 50


@dataclass(frozen=True)
class OutcomeReader:
    """Reads the outcomes of one run; `segments` are the run's, in their order."""

    blobs: Blobs
    run: str
    segments: Sequence[str]

    def page(self, wanted: Wanted) -> tuple[list[Row], Position | None]:
        """Return some rows, and where the page ended if there are more."""
        found: list[tuple[Row, Position]] = []
        codes, after = wanted.codes, wanted.after
        for code in codes[codes.index(after.code) :] if after else codes:
            first = after.row if after and code == after.code else 0
            for row, position in self._rows(code, wanted.segment, first):
                found.append((row, position))
                if len(found) > wanted.limit:
                    return [row for row, _ in found[:-1]], found[-2][1]
        return [row for row, _ in found], None

    def of_person(self, *, email: str | None = None, customer_id: str | None = None) -> list[Row]:
        """Return the rows of a canonical address or of a CustomerId."""
        file = file_name(self.run, None)
        index = outcome_index.load(self.blobs, file)
        if index is None:
            return []
        wanted = customer_id if email is None else email
        # As it stands in the file, where quotes are doubled; of an address, case does not count.
        needle = marked(wanted or "").replace('"', '""').lower().encode()
        old = self._is_old(file)
        rows: list[Row] = []
        for first in range(0, index.blocks, _SEARCHED_BLOCKS):
            last = min(first + _SEARCHED_BLOCKS, index.blocks)
            begin = index.offsets[first]
            length = index.offsets[last] - begin
            data = self.blobs.read_range(file, begin, length, index.etag)
            if needle in data.lower():
                rows += [
                    row
                    for row in _parsed(data, self.segments, old=old)
                    if wanted == (row.customer_id if email is None else row.email)
                ]
        return rows

    def _rows(self, code: str, segment: str | None, first: int) -> Iterator[tuple[Row, Position]]:
        """Yield the rows of one code from a number on, block by block."""
        file = file_name(self.run, code)
        index = outcome_index.load(self.blobs, file)
        if index is None or (segment is not None and segment not in self.segments):
            return
        bit = self.segments.index(segment) if segment is not None else None
        old = self._is_old(file)
        for number in range(first // ROWS_PER_BLOCK, index.blocks):
            if bit is not None and not index.has_segment(number, bit):
                continue
            data = self.blobs.read_range(file, *index.block(number), index.etag)
            rows = _parsed(data, self.segments, old=old)
            for place, row in enumerate(rows, number * ROWS_PER_BLOCK):
                if place >= first and segment in (None, *row.segments):
                    yield row, Position(code, place + 1)

    def _is_old(self, file: str) -> bool:
        """Return whether 0.1.0 wrote a file: it did not quote the header."""
        return not self.blobs.read_range(file, 0, 1).startswith(b'"')


def _parsed(data: bytes, segments: Sequence[str], *, old: bool) -> Iterator[Row]:
    for cells in csv.reader(io.StringIO(data.decode(), newline="")):
        email, customer_id, code, detail, names = (plain(cell, old=old) for cell in cells)
        yield Row(email, customer_id, code, detail, names_of(names, segments))


def names_of(joined: str, segments: Sequence[str]) -> tuple[str, ...]:
    """Take names that were joined by `;` apart; a name may have one itself."""
    found = []
    rest = joined
    for name in segments:
        if rest == name or rest.startswith(f"{name};"):
            found.append(name)
            rest = rest[len(name) + 1 :]
    return tuple(found)
