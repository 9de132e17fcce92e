"""Queue messages between their text in storage and what a function is given."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from azure.storage.queue import QueueMessage

from local.functions_host.wire import Typed


@dataclass(frozen=True)
class MessageCoding:
    """host.json's `messageEncoding`; note that the SDK's default is `none`, the host's base64."""

    encoding: Literal["base64", "none"]

    def encode(self, body: bytes) -> str:
        """The text to send for a body."""
        return base64.b64encode(body).decode() if self.encoding == "base64" else body.decode()

    def decode(self, content: str) -> Typed:
        """What the function gets.

        Raises UnicodeDecodeError for what is no text, which Azure tries again and again, and else
        ValueError, for what it gives up at once.
        """
        if self.encoding == "none":
            return Typed(content, "string")
        try:
            body = base64.b64decode(content, validate=True)
        except binascii.Error as error:
            raise ValueError("message is not base64") from error
        return Typed(body.decode(), "string")


def trigger_metadata(message: QueueMessage) -> dict[str, Typed]:
    """The fields that `func.QueueMessage` is filled from."""
    return {
        "Id": Typed(message.id, "string"),
        "DequeueCount": Typed(json.dumps(message.dequeue_count), "json"),
        "PopReceipt": Typed(message.pop_receipt, "string"),
        "InsertionTime": _time(message.inserted_on),
        "ExpirationTime": _time(message.expires_on),
        "NextVisibleTime": _time(message.next_visible_on),
    }


def _time(moment: datetime | None) -> Typed:
    return Typed(json.dumps(moment.isoformat() if moment else None), "json")
