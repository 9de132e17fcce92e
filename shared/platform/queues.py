"""Queue messages: ids only, as JSON, in the host's own encoding."""

import contextlib
import json
import threading

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64EncodePolicy

from shared.platform.clock import utc_now
from shared.platform.errors import asking_cloud
from shared.platform.queue_names import ALL, FINISH, LANE, NOTICES, PLAN, UPKEEP

__all__ = ["ALL", "FINISH", "LANE", "NOTICES", "PLAN", "UPKEEP", "Queues"]


class Queues:
    """The queues of the app. The SDK's default encoding is not the host's, so it is set."""

    def __init__(self, service: QueueServiceClient) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._clients: dict[str, QueueClient] = {}

    def send(self, queue: str, message: dict[str, str], *, delay: float = 0) -> None:
        """Put a message; it becomes visible after `delay` seconds. Creates a missing queue."""
        text = json.dumps(message, sort_keys=True)
        client = self._client(queue)
        try:
            with asking_cloud():
                client.send_message(text, visibility_timeout=round(delay))
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError), asking_cloud():
                client.create_queue()
            with asking_cloud():
                client.send_message(text, visibility_timeout=round(delay))

    def length(self, queue: str) -> int:
        """Return about how many messages wait, hidden ones included; 0 for a missing queue."""
        try:
            with asking_cloud():
                found = self._client(queue).get_queue_properties()
            return int(found.approximate_message_count or 0)
        except ResourceNotFoundError:
            return 0

    def age(self, queue: str) -> int | None:
        """Return for how many seconds the oldest message that is not hidden has been there."""
        try:
            with asking_cloud():
                found = self._client(queue).peek_messages(max_messages=1)
        except ResourceNotFoundError:
            return None
        if not found or found[0].inserted_on is None:
            return None
        waited = (utc_now() - found[0].inserted_on).total_seconds()
        return max(0, round(waited))

    def _client(self, queue: str) -> QueueClient:
        with self._lock:
            if queue not in self._clients:
                self._clients[queue] = self._service.get_queue_client(
                    queue, message_encode_policy=TextBase64EncodePolicy()
                )
            return self._clients[queue]
