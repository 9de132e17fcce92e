"""An export whose runs are driven step by step in this process, as a host's queues would do."""

import csv
import io
import itertools
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from azure.core.credentials import AccessToken
from azure.core.exceptions import ResourceNotFoundError
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy

from local.identity import issue_token
from local.mailchimp.control import Account, Simulator
from local.sample_data import write_export
from local.services import Services
from local.stack import SEGMENT_CONTAINER
from local.vault import Vault as LocalVault
from shared.app import App
from shared.bootstrap import build_app
from shared.exports import connections, exports, store
from shared.exports.access import Role, key_holder
from shared.exports.connection_models import Connection, StoredConnection
from shared.exports.models import Export, StoredExport
from shared.exports.updates import settle_updates
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.tokens import parse_token
from shared.platform.settings import Settings
from shared.platform.vault import Vault
from shared.runs import names
from shared.runs.finishing.finish import finish_run
from shared.runs.outcomes import file_name
from shared.runs.planning.plan import plan_run
from shared.runs.record import RunRequest
from shared.runs.sending.batch_sizes import BatchSizes
from shared.runs.sending.lane import send_batches
from shared.runs.sending.lanes import Lanes
from shared.runs.start import start_run

_LONG_AGO = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
_TIMES = {
    "MAILCHIMP_TIMEOUT_SECONDS": "5",
    "MAILCHIMP_COOLDOWN_SECONDS": "0",
    "SNAPSHOT_QUIET_SECONDS": "0",
}


