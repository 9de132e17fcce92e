"""Storage for the hosts under test, and a look at what the sample app noted in its journal."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from local.azurite import Azurite
from local.functions_host.process import HostProcess

SAMPLE_APP = Path(__file__).parent / "sample_app"
# Running messages then hide for 2 s, the shortest that the host does.
FAST = 0.002


def until[T](look: Callable[[], T], timeout: float = 30) -> T:
    """Looks again until there is something to see, and returns it."""
    deadline = time.monotonic() + timeout
    while not (seen := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return seen


@dataclass
class Stage:
    """One test's own queues and journal entries, and the hosts it starts."""

    connection_string: str
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")
    hosts: list[HostProcess] = field(default_factory=list)

    def start(self, *, time_scale: float = FAST, **options: Any) -> HostProcess:
        """Starts a host of the sample app; its timer is due once a year if not said otherwise."""
        environment = {
            "AzureWebJobsStorage": self.connection_string,
            "AzureFunctionsWebHost__hostid": self.name,
            "WORK_QUEUE": self.name,
            "TICK": "0 0 0 29 2 *",
            **options.pop("environment", {}),
        }
        host = HostProcess.start(SAMPLE_APP, environment, time_scale=time_scale, **options)
        self.hosts.append(host)
        return host

    def queue(self, suffix: str = "") -> QueueClient:
        """The test's work queue, or one whose name begins with it."""
        return QueueClient.from_connection_string(
            self.connection_string,
            self.name + suffix,
            message_encode_policy=TextBase64EncodePolicy(),
            message_decode_policy=TextBase64DecodePolicy(),
        )

    def send(self, word: str, **task: object) -> None:
        """Gives the function `work` something to do."""
        self.queue().send_message(json.dumps({"word": f"{self.name}-{word}", **task}))

    def poisoned(self) -> list[dict[str, Any]]:
        """The messages of the poison queue."""
        try:
            return [json.loads(m.content) for m in self.queue("-poison").peek_messages(32)]
        except ResourceNotFoundError:
            return []

    def noted(self, word: str, what: str = "end") -> list[dict[str, Any]]:
        """What `work` noted about a word, oldest first."""
        return self._read(f"work/{self.name}-{word}/", what)

    def ticks(self, what: str) -> list[dict[str, Any]]:
        """What `tick` noted in the hosts of this test, oldest first."""
        pids = {host.pid for host in self.hosts}
        return [entry for entry in self._read("tick/", what) if entry["pid"] in pids]

    def _read(self, prefix: str, what: str) -> list[dict[str, Any]]:
        journal = ContainerClient.from_connection_string(self.connection_string, "journal")
        names = [n for n in journal.list_blob_names(name_starts_with=prefix) if n.endswith(what)]
        return [json.loads(journal.download_blob(name).readall()) for name in sorted(names)]


@pytest.fixture(scope="package")
def connection_string() -> Iterator[str]:
    with Azurite.start() as azurite:
        text = azurite.connection_string
        ContainerClient.from_connection_string(text, "journal").create_container()
        yield text


@pytest.fixture
def stage(connection_string: str) -> Iterator[Stage]:
    """A stage of the test's own; its hosts end with the test."""
    stage = Stage(connection_string)
    stage.queue().create_queue()
    yield stage
    for host in stage.hosts:
        host.kill()
