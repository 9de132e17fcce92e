"""Exports as the API shows them: what is stored, and what became of it.

What the app adds is read beside the document, so that it never moves the document's ETag.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property

from shared.exports import store
from shared.exports.access import Caller, Role, may_use
from shared.exports.connection_models import StoredConnection
from shared.exports.export_index import IndexedExport
from shared.exports.models import StoredExport
from shared.exports.schedule_checks import predecessor_missing
from shared.exports.schedules import next_after, retry_at
from shared.notice import Notice
from shared.platform.blobs import Blobs, Document
from shared.platform.clock import from_text, seconds_since, to_text, utc_now
from shared.runs.last_run import LastRun, LastRuns, completed, last_runs, read_last
from shared.runs.marker import active_id, active_ids
from shared.runs.views import status_of

_PARALLEL_READS = 16


@dataclass(frozen=True)
class ExportViews:
    """Shows exports to one caller; what all of them share is read once."""

    blobs: Blobs
    caller: Caller
    _connections: dict[str, StoredConnection | None] = field(default_factory=dict)

    @cached_property
    def active(self) -> Mapping[str, str]:
        """The active run's id of every export that has one, by the export's name."""
        return active_ids(self.blobs)

    @cached_property
    def last(self) -> LastRuns:
        """The last runs of all exports."""
        return last_runs(self.blobs)

    def show_all(self, exports: Iterable[StoredExport]) -> list[Document]:
        """Show exports by what is told of all of them at once; no look at each one's run."""
        exports = list(exports)
        names = {export.connection for export in exports if export.connection is not None}
        known = store.connections_of(self.blobs, names)
        self._connections.update({name: known.get(name) for name in names})
        return [
            self._shown(
                export,
                self.last.of(export.name, export.uid),
                self.active.get(export.name),
                self._warned_of_predecessor(export),
            )
            for export in exports
        ]

    def last_of_all(self, exports: Iterable[IndexedExport]) -> dict[str, LastRun | None]:
        """Return the last run of each, by the export's name."""
        return {export.name: self.last.of(export.name, export.uid) for export in exports}

    def active_statuses(self, exports: Iterable[IndexedExport]) -> dict[str, str]:
        """Return the status of the active run of each export that has one, by its name."""
        names = [export.name for export in exports if export.name in self.active]
        with ThreadPoolExecutor(_PARALLEL_READS, thread_name_prefix="exports") as readers:
            found = readers.map(lambda name: status_of(self.blobs, self.active[name]), names)
            statuses = zip(names, found, strict=True)
            return {name: str(status) for name, status in statuses if status is not None}

    def show(self, export: StoredExport) -> Document:
        """Return an export with its read-only members."""
        last = read_last(self.blobs, export.name, export.uid)
        warnings = _of_predecessor(self.blobs, export)
        return self._shown(export, last, active_id(self.blobs, export.name), warnings)

    @cached_property
    def _uids(self) -> dict[str, str | None]:
        """The uid of every export by its name, None where its document can't be read."""
        found, unreadable = store.indexed_exports(self.blobs)
        none = dict.fromkeys(one.name for one in unreadable)
        return none | {export.name: export.uid for export in found}

    def _warned_of_predecessor(self, export: StoredExport) -> list[Notice]:
        """Return what `_of_predecessor` does, by the indexes."""
        name = export.schedule.predecessor
        if name is None:
            return []
        if name not in self._uids:
            return [predecessor_missing(name)]
        uid = self._uids[name]
        return _not_done(export, name, self.last.of(name, uid) if uid else None)

    def _shown(
        self,
        export: StoredExport,
        last: LastRun | None,
        active: str | None,
        of_predecessor: Sequence[Notice],
    ) -> Document:
        last = completed(self.blobs, last) if last else None
        connection = self._connection(export.connection)
        warnings = (*_of_saving(export), *_stale(last), *of_predecessor)
        return export.document() | {
            "warnings": [asdict(warning) for warning in warnings],
            "last_run": _last_run(last),
            "active_run": active,
            "next_run_at": next_run_at(export),
            "contacts": last.contacts if last else 0,
            "connection_display_name": connection.display_name if connection else None,
            "waiting": None if active else _waiting(export, last),
            "may": self._may(connection),
        }

    def _connection(self, name: str | None) -> StoredConnection | None:
        if name is None:
            return None
        if name not in self._connections:
            found = store.load_connection(self.blobs, name)
            self._connections[name] = found[0] if found else None
        return self._connections[name]

    def _may(self, connection: StoredConnection | None) -> Document:
        managed = connection is None or may_use(self.caller, connection)
        edit = may_edit(self.caller, managed)
        return {
            "edit": edit,
            "run": "connection_missing" if edit is True and connection is None else edit,
            "see_persons": sees_persons(self.caller, connection) or "not_shared",
        }


