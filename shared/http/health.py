"""Whether the app can do its work; Mailchimp is not asked."""

from typing import Any

from shared.app import App
from shared.exports.access import Role
from shared.http.messages import Request, Response
from shared.platform import queues
from shared.platform.errors import CloudError


def get(app: App, request: Request) -> Response:
    """Answer 200 or 503; callers with a key or a role also see each dependency."""
    dependencies = {
        "app_storage": _app_storage(app),
        "segment_storage": not unreadable_containers(app),
        "key_vault": app.vault.reachable(),
    }
    well = all(dependencies.values())
    document: dict[str, Any] = {"status": "ok" if well else "unavailable"}
    if request.caller.role is not Role.ANYONE:
        document["dependencies"] = {name: {"ok": ok} for name, ok in dependencies.items()}
    return Response(200 if well else 503, document=document)


def unreadable_containers(app: App) -> list[str]:
    """Return the containers of segments that the app's identity can't list."""
    unreadable = []
    for name in app.settings.segment_containers:
        try:
            next(app.segment_container(name).list(""), None)
        except CloudError:
            unreadable.append(name)
    return unreadable


def _app_storage(app: App) -> bool:
    try:
        next(app.blobs.list("connections/"), None)
        app.queues.length(queues.PLAN)
    except CloudError:
        return False
    return True
