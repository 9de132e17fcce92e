"""The routes of exports."""

import operator
from collections.abc import Mapping
from dataclasses import asdict
from operator import itemgetter

from pydantic import BaseModel, ConfigDict

from shared.app import App
from shared.exports import exports, history, store
from shared.exports.access import Caller, may_use
from shared.exports.checks.findings import Findings, Problem
from shared.exports.export_index import IndexedExport
from shared.exports.models import Export, StoredExport
from shared.exports.surroundings import AS_IT_IS, Surroundings
from shared.exports.validation import check_export
from shared.exports.written import Name
from shared.http import audit, inputs, pages, problems
from shared.http.export_views import SORTS, ExportViews
from shared.http.inputs import Reading
from shared.http.messages import Request, Response
from shared.http.problems import FieldError
from shared.platform.blobs import Document
from shared.runs.last_run import LastRun
from shared.runs.record import RunStatus
from shared.runs.stopping import cancel_active_run

# Valid, and looked at by no check: see `Findings.unread`.
_STAND_INS: Document = {
    "connection": None,
    "audience_id": "none",
    "source": {"folder": "none"},
    "segments": ["none"],
    "email_field": "none",
}


class NewName(BaseModel):
    """The name of a copy."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name


def list_all(app: App, request: Request) -> Response:
    """List exports: all of them, or those that are looked for, page by page."""
    limit = pages.limit_of(request, None)
    text = request.query.get("sort", "name")
    sort = SORTS.get(text.removeprefix("-"))
    if sort is None:
        allowed = ", ".join(SORTS)
        raise problems.invalid(
            [FieldError("sort", f"must be one of {allowed}", "not_a_choice", {"allowed": allowed})]
        )
    status = inputs.choice(request, "status", (*RunStatus, "never_run"))
    after = pages.read_cursor(request, "after", str, str)
    views = ExportViews(app.blobs, request.caller)
    exports, unreadable = store.indexed_exports(app.blobs)
    wanted = [export for export in exports if _is_meant(request, export)]
    last: Mapping[str, LastRun | None] = {}
    if status is not None or text.removeprefix("-") == "last_run":
        last = views.last_of_all(wanted)
    if status is not None:
        now = views.active_statuses(wanted)
        wanted = [e for e in wanted if (now.get(e.name) or _ended(last[e.name])) == status]
    keyed = sorted(
        ((sort(export, last.get(export.name)), export.name, export) for export in wanted),
        key=itemgetter(0, 1),
        reverse=text.startswith("-"),
    )
    if after is not None:
        position = tuple(after)
        is_later = operator.lt if text.startswith("-") else operator.gt
        keyed = [item for item in keyed if is_later(item[:2], position)]
    page = keyed if limit is None else keyed[:limit]
    more = len(keyed) > len(page)
    read = store.read_some(app.blobs, [export.name for _, _, export in page])
    items = views.show_all(store.readable(read))
    items += [_unreadable(one) for one in read if isinstance(one, store.UnreadableExport)]
    if after is None and status is None and "connection" not in request.query:
        search = request.query.get("search", "").casefold()
        items += [_unreadable(found) for found in unreadable if search in found.name]
    return Response(
        document={"items": items, "next": pages.cursor_of(page[-1][:2]) if more else None}
    )


def _unreadable(found: store.UnreadableExport) -> Document:
    """Show an export that can't be read: behind the first of the others, on whatever page."""
    error = {"code": found.code, "params": {"name": found.name}, "detail": found.detail}
    return {"name": found.name, "error": error}


def _is_meant(request: Request, export: IndexedExport) -> bool:
    search = request.query.get("search", "").casefold()
    connection = request.query.get("connection")
    found = search in export.name or search in export.display_name.casefold()
    return found and connection in (None, export.connection)


def _ended(last: LastRun | None) -> str:
    return str(last.status) if last else "never_run"


def get(app: App, request: Request) -> Response:
    """Return one export."""
    export, etag = find(app, request)
    return _answer(app, request, 200, export, etag)


def put(app: App, request: Request) -> Response:
    """Create or replace an export; a run under way goes on with its own copy."""
    name = inputs.new_name_of(request)
    reading = read(request.document(), name)
    status, export, etag = save(app, request, reading)
    return _answer(app, request, status, export, etag)


def read(document: Document, name: str) -> Reading[Export]:
    """Read of an export what can be read."""
    return inputs.read_partly(Export, document, name, _STAND_INS)


def save(
    app: App, request: Request, reading: Reading[Export], around: Surroundings = AS_IT_IS
) -> tuple[int, StoredExport, str]:
    """Create or replace an export; returns 201 or 200, what is stored and its ETag."""
    return inputs.until_stored(request, lambda: _save(app, request, reading, around))


