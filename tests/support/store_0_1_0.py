"""The store that version 0.1.0 left (tests/fixtures/store_0_1_0), put back into the services."""

import contextlib
import csv
import io
import json
import time
import zipfile
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobType, ContainerClient, ContentSettings
from azure.storage.queue import QueueServiceClient, TextBase64EncodePolicy

from local.mailchimp.control import Account, Simulator
from local.services import Services
from local.stack import SEGMENT_CONTAINER
from shared.bootstrap import APP_CONTAINER

SETTINGS = {
    "NOTIFY_WEBHOOK_SECRET_NAME": "webhook",
    # The store gets older than any run may get, and its open runs than any that makes headway.
    "RUN_RETENTION_DAYS": "3650",
    "RUN_DEADLINE_HOURS": "240",
}
_FIXTURES = Path(__file__).parent.parent / "fixtures" / "store_0_1_0"


class StoreOf010:
    """What store.zip, or another one beside it, holds; the README there says what that is."""

    def __init__(self, name: str = "store") -> None:
        self._zip = zipfile.ZipFile(_FIXTURES / f"{name}.zip")

    @cached_property
    def answers(self) -> dict[str, Any]:
        """What 0.1.0's API said: exports, connections, runs, and the sign-in's URL."""
        found: dict[str, Any] = self._document("answers.json")
        return found

    @cached_property
    def blob_names(self) -> list[str]:
        """The app's blobs."""
        return [blob["name"] for blob in self._document("blobs.json")]

    def blob(self, name: str) -> bytes:
        """The content of one of them."""
        return self._zip.read(f"blobs/{name}")

    def outcomes(self, run: str, code: str | None) -> bytes:
        """The CSV that the API gave of a run."""
        return self._zip.read(f"outcomes/{run}/{code or 'all'}.csv")

    def audience_of(self, export: str) -> str:
        """The audience of an export."""
        found = [one for one in self.answers["exports"] if one["name"] == export]
        return str(found[0]["audience_id"])

    def rows(self, segment: str) -> list[dict[str, str]]:
        """The newest snapshot of a segment."""
        names = [n for n in self._zip.namelist() if f"/BlobExport/{segment}/" in n]
        text = self._zip.read(max(names)).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    @property
    def accounts(self) -> list[Account]:
        """Mailchimp's accounts."""
        return [Account(**account) for account in self._document("mailchimp.json")["accounts"]]

    @property
    def folder(self) -> str:
        """The folder of all segments."""
        return str(self.answers["exports"][0]["source"]["folder"])

    def load(self, services: Services) -> None:
        """Put everything where the app and its neighbours look for it."""
        assert services.azurite is not None
        assert services.vault is not None
        assert services.mailchimp is not None
        self.load_blobs(services.azurite.connection_string)
        self._load_queues(services.azurite.connection_string)
        for name, value in self._document("secrets.json").items():
            services.vault.set(name, value)
        self._furnish(services.mailchimp)

    def load_blobs(self, storage: str) -> None:
        """Put the blobs of the app, and the segments, into a storage account."""
        for folder, name in (("blobs", APP_CONTAINER), ("segments", SEGMENT_CONTAINER)):
            with ContainerClient.from_connection_string(storage, name) as container:
                with contextlib.suppress(ResourceExistsError):
                    container.create_container()
                for blob in self._document(f"{folder}.json"):
                    container.upload_blob(
                        blob["name"],
                        self._zip.read(f"{folder}/{blob['name']}"),
                        blob_type=BlobType(blob["type"]),
                        metadata=_as_of_now(blob["metadata"]),
                        content_settings=ContentSettings(content_type=blob["content_type"]),
                        overwrite=True,
                    )

    def _load_queues(self, storage: str) -> None:
        policy = TextBase64EncodePolicy()
        with QueueServiceClient.from_connection_string(storage) as service:
            for name, messages in self._document("queues.json").items():
                queue = service.get_queue_client(name, message_encode_policy=policy)
                with contextlib.suppress(ResourceExistsError):
                    queue.create_queue()
                for message in messages:
                    queue.send_message(message)

    def _furnish(self, simulator: Simulator) -> None:
        """Make the accounts and audiences as they were, in the order that their ids come from."""
        known = self._document("mailchimp.json")
        for account in known["accounts"]:
            simulator.add_account(
                account["name"],
                account["dc"],
                api_key=account["api_key"],
                account_id=account["account_id"],
            )
        for one in known["lists"]:
            simulator.add_list(
                one["account_id"], one["name"], merge_fields=known["fields"], list_id=one["id"]
            )
            for name, id_ in one["tags"]:
                assert simulator.create_tag(one["id"], name) == id_
            simulator.put_contacts(one["id"], map(_contact, one["contacts"]))
            simulator.forget(one["id"], one["forgotten"])
        simulator.reset_log()

    def _document(self, name: str) -> Any:
        return json.loads(self._zip.read(name))


def _as_of_now(metadata: dict[str, str]) -> dict[str, str]:
    """Have a chunk look as if Mailchimp had just accepted something of it."""
    if "accepted_at" not in metadata:
        return metadata
    return {**metadata, "accepted_at": str(int(time.time()))}


def _contact(shown: dict[str, Any]) -> dict[str, Any]:
    """A contact as the simulator takes it: its times in seconds."""
    times = {
        name: int(datetime.fromisoformat(text).timestamp()) if (text := shown[name]) else 0
        for name in ("timestamp_opt", "timestamp_signup", "last_changed")
    }
    return {**shown, **times, "merge_fields": {k: v for k, v in shown["merge_fields"].items() if v}}
