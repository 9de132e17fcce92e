"""The rows of a CSV about one person, and where they lie in it.

A file may have a million rows, so it is looked through as bytes, and only rows that hold one of
the person's names are parsed.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.erasure.person import Person
from shared.runs.outcome_cells import marked, plain

_ROW_END = b"\r\n"


@dataclass(frozen=True)
class FoundRow:
    """A row about the person, the bytes `begin` to `end` of the file."""

    begin: int
    end: int
    email: str
    customer_id: str
    code: str


def rows_about(data: bytes, person: Person) -> Iterator[FoundRow]:
    """Yield the rows of a CSV of outcomes that are about a person, in their order."""
    # 0.1.0 did not quote the header, and cells only where they needed it.
    old = not data.startswith(b'"')
    for begin, end in _rows_with(data, _needles(person, quoted=not old)):
        email, customer_id, code, detail = _cells(data[begin:end], old=old)[:4]
        if (
            email in person.spellings
            or customer_id in person.customer_ids
            or any(_names(detail.lower(), address) for address in person.spellings)
        ):
            yield FoundRow(begin, end, email, customer_id, code)


def _needles(person: Person, *, quoted: bool) -> set[bytes]:
    """Return what a row about the person has in it, as the file writes it."""
    around = '"' if quoted else ""
    ids = {f"{around}{_written(id_)}{around}" for id_ in person.customer_ids}
    ids |= set() if quoted else {id_.replace('"', '""') for id_ in person.customer_ids}
    # An address may stand within a text, too.
    addresses = {form for name in person.spellings for form in (name, _written(name))}
    return {text.encode() for text in ids | addresses}


def _written(value: str) -> str:
    return marked(value).replace('"', '""')


def _rows_with(data: bytes, needles: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where rows begin and end that hold one of the needles; the header is none."""
    begin = _end_of_row(data, 0)
    places = {needle: data.find(needle, begin) for needle in needles}
    while hits := [place for place in places.values() if place >= 0]:
        begin = _begin_of_row(data, begin, min(hits))
        end = _end_of_row(data, begin)
        yield begin, end
        begin = end
        for needle, place in places.items():
            if 0 <= place < end:
                places[needle] = data.find(needle, end)


def _begin_of_row(data: bytes, known: int, place: int) -> int:
    """Return where the row of a place begins; `known`: where some row before it does."""
    end = place
    while (at := data.rfind(_ROW_END, known, end)) >= 0:
        if data.count(b'"', known, at) % 2 == 0:
            return at + len(_ROW_END)
        end = at + 1
    return known


def _end_of_row(data: bytes, begin: int) -> int:
    """Return where the next row begins: behind the first line end outside of quotes."""
    at, quotes, counted = begin, 0, begin
    while (at := data.find(_ROW_END, at)) >= 0:
        quotes += data.count(b'"', counted, at)
        counted = at
        at += len(_ROW_END)
        if quotes % 2 == 0:
            return at
    return len(data)


def _cells(row: bytes, *, old: bool) -> list[str]:
    (cells,) = csv.reader(io.StringIO(row.decode(), newline=""))
    return [plain(cell, old=old) for cell in cells]


def _names(detail: str, address: str) -> bool:
    """Return whether a text has an address as a whole, not within a longer one."""
    return re.search(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", detail) is not None
