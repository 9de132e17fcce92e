"""What people are told of webhooks: of each audience of a connection whether there is one."""

from collections.abc import Iterable, Mapping

from shared.app import App
from shared.exports.connection_models import StoredConnection
from shared.platform.blobs import Document
from shared.platform.clock import to_text
from shared.webhooks import hooks
from shared.webhooks.wanted import audiences_of

_SHOWN = {"on": "on", "unsigned": "unsigned", "unreachable": "unreachable"}


def webhook_states(
    app: App, connections: Iterable[StoredConnection]
) -> Mapping[str, list[Document]]:
    """Return the members of `webhook_state` by connection; nothing is read where none wants any."""
    names = [one.name for one in connections if one.webhooks]
    if not names:
        return {}
    last = hooks.last_events(app.blobs)
    found = {(hook.connection, hook.audience): hook for hook in hooks.all_hooks(app.blobs)}

    def shown(name: str, audience: str) -> Document:
        hook = found.get((name, audience))
        heard = last.get(hook.id) if hook else None
        return {
            "audience_id": audience,
            "state": _SHOWN.get(hook.state, "off") if hook else "off",
            "last_event_at": to_text(heard) if heard else None,
        }

    wanted = audiences_of(app, names)
    return {name: [shown(name, one) for one in sorted(wanted[name])] for name in names}
