"""The writer of sample exports: right by default, and odd on request."""

import csv
import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from azure.storage.blob import ContainerClient

from local.azurite import Azurite
from local.sample_data import Dialect, Model, overlapping_segments, people, write_export

FOLDER = "CustomerInsights_abcd1234-4312-11f4-93dc-24f72f43e7d5/BlobExport"
STAMP = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
ROWS: list[dict[str, str | None]] = [
    {"CustomerId": "c1", "Email": "ana@contoso.com", "Note": 'say "hi",\nthen go'},
    {"CustomerId": "c2", "Email": "zoë@contoso.com", "Note": None},
    {"CustomerId": "c3", "Email": None, "Note": "Łódź"},
]


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    with Azurite.start() as azurite:
        yield azurite


@pytest.fixture
def container(azurite: Azurite, request: pytest.FixtureRequest) -> ContainerClient:
    name = request.node.name.replace("_", "-").split("[")[0][:50].strip("-") + f"-{time.time_ns()}"
    return ContainerClient.from_connection_string(azurite.connection_string, name[-63:].strip("-"))


def content(container: ContainerClient, blob: str) -> bytes:
    return container.download_blob(blob).readall()


def model(container: ContainerClient, folder: str = FOLDER) -> dict[str, Any]:
    document = json.loads(content(container, f"{folder}/model.json").decode("utf-8-sig"))
    assert isinstance(document, dict)
    return document


def test_writes_dated_partitions_and_a_model_that_points_at_them(
    container: ContainerClient,
) -> None:
    written = write_export(container, FOLDER, {"Readers": ROWS}, stamp=STAMP, partitions=2)

    assert written.partitions["Readers"] == [
        f"{FOLDER}/Readers/2026/11/22/0605/Readers_1.csv",
        f"{FOLDER}/Readers/2026/11/22/0605/Readers_2.csv",
    ]
    read = [
        row
        for blob in written.partitions["Readers"]
        for row in csv.DictReader(io.StringIO(content(container, blob).decode()))
    ]
    assert read == [{name: value or "" for name, value in row.items()} for row in ROWS]

    (entity,) = model(container)["entities"]
    assert entity["name"] == "Readers"
    assert [a["name"] for a in entity["attributes"]] == ["CustomerId", "Email", "Note"]
    assert [p["location"] for p in entity["partitions"]] == [
        f"{container.url}/{blob}" for blob in written.partitions["Readers"]
    ]
    assert entity["partitions"][0]["fileFormatSettings"]["columnHeaders"] is True


def test_writes_the_dialect_that_was_asked_for(container: ContainerClient) -> None:
    dialect = Dialect(header=False, delimiter=";", quotes="always", encoding="utf-16-le", bom=True)
    written = write_export(container, FOLDER, {"Readers": ROWS}, dialect=dialect)

    text = content(container, written.partitions["Readers"][0]).decode("utf-16")
    assert text.startswith('"c1";"ana@contoso.com";"say ""hi"",\nthen go"\n')
    settings = model(container)["entities"][0]["partitions"][0]["fileFormatSettings"]
    assert settings["columnHeaders"] is False
    assert settings["delimiter"] == ";"
    assert settings["csvStyle"] == "CsvStyle.QuoteAlways"
    assert settings["encoding"] == "UTF-16-LE"


def test_writes_models_with_the_oddities_of_real_ones(container: ContainerClient) -> None:
    def lose_types(document: dict[str, Any]) -> None:
        document["entities"][0]["attributes"] = []

    write_export(
        container,
        FOLDER,
        {"Readers": ROWS},
        stamp=STAMP,
        model=Model(column_headers="string", snapshot_query=True, bom=True, edit=lose_types),
    )

    (entity,) = model(container)["entities"]
    (partition,) = entity["partitions"]
    assert partition["fileFormatSettings"]["columnHeaders"] == "true"
    assert partition["location"].endswith("?snapshot=2026-11-22T06%3A05%3A00.0000000Z")
    assert entity["attributes"] == []
    assert content(container, f"{FOLDER}/model.json").startswith(b"\xef\xbb\xbf")


def test_writes_other_names_other_places_and_empty_partitions(container: ContainerClient) -> None:
    written = write_export(
        container,
        FOLDER,
        {"Readers": ROWS},
        stamp=STAMP,
        empty_partitions=2,
        first_partition=0,
        file_stem="ChurnProneCustomers",
        model="{not json",
        model_in=f"{FOLDER}/Readers",
    )

    snapshot = f"{FOLDER}/Readers/2026/11/22/0605"
    assert written.partitions["Readers"] == [
        f"{snapshot}/ChurnProneCustomers_{number}.csv" for number in range(3)
    ]
    assert content(container, written.partitions["Readers"][2]) == b"CustomerId,Email,Note\n"
    assert content(container, f"{FOLDER}/Readers/model.json") == b"{not json"


@pytest.mark.parametrize(
    ("layout", "folder", "blob"),
    [
        ("oldest", "Export", "Export/Readers/Readers_1.csv"),
        ("flat", "CustomerInsights_x/Churn", "CustomerInsights_x/Churn_Readers_1795327500.csv"),
    ],
)
def test_writes_the_layouts_that_have_no_dates(
    container: ContainerClient, layout: Any, folder: str, blob: str
) -> None:
    written = write_export(container, folder, {"Readers": ROWS}, stamp=STAMP, layout=layout)

    assert written.partitions == {"Readers": [blob]}
    assert [item.name for item in container.list_blobs()] == [blob]


def test_people_are_the_same_for_the_same_seed_and_have_thirty_columns() -> None:
    profiles = people(500, seed=3)

    assert profiles.equals(people(500, seed=3))
    assert not profiles.equals(people(500, seed=4))
    assert profiles.shape == (500, 30)
    assert profiles["CustomerId"].str.contains("^[0-9a-f]{32}$").all()
    assert profiles["CustomerId"].n_unique() == 500


def test_people_have_addresses_of_their_own_but_for_the_shares_that_were_asked_for() -> None:
    clean = people(5_000, blank=0, invalid=0, duplicate=0, padded=0)["Email"]
    assert clean.str.to_lowercase().n_unique() == 5_000
    assert clean.str.contains(r"^[A-Za-z.]+\d+@[A-Za-z]+\.[A-Za-z]+$").all()

    odd = people(5_000, blank=0.1, invalid=0.1, duplicate=0.1)["Email"]
    lower = odd.drop_nulls().str.strip_chars().str.to_lowercase()
    assert 400 < odd.null_count() < 600
    assert 700 < lower.len() - lower.n_unique() < 1_100


def test_two_segments_share_a_fifth_of_the_people() -> None:
    profiles = people(1_000)
    segments = overlapping_segments(profiles)

    ids = {name: set(frame["CustomerId"]) for name, frame in segments.items()}
    one, other = ids.values()
    assert len(one | other) == 1_000
    assert len(one & other) == 200
    assert all(isinstance(frame, pl.DataFrame) for frame in segments.values())
