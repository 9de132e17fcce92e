"""Which snapshot is the newest, and whether it is whole."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from local.sample_data import Model, write_export
from shared.platform.blobs import BlobInfo, Blobs
from shared.segments.errors import SegmentNotFoundError
from shared.segments.snapshots import Warned, find_segments, find_snapshot
from tests.services.segments.conftest import FOLDER, QUIET_SECONDS, STAMP, Storage, people, rows_of

ROW = "CustomerId,Email\nce759201f786d590bf2134bff576c369,anna@example.org\n"
SOON, LATER = 0.0, 3600.0


def model_of(
    storage: Storage, names: list[str], columns: str = "CustomerId,Email", **more: Any
) -> str:
    """A model.json whose only table, VIP, has these blobs below the export's folder."""
    partitions = [
        {"name": name, "location": f"{storage.container.url}/{FOLDER}/{quote(name)}"}
        for name in names
    ]
    attributes = [{"name": name, "dataType": "string"} for name in columns.split(",")]
    table = {"name": "VIP", "attributes": attributes, "partitions": partitions} | more
    return json.dumps({"name": "x", "version": "1.0", "entities": [table]})


def test_takes_the_newest_of_several_snapshots(storage: Storage) -> None:
    for place in ("2025/12/31/2359", "2026/2/3/0600", "2026/11/9/2300", "2026/11/10/0005"):
        storage.put(f"VIP/{place}/VIP_1.csv", ROW)

    snapshot = storage.find()

    assert snapshot.stamp == "2026/11/10/0005"
    assert [file.name for file in snapshot.files] == [f"{FOLDER}/VIP/2026/11/10/0005/VIP_1.csv"]


def test_writes_stamps_that_sort_as_text(storage: Storage) -> None:
    storage.put("VIP/2026/2/3/605/VIP_1.csv", ROW)

    assert storage.find().stamp == "2026/02/03/0605"


def test_orders_partitions_by_number(storage: Storage) -> None:
    for number in (10, 2, 1, 0):
        storage.put(f"VIP/2026/11/22/0600/VIP_{number}.csv", ROW)

    names = [file.name.rpartition("_")[2] for file in storage.find().files]

    assert names == ["0.csv", "1.csv", "2.csv", "10.csv"]


def test_finds_the_newest_snapshot_in_five_listings(storage: Storage) -> None:
    class Counted(Blobs):
        listings = 0

        def entries(self, prefix: str) -> Any:
            self.listings += 1
            return super().entries(prefix)

        def folders(self, prefix: str) -> Any:
            self.listings += 1
            return super().folders(prefix)

        def list(self, prefix: str, *, metadata: bool = False) -> Any:
            self.listings += 1
            return super().list(prefix, metadata=metadata)

    for day in range(1, 20):
        storage.put(f"VIP/2026/11/{day:02}/0600/VIP_1.csv", ROW)
    counted = Counted(storage.container)

    find_snapshot(counted, FOLDER, "VIP", QUIET_SECONDS, datetime.now(UTC))

    assert counted.listings == 5


def test_names_the_segments_of_a_folder(storage: Storage) -> None:
    storage.put("VIP/2026/11/22/0600/VIP_1.csv", ROW)
    storage.put("Lapsed/2026/11/22/0600/part-1.csv", ROW)
    storage.put("Oldest/Oldest_1.csv", ROW)
    storage.put("_temporary/2026/11/22/0600/x.csv", ROW)
    storage.put("Notes/readme.txt", "nothing")
    storage.put("model.json", "{}")
    storage.container.upload_blob(f"{FOLDER}_Flat_1613059542.csv", ROW)

    assert find_segments(storage.blobs, f"/{FOLDER}/") == ["Flat", "Lapsed", "Oldest", "VIP"]


def test_says_so_when_there_is_no_snapshot(storage: Storage) -> None:
    storage.put("VIP/2026/11/22/0600/VIP_1.csv", ROW)

    with pytest.raises(SegmentNotFoundError, match="the segment VI") as raised:
        storage.find("VI")
    assert raised.value.code == "segment_not_found"


def test_says_so_when_there_is_no_container(storage: Storage) -> None:
    storage.container.delete_container()

    with pytest.raises(SegmentNotFoundError):
        storage.find()


def test_is_whole_and_confirmed_as_soon_as_model_json_names_exactly_its_files(
    storage: Storage,
) -> None:
    write_export(storage.container, FOLDER, {"VIP": people(9)}, stamp=STAMP, partitions=3)

    snapshot = storage.find(later=SOON)

    assert (snapshot.whole, snapshot.confirmed) == (True, True)
    assert snapshot.types["Email"] == "string"
    assert snapshot.age(snapshot.modified + timedelta(seconds=5)) == timedelta(seconds=5)


