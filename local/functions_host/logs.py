"""Log records as the host's lines on standard output, one JSON object or one readable line each."""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal, override

_LEVEL_NAMES = {10: "Debug", 20: "Information", 30: "Warning", 40: "Error", 50: "Critical"}
_LEVELS = {
    "Trace": 0,
    "Debug": 10,
    "Information": 20,
    "Warning": 30,
    "Error": 40,
    "Critical": 50,
    "None": 100,
}


class HostLog(logging.StreamHandler):  # type: ignore[type-arg]  # generic in the stubs alone
    """Writes level, category, message and invocation id: all that reaches Azure's host, too.

    Fields given by `extra=` are lost on the way in Azure; here as well.
    """

    def __init__(
        self, form: Literal["json", "pretty"], invocation_id: Callable[[], str | None]
    ) -> None:
        super().__init__(sys.stdout)
        self._form = form
        self._invocation_id = invocation_id

    @override
    def format(self, record: logging.LogRecord) -> str:
        message = super().format(record)
        level = _LEVEL_NAMES.get(record.levelno, record.levelname)
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        invocation = getattr(record, "invocation_id", None) or self._invocation_id()
        if self._form == "pretty":
            return f"{time[11:23]} {level:<11} {record.name}: {message}"
        line = {
            "time": time,
            "level": level,
            "category": record.name,
            "message": message,
            "invocation_id": invocation,
        }
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(
    form: Literal["json", "pretty"],
    levels: Mapping[str, str],
    invocation_id: Callable[[], str | None] = lambda: None,
) -> None:
    """Sends every record to standard output; `levels` is host.json's `logging.logLevel`.

    Its `default` (Information where unset) bounds everything; other names are logger names.
    `invocation_id` knows the invocation that a record without one belongs to.
    """
    root = logging.getLogger()
    root.handlers = [HostLog(form, invocation_id)]
    root.setLevel(_LEVELS.get(levels.get("default", "Information"), logging.INFO))
    for category, level in levels.items():
        if category != "default":
            logging.getLogger(category).setLevel(_LEVELS.get(level, logging.INFO))
