"""One look at everything that the app needs; Mailchimp is not asked."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from shared.app import App
from shared.health import functions, ticks
from shared.platform import queues
from shared.platform.errors import CloudError
from shared.platform.setting_values import WrongSetting

# The SDKs try again and again, far longer than whoever asks for health waits.
_PATIENCE = 10.0
_TICK_MISSING = WrongSetting(
    "EXPORT_TICK", "tick_missing", "The timer has not run for three of its times."
)


@dataclass(frozen=True)
class Examination:
    """What was found; `dependencies` by name, whether each answers."""

    dependencies: Mapping[str, bool]
    last_tick_at: datetime | None
    tick_missing: bool
    functions_missing: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether the app can do its work."""
        answers = all(self.dependencies.values())
        return answers and not self.tick_missing and not self.functions_missing

    @property
    def settings(self) -> tuple[WrongSetting, ...]:
        """The settings that something is wrong with although they can be read."""
        return (_TICK_MISSING,) if self.tick_missing else ()


def examine(app: App) -> Examination:
    """Look at all of it at once, for ten seconds at most."""
    last: list[datetime | None] = [None]
    missing: list[bool] = [False]

    def look_at_ticks() -> bool:
        last[0] = ticks.last_tick(app.blobs)
        missing[0] = ticks.is_missing(app.blobs, app.settings.tick_schedule, last[0])
        return True

    answers = ask_all(
        {
            "app_storage": lambda: _app_storage(app),
            "segment_storage": lambda: not unreadable_containers(app),
            "key_vault": app.vault.reachable,
            "ticks": look_at_ticks,
        }
    )
    del answers["ticks"]
    off = functions.switched_off()
    if missing[0] and "tick" not in off:
        off.append("tick")
    return Examination(answers, last[0], missing[0], tuple(off))


def ask_all(questions: Mapping[str, Callable[[], bool]]) -> dict[str, bool]:
    """Ask all at once; what fails or has not answered in time does not answer."""
    answers = dict.fromkeys(questions, False)

    def ask(name: str, question: Callable[[], bool]) -> None:
        try:
            answers[name] = question()
        except CloudError:
            answers[name] = False

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


def unreadable_containers(app: App) -> list[str]:
    """Return the containers of segments that the app's identity can't list."""
    unreadable = []
    for name in app.settings.segment_containers:
        try:
            next(app.segment_container(name).list(""), None)
        except CloudError:
            unreadable.append(name)
    return unreadable


def waiting(app: App) -> list[dict[str, Any]]:
    """Return what waits in each queue, and for how many seconds its oldest message has."""
    return [
        {"name": name, "messages": app.queues.length(name), "oldest_seconds": app.queues.age(name)}
        for queue in queues.ALL
        for name in (queue, f"{queue}-poison")
    ]


def _app_storage(app: App) -> bool:
    next(app.blobs.list("connections/"), None)
    app.queues.length(queues.PLAN)
    return True
