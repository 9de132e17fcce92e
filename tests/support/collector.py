"""Takes what the worker sends to Application Insights, and reads it as a person would."""

import gzip
import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

from local.certificates import Certificates
from local.identity import read_token
from local.loopback import Answer, LoopbackServer, Request
from tests.deployment import app_settings

_OF_TELEMETRY = ("OTEL_", "PYTHON_APPLICATIONINSIGHTS_", "APPLICATIONINSIGHTS_")


@dataclass(frozen=True)
class Item:
    """One row of a table: `kind` is RemoteDependency (a span), Message, Exception or Metric."""

    kind: str
    operation: str
    parent: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """The span's name."""
        return str(self.data.get("name"))

    @property
    def properties(self) -> dict[str, str]:
        """The span's attributes, which arrive as texts."""
        return dict(self.data.get("properties") or {})


@dataclass
class Collector:
    """A server in the place of Application Insights.

    `bodies` is all that was sent, as text; `received` its size in bytes, uncompressed; `audiences`
    what the senders' tokens were issued for.
    """

    certificates: Certificates
    bodies: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    audiences: set[str] = field(default_factory=set)
    received: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        # Of its own: what a sender of before could not deliver lies on the disk, by its key.
        self._key = uuid.uuid4()
        self._server = LoopbackServer(self._take, self.certificates)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the deployment that concern telemetry, with this server's address."""
        deployed = app_settings.written_down()
        mine = {name: value for name, value in deployed.items() if name.startswith(_OF_TELEMETRY)}
        url = self._server.url
        mine["APPLICATIONINSIGHTS_CONNECTION_STRING"] = (
            f"InstrumentationKey={self._key};IngestionEndpoint={url}/;LiveEndpoint={url}/"
        )
        return mine

    def _take(self, request: Request) -> Answer:
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        token = read_token(request.headers.get("authorization", "")) or {}
        with self._lock:
            self.audiences.add(token.get("aud", "nobody"))
            self.received += len(body)
            self.bodies.append(f"{request.path} {body.decode()}")
            if not request.path.endswith("/track"):
                # Somebody who looks at live figures: there is nobody.
                return Answer(200, {}, {"x-ms-qps-subscribed": "false"})
            sent = json.loads(body)
            self.items += [_read(item) for item in sent]
        return Answer(200, {"itemsReceived": len(sent), "itemsAccepted": len(sent), "errors": []})

    def spans(self, name: str) -> list[Item]:
        """The spans of a name, as they came."""
        return [i for i in list(self.items) if i.kind == "RemoteDependency" and i.name == name]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The app's log events of a name."""
        messages = [i.data["message"] for i in list(self.items) if i.kind == "Message"]
        events = [json.loads(message) for message in messages if message.startswith("{")]
        return [event for event in events if event["event"] == name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()


def _read(item: dict[str, Any]) -> Item:
    tags = item.get("tags", {})
    return Item(
        item["name"].rsplit(".", 1)[-1],
        tags.get("ai.operation.id", ""),
        tags.get("ai.operation.parentId", ""),
        item["data"]["baseData"],
    )
