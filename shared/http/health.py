"""Whether the app can do its work; Mailchimp is not asked."""

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import requests

from shared.app import App
from shared.exports.access import Role
from shared.http.addresses import own_address
from shared.http.messages import Request, Response
from shared.platform import queues
from shared.platform.errors import CloudError

# The SDKs try again and again, far longer than whoever asks for health waits.
_PATIENCE = 10.0


def get(app: App, request: Request) -> Response:
    """Answer 200 or 503; callers with a key or a role also see each dependency."""
    dependencies = _ask_all(
        {
            "app_storage": lambda: _app_storage(app),
            "segment_storage": lambda: not unreadable_containers(app),
            "key_vault": app.vault.reachable,
        }
    )
    well = all(dependencies.values())
    document: dict[str, Any] = {"status": "ok" if well else "unavailable"}
    if request.caller.role is not Role.ANYONE or holds_key(app, request):
        document["dependencies"] = {name: {"ok": ok} for name, ok in dependencies.items()}
    return Response(200 if well else 503, document=document)


def _ask_all(questions: Mapping[str, Callable[[], bool]]) -> dict[str, bool]:
    """Ask all at once; what has not answered in time does not answer."""
    answers = dict.fromkeys(questions, False)

    def ask(name: str, question: Callable[[], bool]) -> None:
        answers[name] = question()

    threads = [
        threading.Thread(target=ask, args=item, daemon=True, name="health")
        for item in questions.items()
    ]
    for thread in threads:
        thread.start()
    end = monotonic() + _PATIENCE
    for thread in threads:
        thread.join(max(0.0, end - monotonic()))
    return dict(answers)


def holds_key(app: App, request: Request) -> bool:
    """Tell whether a caller of an open route has a key of this app.

    The host checks keys only on routes that need one and tells the app nothing of them, so the
    app tries the key on such a route of its own.
    """
    key = request.headers.get("x-functions-key") or request.query.get("code")
    home = own_address(request.url)
    if app.settings.http_auth != "keys" or not key or home is None:
        return False
    try:
        answer = requests.get(
            f"{home}/api/terms",
            headers={"x-functions-key": key},
            timeout=5,
            allow_redirects=False,
        )
    except (requests.RequestException, ValueError):
        return False
    return answer.status_code == 200


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
