"""The storage emulator as the tests and the demo use it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from tests.support.root import ROOT


def blobs_of(azurite: Azurite) -> BlobServiceClient:
    return BlobServiceClient.from_connection_string(azurite.connection_string, retry_total=0)


def test_serves_blobs_and_queues_to_the_sdk() -> None:
    with Azurite.start() as azurite:
        container = blobs_of(azurite).create_container("things")
        container.upload_blob("a/b.txt", b"text")
        queue = QueueServiceClient.from_connection_string(azurite.connection_string).create_queue(
            "messages"
        )
        queue.send_message("hello")

        assert container.download_blob("a/b.txt").readall() == b"text"
        assert [message.content for message in queue.receive_messages()] == ["hello"]
        assert azurite.blob_url.startswith("http://127.0.0.1:")


def test_two_of_them_share_nothing() -> None:
    with Azurite.start() as one, Azurite.start() as other:
        blobs_of(one).create_container("things")

        assert [c.name for c in blobs_of(other).list_containers()] == []


def test_keeps_its_data_and_its_address_over_a_restart(tmp_path: Path) -> None:
    with Azurite.start(directory=tmp_path) as azurite:
        address = azurite.blob_url
        blobs_of(azurite).create_container("things").upload_blob("kept", b"text")

        azurite.restart()

        assert azurite.blob_url == address
        kept = blobs_of(azurite).get_blob_client("things", "kept").download_blob()
        assert kept.readall() == b"text"


def test_refuses_connections_after_it_stopped() -> None:
    azurite = Azurite.start()
    azurite.stop()

    with pytest.raises(ServiceRequestError):
        blobs_of(azurite).create_container("things")


def test_ends_with_the_process_that_started_it() -> None:
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from local.azurite import Azurite; a = Azurite.start();"
            "print(a._process.pid, flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert starter.stdout is not None
    emulator = int(starter.stdout.readline())

    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()

    deadline = time.monotonic() + 30
    while _exists(emulator) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _exists(emulator)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
