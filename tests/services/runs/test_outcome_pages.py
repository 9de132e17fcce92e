"""Outcomes by pages: each row once, by code and segment, found by person, after an erasure too."""

import csv
import io

import polars as pl
import pytest

from shared.app import App
from shared.erasure import outcomes as erasing
from shared.erasure.person import Person
from shared.erasure.search import Search
from shared.frames.masks import MASK
from shared.runs import outcome_table, outcomes
from shared.runs.codes import CODES, NAMES
from shared.runs.outcome_cells import plain
from shared.runs.outcome_pages import OutcomeReader, Row, Wanted

RUN = "weekly-20261122T061500Z-7f3a"
SEGMENTS = ("High; value", "Readers", "=cmd")
CREATED = next(number for number, name in NAMES.items() if name == "created")
FAILED = next(number for number, name in NAMES.items() if name == "failed")
ROWS = 1_300


@pytest.fixture
def reader(app: App) -> OutcomeReader:
    frame = pl.DataFrame(
        {
            "email": [f"p{number}@contoso.com" for number in range(ROWS)],
            "customer_id": [f'=C"{number}' for number in range(ROWS)],
            "code": [FAILED if number % 10 == 0 else CREATED for number in range(ROWS)],
            "detail": ["not sent" if number % 10 == 0 else "" for number in range(ROWS)],
            "segments": pl.Series([1 << number % 3 for number in range(ROWS)], dtype=MASK),
        }
    )
    outcomes.write(app.blobs, RUN, frame, SEGMENTS)
    return OutcomeReader(app.blobs, RUN, SEGMENTS)


def erase(app: App, person: Person) -> int:
    """Take a person out of the outcomes; how many rows were theirs."""
    search = Search(person, person, lambda _: None, lambda: None)
    return sum(erasing.erase(app, RUN, search).values())


def all_of(reader: OutcomeReader, *codes: str, segment: str | None = None) -> list[Row]:
    rows: list[Row] = []
    after = None
    while True:
        wanted = Wanted(codes or tuple(CODES), segment, after, 170)
        page, after = reader.page(wanted)
        assert len(page) <= 170
        rows += page
        if after is None:
            return rows


def test_every_row_is_on_one_page(reader: OutcomeReader) -> None:
    rows = all_of(reader)

    assert len(rows) == len({row.email for row in rows}) == ROWS
    assert {row.customer_id for row in rows} == {f'=C"{number}' for number in range(ROWS)}
    assert len(all_of(reader, "failed")) == ROWS // 10
    assert all_of(reader, "archived") == []


def test_a_segment_has_its_rows_alone(reader: OutcomeReader) -> None:
    found = {segment: all_of(reader, segment=segment) for segment in SEGMENTS}

    assert sum(len(rows) for rows in found.values()) == ROWS
    for segment, rows in found.items():
        assert {row.segments for row in rows} == {(segment,)}
    assert all_of(reader, segment="nothing of that name") == []


def test_a_person_is_found_by_address_or_id(reader: OutcomeReader) -> None:
    for number in (0, 499, 500, ROWS - 1):
        [row] = reader.of_person(email=f"p{number}@contoso.com")
        assert row.customer_id == f'=C"{number}'
        assert reader.of_person(customer_id=row.customer_id) == [row]
    assert reader.of_person(email="1@contoso.com") == []
    assert reader.of_person(customer_id='C"1') == []


def test_after_an_erasure_the_pages_have_everybody_else(app: App, reader: OutcomeReader) -> None:
    assert erase(app, Person.of("p7@contoso.com", None)) == 1

    rows = all_of(reader)
    assert len(rows) == ROWS - 1
    assert reader.of_person(email="p7@contoso.com") == []
    assert len(reader.of_person(email="p77@contoso.com")) == 1


def test_an_id_that_begins_like_a_formula_is_erased_and_no_other(
    app: App, reader: OutcomeReader
) -> None:
    assert erase(app, Person.of(None, '=C"3')) == 1
    assert len(all_of(reader)) == ROWS - 1


def test_every_cell_of_the_file_is_quoted_and_gives_its_value_back(
    app: App,
    reader: OutcomeReader,  # noqa: ARG001 - who has them written
) -> None:
    data = app.blobs.read(outcomes.file_name(RUN, None)).decode()
    _, *rows = csv.reader(io.StringIO(data, newline=""))

    assert data.startswith('"email","customer_id","code","detail","segments"\r\n"')
    assert len(rows) == ROWS
    assert [plain(row[1]) for row in rows[:2]] == ['=C"0', '=C"1']
    assert rows[0][1] == "'=C\"0"
    assert rows[2][4] == "'=cmd"


def test_a_table_has_the_values_without_the_marks_for_spreadsheets(
    app: App,
    reader: OutcomeReader,  # noqa: ARG001 - who has them written
) -> None:
    rows = pl.read_parquet(outcome_table.parquet(app.blobs, RUN, None, SEGMENTS))

    assert rows.columns == list(outcomes.HEADER)
    assert rows["customer_id"].to_list() == [f'=C"{number}' for number in range(ROWS)]
    assert rows["segments"].to_list() == [[SEGMENTS[number % 3]] for number in range(ROWS)]


def test_files_of_the_first_version_are_read_by_pages(app: App) -> None:
    lines = ["email,customer_id,code,detail,segments"]
    lines += [f"p{number}@contoso.com,'=C{number},created,,Readers" for number in range(700)]
    data = "".join(f"{line}\r\n" for line in lines).encode()
    for code in ("created", None):
        app.blobs.write(outcomes.file_name(RUN, code), data)
    reader = OutcomeReader(app.blobs, RUN, SEGMENTS)

    rows = all_of(reader, segment="Readers")
    table = pl.read_parquet(outcome_table.parquet(app.blobs, RUN, "created", SEGMENTS))
    assert table["customer_id"].to_list() == [row.customer_id for row in rows]
    assert len(rows) == 700
    assert rows[699].customer_id == "=C699"
    assert [row.email for row in reader.of_person(customer_id="=C699")] == ["p699@contoso.com"]