def test_waits_for_quiet_when_files_are_newer_than_the_model_that_names_them(
    storage: Storage,
) -> None:
    names = [f"VIP/2026/11/22/0600/VIP_{number}.csv" for number in (1, 2)]
    storage.put("model.json", model_of(storage, names))
    model = storage.blobs.info(f"{FOLDER}/model.json")
    assert model is not None
    while (last := _put_all(storage, names)) <= model.modified:
        pass  # Storage keeps times to the second.

    assert last > model.modified
    assert storage.find(later=SOON).whole is False
    assert storage.find(later=LATER).whole is True
    assert storage.find(later=LATER).confirmed is True


def _put_all(storage: Storage, names: list[str]) -> datetime:
    for name in names:
        storage.put(name, ROW)
    found = storage.blobs.info(f"{FOLDER}/{names[-1]}")
    assert found is not None
    return found.modified


def test_is_whole_without_a_model_once_nothing_changed_for_a_while(storage: Storage) -> None:
    storage.put_files([ROW, ROW])

    assert storage.find(later=SOON).whole is False
    assert storage.find(later=QUIET_SECONDS - 10).whole is False
    quiet = storage.find(later=LATER)
    assert (quiet.whole, quiet.confirmed, quiet.warnings) == (True, False, ())


def test_never_falls_back_to_an_older_snapshot(storage: Storage) -> None:
    older = "VIP/2026/11/21/0600/VIP_1.csv"
    storage.put(older, ROW)
    storage.put("model.json", model_of(storage, [older]))
    storage.put_files([ROW])

    snapshot = storage.find(later=SOON)

    assert (snapshot.stamp, snapshot.whole) == ("2026/11/22/0600", False)


def test_waits_for_partitions_that_the_model_names(storage: Storage) -> None:
    names = [f"VIP/2026/11/22/0600/VIP_{number}.csv" for number in (1, 2, 3)]
    storage.put_files([ROW, ROW])
    storage.put("model.json", model_of(storage, names))

    snapshot = storage.find(later=LATER)

    assert (snapshot.whole, snapshot.confirmed, snapshot.warnings) == (False, False, ())


@pytest.mark.parametrize("marker", ["_started", "_temporary/0/task"])
def test_waits_while_a_folder_holds_only_markers(storage: Storage, marker: str) -> None:
    storage.put("VIP/2026/11/21/0600/VIP_1.csv", ROW)
    storage.put(f"VIP/2026/11/22/0600/{marker}", b"")

    snapshot = storage.find(later=LATER)

    assert (snapshot.stamp, snapshot.files, snapshot.whole) == ("2026/11/22/0600", (), False)


def test_uses_a_model_of_an_older_snapshot_for_its_columns_and_says_so(storage: Storage) -> None:
    older = "VIP/2026/11/21/0600/VIP_1.csv"
    storage.put("model.json", model_of(storage, [older]))
    storage.put_files(["ce759201f786d590bf2134bff576c369,anna@example.org\n"])

    snapshot = storage.find()

    assert (snapshot.whole, snapshot.confirmed) == (True, False)
    assert snapshot.warnings == (
        Warned(
            "snapshot_model_ignored",
            "VIP: the model.json doesn't name the files of the newest snapshot 2026/11/22/0600",
            {"segment": "VIP"},
        ),
    )
    assert rows_of(storage.blobs, snapshot, ["Email"]) == [("anna@example.org",)]


def test_reads_a_file_that_the_model_forgot_but_does_not_call_it_confirmed(
    storage: Storage,
) -> None:
    storage.put_files([ROW, ROW])
    storage.put("model.json", model_of(storage, ["VIP/2026/11/22/0600/VIP_1.csv"]))

    snapshot = storage.find()

    assert (len(snapshot.files), snapshot.confirmed, len(snapshot.warnings)) == (2, False, 1)


def test_takes_a_model_that_lists_older_files_too(storage: Storage) -> None:
    names = [f"VIP/2026/11/{day}/0600/VIP_1.csv" for day in (20, 21, 22)]
    for name in names:
        storage.put(name, ROW)
    storage.put("model.json", model_of(storage, names))

    snapshot = storage.find(later=SOON)

    assert (snapshot.confirmed, snapshot.whole, len(snapshot.files)) == (True, True, 1)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"{}",
        b'{"entities": 7}',
        b'{"entities": [7, null, {"name": "Other"}]}',
        b'{"entities": [{"name": "Other", "attributes": 1, "partitions": {"location": 1}}]}',
        b'{"entities": [{"name": "VIP", "attributes": [{"name": "\\ud800"}]}]}',
        b"[" * 100_000,
    ],
)
def test_survives_a_model_that_is_none_with_a_warning(storage: Storage, text: bytes) -> None:
    storage.put_files([ROW])
    storage.put("model.json", text)

    snapshot = storage.find()

    assert (snapshot.whole, snapshot.confirmed, len(snapshot.warnings)) == (True, False, 1)
    assert rows_of(storage.blobs, snapshot, ["Email"]) == [("anna@example.org",)]


