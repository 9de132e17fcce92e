"""The routes of outcomes: as files, as pages, and of one person."""

import re
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.addresses import canonical
from shared.app import App
from shared.exports import store
from shared.http import audit, inputs, pages, problems
from shared.http.export_views import sees_persons
from shared.http.messages import Request, Response
from shared.http.problems import FieldError
from shared.platform.blobs import BlobConflictError
from shared.runs.codes import CODES
from shared.runs.outcome_pages import REASONS, OutcomeReader, Position, Row, Wanted
from shared.runs.outcomes import (
    MAX_ANSWER,
    OutcomesGoneError,
    RunNotEndedError,
    ended_run,
    file_name,
    file_size,
    open_outcomes,
    signed_link,
)
from shared.runs.preview_plan import mask
from shared.runs.record import Run
from shared.runs.unseen import named_in

_JSON, _PARQUET = "application/json", "application/vnd.apache.parquet"


class PersonQuestion(BaseModel):
    """Whose rows are wanted, by one of the two."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    email: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    customer_id: Annotated[str, Field(min_length=1, max_length=4096)] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.email is None) == (self.customer_id is None):
            raise ValueError("give either email or customer_id")
        return self


def get(app: App, request: Request) -> Response:
    """Return what happened to each contact of a run: a page as JSON, or all as CSV or Parquet."""
    accept = request.headers.get("accept", "")
    if _JSON in accept:
        return _page(app, request)
    code = inputs.choice(request, "code", CODES)
    run = _run(app, request)
    if not _sees_persons(app, request, run):
        raise problems.not_shared()
    audit.act(request.caller, "outcomes_read", run.id, code=code)
    if _PARQUET in accept:
        return _parquet(app, run, code)
    headers = _named(_download_name(run, code))
    size = file_size(app.blobs, run.id, code)
    if (text := request.headers.get("range")) is not None and size:
        return _part(app, run, code, size, text, headers)
    if app.settings.outcome_downloads == "parts" and size > MAX_ANSWER:
        raise problems.range_required()
    outcomes = open_outcomes(app.blobs, run.id, code)
    if outcomes.kind == "redirect":
        return Response(307, headers={"Location": outcomes.url})
    return Response(body=b"".join(outcomes.chunks), content_type="text/csv", headers=headers)


def _parquet(app: App, run: Run, code: str | None) -> Response:
    """Return rows as Parquet, made as they are asked for: it is a fraction of the CSV's size."""
    from shared.runs import outcome_table

    body = outcome_table.parquet(app.blobs, run.id, code, run.configuration.segment_names)
    headers = _named(_download_name(run, code, "parquet"))
    return Response(body=body, content_type=_PARQUET, headers=headers)


def _named(file: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file}"'}


def search(app: App, request: Request) -> Response:
    """Return the rows of one person, who is not in the address: that would end in logs."""
    asked = inputs.read(PersonQuestion, request.document())
    run = _run(app, request)
    if not _sees_persons(app, request, run):
        raise problems.not_shared()
    audit.act(request.caller, "outcomes_searched", run.id)
    email = None if asked.email is None else canonical(asked.email) or asked.email.strip()
    rows = _reader(app, run).of_person(email=email, customer_id=asked.customer_id)
    items = [_shown(row, persons=True) for row in rows]
    return Response(document={"items": items, "next": None, "csv_url": None})


def _page(app: App, request: Request) -> Response:
    codes = _codes(request)
    run = _run(app, request)
    after = pages.read_cursor(request, "after", str, int)
    if after is not None and after[0] not in codes:
        raise problems.invalid([FieldError("after", "is not of this list", "unknown_cursor")])
    position = Position(str(after[0]), int(after[1])) if after else None
    wanted = Wanted(codes, request.query.get("segment"), position, pages.limit_of(request) or 50)
    persons = _sees_persons(app, request, run)
    if persons:
        audit.act(request.caller, "outcomes_read", run.id, code=request.query.get("code"))
    try:
        rows, end = _reader(app, run).page(wanted)
    except BlobConflictError:  # an erasure has just written the file anew
        rows, end = _reader(app, run).page(wanted)
    return Response(
        document={
            "items": [_shown(row, persons=persons) for row in rows],
            "next": pages.cursor_of((end.code, end.row)) if end else None,
            "csv_url": _csv_url(app, request, run) if persons else None,
        }
    )


