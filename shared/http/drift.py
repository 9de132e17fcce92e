"""The routes of drift: what people changed by hand in Mailchimp, and what is to become of it."""

from pydantic import BaseModel, ConfigDict

from shared.app import App
from shared.drift.choosing import AlreadyDoneError, NotOfferedError
from shared.drift.items import Choice, Item
from shared.drift.store import DriftStore
from shared.exports import history, store
from shared.exports.models import StoredExport
from shared.http import audit, exports, inputs, pages, problems
from shared.http.messages import Request, Response
from shared.platform.blobs import Document
from shared.proof import record
from shared.runs.last_run import read_last


class DriftChoice(BaseModel):
    """What is to become of an item."""

    model_config = ConfigDict(extra="forbid", strict=True)

    choice: Choice


def list_items(app: App, request: Request) -> Response:
    """Return what people changed of an export's, the newest first."""
    export, _ = exports.find(app, request)
    limit = pages.limit_of(request) or pages.DEFAULT_LIMIT
    after = pages.read_cursor(request, "after", str, str)
    account = _account(app, export)
    found: list[Item] = []
    if account:
        found = DriftStore(app.blobs, account, export.audience_id).load().of_export(export.uid)
    if after is not None:
        place = (str(after[0]), str(after[1]))
        found = [item for item in found if (item.first_seen_at, item.id) < place]
    page = found[:limit]
    more = len(found) > limit
    return Response(
        document={
            "items": [_shown(item) for item in page],
            "looked_at": _looked_at(app, export),
            "next": pages.cursor_of((page[-1].first_seen_at, page[-1].id)) if more else None,
        }
    )


def choose(app: App, request: Request) -> Response:
    """Take in what is to become of an item."""
    export, _ = exports.find_managed(app, request)
    asked = inputs.read(DriftChoice, request.document())
    account, id_, by = _account(app, export), request.path.get("id", ""), request.caller.name
    if not account:
        raise problems.not_found("item")
    try:
        kept = DriftStore(app.blobs, account, export.audience_id)
        found = kept.choose(export.uid, id_, asked.choice, by)
    except NotOfferedError:
        raise problems.conflict(
            "not_offered",
            "There is no such choice",
            "What is offered for it is in its `choices`.",
        ) from None
    except AlreadyDoneError:
        raise problems.conflict(
            "already_done", "It is done", "What was carried out can't be changed any more."
        ) from None
    if found is None:
        raise problems.not_found("item")
    before, after = found
    audit.act(request.caller, "drift_chosen", export.name, item=id_, choice=asked.choice)
    history.note_drift(app.blobs, by, export, after.code, before.choice, asked.choice)
    return Response(document=_shown(after))


def _account(app: App, export: StoredExport) -> str | None:
    """Return the account that an export sends to, None where it has none yet."""
    found = store.load_connection(app.blobs, export.connection) if export.connection else None
    return found[0].account_id if found else None


def _looked_at(app: App, export: StoredExport) -> str | None:
    """Return when a run, or a verification, has looked last."""
    last = read_last(app.blobs, export.name, export.uid)
    proved = record.read(app.blobs, export.uid)
    times = [last.exported_at[-1] if last and last.exported_at else None]
    times.append(proved.checked_at if proved else None)
    return max((time for time in times if time), default=None)


def _shown(item: Item) -> Document:
    return {
        "id": item.id,
        "code": item.code,
        "params": item.params,
        "count": item.count,
        "exact": item.exact,
        "first_seen_at": item.first_seen_at,
        "choices": list(item.choices) if item.is_open else [],
        "choice": item.choice,
        "chosen_by": item.chosen_by,
        "chosen_at": item.chosen_at,
        "done_at": item.done_at,
    }
