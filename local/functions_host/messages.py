"""Queue messages between their text in storage and what a function is given."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from azure.storage.queue import QueueMessage
from azure_functions_runtime.bindings.datumdef import Datum


@dataclass(frozen=True)
class MessageCoding:
    """host.json's `messageEncoding`; note that the SDK's default is `none`, the host's base64."""

    encoding: Literal["base64", "none"]

    def encode(self, body: bytes) -> str:
        """The text to send for a body."""
        return base64.b64encode(body).decode() if self.encoding == "base64" else body.decode()

    def decode(self, content: str) -> Datum:
        """What the function gets: text, or bytes where it is no UTF-8; raises ValueError."""
        if self.encoding == "none":
            return Datum(content, "string")
        try:
            body = base64.b64decode(content, validate=True)
        except binascii.Error as error:
            raise ValueError("message is not base64") from error
        try:
            return Datum(body.decode(), "string")
        except UnicodeDecodeError:
            return Datum(body, "bytes")


def trigger_metadata(message: QueueMessage) -> dict[str, Datum]:
    """The fields that `func.QueueMessage` is filled from."""
    return {
        "Id": Datum(message.id, "string"),
        "DequeueCount": Datum(json.dumps(message.dequeue_count), "json"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
        "InsertionTime": _time(message.inserted_on),
        "ExpirationTime": _time(message.expires_on),
        "NextVisibleTime": _time(message.next_visible_on),
    }


def _time(moment: datetime | None) -> Datum:
    return Datum(json.dumps(moment.isoformat() if moment else None), "json")
