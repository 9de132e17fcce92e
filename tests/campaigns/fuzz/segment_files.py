"""The reader of segments: the rows that Python's csv module finds, or a clear error."""

import codecs
import contextlib
from collections.abc import Sequence

from shared.segments.errors import SegmentsError
from shared.segments.estimate import estimate_profiles
from shared.segments.format import CsvFormat
from shared.segments.layout import LayoutError
from shared.segments.opening import open_file
from shared.segments.reader import columns_of, read_profiles
from tests.campaigns.fuzz.expected import RefusedError, expected_rows
from tests.campaigns.fuzz.segment_case import BETWEEN_FILES, COLUMNS, Case, decoded
from tests.campaigns.fuzz.target import Target

_CODES = ("column_missing", "snapshot_unreadable")


def check(data: bytes) -> None:
    """Fail when a snapshot is read wrongly, or refused without need or reason."""
    case = decoded(data)
    _look_at_beginnings(case)
    wanted = _wanted(case)
    try:
        expected = expected_rows(case, wanted)
        reason = None
    except RefusedError as error:
        expected, reason = [], str(error)
    refusal = None
    try:
        rows = _read(case, wanted)
    except SegmentsError as error:
        refusal = error
    if refusal is not None:
        _check_error(refusal, wanted)
        assert reason is not None, f"refused: {refusal}"
        return
    assert reason is None, f"was read although {reason}"
    assert rows == expected
    _check_estimate(case)


def _wanted(case: Case) -> tuple[str, ...]:
    if not case.picks:
        return COLUMNS
    try:
        columns = columns_of(case.blobs, case.snapshot)
    except SegmentsError as error:
        _check_error(error, ())
        return COLUMNS
    picked = [name for place, name in enumerate(columns) if case.picks >> place % 8 & 1]
    return tuple(dict.fromkeys(picked)) or COLUMNS


