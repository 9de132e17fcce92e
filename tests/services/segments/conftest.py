"""One storage emulator for these tests, a container of its own for each."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from local.azurite import Azurite
from shared.platform.blobs import Blobs
from shared.segments.reader import read_profiles
from shared.segments.snapshots import Snapshot, find_snapshot

FOLDER = "CustomerInsights_abcd1234-4312-11f4-93dc-24f72f43e7d5/BlobExport"
STAMP = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
QUIET_SECONDS = 300.0

_numbers = itertools.count()


@dataclass
class Storage:
    """A container with an export's folder in it, as tests write and read it."""

    container: ContainerClient
    blobs: Blobs

    def put(self, name: str, data: bytes | str) -> None:
        """Write a blob below the export's folder."""
        self.container.upload_blob(f"{FOLDER}/{name}", data, overwrite=True)

    def put_files(self, files: Sequence[bytes | str], segment: str = "VIP") -> None:
        """Write one snapshot's partitions."""
        for number, data in enumerate(files, 1):
            self.put(f"{segment}/2026/11/22/0600/{segment}_{number}.csv", data)

    def find(self, segment: str = "VIP", *, later: float = 3600) -> Snapshot:
        """Find the segment's snapshot as if so many seconds had passed."""
        now = datetime.now(UTC) + timedelta(seconds=later)
        return find_snapshot(self.blobs, FOLDER, segment, QUIET_SECONDS, now)

    def read(self, *columns: str, segment: str = "VIP") -> list[tuple[str, ...]]:
        """Read the snapshot's rows, its files in order."""
        return rows_of(self.blobs, self.find(segment), columns)


def rows_of(blobs: Blobs, snapshot: Snapshot, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Read a snapshot as plain rows."""
    rows: list[tuple[str, ...]] = []
    for batch in read_profiles(blobs, snapshot, columns):
        assert batch.schema.names == list(columns)
        rows += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return rows


@pytest.fixture(scope="package")
def new_storage(azurite: Azurite) -> Callable[[], Storage]:
    """Make storages one after the other, for property tests too."""
    service = BlobServiceClient.from_connection_string(
        azurite.connection_string, max_single_get_size=8 << 20, max_chunk_get_size=8 << 20
    )

    def make() -> Storage:
        container = service.create_container(f"container{next(_numbers)}")
        return Storage(container, Blobs(container))

    return make


@pytest.fixture
def storage(new_storage: Callable[[], Storage]) -> Storage:
    return new_storage()


def people(count: int) -> Mapping[str, list[str]]:
    """Made-up profiles with the columns that most tests look at."""
    return {
        "CustomerId": [f"{number:032x}" for number in range(count)],
        "Email": [f"person{number}@example.org" for number in range(count)],
        "Note": [f"note {number}" for number in range(count)],
    }
