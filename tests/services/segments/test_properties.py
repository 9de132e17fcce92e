"""Random tables and random damage: the right rows, or a clear error."""

import csv
import io
import itertools
import json
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.segments.errors import SegmentsError
from shared.segments.model import ModelUnusableError, read_model
from shared.segments.rows import MalformedRowError, grammar, whole_rows
from shared.segments.text import as_utf8
from tests.services.segments.conftest import FOLDER, Storage

CHARACTERS = st.sampled_from(list("aZ09 ,;\t|\"'\r\n\\#_é漢😀\u00a0\u2028\u0085\ufeff"))
VALUES = st.text(CHARACTERS, max_size=8)
COLUMNS = ("CustomerId", "Email", "Note")
# UTF-16 is told by its mark or its zero bytes, UTF-8 by nothing, Latin-1 by the model.
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
Quoting = Literal[0, 1]


def written(rows: list[list[str]], delimiter: str, quoting: Quoting, end: str, header: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    if header:
        writer.writerow(COLUMNS)
    for number, row in enumerate(rows):
        writer.writerow([f"{number:032x}", *row])
    return text.getvalue()


@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    rows=st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(ENCODINGS),
    headers=st.booleans(),
    model=st.booleans(),
    cuts=st.lists(st.integers(0, 6), max_size=3),
)
@example([["a", 'b"']], ",", csv.QUOTE_MINIMAL, "\n", "utf-8", True, False, [])
# The second file has no header and would fit commas as well.
@example([["", ",,"]], ";", csv.QUOTE_MINIMAL, "\n", "utf-8", False, False, [0])
def test_reads_back_every_table_in_every_spelling(
    new_storage: Callable[[], Storage],
    rows: list[list[str]],
    delimiter: str,
    quoting: Quoting,
    end: str,
    encoding: str,
    headers: bool,
    model: bool,
    cuts: list[int],
) -> None:
    storage = new_storage()
    places = [0, *sorted(cuts), len(rows)]
    parts = [rows[a:b] for a, b in itertools.pairwise(places)]
    # Without a model the first file must name the columns.
    texts = [
        written(part, delimiter, quoting, end, headers or (not model and number == 0))
        for number, part in enumerate(parts)
    ]
    storage.put_files([text.encode(encoding) for text in texts])
    if model:
        settings_said = {"delimiter": delimiter, "columnHeaders": headers, "encoding": encoding}
        table = {
            "name": "VIP",
            "attributes": [{"name": name} for name in COLUMNS],
            "partitions": [
                {
                    "location": f"VIP/2026/11/22/0600/VIP_{number}.csv",
                    "fileFormatSettings": settings_said,
                }
                for number in range(1, len(parts) + 1)
            ],
        }
        storage.put("model.json", json.dumps({"entities": [table]}))

    expected = [(f"{n:032x}", *row) for part in parts for n, row in enumerate(part)]
    assert storage.read(*COLUMNS) == expected
    storage.container.delete_container()


@settings(max_examples=300)
@given(
    text=st.text(st.sampled_from(list('ab,"\r\n')), max_size=60),
    size=st.integers(1, 20),
    quoting=st.booleans(),
)
@example('a,"b\nc\n', 3, True)
@example('"a""', 2, True)
def test_cuts_any_text_into_whole_rows_that_join_again(text: str, size: int, quoting: bool) -> None:
    data = text.encode()
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    rules = grammar(",", quoting)
    refused_in = None
    try:
        pieces = list(whole_rows(chunks, rules, 1))
    except MalformedRowError as error:
        refused_in = error.line
    if refused_in is not None:
        assert quoting
        assert not _is_strict_csv(text)
        assert 1 <= refused_in <= text.count("\n") + text.count("\r") + 1
        return
    joined = b"".join(piece.data for piece in pieces)

    assert joined in (data, data + b"\n")
    assert _is_strict_csv(text) or not quoting
    if quoting:
        assert [row for piece in pieces for row in _rows(piece.data.decode())] == _rows(text)


def _rows(text: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]


def _is_strict_csv(text: str) -> bool:
    try:
        _rows(text)
    except csv.Error:
        return False
    return True


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    files=st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.text(CHARACTERS, max_size=80).map(str.encode),
            st.text(CHARACTERS, max_size=60).map(lambda t: f"CustomerId,Email\n{t}".encode()),
        ),
        max_size=3,
    ),
    model=st.one_of(st.none(), st.binary(max_size=60)),
)
def test_reads_any_bytes_or_says_why_not(
    new_storage: Callable[[], Storage], files: list[bytes], model: bytes | None
) -> None:
    storage = new_storage()
    storage.put("VIP/2026/11/22/0600/_marker", b"")
    storage.put_files(files)
    if model is not None:
        storage.put("model.json", model)
    try:
        rows = storage.read("CustomerId", "Email")
        code = None
    except SegmentsError as error:
        rows = []
        code = error.code
    assert code in (None, "column_missing", "snapshot_unreadable")
    assert all(isinstance(value, str) for row in rows for value in row)
    storage.container.delete_container()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("http://[/x"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["entities", "name", "attributes", "partitions", "location", "dataType",
                 "fileFormatSettings", "delimiter", "encoding", "columnHeaders", "cdm:traits",
                 "traitReference", "arguments"]
            ), inner, max_size=5)
    ),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=300)
@given(document=JSON)
def test_reads_any_model_or_says_that_it_is_none(document: object) -> None:
    for candidate in (document, {"entities": document}, {"entities": [document]}):
        try:
            tables = read_model(json.dumps(candidate).encode(), FOLDER)
        except ModelUnusableError:
            continue
        assert all(table.name for table in tables)


@given(text=st.text(CHARACTERS), encoding=st.sampled_from(ENCODINGS), size=st.integers(1, 9))
def test_turns_every_encoding_into_utf8_however_it_is_cut(
    text: str, encoding: str, size: int
) -> None:
    text = "CustomerId\n" + text
    data = text.encode(encoding)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]

    assert b"".join(as_utf8(chunks, None)).decode() == text


@pytest.mark.parametrize(("name", "text"), [("cp1252", "“é”"), ("iso8859-1", "é"), ("cp1250", "ž")])
def test_reads_the_encoding_that_was_declared(name: str, text: str) -> None:
    assert b"".join(as_utf8([text.encode(name)], name)).decode() == text
