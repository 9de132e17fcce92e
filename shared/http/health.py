"""Whether the app can do its work, in short for anyone and in full for whoever may know.

Both answer when settings are wrong, which is when a person looks here.
"""

import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

from shared.http.messages import Request, Response
from shared.platform.clock import to_text
from shared.platform.setting_values import WrongSetting
from shared.platform.settings import judged
from shared.version import VERSION

if TYPE_CHECKING:  # loading the Azure clients takes longer than answering
    from shared.app import App

# Strangers may ask as often as they like: one look serves all of them for so many seconds.
_SHARED_FOR = 10.0
_lock = threading.Lock()
_last: list[tuple[float, bool]] = []


def get(request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Say whether the app can do its work, and no more."""
    with _lock:
        if not _last or monotonic() - _last[0][0] > _SHARED_FOR:
            _last[:] = [(monotonic(), _is_well())]
        well = _last[0][1]
    return _answer(well, {})


def details(request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Say what is wrong, what waits, and what the host left out; no value of a setting."""
    wrong = list(judged()[1])
    if wrong:
        return _answer(False, _described(wrong))
    from shared.health.examination import examine, waiting
    from shared.platform.errors import CloudError
    from shared.runs.marker import active_exports

    app = _connected()
    if app is None:
        return _answer(False, _described([]) | {"dependencies": {"app_storage": {"ok": False}}})
    found = examine(app)
    try:
        queues, active = waiting(app), len(active_exports(app.blobs))
    except CloudError:
        queues, active = [], None
    with _lock:
        _last[:] = [(monotonic(), found.well)]
    document = _described(list(found.settings)) | {
        "dependencies": {name: {"ok": ok} for name, ok in found.dependencies.items()},
        "queues": queues,
        "active_runs": active,
        "last_tick_at": to_text(found.last_tick_at) if found.last_tick_at else None,
        "functions_missing": list(found.functions_missing),
    }
    return _answer(found.well, document)


def _is_well() -> bool:
    if judged()[1]:
        return False
    from shared.health.examination import examine

    app = _connected()
    return app is not None and examine(app).well


def _connected() -> "App | None":
    """Return the app, None where its storage does not let it begin within the patience."""
    from shared.bootstrap import get_app
    from shared.health.examination import ask_all

    def begin() -> bool:
        get_app()
        return True

    return get_app() if ask_all({"app": begin})["app"] else None


def _described(wrong: list[WrongSetting]) -> dict[str, Any]:
    return {
        "dependencies": {},
        "settings": [setting._asdict() for setting in wrong],
        "queues": [],
        "active_runs": None,
        "last_tick_at": None,
        "functions_missing": ["tick"] if any("tick_schedule" in w.code for w in wrong) else [],
        "version": VERSION,
    }


def _answer(well: bool, document: dict[str, Any]) -> Response:
    status = "ok" if well else "unavailable"
    return Response(200 if well else 503, document={"status": status, **document})
