"""What lists, neighbours and the tick cost where there are many exports, on the storage emulator.

`python -m benchmarks.many_exports [COUNT]`; documents are written beforehand, and not measured.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Any

from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from shared.app import App
from shared.bootstrap import APP_CONTAINER
from shared.exports import store
from shared.exports.access import Caller, Role
from shared.http import exports as routes
from shared.http.messages import Request
from shared.platform.blobs import Blobs
from shared.platform.clock import to_text, utc_now
from shared.runs.last_run import last_runs
from shared.runs.neighbours import indexed_neighbours
from shared.runs.upkeep.tick import tick
from shared.stored_forms import FORMS
from tests.support.scene import app_on
from tests.support.stored import stored_export

_CALLER = Caller("benchmark", "benchmark", Role.ADMINISTRATOR)
_CONNECTIONS = 200
_TIMES = 5


def _page(app: App, **query: str) -> None:
    request = Request("GET", "", {}, query, {}, b"", _CALLER)
    assert routes.list_all(app, request).document["items"]


LOOKS: dict[str, Callable[[App], object]] = {
    "GET /exports?limit=50": lambda app: _page(app, limit="50"),
    "GET /exports?limit=50&sort=-last_run": lambda app: _page(app, limit="50", sort="-last_run"),
    "GET /exports?limit=50&status=succeeded": lambda app: _page(
        app, limit="50", status="succeeded"
    ),
    "a look at an audience before contacts leave": lambda app: indexed_neighbours(
        app.blobs, "a7", "u"
    ),
    "tick, none due": tick,
}


def main(count: int) -> None:
    """Print a line for each look: the middle of five times, and its storage operations."""
    with Azurite.start() as azurite:
        seen: list[str] = []
        service = BlobServiceClient.from_connection_string(
            azurite.connection_string, raw_request_hook=lambda _: seen.append("")
        )
        app = app_on(azurite.connection_string)
        _write(app, count)
        blobs = Blobs(service.get_container_client(APP_CONTAINER), service, FORMS)
        counted = replace(app, blobs=blobs)
        began = perf_counter()
        store.indexed_exports(counted.blobs)
        last_runs(counted.blobs)
        print(f"{count:,} exports; index made from documents in {perf_counter() - began:.1f} s")
        tick(counted)  # The first drops what is past its retention.
        for what, look in LOOKS.items():
            times = []
            for _ in range(_TIMES):
                seen.clear()
                began = perf_counter()
                look(counted)
                times.append(perf_counter() - began)
            print(f"{what}: {sorted(times)[_TIMES // 2] * 1000:.0f} ms, {len(seen)} operations")


def _write(app: App, count: int) -> None:
    """Write documents as they lie in an installation of before there was an index."""
    now = to_text(utc_now())
    schedule = {"active": True, "kind": "cron", "cron": ["0 6 1 1 *"], "time_zone": "UTC"}

    def documents() -> Iterator[tuple[str, dict[str, Any]]]:
        for number in range(count):
            name = f"export-{number:05d}"
            export = stored_export(
                name,
                connection=f"c{number % _CONNECTIONS}",
                audience_id=f"a{number % 1000}",
                segments=["HighValue", "Readers", "Lapsed"],
                schedule=schedule,
                scheduled_since=now,
            )
            yield f"exports/{name}.json", export.document()
            yield (
                f"exports/_last/{name}",
                {
                    "uid": export.uid,
                    "run": f"{name}-20260101T000000Z-7f3a",
                    "status": "succeeded",
                    "snapshots": dict.fromkeys(export.segment_names, "2026/11/22/0600"),
                    "submitted_at": now,
                    "ended_at": now,
                },
            )

    with ThreadPoolExecutor(16) as writers:
        list(writers.map(lambda item: app.blobs.write_document(*item), documents()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