def _read(case: Case, wanted: Sequence[str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for batch in read_profiles(case.blobs, case.snapshot, wanted):
        assert batch.schema.names == list(wanted)
        assert all(column.null_count == 0 for column in batch.columns)
        rows += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return rows


def _check_error(error: SegmentsError, wanted: Sequence[str]) -> None:
    """Errors have a code of a run and no value of a row."""
    assert error.code in _CODES
    text = str(error)
    text.encode()
    for name in wanted:
        text = text.replace(name, "")
    assert "@" not in text


def _look_at_beginnings(case: Case) -> None:
    """A file of which little is read is understood, or not, but nothing else goes wrong."""
    for file in case.snapshot.files:
        with contextlib.suppress(LayoutError, UnicodeError):
            opened = open_file(case.blobs, file, limit=1 + case.picks)
            if opened:
                layout, chunks = opened
                assert layout.columns
                layout.rules.split(b"".join(chunks), 10)


def _check_estimate(case: Case) -> None:
    try:
        count, _ = estimate_profiles(case.blobs, case.snapshot)
    except SegmentsError as error:
        # A file without a header may be readable only when the columns are known that it has.
        _check_error(error, ())
        return
    assert count >= 0


_ROWS = b"1,a@b.c,x\n2,d@e.f,y\n"
_HEAD = b"CustomerId,Email,Note\n"
_TABLE = _HEAD + _ROWS
_ODD = b'1,"a ""b"", c",\n2,"two\r\nlines",5" screen\n\n3,,"\n"\n'
_KNOWN = CsvFormat(columns=COLUMNS)

_CASES = (
    Case((_TABLE,)),
    Case((_TABLE, _ROWS, b"", b"\n"), chunk=7),
    Case((_ROWS,), CsvFormat(",", True, "utf-8", False, COLUMNS), picks=0),
    Case((_TABLE,), CsvFormat(",", True, "utf-8", True, COLUMNS), picks=2),
    Case((_HEAD + _ODD,), chunk=3),
    Case((_ODD,), CsvFormat(header=False, columns=COLUMNS), chunk=1),
    Case((_TABLE.replace(b",", b";"),), CsvFormat(";")),
    Case((_TABLE.replace(b",", b"\t"),), CsvFormat(",", columns=COLUMNS)),
    Case((_TABLE.replace(b",", b"|").replace(b"\n", b"\r\n"),), chunk=2),
    Case((_TABLE.replace(b"\n", b"\r"),), chunk=3),
    Case((b'"CustomerId","Email","Note"\n"1","a@b.c","x,y"\n',), CsvFormat(",", False)),
    Case((_HEAD + b'1,"a"b,c\n',)),
    Case((_HEAD + b'1,"never ends,c\n',), chunk=7),
    Case((_HEAD + b"1,a\n",)),
    Case((_HEAD + b'1,5" screen,\n"2","b","c"\n"3","d","e"\n',), chunk=64),
    Case((_HEAD + b"1,\xff,\xe9\n",), picks=1),
    Case((_HEAD + "1,é漢😀,\u2028\x85\ufeff\n".encode(),), chunk=2),
    Case((codecs.BOM_UTF8 + _TABLE,)),
    Case((codecs.BOM_UTF16_LE + _TABLE.decode().encode("utf-16-le"),), chunk=3),
    Case((_TABLE.decode().encode("utf-16-be"),), CsvFormat(encoding="utf-16"), chunk=1),
    Case((_TABLE.decode().encode("utf-16-le"),), chunk=2),
    Case((_TABLE.decode().encode("utf-32"),), CsvFormat(encoding="utf-8"), chunk=7),
    Case((_HEAD + "1,é,“”\n".encode("cp1252"),), CsvFormat(encoding="cp1252")),
    Case((_HEAD + "1,漢,字\n".encode("gb18030"),), CsvFormat(encoding="gb18030"), chunk=1),
    Case((_TABLE.decode().encode("cp037"),), CsvFormat(encoding="cp037")),
    Case((b"Email\na@b.c\n\nd@e.f\n",), CsvFormat(columns=COLUMNS[:1])),
    Case((b"Email,Email,Note\na,b,c\n",)),
    Case((b"\n\n Email , Note\na,b\n", b"Note,Email\nc,d\n")),
    Case((b"\x1f\x8b\x08\0",)),
    Case((_HEAD + "\ufeff1,a,b\n\ufeff2,c,d\n".encode(),), chunk=1),
    Case((_HEAD + b'1,"the \\"best\\"",x\n2,b,c\n',), chunk=7),
    Case((_HEAD + b'1,"C:\\",x\n2,"b","c"\n',)),
    Case((_HEAD + b'1,"a\\"b",x\n',), CsvFormat(escape=True)),
    Case(((_HEAD + b"1,one\rtwo,x\n"),)),
    Case(((_HEAD + b"1,one\ntwo,x\n").replace(b"\n", b"\r\n").replace(b"e\r\n", b"e\n"),), chunk=3),
    Case((_HEAD + b'1,"never,x\n',), CsvFormat(quoting=False)),
    Case((_HEAD + b'1,"a",x\n2,"b,y\n',), CsvFormat(quoting=False), chunk=64),
    Case((_HEAD + b"1\n2,b\n3,c,d\n",), CsvFormat(ragged=True)),
    Case((_HEAD + b"1,a,b\n", b"NOTE,EMAIL,CUSTOMERID\nb,a,2\n")),
    Case((b"CustomerId,Email,2024\n1,a@b.c,3\n",)),
    Case((b"@." * 700 + b" x,y\n1,2\n",)),
)

TARGET = Target(
    name="segments",
    check=check,
    seeds=tuple(case.encoded() for case in _CASES),
    words=(
        *(b'"', b'""', b",", b";", b"\t", b"|", b"\r\n", b"\n", b"\r", b" ", b"\0", BETWEEN_FILES),
        *(b"CustomerId", b"Email", b"Note", b"a@b.c", b"@.", b'","', b'"\n"', _HEAD, b"2026-01-01"),
        *(codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE),
        *("é".encode(), b"\xff", b"\x1f\x8b", b"0123456789abcdef0123456789abcdef"),
    ),
    covers=tuple(
        f"shared.segments.{name}"
        for name in (
            "reader",
            "rows",
            "parsing",
            "dialects",
            "opening",
            "layout",
            "headers",
            "text",
            "estimate",
        )
    ),
)