def may_edit(caller: Caller, managed: bool) -> bool | str:
    """Return True, or the code of why a caller may not change and run an export."""
    if not caller.may(Role.CONTRIBUTOR):
        return "needs_contributor"
    return True if managed else "not_shared"


def sees_persons(caller: Caller, connection: StoredConnection | None) -> bool:
    """Return whether a caller may see whom the runs of an export on this connection were about."""
    if caller.may(Role.ADMINISTRATOR):
        return True
    shared = connection is not None and connection.shared_with == "contributors"
    return shared and caller.may(Role.VIEWER)


def next_run_at(export: StoredExport | IndexedExport) -> str | None:
    """Return when the schedule asks for a run next, None where that depends on something else."""
    schedule = export.schedule
    if not schedule.active or schedule.kind != "cron" or export.connection is None:
        return None
    moment = next_after(schedule.cron, schedule.time_zone, utc_now())
    return None if moment is None else to_text(moment)


SORTS: Mapping[str, Callable[[IndexedExport, LastRun | None], str]] = {
    "name": lambda export, _: export.name,
    "display_name": lambda export, _: export.display_name.casefold(),
    "last_run": lambda _, last: last.ended_at if last else "",
    "next_run": lambda export, _: next_run_at(export) or "",
}


def _last_run(last: LastRun | None) -> Document | None:
    if last is None:
        return None
    return {
        "id": last.run,
        "status": str(last.status),
        "ended_at": last.ended_at,
        "counts": asdict(last.counts) if last.counts else None,
        "error": asdict(last.error) if last.error else None,
    }


def _stale(last: LastRun | None) -> list[Notice]:
    """Return the warning `input_stale` for each segment of which nothing new comes."""
    return [
        Notice(
            "input_stale",
            f"The newest data of the segment {segment} is of {written_at}. See whether its export "
            "in Customer Insights still runs.",
            {"segment": segment, "age_hours": round(seconds_since(written_at) / 3600)},
        )
        for segment, written_at in sorted(last.stale.items() if last else ())
    ]


def _of_saving(export: StoredExport) -> list[Notice]:
    """Return what saving has found, but for what is looked at anew."""
    return [warning for warning in export.warnings if warning.code != "predecessor_missing"]


def _of_predecessor(blobs: Blobs, export: StoredExport) -> list[Notice]:
    """Return what keeps an export from running after the other one that its schedule names."""
    name = export.schedule.predecessor
    if name is None:
        return []
    found = store.read_some(blobs, [name])
    if not found:
        return [predecessor_missing(name)]
    other = found[0]
    last = read_last(blobs, name, other.uid) if isinstance(other, StoredExport) else None
    return _not_done(export, name, last)


def _not_done(export: StoredExport, name: str, before: LastRun | None) -> list[Notice]:
    """Return the warning of an end of the export's predecessor after which it did not run."""
    undone = before.undone if before else None
    if undone is None or not export.schedule.active or undone.at <= export.scheduled_since:
        return []
    return [
        Notice(
            "predecessor_not_done",
            f"The last run of the export {name}, after which this one runs, ended {undone.status}, "
            "so this one did not run.",
            {"export": name, "run": undone.run, "status": str(undone.status)},
        )
    ]


def _waiting(export: StoredExport, last: LastRun | None) -> Document | None:
    """Return what the next scheduled run waits for, where that is not a time of its own."""
    schedule = export.schedule
    if not schedule.active or export.connection is None:
        return None
    if schedule.kind == "after":
        since = last.ended_at if last else export.scheduled_since
        return {"code": "predecessor", "params": {"export": schedule.after}, "since": since}
    if schedule.kind != "refresh":
        return None
    if last is not None and last.failures:
        again = retry_at(last.failures, from_text(last.ended_at))
        if again is not None:
            return {
                "code": "retry",
                "params": {"at": to_text(again), "failures": last.failures},
                "since": last.ended_at,
            }
    since = last.ended_at if last else export.scheduled_since
    return {"code": "refresh", "params": {}, "since": since}