class _Identity:
    """The app's identity: a token for whatever it asks."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(*issue_token(scopes[0].removesuffix("/.default")))


def app_of(services: Services, settings: Mapping[str, str] | None = None) -> App:
    """Return the app on local services; a vault that is silent is not asked again and again."""
    environment = {**services.settings, **_TIMES, **(settings or {})}
    app = build_app(Settings.from_environment(environment))
    client = SecretClient(
        app.settings.key_vault_url,
        _Identity(),
        verify_challenge_resource=False,
        connection_verify=str(services.certificates.bundle),
        retry_total=0,
    )
    return replace(app, vault=Vault(client))


@dataclass(frozen=True)
class Steps:
    """One export with its connection, account and audience; no other test knows them."""

    services: Services
    app: App
    name: str
    account: Account
    audience: str
    # Of another export than the first, see `beside`.
    export_name: str = ""
    _snapshots: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    def make(cls, services: Services, app: App, people: int = 3) -> Self:
        """Connect a new account, write a segment of so many people and save the export."""
        name = f"t-{uuid.uuid4().hex[:8]}"
        assert services.mailchimp is not None
        account = services.mailchimp.add_account(name)
        steps = cls(services, app, name, account, services.mailchimp.add_list(account, "News"))
        steps.write({"VIP": range(people)})
        somebody = key_holder(Role.ADMINISTRATOR)
        connection = Connection.model_validate({"name": name, "consent": {"accepted": True}})
        document = connections.merged(connection, None, somebody)
        store.save_connection(app.blobs, document, None)
        steps.use_key(account.api_key)
        trials = services.mailchimp.add_list(account, "Trials")
        token = parse_token(account.api_key)
        with MailchimpClient(app.settings.mailchimp_api_url, token, 10) as client:
            settle_updates(app, account.account_id, trials, client)
        services.mailchimp.reset_log()
        export = Export.model_validate(
            {
                "name": name,
                "connection": name,
                "audience_id": steps.audience,
                "source": {"folder": steps.folder},
                "segments": ["VIP"],
                "email_field": "Email",
                "merge_fields": {"FNAME": "FirstName"},
                "schedule": {"active": False, "kind": "none"},
            }
        )
        store.save_export(app.blobs, exports.merged(export, None, somebody, []), None)
        return steps

    @property
    def folder(self) -> str:
        """Where the segments lie."""
        return f"CustomerInsights_{self.name}/BlobExport"

    def write(self, segments: Mapping[str, Iterable[int]], **values: object) -> None:
        """Write a newer snapshot of each segment with these people; `values` are columns."""
        tables = {
            segment: [
                {"CustomerId": f"{self.name}-{n}", "Email": self.email(n), "FirstName": f"P{n}"}
                | values
                for n in numbers
            ]
            for segment, numbers in segments.items()
        }
        columns: dict[str, list[object]] = {"CustomerId": [], "Email": [], "FirstName": []}
        stamp = _LONG_AGO + timedelta(hours=next(self._snapshots))
        write_export(
            self.services.segment_container(SEGMENT_CONTAINER),
            self.folder,
            {name: rows or columns for name, rows in tables.items()},
            stamp=stamp,
        )

    @property
    def segments(self) -> ContainerClient:
        """The container of the segments."""
        return self.services.segment_container(SEGMENT_CONTAINER)

    def put(self, name: str, data: str) -> None:
        """Write a blob below the segments' folder."""
        self.segments.upload_blob(f"{self.folder}/{name}", data, overwrite=True)

    def files(self) -> list[str]:
        """The CSV files below the segments' folder, their names from there on."""
        names = self.segments.list_blob_names(name_starts_with=f"{self.folder}/")
        return [n.removeprefix(f"{self.folder}/") for n in names if n.endswith(".csv")]

    def export(self) -> StoredExport:
        """The stored export."""
        return self._stored()[0]

    def _stored(self) -> tuple[StoredExport, str]:
        found = store.load_export(self.app.blobs, self.export_name or self.name)
        assert found is not None
        return found

    def change(self, **changes: object) -> None:
        """Save the export with some members changed."""
        stored, etag = self._stored()
        written = {name: getattr(stored, name) for name in Export.model_fields}
        export = Export.model_validate(written | changes)
        somebody = key_holder(Role.ADMINISTRATOR)
        merged = exports.merged(export, stored, somebody, [])
        store.save_export(self.app.blobs, merged, etag)

    def beside(self, suffix: str, **changes: object) -> "Steps":
        """Another export on the same audience, with its steps."""
        found = store.load_export(self.app.blobs, self.name)
        assert found is not None
        written = {name: getattr(found[0], name) for name in Export.model_fields}
        export = Export.model_validate(written | {"name": f"{self.name}{suffix}"} | changes)
        somebody = key_holder(Role.ADMINISTRATOR)
        store.save_export(self.app.blobs, exports.merged(export, None, somebody, []), None)
        return replace(self, export_name=export.name)

    def run(self) -> dict[str, Any]:
        """Make a run, in which nobody disturbs it; its record."""
        run = self.sent()
        self.finish(run)
        return self.record(run)

    @property
    def vault(self) -> LocalVault:
        """The vault, which may be silenced."""
        assert self.services.vault is not None
        return self.services.vault

    @property
    def mailchimp(self) -> Simulator:
        """The simulator."""
        assert self.services.mailchimp is not None
        return self.services.mailchimp

    def email(self, number: int) -> str:
        """The address of a person whom no other test knows: who was erased stays so for all."""
        return f"{number}-{self.name}@contoso.com"

    def use_key(self, key: str) -> None:
        """Put another key into the connection's secret."""
        self.vault.set(f"mailchimp-{self.name}", key)

    def connection(self) -> StoredConnection:
        """The stored connection."""
        found = store.load_connection(self.app.blobs, self.name)
        assert found is not None
        return found[0]

    def start(self) -> str:
        """Start a run; its id."""
        return start_run(self.app, self.export(), RunRequest(requested_by="test")).id

    def plan(self, run: str) -> None:
        """Handle a plan message."""
        plan_run(self.app, {"run": run})

    def client(self, timeout: float = 10) -> MailchimpClient:
        """Return a client with the account's key; its calls are made under no slot."""
        url = self.app.settings.mailchimp_api_url
        return MailchimpClient(url, parse_token(self.account.api_key), timeout)

    def lane(self, slot: int | str | None = None) -> None:
        """Handle a lane message, perhaps one that names a slot."""
        message = {"account": self.account.account_id}
        lanes = Lanes(self.app, BatchSizes(self.app.blobs))
        send_batches(lanes, message if slot is None else message | {"slot": str(slot)})

    def finish(self, run: str) -> None:
        """Handle a finish message."""
        finish_run(self.app, {"run": run})

    def sent(self) -> str:
        """Start a run, plan it and send all of it; its id."""
        run = self.start()
        self.plan(run)
        self.lane()
        return run

    def record(self, run: str) -> dict[str, Any]:
        """The stored record of a run."""
        found = self.app.blobs.read_document(names.record_name(run))
        assert found is not None
        return found[0]

    def outcomes(self, run: str) -> list[dict[str, str]]:
        """The rows of a run's outcomes."""
        text = self.app.blobs.read(file_name(run, None)).decode()
        return list(csv.DictReader(io.StringIO(text)))

    def messages(self, queue: str, run: str) -> int:
        """How many messages for a run, or another id, can be seen in a queue; takes all of them."""
        assert self.services.azurite is not None
        with QueueServiceClient.from_connection_string(
            self.services.azurite.connection_string
        ) as service:
            client = service.get_queue_client(queue, message_decode_policy=TextBase64DecodePolicy())
            try:
                found = list(client.receive_messages(messages_per_page=32))
            except ResourceNotFoundError:
                return 0  # Nobody has sent any.
            for message in found:
                client.delete_message(message)
        return sum(run in json.loads(message.content).values() for message in found)

    def contacts(self) -> set[str]:
        """Addresses in the audience."""
        return set(self.mailchimp.contacts(self.audience))

    def calls(self, account: Account) -> int:
        """How many calls an account has seen."""
        return sum(call.account_id == account.account_id for call in self.mailchimp.calls())
