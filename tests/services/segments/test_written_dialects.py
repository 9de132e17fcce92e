"""Every way in which the writer of sample data can write a table, two choices at a time.

What must be read is worked out by Python's own csv module, or known beforehand.
`make combinations` goes through any three.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from local.sample_data import Dialect, Model, write_export
from shared.segments.errors import SnapshotUnreadableError
from tests.services.segments.conftest import FOLDER, STAMP, Storage, rows_of
from tests.support.combinations import covering
from tests.support.root import REFERENCE

REAL = REFERENCE / "data" / "c360-customers.csv"
type Row = tuple[str, ...]

CHOICES: dict[str, dict[str, dict[str, Any]]] = {
    "header": {"with": {"header": True}, "without": {"header": False}},
    "delimiter": {name: {"delimiter": name} for name in (",", ";", "\t", "|")},
    "quotes": {name: {"quotes": name} for name in ("needed", "always", "never")},
    "encoding": {
        "utf-8": {"encoding": "utf-8"},
        "utf-8 marked": {"encoding": "utf-8", "bom": True},
        "utf-16-le": {"encoding": "utf-16-le"},
        "utf-16-le marked": {"encoding": "utf-16-le", "bom": True},
        "utf-16-be": {"encoding": "utf-16-be"},
        "cp1252": {"encoding": "cp1252"},
    },
    "newline": {"LF": {"newline": "\n"}, "CRLF": {"newline": "\r\n"}},
}
MODELS: dict[str, Model | None] = {
    "right": Model(),
    "flag as text": Model(column_headers="string"),
    "flag missing": Model(column_headers="absent"),
    "flag wrong": Model(column_headers="lie"),
    "no settings": Model(settings=False),
    "tables, marked, dfs": Model(entities_member="tables", bom=True, host="dfs"),
    "none": None,
}
FILES: dict[str, dict[str, int]] = {
    "one": {},
    "three": {"partitions": 3},
    "three and an empty one": {"partitions": 3, "empty_partitions": 1},
}
COLUMNS = ("CustomerId", "Email", "Note", "City")
NOTES = ("plain", "", "a,b;c\td|e", 'the "best"', "two\nlines", "  blanks  ", "Zoë", "0017")
ALL = {
    **{member: list(named) for member, named in CHOICES.items()},
    "model": list(MODELS),
    "files": list(FILES),
}


def dialect_of(choice: Mapping[str, str]) -> Dialect:
    dialect = Dialect()
    for member, named in CHOICES.items():
        dialect = replace(dialect, **named[choice[member]])
    return dialect


def is_told(choice: Mapping[str, str]) -> bool:
    """Whether somebody says what columns, or an encoding that bytes don't show, are."""
    silent = choice["model"] in ("none", "no settings")
    named = choice["header"] == "with" or choice["model"] != "none"
    return named and not (choice["encoding"] == "cp1252" and silent)


def rows_for(choice: Mapping[str, str]) -> list[Row]:
    """People whose values can be written so."""
    plain = choice["quotes"] == "never"
    notes = [n for n in NOTES if not plain or not set(n) & set(',;\t|"\n')]
    return [
        (f"{number:032x}", f"person{number}@contoso.com", note, f"Town {number}")
        for number, note in enumerate(notes * 2)
    ]


def frame_of(columns: Sequence[str], rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def test_any_two_choices_are_read_as_they_are_meant_or_refused_with_a_word(
    new_storage: Callable[[], Storage], capsys: pytest.CaptureFixture[str]
) -> None:
    read = 0
    combinations = covering(ALL)
    for choice in combinations:
        storage, rows = new_storage(), rows_for(choice)
        write_export(
            storage.container,
            FOLDER,
            {"VIP": frame_of(COLUMNS, rows)},
            stamp=STAMP,
            dialect=dialect_of(choice),
            model=MODELS[choice["model"]],
            **FILES[choice["files"]],  # type: ignore[arg-type]  # numbers, all of them
        )
        if is_told(choice):
            assert storage.read(*COLUMNS) == rows, choice
            read += 1
        else:
            with pytest.raises(SnapshotUnreadableError, match=r"VIP_\d.csv"):
                storage.read(*COLUMNS)
    with capsys.disabled():
        print(f"\n{len(combinations)} dialects, {read} read")


@pytest.mark.skipif(not REAL.exists(), reason="the real customer table is not beside the project")
def test_the_real_table_is_read_alike_however_it_is_written(
    new_storage: Callable[[], Storage], capsys: pytest.CaptureFixture[str]
) -> None:
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        columns, *table = [tuple(row) for row in csv.reader(file)]
    # Without quotes a value with the delimiter in it can't be written.
    held = set("".join(value for row in table for value in row))
    values = {
        **ALL,
        "delimiter": [d for d in ALL["delimiter"] if d not in held or d == ","],
        "model": [name for name in MODELS if name != "none"],
    }
    checked = 0
    for choice in covering(values):
        if not is_told(choice) or (choice["quotes"] == "never" and choice["delimiter"] in held):
            continue
        try:
            "".join(value for row in table for value in row).encode(choice["encoding"].split()[0])
        except UnicodeEncodeError:
            continue
        storage = new_storage()
        write_export(
            storage.container,
            FOLDER,
            {"VIP": frame_of(columns, table)},
            stamp=STAMP,
            dialect=dialect_of(choice),
            model=MODELS[choice["model"]],
            **FILES[choice["files"]],  # type: ignore[arg-type]  # numbers, all of them
        )
        assert rows_of(storage.blobs, storage.find(), columns) == table, choice
        checked += 1
    with capsys.disabled():
        print(f"\nThe real table in {checked} dialects")
    assert checked > 10
