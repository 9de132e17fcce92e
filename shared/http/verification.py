"""The routes of verifications: begun, looked at, stopped, and who is not as promised."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shared.app import App
from shared.exports import store
from shared.exports.models import StoredExport
from shared.http import audit, exports, pages, problems
from shared.http.export_views import sees_persons
from shared.http.messages import Request, Response
from shared.http.problems import FieldError
from shared.platform.blobs import Document
from shared.proof import ask, record, rows
from shared.proof.record import CODES, WHATS, ActiveError, Verification
from shared.runs.outcomes import MAX_ANSWER, signed_link
from shared.runs.preview_plan import mask

_JSON = "application/json"


def begin(app: App, request: Request) -> Response:
    """Have the audience of an export verified."""
    export, _ = exports.find_managed(app, request)
    if export.connection is None:
        raise problems.conflict(
            "connection_missing",
            "The export has no connection",
            "Give the export a connection before verifying its audience.",
        )
    try:
        begun = ask.begin(app, export, request.caller.name)
    except ActiveError:
        raise problems.conflict(
            "verification_active",
            "A verification is under way",
            "Wait for its end, or stop it.",
        ) from None
    audit.act(request.caller, "verification_begun", export.name)
    location = f"/api/exports/{export.name}/verification"
    return Response(202, document=_shown(begun), headers={"Location": location})


def get(app: App, request: Request) -> Response:
    """Return the newest verification of an export."""
    export, _ = exports.find(app, request)
    return Response(document=_shown(_newest(app, export)))


def stop(app: App, request: Request) -> Response:
    """Stop it; one that has ended stays as it is."""
    export, _ = exports.find_managed(app, request)
    stopped = ask.stop(app, export)
    if stopped is None:
        raise problems.not_found("verification")
    audit.act(request.caller, "verification_stopped", export.name)
    return Response(202, document=_shown(stopped))


def list_rows(app: App, request: Request) -> Response:
    """Return who is not as promised: a page as JSON, or all of it as CSV."""
    export, _ = exports.find(app, request)
    files = rows.files_of(_chosen(request, "code", CODES), _chosen(request, "what", WHATS))
    found = _newest(app, export)
    connection = store.load_connection(app.blobs, export.connection) if export.connection else None
    persons = sees_persons(request.caller, connection[0] if connection else None)
    if _JSON in request.headers.get("accept", ""):
        if persons:
            audit.act(request.caller, "verification_read", export.name)
        return _page(app, request, found, files, persons=persons)
    if not persons:
        raise problems.not_shared()
    audit.act(request.caller, "verification_read", export.name)
    return _csv(app, export, found, files)


def _newest(app: App, export: StoredExport) -> Verification:
    found = record.read(app.blobs, export.uid)
    if found is None:
        raise problems.not_found("verification")
    return found


def _chosen[C: str](request: Request, name: str, allowed: Sequence[C]) -> tuple[C, ...]:
    """Return the words of a query that are wanted, all where nothing is said."""
    text = request.query.get(name)
    given = allowed if text is None else text.split(",")
    if not set(given) <= set(allowed):
        words = ", ".join(allowed)
        raise problems.invalid(
            [FieldError(name, f"must be among {words}", "not_a_choice", {"allowed": words})]
        )
    return tuple(word for word in allowed if word in given)


def _page(
    app: App, request: Request, found: Verification, files: list[str], *, persons: bool
) -> Response:
    after = pages.read_cursor(request, "after", str, int)
    if after is not None and after[0] not in files:
        raise problems.invalid([FieldError("after", "is not of this list", "unknown_cursor")])
    position = (str(after[0]), int(after[1])) if after else None
    limit = pages.limit_of(request) or pages.DEFAULT_LIMIT
    page, end = rows.page(app.blobs, found, files, position, limit)
    items: list[dict[str, Any]] = [
        asdict(row)
        | {
            "email": row.email if persons else mask(row.email),
            "customer_id": row.customer_id if persons else None,
        }
        for row in page
    ]
    return Response(document={"items": items, "next": pages.cursor_of(end) if end else None})


def _csv(app: App, export: StoredExport, found: Verification, files: list[str]) -> Response:
    """Answer with one file, as a link where it is large; several are put together."""
    wanted = ["all"] if files == rows.files_of() else files
    names = [rows.blob_name(found, file) for file in wanted]
    there = [info for name in names if (info := app.blobs.info(name)) is not None]
    download = f"{export.name}-verification.csv"
    if sum(info.size for info in there) > MAX_ANSWER:
        if app.settings.outcome_downloads == "parts" or len(there) > 1:
            raise problems.range_required()
        return Response(307, headers={"Location": signed_link(app.blobs, there[0].name, download)})
    first = rows.header()
    body = b"".join(app.blobs.read(info.name).removeprefix(first) for info in there)
    headers = {"Content-Disposition": f'attachment; filename="{download}"'}
    return Response(body=first + body, content_type="text/csv", headers=headers)


def _shown(found: Verification) -> Document:
    waiting: Document | None = None
    if found.waiting is not None:
        waiting = {"code": found.waiting, "params": {}, "since": found.waiting_since}
    return {
        "id": found.id,
        "status": found.status,
        "asked_by": found.asked_by,
        "asked_at": found.asked_at,
        "ended_at": found.ended_at,
        "waiting": waiting,
        "error": {"code": found.error, "params": {}} if found.error else None,
        "progress": {"done": found.done, "total": found.total},
        "checked_at": found.checked_at,
        "run": found.run or None,
        "as_promised": found.as_promised,
        "differing": [asdict(one) for one in found.differing],
        "not_compared": {"values": 0, "tags": 0} | found.not_compared,
        "calls": found.calls,
    }
