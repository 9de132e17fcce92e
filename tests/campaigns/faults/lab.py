"""Services that many cases share, and the cases: each an app of its own with its own storage."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import requests
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueServiceClient

from local.azurite import ACCOUNT_KEY, ACCOUNT_NAME, Azurite
from local.functions_host.process import HostProcess
from local.mailchimp.control import Account, Simulator
from local.sample_data import write_export
from local.services import Services
from local.stack import COMPRESSED_TIME_SCALE, ROOT, SEGMENT_CONTAINER, Stack
from shared.bootstrap import APP_CONTAINER
from shared.platform import queues
from shared.platform.blobs import Blobs
from shared.stored_forms import FORMS
from tests.campaigns.faults import people
from tests.campaigns.faults.relay import Loop, Relay

ENDED = frozenset({"succeeded", "partial", "failed", "skipped", "cancelled"})
SETTINGS = {
    "EXPORT_TICK": "*/3 * * * * *",
    "MAILCHIMP_TIMEOUT_SECONDS": "3",
    "MAILCHIMP_COOLDOWN_SECONDS": "1",
    "SNAPSHOT_QUIET_SECONDS": "0",
    # Many hosts poll at once here.
    "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:02",
}
# Long enough that calls are open when something happens.
_CALL_SECONDS = 0.25
_MOST_CASES = 500
_POLL_SECONDS = 0.2
# Azurite reads its accounts from the environment, which all threads share.
_environment = threading.Lock()


class Lab:
    """One Azurite with an account per case, one vault, one simulator. Use it with `with`."""

    def __init__(self, *, keep_storage: bool = False, **switches: object) -> None:
        """`keep_storage`: on disk, so that storage can be restarted. `switches`: Mailchimp's."""
        self._close = ExitStack()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        directory = self._close.enter_context(TemporaryDirectory(prefix="faults-"))
        with _storage_accounts():
            self.services = Services.start(
                environment={}, keep_in=Path(directory) if keep_storage else None
            )
        self._close.callback(self.services.stop)
        self.loop = Loop()
        self._close.callback(self.loop.close)
        # Mailchimp cuts calls off at 120 s, which the app's 130 s are above.
        always = {"bulk_seconds": _CALL_SECONDS, "cutoff_seconds": 2.5, "record_bodies": True}
        self.mailchimp.set(**{**always, **switches})

    @property
    def azurite(self) -> Azurite:
        """The storage that all cases share."""
        assert self.services.azurite is not None
        return self.services.azurite

    @property
    def mailchimp(self) -> Simulator:
        """The simulator that all cases share."""
        assert self.services.mailchimp is not None
        return self.services.mailchimp

    def restart_storage(self) -> None:
        """Stop the storage service and start it again with what it had."""
        with _storage_accounts():
            self.azurite.restart()

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something after some seconds, in a thread of its own."""
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()

    def account_name(self) -> str:
        """Return a storage account that nobody has used."""
        with self._lock:
            return f"case{next(self._numbers)}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close.close()


@contextmanager
def _storage_accounts() -> Iterator[None]:
    """Let an Azurite that starts meanwhile know an account for every case."""
    names = [ACCOUNT_NAME, *(f"case{n}" for n in range(1, _MOST_CASES))]
    with _environment:
        os.environ["AZURITE_ACCOUNTS"] = ";".join(f"{name}:{ACCOUNT_KEY}" for name in names)
        try:
            yield
        finally:
            del os.environ["AZURITE_ACCOUNTS"]


class Case:
    """An app with hosts, storage, a Mailchimp account and an audience of its own.

    `relay` lies between its hosts and its services; this object itself goes past it. Hosts that
    die are started again while a run is awaited.
    """

    def __init__(
        self,
        lab: Lab,
        *,
        hosts: int = 1,
        settings: Mapping[str, str] | None = None,
        size: people.Size | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.lab = lab
        self.mailchimp = lab.mailchimp
        self.size = size or people.Size()
        self.name = lab.account_name()
        self.restarts = 0
        self._hosts = hosts
        self._options = options
        # Hosts that died without their workers.
        self._outlived: list[HostProcess] = []
        self._snapshots = 0
        azurite = lab.azurite
        self._urls = {
            "blob": f"{azurite.blob_url.rpartition('/')[0]}/{self.name}",
            "queue": f"{azurite.queue_url.rpartition('/')[0]}/{self.name}",
        }
        own = _connection_string(self.name, self._urls)
        self._blob_service = BlobServiceClient.from_connection_string(own)
        self._queue_service = QueueServiceClient.from_connection_string(own)
        own_container = self._blob_service.get_container_client(APP_CONTAINER)
        self.blobs = Blobs(own_container, forms=FORMS)
        self.source: ContainerClient = self._blob_service.get_container_client(SEGMENT_CONTAINER)
        self.relay = Relay(lab.loop, {**self._urls, "mailchimp": self.mailchimp.url})
        relayed = _connection_string(
            self.name,
            {s: f"http://127.0.0.1:{self.relay.ports[s]}/{self.name}" for s in ("blob", "queue")},
        )
        directory = lab.services.directory / self.name
        directory.mkdir()
        self.stack = Stack(
            replace(lab.services, directory=directory),
            {
                **SETTINGS,
                "AzureWebJobsStorage": relayed,
                "SegmentStorage": relayed,
                "MAILCHIMP_API_URL": f"http://127.0.0.1:{self.relay.ports['mailchimp']}/{{dc}}/3.0",
                **(settings or {}),
            },
            COMPRESSED_TIME_SCALE,
            ROOT,
        )
        self.account: Account = self.mailchimp.add_account(self.name)
        self.audience = self.mailchimp.add_list(self.account, f"{self.name} News")

    # Hosts

    def start_hosts(self) -> None:
        """Start as many hosts as are wanted and wait until all listen."""
        for host in [host for host in self.stack.hosts if not host.running]:
            if host in self._outlived:
                self.stack.hosts.remove(host)
            else:
                self.stack.kill_host(host)
            self.restarts += 1
        while len(self.stack.hosts) < self._hosts:
            self.stack.add_host(options=self._options)

    def kill(self, *which: int) -> None:
        """Kill hosts as a power failure would, all where none are named; returns at once."""
        hosts = self.stack.hosts
        for host in [hosts[n] for n in which] if which else list(hosts):
            kill_at_once(host)

    def tell_to_stop(self) -> None:
        """Send SIGTERM to all hosts, as a deployment does; returns at once."""
        for host in self.stack.hosts:
            os.kill(host.pid, signal.SIGTERM)

    def kill_without_workers(self) -> None:
        """Kill all hosts and leave their workers to finish what they do; returns at once."""
        for host in list(self.stack.hosts):
            self._outlived.append(host)
            os.kill(host.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the hosts, and drop everything that was stored."""
        for host in self._outlived:
            host.crash()
        for host in list(self.stack.hosts):
            self.stack.kill_host(host)
        self.relay.close()
        for container in list(self._blob_service.list_containers()):
            self._blob_service.delete_container(container)
        self._blob_service.close()
        self._queue_service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What people configure

    def set_up(self, *exports: str, **changes: object) -> None:
        """Write the first snapshot, put people into the audience, save exports of these names.

        Exports by another name than the case's get a connection of their own to the same
        account, and tags of their own.
        """
        self.furnish(self.audience)
        self.write_snapshot(people.first_snapshot(self.size))
        for export in exports or (self.name,):
            self.connect(export)
            self.save_export(export, **changes)

    def furnish(self, audience: str) -> None:
        """Put some of the people into an audience, in several states."""
        before = people.audience(self.size)
        here = [people.address(n) for n in before.subscribed]
        gone = [people.address(n) for n in before.unsubscribed]
        bounced = [people.address(n) for n in before.cleaned]
        contacts = [{"email": email} for email in (*here, *gone, *bounced)]
        self.mailchimp.put_contacts(audience, contacts)
        self.mailchimp.put_contacts(audience, [{"email": before.stranger, "tags": ["Press"]}])
        self.mailchimp.unsubscribe_by_self(audience, gone)
        self.mailchimp.bounce(audience, bounced)

    def connect(self, name: str) -> None:
        """Save a connection to the case's account, and its token."""
        consent = {"accepted": True, "terms_version": self.stack.ask("GET", "terms")["version"]}
        self.stack.ask("PUT", f"connections/{name}", {"name": name, "consent": consent})
        self.stack.ask("PUT", f"connections/{name}/token", {"api_key": self.account.api_key})
        # What the account does with a status is found out beforehand, where nobody is counted.
        trials = self.mailchimp.add_list(self.account, f"{self.name} Trials")
        self.stack.ask("POST", f"connections/{name}/verify", {"audience_id": trials})

    def save_export(self, name: str, **changes: object) -> None:
        """Save an export by this name over the connection of the same name."""
        marked = "" if name == self.name else f" ({name})"
        document = {
            "name": name,
            "display_name": name,
            "connection": name,
            "audience_id": self.audience,
            "source": {"container": SEGMENT_CONTAINER, "folder": self.folder},
            "segments": [{"name": s, "tag": t + marked} for s, t in people.SEGMENTS.items()],
            "email_field": "Email",
            "merge_fields": people.FIELDS,
            "leavers": "archive",
            "schedule": {"active": False, "kind": "none"},
            **changes,
        }
        self.stack.ask("PUT", f"exports/{name}", document)

    @property
    def folder(self) -> str:
        """Where Customer Insights writes the case's segments."""
        return f"CustomerInsights_{self.name}/BlobExport"

    def write_snapshot(self, segments: Mapping[str, Any], *, again: bool = False) -> None:
        """Write a newer snapshot of the segments, or the last one `again` with other rows."""
        self._snapshots += not again
        stamp = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self._snapshots)
        write_export(self.source, self.folder, segments, stamp=stamp, partitions=2)

    # Runs

    def start(self, export: str = "", **options: bool) -> str:
        """Start a run and return its id."""
        run = self.stack.ask("POST", f"exports/{export or self.name}/runs", options)
        return str(run["id"])

    def record(self, run: str) -> dict[str, Any]:
        """Return a run's stored record, read past the relay; {} while there is none."""
        found = self.blobs.read_document(f"runs/{run.rsplit('-', 2)[0]}/{run}/run.json")
        return found[0] if found else {}

    def await_end(self, run: str, *, timeout: float = 300) -> dict[str, Any]:
        """Wait until a run's record has ended and its export is free; restart dead hosts."""
        self.wait_for(
            lambda: self.record(run).get("status") in ENDED and not self.is_active(run),
            f"the end of {run}",
            timeout,
        )
        return self.record(run)

    def is_active(self, run: str) -> bool:
        """Return whether the run's export is marked as having an active run."""
        return self.blobs.exists(f"runs/_active/{run.rsplit('-', 2)[0]}")

    def wait_for(self, condition: Callable[[], bool], what: str, timeout: float = 60) -> None:
        """Wait for a condition while dead hosts are started again; raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} after {timeout:.0f} s; {self.last_errors()}")
            self.start_hosts()
            time.sleep(_POLL_SECONDS)

    def run(self, **options: bool) -> dict[str, Any]:
        """Run the case's export to its end and return the record."""
        return self.await_end(self.start("", **options))

    def answer(self, method: str, path: str, json: object = None) -> requests.Response:
        """Call the app, started again where it has died."""
        self.start_hosts()
        return self.stack.api(method, path, json)

    # Storage

    def clear_queues(self) -> None:
        """Lose every message that the app has sent."""
        for name in self._queues():
            self._queue_service.get_queue_client(name).clear_messages()

    def waiting_messages(self) -> int:
        """Return how many messages the app's queues hold, hidden ones included."""
        return sum(
            self._queue_service.get_queue_client(name)
            .get_queue_properties()
            .approximate_message_count
            or 0
            for name in self._queues()
        )

    def _queues(self) -> list[str]:
        """Return the app's queues that there are by now: a message makes its own."""
        there = {queue.name for queue in self._queue_service.list_queues()}
        return [name for name in queues.ALL if name in there]

    def last_errors(self) -> list[str]:
        """Return the last lines of the distinct errors that the hosts logged."""
        lines = [error.strip().splitlines()[-1][:200] for error in self.stack.errors()]
        return list(dict.fromkeys(lines))[-6:]


def kill_at_once(host: HostProcess) -> None:
    """Send the signal and do not wait; a host that is gone already is no error."""
    if host.running:
        host.crash()


def _connection_string(account: str, urls: Mapping[str, str]) -> str:
    return (
        f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={ACCOUNT_KEY};"
        f"BlobEndpoint={urls['blob']};QueueEndpoint={urls['queue']};"
    )