@pytest.mark.parametrize(
    "table",
    [
        {"attributes": None, "partitions": None},
        {"attributes": [{"name": None}], "partitions": [{"location": None}, {"location": 5}]},
        {"partitions": [{"location": "http://["}, {"location": "?"}, {}]},
    ],
)
def test_survives_a_table_without_what_it_should_have(
    storage: Storage, table: dict[str, Any]
) -> None:
    storage.put_files([ROW])
    storage.put("model.json", model_of(storage, [], **table))

    assert storage.read("Email") == [("anna@example.org",)]


@pytest.mark.parametrize("place", ["VIP/model.json", "VIP/2026/11/22/0600/model.json"])
def test_finds_the_model_in_the_segments_own_folder(storage: Storage, place: str) -> None:
    name = "VIP/2026/11/22/0600/Churners_1.csv"
    storage.put(name, ROW)
    storage.put(place, model_of(storage, [name], name="Churners"))

    assert storage.find(later=SOON).confirmed


def test_prefers_the_model_that_is_right(storage: Storage) -> None:
    write_export(storage.container, FOLDER, {"VIP": people(3)}, stamp=STAMP)
    storage.put("VIP/model.json", model_of(storage, ["VIP/2026/11/21/0600/VIP_1.csv"]))

    assert (storage.find(later=SOON).confirmed, storage.find(later=SOON).warnings) == (True, ())


def test_finds_the_table_by_its_files_when_folder_and_files_have_other_names(
    storage: Storage,
) -> None:
    write_export(
        storage.container, FOLDER, {"VIP": people(3)}, stamp=STAMP, file_stem="ChurnProneCustomers",
        model=Model(edit=lambda document: document["entities"][0].update(name="Something")),
    )  # fmt: skip

    assert storage.find(later=SOON).confirmed


@pytest.mark.parametrize(
    "location",
    [
        "https://account.blob.core.windows.net/container/{path}",
        "https://account.dfs.core.windows.net/container/{path}",
        "https://account.blob.core.windows.net/container/{path}?snapshot=2026-11-22T06:00:00.0000000Z",
        "https://account.blob.core.windows.net/container/{path}?sv=2026&sig=a%2Fb%3D",
        "abfss://container@account.dfs.core.windows.net/{path}",
        "{path}",
        "/{path}",
        "V%20I%20P/2026/11/22/0600/V%C3%AFP_1.csv",
        "V I P/2026/11/22/0600/VïP_1.csv",
    ],
)
def test_recognises_a_file_by_every_kind_of_location(storage: Storage, location: str) -> None:
    name = "V I P/2026/11/22/0600/VïP_1.csv"
    storage.put(name, ROW)
    partition = {"name": "1", "location": location.format(path=quote(f"{FOLDER}/{name}"))}
    storage.put("model.json", model_of(storage, [], name="V I P", partitions=[partition]))

    assert storage.find("V I P", later=SOON).confirmed


def test_reads_the_oldest_layout_without_dates(storage: Storage) -> None:
    write_export(
        storage.container, FOLDER, {"VIP": people(9)}, stamp=STAMP, partitions=2, layout="oldest"
    )

    snapshot = storage.find()

    assert snapshot.stamp == f"{snapshot.modified:%Y/%m/%d/%H%M%S}"
    assert len(rows_of(storage.blobs, snapshot, ["Email"])) == 9


def test_reads_the_newest_flat_file(storage: Storage) -> None:
    for count, day in ((3, 21), (5, 22)):
        write_export(
            storage.container, FOLDER, {"VIP": people(count)}, layout="flat",
            stamp=STAMP.replace(day=day),
        )  # fmt: skip

    snapshot = storage.find()

    assert snapshot.stamp == "2026/11/22/060000"
    assert len(rows_of(storage.blobs, snapshot, ["Email"])) == 5


def test_keeps_what_a_listing_said_of_each_file(storage: Storage) -> None:
    storage.put_files([ROW])
    (file,) = storage.find().files
    info = storage.blobs.info(file.name)

    assert info == BlobInfo(file.name, len(ROW), file.etag, file.modified)


def test_leaves_out_what_a_writer_has_not_finished(storage: Storage) -> None:
    storage.put("VIP/2026/11/22/0600/part-00000.csv", ROW)
    storage.put("VIP/2026/11/22/0600/_temporary/0/_temporary/attempt_1/part-00000.csv", ROW)
    storage.put("VIP/2026/11/22/0600/.staging/part-00001.csv", ROW)

    assert len(storage.find().files) == 1


