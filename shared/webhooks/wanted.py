"""Which webhooks there should be: one for each audience of the exports of who wants them.

`webhooks/wishes/{connection}` says that a connection may want some. Where nobody does, the timer
finds that out with one listing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.app import App
from shared.exports import store
from shared.exports.connection_models import StoredConnection
from shared.exports.connections import status_of
from shared.platform.blobs import Blobs
from shared.webhooks import hooks

_WISHES = f"{hooks.ROOT}wishes/"


@dataclass(frozen=True)
class Wanted:
    """What there should be.

    audiences: of each connection. waiting: connections that can't be used now; what they have
    stays. unsure: an export can't be read, so nothing is removed for want of exports.
    """

    connections: dict[str, StoredConnection] = field(default_factory=dict)
    audiences: dict[str, set[str]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    unsure: bool = False

    def keeps(self, hook: hooks.Hook) -> bool:
        """Return whether a webhook is to stay."""
        if hook.connection in self.waiting:
            return True
        connection = self.connections.get(hook.connection)
        if connection is None or connection.account_id != hook.account:
            return False
        return self.unsure or hook.audience in self.audiences[hook.connection]


def wish(blobs: Blobs, connection: str) -> None:
    """Note that a connection is about to want webhooks."""
    blobs.write(f"{_WISHES}{connection}", b"")


def is_asked_for(blobs: Blobs) -> bool:
    """Return whether any connection may want webhooks, or any is there."""
    return any(blob.name.startswith((_WISHES, hooks.HOOKS)) for blob in blobs.list(hooks.ROOT))


def read_wanted(app: App) -> Wanted:
    """Return what there should be; forget the wishes of connections that want nothing."""
    names = [blob.name.removeprefix(_WISHES) for blob in app.blobs.list(_WISHES)]
    wishing = [found for name in names if (found := _wishing(app.blobs, name)) is not None]
    if not wishing:
        return Wanted()
    exports, unreadable = store.indexed_exports(app.blobs)
    wanted = Wanted(unsure=bool(unreadable))
    for connection in wishing:
        if status_of(app, connection) != "ready" or connection.account_id is None:
            wanted.waiting.add(connection.name)
            continue
        audiences = {one.audience_id for one in exports if one.connection == connection.name}
        wanted.connections[connection.name] = connection
        wanted.audiences[connection.name] = audiences
    return wanted


def _wishing(blobs: Blobs, name: str) -> StoredConnection | None:
    found = store.load_connection(blobs, name)
    if found is not None and found[0].webhooks:
        return found[0]
    blobs.delete(f"{_WISHES}{name}")
    return None


def audiences_of(app: App, connections: Iterable[str]) -> dict[str, set[str]]:
    """Return the audiences of the exports of some connections."""
    names = set(connections)
    exports, _ = store.indexed_exports(app.blobs)
    found: dict[str, set[str]] = {name: set() for name in names}
    for one in exports:
        if one.connection in names and one.connection is not None:
            found[one.connection].add(one.audience_id)
    return found
