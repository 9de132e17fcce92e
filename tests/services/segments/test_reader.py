"""Reading profiles: right rows, or an error that says where the file is wrong."""

import gzip
import threading

import pytest

from local.sample_data import write_export
from shared.segments.errors import (
    ColumnMissingError,
    SegmentsError,
    SnapshotChangedError,
    SnapshotUnreadableError,
)
from shared.segments.estimate import estimate_profiles
from shared.segments.reader import columns_of, read_profiles
from tests.services.segments.conftest import FOLDER, STAMP, Storage, people, rows_of

ID = "ce759201f786d590bf2134bff576c369"
OTHER = "0112839283595ad1cec07462d2795738"
HEADER = "CustomerId,Email,Note\n"


def test_keeps_only_the_asked_columns_in_the_asked_order(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},anna@example.org,x\n"])

    assert storage.read("Note", "CustomerId") == [("x", ID)]


def test_one_column_may_be_asked_for_in_two_spellings(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},anna@example.org,x\n"])

    assert storage.read("note", "CustomerId", "Note") == [("x", ID, "x")]


def test_reads_nothing_when_no_column_is_asked_for(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},anna@example.org,x\n"])

    assert storage.read() == []


def test_keeps_empty_values_and_all_others_as_text(storage: Storage) -> None:
    storage.put_files([f'{HEADER}{ID},,NULL\n{OTHER},"",007\n'])

    assert storage.read("Email", "Note") == [("", "NULL"), ("", "007")]


def test_keeps_line_ends_quotes_and_delimiters_inside_quotes(storage: Storage) -> None:
    storage.put_files([f'{HEADER}{ID},a@b.org,"one\r\ntwo, ""three""\n"\n{OTHER},c@d.org,\n'])

    assert storage.read("Note") == [('one\r\ntwo, "three"\n',), ("",)]


def test_takes_a_quote_inside_an_unquoted_value_as_it_is(storage: Storage) -> None:
    storage.put_files([f'{HEADER}{ID},a@b.org,5" pipe\n{OTHER},"c@d.org","x"\n{OTHER},,12"\n'])

    assert storage.read("Note") == [('5" pipe',), ("x",), ('12"',)]


def test_keeps_a_byte_order_mark_that_begins_a_value(storage: Storage) -> None:
    storage.put_files([f'{HEADER}\ufeff{ID},anna@example.org,x\n\ufeff"{OTHER}",,\n'])

    assert storage.read("CustomerId") == [(f"\ufeff{ID}",), (f'\ufeff"{OTHER}"',)]


def test_reads_on_after_a_lone_quote_before_many_quoted_rows(storage: Storage) -> None:
    # Each of them is looked at on the way back to that quote, and none of the text twice.
    row = f'"{ID}","anna@example.org","x"\n'
    storage.put_files([f'{HEADER}{ID},,5" screen\n{row * 100_000}'])

    assert storage.read("Note") == [('5" screen',), *[("x",)] * 100_000]


def test_reads_on_over_empty_files_and_files_of_a_header_alone(storage: Storage) -> None:
    row = f"{ID},a@b.org,x\n"
    storage.put_files(["", HEADER, HEADER + row, "\n\n", "\ufeff", HEADER.strip()])

    assert storage.read("Email") == [("a@b.org",)]
    assert columns_of(storage.blobs, storage.find()) == ("CustomerId", "Email", "Note")


def test_reads_nothing_from_files_that_are_all_empty(storage: Storage) -> None:
    storage.put_files(["", ""])

    assert storage.read("Email") == []
    assert columns_of(storage.blobs, storage.find()) == ()
    assert estimate_profiles(storage.blobs, storage.find()) == (0, True)


