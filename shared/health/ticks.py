"""When the timer ran last, and whether it should have run since.

The host drops a timer that it can't read or that somebody has switched off, and nothing over HTTP
tells; so the tick leaves its time behind, and health compares it with the schedule.
"""

from datetime import datetime
from itertools import islice

from shared.app import App
from shared.platform import ncrontab
from shared.platform.blobs import Blobs
from shared.platform.clock import from_text, to_text, utc_now

_LAST = "index/tick.json"
_FIRST = "index/first-ran.json"
# A tick may be late by one that is still at work, and once more by a deployment.
_MISSED = 3


def note_tick(app: App) -> None:
    """Leave behind that the tick runs now."""
    app.blobs.write_document(_LAST, {"at": to_text(utc_now())})


def last_tick(blobs: Blobs) -> datetime | None:
    """Return when the tick ran last, None where it never did."""
    return _moment(blobs, _LAST)


def is_missing(blobs: Blobs, schedule: str, last: datetime | None) -> bool:
    """Return whether three of the tick's times have passed without one.

    Where it never ran they count from when the app was first asked.
    """
    now = utc_now()
    since = last or _moment(blobs, _FIRST)
    if since is None:
        blobs.create_document(_FIRST, {"at": to_text(now)})
        return False
    times = islice(ncrontab.parse(schedule).after(since), _MISSED)
    return sum(moment <= now for moment in times) == _MISSED


def _moment(blobs: Blobs, name: str) -> datetime | None:
    found = blobs.read_document(name)
    return from_text(found[0]["at"]) if found else None
