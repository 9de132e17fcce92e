"""The routes of exports."""

from pydantic import BaseModel, ConfigDict

from shared.app import App
from shared.exports import exports, store
from shared.exports.access import Caller, may_use
from shared.exports.models import Export, Name, StoredExport
from shared.exports.validation import Findings, Problem, check_export
from shared.http import audit, inputs, problems
from shared.http.inputs import Reading
from shared.http.messages import Request, Response
from shared.http.problems import FieldError
from shared.platform.blobs import Document
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


def list_all(app: App, request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """List all exports."""
    return Response(
        document={"items": [export.document() for export in store.list_exports(app.blobs)]}
    )


def get(app: App, request: Request) -> Response:
    """Return one export."""
    export, etag = find(app, request)
    if inputs.unchanged(request, etag):
        return Response(304, headers={"ETag": etag})
    return Response(document=export.document(), headers={"ETag": etag})


def put(app: App, request: Request) -> Response:
    """Create or replace an export; a run under way goes on with its own copy."""
    name = inputs.new_name_of(request)
    reading = inputs.read_partly(Export, request.document(), name, _STAND_INS)
    return inputs.until_stored(request, lambda: _put(app, request, reading))


def _put(app: App, request: Request, reading: Reading[Export]) -> Response:
    given = reading.value
    before, etag = store.load_export(app.blobs, given.name) or (None, None)
    inputs.check_preconditions(request, etag)
    if before is not None:
        check_managed(app, request.caller, before)
    found = Findings(
        [Problem(error.field, error.message) for error in reading.errors], unread=reading.unread
    )
    check_export(app, request.caller, given, found)
    if found.problems:
        raise problems.invalid([FieldError(p.field, p.message) for p in found.problems])
    export = exports.merged(given, before, request.caller, found.warnings)
    etag = store.save_export(app.blobs, export, etag)
    audit.record(request.caller, "export_saved", given.name, before, export)
    return _answer(200 if before else 201, export, etag)


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
    copy = exports.merged(given, None, request.caller, export.warnings)
    etag = store.save_export(app.blobs, copy, None)
    audit.record(request.caller, "export_duplicated", name)
    return _answer(201, copy, etag)


def detach(app: App, request: Request) -> Response:
    """Take an export off its connection; it is kept and does not run."""
    export, etag = find_managed(app, request)
    inputs.check_preconditions(request, etag)
    detach_one(app, request, export.name)
    detached, etag = find(app, request)
    return _answer(200, detached, etag)


def remove(app: App, request: Request, name: str, etag: str | None = None) -> None:
    """Delete an export and cancel its run; raises BlobConflictError."""
    store.delete_export(app.blobs, name, etag)
    cancel_active_run(app, name, request.caller.name)
    audit.record(request.caller, "export_removed", name)


def detach_one(app: App, request: Request, name: str) -> None:
    """Take an export off its connection and cancel its run."""
    exports.detach(app.blobs, name, request.caller)
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
    found = store.load_connection(app.blobs, export.connection) if export.connection else None
    if found is not None and not may_use(caller, found[0]):
        raise problems.forbidden("The export's connection is not shared with contributors.")


def _answer(status: int, export: StoredExport, etag: str) -> Response:
    headers = {"ETag": etag}
    if status == 201:
        headers["Location"] = f"/api/exports/{export.name}"
    return Response(status, document=export.document(), headers=headers)
