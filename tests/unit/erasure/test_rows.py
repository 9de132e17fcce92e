"""Rows about a person are found in a CSV as bytes, as parsing all of it would find them."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from shared.erasure.person import Person
from shared.erasure.rows import rows_about
from shared.platform.cuts import kept
from shared.runs.outcome_cells import marked, plain

HEADER = ["email", "customer_id", "code", "detail", "segments"]
ODD = ["", "1", "11", '"', 'a"b', "a,b", "=1+1", "'=1+1", "x\r\ny", "\r\n", "code", ";-;", "a;=b"]
EMAILS = ["mia@x.org", "jemia@x.org", "mia@x.org.hr", "", "nobody", "a,b@x.org"]
DETAILS = ["", "mia@x.org is fake", "see jemia@x.org.", 'said "mia@x.org"', "\r\nmia@x.org,"]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(EMAILS),
        st.sampled_from(ODD),
        st.sampled_from(["created", "failed", "skipped_duplicate"]),
        st.sampled_from(DETAILS),
        st.sampled_from(["A", "A;B", '"A"']),
    ),
    max_size=12,
)
PEOPLE = st.one_of(
    st.builds(Person.of, st.sampled_from([name for name in EMAILS if name]), st.none()),
    st.builds(Person.of, st.none(), st.sampled_from([id_ for id_ in ODD if id_.strip()])),
)


def written(rows: list[tuple[str, ...]], *, old: bool) -> bytes:
    """A file as this version writes it, or as 0.1.0 did."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    if old:
        writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([_old_mark(cell) if old else marked(cell) for cell in row])
    return text.getvalue().encode()


def _old_mark(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def parsed(data: bytes, *, old: bool) -> list[list[str]]:
    rows = csv.reader(io.StringIO(data.decode(), newline=""))
    return [[plain(cell, old=old) for cell in row] for row in rows][1:]


@given(ROWS, PEOPLE, st.booleans())
def test_what_is_found_is_what_a_parser_finds(
    rows: list[tuple[str, ...]], person: Person, old: bool
) -> None:
    data = written(rows, old=old)

    found = list(rows_about(data, person))
    rest = b"".join(kept(data, 0, len(data), [(row.begin, row.end) for row in found]))

    left = parsed(rest, old=old)
    gone = [row for one in found for row in parsed(b"\r\n" + data[one.begin : one.end], old=old)]
    assert sorted(left + gone) == sorted(parsed(data, old=old))
    assert not any(is_about(row, person) for row in left)
    assert all(is_about(row, person) for row in gone)


def is_about(row: list[str], person: Person) -> bool:
    """Whether a row has the person's address or id, or names the address, by hand."""
    named = {"mia@x.org": (DETAILS[1], DETAILS[3], DETAILS[4]), "jemia@x.org": (DETAILS[2],)}
    return (
        row[0] in person.spellings
        or row[1] in person.customer_ids
        or any(row[3] in named.get(address, ()) for address in person.spellings)
    )


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=8), st.integers(1, 9))
def test_a_file_that_is_cut_block_by_block_is_the_file_without_the_spans(
    data: bytes, places: list[int], size: int
) -> None:
    ends = sorted({min(place, len(data)) for place in places})
    spans = list(zip(ends[::2], ends[1::2], strict=False))

    blocks = [
        piece
        for begin in range(0, len(data), size)
        for piece in kept(data, begin, min(begin + size, len(data)), spans)
    ]

    gone = {place for begin, end in spans for place in range(begin, end)}
    assert b"".join(blocks) == bytes(b for place, b in enumerate(data) if place not in gone)
    assert all(blocks)