def validate(app: App, request: Request) -> Response:
    """Check an export as saving it would, and save nothing."""
    name = inputs.new_name_of(request)
    reading = read(request.document(), name)
    before, _ = store.load_export(app.blobs, name) or (None, None)
    found = check(app, request.caller, reading)
    if before is not None and not _is_managed(app, request.caller, before):
        found.problem("", "the export's connection is not shared with contributors", "not_shared")
    return Response(
        document={
            "errors": [error.document() for error in field_errors(found)],
            "warnings": [asdict(warning) for warning in found.warnings],
        }
    )


def check(
    app: App, caller: Caller, reading: Reading[Export], around: Surroundings = AS_IT_IS
) -> Findings:
    """Return what saving an export would find."""
    found = Findings(
        [Problem(e.field, e.message, e.code, dict(e.params)) for e in reading.errors],
        unread=reading.unread,
    )
    check_export(app, caller, reading.value, found, around)
    return found


def field_errors(found: Findings) -> list[FieldError]:
    """Return what keeps an export from being saved."""
    return [FieldError(one.where, one.message, one.code, one.params) for one in found.problems]


def _save(
    app: App, request: Request, reading: Reading[Export], around: Surroundings
) -> tuple[int, StoredExport, str]:
    given = reading.value
    before, etag = store.load_export(app.blobs, given.name) or (None, None)
    inputs.check_preconditions(request, etag)
    if before is not None:
        check_managed(app, request.caller, before)
    found = check(app, request.caller, reading, around)
    if found.problems:
        raise problems.invalid(field_errors(found))
    export = exports.merged(given, before, request.caller, found.warnings, found.audience_name)
    etag = store.save_export(app.blobs, export, etag)
    audit.record(request.caller, "export_saved", given.name, before, export)
    history.note_saved(app.blobs, request.caller.name, before, export)
    return 200 if before else 201, export, etag


def delete(app: App, request: Request) -> Response:
    """Remove an export and cancel its run."""
    export, etag = find_managed(app, request)
    inputs.check_preconditions(request, etag)
    remove(app, request, export.name, etag)
    return Response(204)


def duplicate(app: App, request: Request) -> Response:
    """Copy an export under another name; the copy has a ledger of its own."""
    export, _ = find_managed(app, request)
    name = inputs.read(NewName, request.document()).name
    if store.load_export(app.blobs, name) is not None:
        raise problems.conflict(
            "export_exists", "The name is taken", f"There is an export {name} already."
        )
    given = Export.model_validate({**export.document(), "name": name})
    copy = exports.merged(given, None, request.caller, export.warnings, export.audience_name)
    etag = store.save_export(app.blobs, copy, None)
    audit.record(request.caller, "export_duplicated", name)
    history.note_saved(app.blobs, request.caller.name, None, copy)
    return _answer(app, request, 201, copy, etag)


def detach(app: App, request: Request) -> Response:
    """Take an export off its connection; it is kept and does not run."""
    export, etag = find_managed(app, request)
    inputs.check_preconditions(request, etag)
    detach_one(app, request, export.name)
    detached, etag = find(app, request)
    return _answer(app, request, 200, detached, etag)


def remove(app: App, request: Request, name: str, etag: str | None = None) -> None:
    """Delete an export and cancel its run; raises BlobConflictError."""
    store.delete_export(app.blobs, name, etag)
    cancel_active_run(app, name, request.caller.name)
    audit.record(request.caller, "export_removed", name)
    history.forget(app.blobs, name)


def detach_one(app: App, request: Request, name: str) -> None:
    """Take an export off its connection and cancel its run."""
    found = store.load_export(app.blobs, name)
    exports.detach(app.blobs, name, request.caller)
    if found is not None and found[0].connection is not None:
        history.note_detached(app.blobs, request.caller.name, found[0])
    cancel_active_run(app, name, request.caller.name)
    audit.record(request.caller, "export_detached", name)


def find(app: App, request: Request) -> tuple[StoredExport, str]:
    """Return the export of the path and its ETag; raises ProblemError."""
    found = store.load_export(app.blobs, inputs.name_of(request, "export"))
    if found is None:
        raise problems.not_found("export")
    return found


def find_managed(app: App, request: Request) -> tuple[StoredExport, str]:
    """Return the export of the path, which the caller may change and run."""
    found = find(app, request)
    check_managed(app, request.caller, found[0])
    return found


def check_managed(app: App, caller: Caller, export: StoredExport) -> None:
    """Raise ProblemError unless the caller may manage an export.

    That follows its connection; an export without one is anybody's who may write exports.
    """
    if not _is_managed(app, caller, export):
        raise problems.forbidden("The export's connection is not shared with contributors.")


def _is_managed(app: App, caller: Caller, export: StoredExport) -> bool:
    found = store.load_connection(app.blobs, export.connection) if export.connection else None
    return found is None or may_use(caller, found[0])


def _answer(app: App, request: Request, status: int, export: StoredExport, etag: str) -> Response:
    headers = {"ETag": etag}
    if status == 201:
        headers["Location"] = f"/api/exports/{export.name}"
    shown = ExportViews(app.blobs, request.caller).show(export)
    return Response(status, document=shown, headers=headers)