def _run(app: App, request: Request) -> Run:
    try:
        days = app.settings.run_retention_days
        return ended_run(app.blobs, inputs.run_id_of(request), retention_days=days)
    except KeyError:
        raise problems.not_found("run") from None
    except RunNotEndedError:
        raise problems.conflict(
            "run_not_ended", "The run has not ended", "Outcomes are there once the run has ended."
        ) from None
    except OutcomesGoneError:
        raise problems.ProblemError(
            410, "outcomes_gone", "The outcomes are gone", "They were kept for their retention."
        ) from None


def _sees_persons(app: App, request: Request, run: Run) -> bool:
    """Whether the caller may see whom the run was about: that follows the export's connection."""
    export = store.load_export(app.blobs, run.export)
    name = export[0].connection if export is not None else run.configuration.connection
    connection = store.load_connection(app.blobs, name) if name else None
    return sees_persons(request.caller, connection[0] if connection else None)


def _reader(app: App, run: Run) -> OutcomeReader:
    return OutcomeReader(app.blobs, run.id, run.configuration.segment_names)


def _codes(request: Request) -> tuple[str, ...]:
    text = request.query.get("code")
    if text is None:
        return tuple(CODES)
    given = text.split(",")
    if not set(given) <= set(CODES):
        raise problems.invalid([FieldError("code", "has a code that is none", "not_a_choice")])
    return tuple(code for code in CODES if code in given)


def _shown(row: Row, *, persons: bool) -> dict[str, Any]:
    reason = _reason(row.detail)
    return {
        "email": row.email if persons else mask(row.email),
        "customer_id": row.customer_id if persons else None,
        "code": row.code,
        # Mailchimp's words may be about a person.
        "detail": row.detail if persons or reason else "",
        "reason": reason,
        "segments": list(row.segments),
    }


def _reason(detail: str) -> dict[str, Any] | None:
    """Return what this product itself says of a contact, as a code; None for Mailchimp's words."""
    if (characters := named_in(detail)) is not None:
        return {"code": "invisible_characters", "params": {"characters": characters}}
    code = REASONS.get(detail)
    return {"code": code, "params": {}} if code else None


def _csv_url(app: App, request: Request, run: Run) -> str | None:
    code = request.query.get("code")
    has_file = request.query.get("segment") is None and "," not in (code or "")
    if app.settings.outcome_downloads == "parts" or not has_file:
        return None
    if not file_size(app.blobs, run.id, code):
        return None
    return signed_link(app.blobs, file_name(run.id, code), _download_name(run, code))


def _part(
    app: App, run: Run, code: str | None, size: int, text: str, headers: dict[str, str]
) -> Response:
    """Answer a range of bytes, which a network that the storage is closed to needs."""
    found = re.fullmatch(r"bytes=(\d{1,12})-(\d{1,12})?", text.strip())
    first = int(found[1]) if found else size
    last = min(int(found[2]) if found and found[2] else size - 1, size - 1)
    if first > last:
        raise problems.range_not_satisfiable(size)
    # No more than is asked for, and less where that is too much: 206 may.
    last = min(last, first + MAX_ANSWER - 1)
    body = app.blobs.read_range(file_name(run.id, code), first, last - first + 1)
    headers = {**headers, "Content-Range": f"bytes {first}-{last}/{size}"}
    return Response(206, body=body, content_type="text/csv", headers=headers)


def _download_name(run: Run, code: str | None, ending: str = "csv") -> str:
    return f"{run.id}-{code}.{ending}" if code else f"{run.id}.{ending}"
