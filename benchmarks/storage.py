"""A storage emulator that says what it was asked, so that operations can be counted."""

import queue
import re
from collections import Counter
from pathlib import Path

from local.azurite import Azurite

_REQUEST = re.compile(
    r'"(?P<method>[A-Z]+) /devstoreaccount1/(?P<path>[^ ?"]*)(?:\?(?P<query>\S*))?'
)
_COMP = re.compile(r"(?:^|&)comp=([a-z]+)")
_KINDS = {
    "append": "outcomes of a batch (append block)",
    "lease": "leases of slots and chunks (acquire, renew, release)",
    "metadata": "metadata of slots and chunks",
    "list": "listings of board and chunks",
    "read": "reads",
    "write": "writes",
    "queue": "queue messages",
    "delete": "deletions",
}


class CountedAzurite(Azurite):
    """Azurite with its access log; `operations` returns what came since the last time."""

    def _command(self) -> list[str | Path]:
        return [word for word in super()._command() if word != "--silent"]

    def operations(self) -> Counter[str]:
        """Count operations by kind since this was last called."""
        found: Counter[str] = Counter()
        while True:
            try:
                line = self._process._lines.get_nowait()
            except queue.Empty:
                return found
            if line is not None and (match := _REQUEST.search(line)):
                found[_kind(match["method"], match["path"], match["query"] or "")] += 1


def _kind(method: str, path: str, query: str) -> str:
    found = _COMP.search(query)
    comp = found[1] if found else ""
    if not path.startswith(("segment-export/", "dynamics365customerinsights")) and comp != "list":
        # Polling the three queues is the host's, not the run's.
        polls = method == "GET" and path.endswith("/messages")
        return "queue polls of the host" if polls else _KINDS["queue"]
    match method, comp:
        case _, "appendblock":
            return _KINDS["append"]
        case _, "lease":
            return _KINDS["lease"]
        case _, "metadata":
            return _KINDS["metadata"]
        case _, "list":
            return _KINDS["list"]
        case (("GET" | "HEAD"), _):
            return _KINDS["read"]
        case "DELETE", _:
            return _KINDS["delete"]
    return _KINDS["write"]