@pytest.mark.parametrize("place", ["2062/01/01/0600", "2026/13/45/0600", "2026/11/22/2599"])
def test_passes_over_a_folder_whose_time_has_not_come_or_never_will(
    storage: Storage, place: str
) -> None:
    storage.put(f"VIP/{place}/VIP_1.csv", ROW)
    storage.put("VIP/2026/11/22/0600/VIP_1.csv", ROW)

    snapshot = storage.find()

    assert snapshot.stamp == "2026/11/22/0600"
    assert [warned.code for warned in snapshot.warnings] == ["folder_in_future"] * (
        place < "2063" and place > "2060"
    )


@pytest.mark.parametrize(("hours", "stamp"), [(5, "2026/11/22/0600"), (7, "2026/11/21/0600")])
def test_an_old_folder_that_has_lost_its_files_is_none(
    storage: Storage, hours: int, stamp: str
) -> None:
    storage.put("VIP/2026/11/21/0600/VIP_1.csv", ROW)
    storage.put("VIP/2026/11/22/0600/_started", b"")

    assert storage.find(later=hours * 3600).stamp == stamp


def test_partitions_of_one_run_are_one_snapshot_whatever_folders_they_lie_in(
    storage: Storage,
) -> None:
    names = ["VIP/2026/11/22/0559/VIP_1.csv", "VIP/2026/11/22/0600/VIP_2.csv"]
    for name in names:
        storage.put(name, ROW)
    storage.put("VIP/2026/11/22/0559/other.csv", ROW)
    storage.put("model.json", model_of(storage, names))

    snapshot = storage.find(later=SOON)

    assert [file.name for file in snapshot.files] == [f"{FOLDER}/{name}" for name in names]
    assert (snapshot.stamp, snapshot.confirmed, snapshot.whole) == ("2026/11/22/0600", True, True)


@pytest.mark.parametrize(
    "older",
    [
        "VIP/2026/11/22/0559/VIP_2.csv",
        "VIP/2026/11/22/0400/VIP_1.csv",
        "VIP/2026/11/22/0559/part-00001-6a0a4ee0-1111-4f3e-9c41-0c7d6f1e2b90-c000.csv",
    ],
)
def test_partitions_of_an_older_run_are_none_of_the_newest(storage: Storage, older: str) -> None:
    newest = "VIP/2026/11/22/0600/VIP_2.csv"
    if "part" in older:
        newest = "VIP/2026/11/22/0600/part-00001-6a0a4ee0-2222-4f3e-9c41-0c7d6f1e2b90-c000.csv"
    for name in (older, newest):
        storage.put(name, ROW)
    storage.put("model.json", model_of(storage, [older, newest]))

    snapshot = storage.find(later=SOON)

    assert [file.name for file in snapshot.files] == [f"{FOLDER}/{newest}"]
    assert snapshot.confirmed


def test_waits_for_a_partition_of_the_same_run_in_another_folder(storage: Storage) -> None:
    names = ["VIP/2026/11/22/0559/VIP_1.csv", "VIP/2026/11/22/0600/VIP_2.csv"]
    storage.put(names[1], ROW)
    storage.put("model.json", model_of(storage, names))

    assert storage.find(later=LATER).whole is False


@pytest.mark.parametrize("segment", ["News #1", "Who?", "100% sure", "a=b!$'()*,;:@~"])
@pytest.mark.parametrize("escaped", [True, False])
def test_recognises_the_files_of_a_folder_with_characters_of_urls(
    storage: Storage, segment: str, escaped: bool
) -> None:
    name = f"{segment}/2026/11/22/0600/A_1.csv"
    storage.put(name, ROW)
    path = quote(f"{FOLDER}/{name}") if escaped else f"{FOLDER}/{name}"
    partition = {"name": "1", "location": f"https://a.blob.core.windows.net/c/{path}"}
    storage.put("model.json", model_of(storage, [], name=segment, partitions=[partition]))

    assert storage.find(segment, later=SOON).confirmed


def test_the_model_says_what_a_file_is(storage: Storage) -> None:
    name = "VIP/2026/11/22/0600/VIP_1.csv@snapshot=2026-11-22T06:00:00.0000000Z"
    storage.put(name, ROW)
    storage.put("model.json", model_of(storage, [name]))

    snapshot = storage.find(later=SOON)

    assert ([file.name for file in snapshot.files], snapshot.confirmed) == (
        [f"{FOLDER}/{name}"],
        True,
    )


def test_entities_that_are_null_beside_tables_are_none(storage: Storage) -> None:
    name = "VIP/2026/11/22/0600/VIP_1.csv"
    storage.put(name, ROW)
    document = json.loads(model_of(storage, [name]))
    document |= {"tables": document.pop("entities"), "entities": None}
    storage.put("model.json", json.dumps(document))

    assert storage.find(later=SOON).confirmed