def test_takes_the_header_of_the_first_file_for_those_without(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n", f"{OTHER},c@d.org,y\n"])

    assert storage.read("Email") == [("a@b.org",), ("c@d.org",)]


def test_follows_each_files_own_order_of_columns(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n", f"Note,Email,CustomerId\ny,c@d.org,{OTHER}\n"])

    assert storage.read("CustomerId", "Email") == [(ID, "a@b.org"), (OTHER, "c@d.org")]


def test_reads_a_single_column_with_its_empty_rows(storage: Storage) -> None:
    storage.put_files(["Email\na@b.org\n\nc@d.org\n"])

    assert storage.read("Email") == [("a@b.org",), ("",), ("c@d.org",)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "end"])
def test_reads_every_kind_of_line_end(storage: Storage, end: str, last: str) -> None:
    lines = ["CustomerId,Email", f"{ID},a@b.org", f'{OTHER},"c@d.org"']
    storage.put_files([end.join(lines) + (end if last else "")])

    assert storage.read("Email") == [("a@b.org",), ("c@d.org",)]


def test_reads_values_larger_than_what_is_parsed_at_once(storage: Storage) -> None:
    large = "x" * (5 << 20)
    storage.put_files([f"{HEADER}{ID},a@b.org,{large}\n{OTHER},c@d.org,y\n"])

    assert storage.read("Note") == [(large,), ("y",)]


def test_refuses_rows_that_never_end(storage: Storage) -> None:
    storage.put_files([f'{HEADER}{ID},a@b.org,"{"x\n" * (10 << 20)}'])

    with pytest.raises(SnapshotUnreadableError, match="line 2: a row is longer than 16 MB"):
        storage.read("Note")


def test_reads_many_pieces_of_a_large_file(storage: Storage) -> None:
    rows = [f'{number:032x},person{number}@example.org,"a\n""b"""\n' for number in range(300_000)]
    storage.put_files([HEADER + "".join(rows)])
    snapshot = storage.find()

    found = rows_of(storage.blobs, snapshot, ["CustomerId", "Note"])

    assert snapshot.size > 2 * (8 << 20)
    assert found == [(f"{number:032x}", 'a\n"b"') for number in range(300_000)]
    count, exact = estimate_profiles(storage.blobs, snapshot)
    assert exact is False
    assert abs(count - 300_000) < 15_000


def test_counts_small_snapshots_exactly(storage: Storage) -> None:
    write_export(storage.container, FOLDER, {"VIP": people(1234)}, stamp=STAMP, partitions=5)

    assert estimate_profiles(storage.blobs, storage.find()) == (1234, True)


def test_names_all_missing_columns(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n"])

    with pytest.raises(ColumnMissingError) as raised:
        storage.read("Phone", "Email", "City")
    assert raised.value.columns == ("Phone", "City")
    assert raised.value.code == "column_missing"
    assert "Phone, City" in str(raised.value)
    assert "VIP" in str(raised.value)


def test_names_the_file_that_lacks_a_column(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n", f"CustomerId,Note\n{OTHER},y\n"])

    with pytest.raises(ColumnMissingError, match=r"VIP_2\.csv"):
        storage.read("Email")


def test_ignores_equal_names_unless_they_are_asked_for(storage: Storage) -> None:
    storage.put_files([f"CustomerId,Email,Title,Title\n{ID},a@b.org,x,y\n"])

    assert storage.read("Email") == [("a@b.org",)]
    with pytest.raises(SnapshotUnreadableError, match="more than one column Title"):
        storage.read("Title")


BROKEN: dict[str, tuple[bytes, str]] = {
    "too few values": (b"%(id)s,a@b.org,x\n%(id)s,a@b.org\n", "line 3: it has 2 values"),
    "too many values": (b"%(id)s,a@b.org,x\n\n%(id)s,a,b,c,d\n", "line 4: it has 5 values"),
    "a quote that never ends": (b'%(id)s,a@b.org,x\n%(id)s,"a@b.org,x\n', "line 3: a quoted value"),
    "one that ends with a later one": (
        b'%(id)s,a@b.org,"x\n%(id)s,a@b.org,"y"\n',
        "line 2: a quoted value is followed by",
    ),
    "text behind a quoted value": (
        b'%(id)s,"a@b.org",x\n%(id)s,"c@d" .org,x\n',
        "line 3: a quoted value is followed by",
    ),
    "not UTF-8": (b"%(id)s,a@b.org,x\n%(id)s,m\xfcller@b.org,x\n", "line 3: it is not text"),
}


@pytest.mark.parametrize(("rows", "message"), BROKEN.values(), ids=BROKEN)
def test_says_in_which_line_a_file_is_broken_but_not_what_stands_there(
    storage: Storage, rows: bytes, message: str
) -> None:
    storage.put_files([HEADER, HEADER.encode() + rows.replace(b"%(id)s", ID.encode())])

    with pytest.raises(SnapshotUnreadableError, match=message) as raised:
        storage.read("Email")
    text = str(raised.value)
    assert raised.value.code == "snapshot_unreadable"
    assert "segment VIP" in text
    assert "VIP_2.csv" in text
    assert "@" not in text
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_says_when_nothing_names_the_columns(storage: Storage) -> None:
    storage.put_files([f"{ID},a@b.org,x\n"])

    with pytest.raises(SnapshotUnreadableError, match="no header row"):
        storage.read("Email")


def test_says_when_the_model_names_another_number_of_columns(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n", f"{ID},a@b.org\n"])

    with pytest.raises(SnapshotUnreadableError, match=r"VIP_2\.csv.*2 values instead of the 3"):
        storage.read("Email")


def test_says_when_a_file_is_compressed(storage: Storage) -> None:
    storage.put_files([gzip.compress(HEADER.encode())])

    with pytest.raises(SnapshotUnreadableError, match="compressed"):
        storage.read("Email")


@pytest.mark.parametrize("change", ["rewritten", "deleted"])
def test_says_when_a_file_changed_since_it_was_looked_at(storage: Storage, change: str) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n"])
    snapshot = storage.find()
    if change == "rewritten":
        storage.put_files([f"{HEADER}{ID},b@b.org,x\n"])
    else:
        storage.container.delete_blob(snapshot.files[0].name)

    with pytest.raises(SnapshotChangedError):
        rows_of(storage.blobs, snapshot, ["Email"])
    with pytest.raises(SegmentsError):
        columns_of(storage.blobs, snapshot)


def test_never_mixes_two_versions_of_a_large_file(storage: Storage) -> None:
    row = f"{ID},a@b.org,{'x' * 1000}\n"
    storage.put_files([HEADER + row * 40_000])
    batches = read_profiles(storage.blobs, storage.find(), ["Email"])

    next(batches)
    storage.put_files([HEADER + row.replace("a@", "b@") * 40_000])

    with pytest.raises(SnapshotChangedError):
        list(batches)


def test_stops_its_thread_when_the_caller_stops_early(storage: Storage) -> None:
    storage.put_files([HEADER + f"{ID},a@b.org,{'x' * 1000}\n" * 20_000])
    batches = read_profiles(storage.blobs, storage.find(), ["Email"])

    next(batches)
    batches.close()

    assert not [t for t in threading.enumerate() if t.name.startswith("segment-reader")]
