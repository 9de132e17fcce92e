"""Which rows are headers, and which columns they name."""

import json
from typing import Any

import pytest

from shared.segments.errors import SegmentsError, SnapshotUnreadableError
from shared.segments.reader import columns_of
from tests.services.segments.conftest import FOLDER, Storage

ID = "CE759201F786D590BF2134BFF576C369"
OTHER = "0112839283595ad1cec07462d2795738"
HEADER = "CustomerId,Email,Note\n"
COLUMNS = ("CustomerId", "Email", "Note")


def described(storage: Storage, headers: bool | None, folder: str = "0600") -> None:
    settings: dict[str, Any] = {} if headers is None else {"columnHeaders": headers}
    location = f"{FOLDER}/VIP/2026/11/22/{folder}/VIP_1.csv"
    table = {
        "name": "VIP",
        "attributes": [{"name": name} for name in COLUMNS],
        "partitions": [{"location": location, "fileFormatSettings": settings}],
    }
    storage.put("model.json", json.dumps({"entities": [table]}))


@pytest.mark.parametrize(
    "second",
    [
        f"EMAIL,note,CUSTOMERID\nc@d.org,y,{OTHER}\n",
        f" Email ,Note,CustomerId\nc@d.org,y,{OTHER}\n",
        f"Note,Email,CustomerId,Age\ny,c@d.org,{OTHER},7\n",
        f"{OTHER},c@d.org,y\n",
    ],
)
def test_each_file_has_its_own_header_in_any_case_and_order(storage: Storage, second: str) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n", second])

    assert storage.read("CustomerId", "Email", "Note") == [
        (ID, "a@b.org", "x"),
        (OTHER, "c@d.org", "y"),
    ]


def test_a_later_header_of_other_names_is_no_profile(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n", f"Id,Mail,Remark\n{OTHER},c@d.org,y\n"])

    with pytest.raises(SegmentsError, match="no column Email"):
        storage.read("Email")


def test_years_are_columns_too(storage: Storage) -> None:
    storage.put_files([f"CustomerId,Email,2024,2025\n{ID},a@b.org,12.5,3\n"])

    assert columns_of(storage.blobs, storage.find()) == ("CustomerId", "Email", "2024", "2025")
    assert storage.read("2024", "Email") == [("12.5", "a@b.org")]


@pytest.mark.parametrize("name", ["email", "EMAIL", " Email"])
def test_a_column_is_found_whatever_its_case(storage: Storage, name: str) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n"])

    assert storage.read(name) == [("a@b.org",)]


@pytest.mark.parametrize("row", ["C-1,,x,extra", "C-1,x", "1001,,Email", f"{ID},,x"])
def test_a_profile_without_an_address_makes_no_header(storage: Storage, row: str) -> None:
    storage.put_files([f"{row}\n{OTHER},c@d.org,y\n"])
    described(storage, headers=False)

    if row.count(",") == 2:
        assert storage.read("CustomerId", "Note")[0] == tuple(row.split(",")[::2])
        return
    with pytest.raises(SnapshotUnreadableError, match="values instead of the 3") as raised:
        storage.read("Email")
    assert "extra" not in str(raised.value)


@pytest.mark.parametrize("header", ["CUSTOMERID,email,Note", "Kunde,E-Mail-Adresse,Notiz"])
def test_a_header_of_friendly_names_stands_in_the_model_s_order(
    storage: Storage, header: str
) -> None:
    storage.put_files([f"{header}\n{ID},a@b.org,x\n"])
    described(storage, headers=True)

    assert storage.read("Email", "Note") == [("a@b.org", "x")]


@pytest.mark.parametrize("headers", [True, False, None])
def test_a_model_ahead_of_the_files_or_behind_gives_way_to_their_header(
    storage: Storage, headers: bool | None
) -> None:
    storage.put_files([f"Phone,Note,Email,CustomerId\n1,x,a@b.org,{ID}\n"])
    described(storage, headers)
    assert storage.read("Email", "Phone") == [("a@b.org", "1")]

    storage.put_files([f"Email,CustomerId\na@b.org,{ID}\n"])
    assert storage.read("Email", "CustomerId") == [("a@b.org", ID)]


def test_what_the_model_says_of_line_ends_is_what_ends_rows(storage: Storage) -> None:
    location = f"{FOLDER}/VIP/2026/11/22/0600/VIP_1.csv"
    settings = {"columnHeaders": True, "newline": "\r\n"}
    table = {
        "name": "VIP",
        "attributes": [{"name": "Email"}],
        "partitions": [{"location": location, "fileFormatSettings": settings}],
    }
    storage.put("model.json", json.dumps({"entities": [table]}))
    storage.put_files(["Email\r\na@b.org\r\nfirst\nsecond\r\n"])

    assert storage.read("Email") == [("a@b.org",), ("first\nsecond",)]


def test_a_manifest_alone_is_named_as_what_the_app_does_not_read(storage: Storage) -> None:
    storage.put("default.manifest.cdm.json", "{}")
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n"])

    (warning,) = storage.find().warnings
    assert "default.manifest.cdm.json, which this app doesn't read" in warning.text
