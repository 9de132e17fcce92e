"""The route that proposes what a new export could map."""

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import BaseModel, ConfigDict, Field

from shared.app import App
from shared.exports import accounts, store
from shared.exports.access import may_use
from shared.exports.models import SegmentName, Source
from shared.exports.suggestions import suggest
from shared.exports.written import Name
from shared.http import inputs, problems
from shared.http.messages import Request, Response
from shared.http.problems import FieldError
from shared.http.segments import container_error, reading_errors
from shared.mailchimp.answers import MergeField
from shared.platform.blobs import BlobConflictError
from shared.platform.clock import utc_now
from shared.segments.columns import folded
from shared.segments.errors import SegmentsError
from shared.segments.examining import ColumnFacts, examine
from shared.segments.history import find_history

# Columns that these have in common are proposed; looking into more takes longer and tells no more.
_LOOKED_INTO = 4


class SuggestionQuestion(BaseModel):
    """What is chosen already of an export that is being set up."""

    model_config = ConfigDict(extra="forbid", strict=True)

    connection: Name
    audience_id: str = Field(pattern=r"^[A-Za-z0-9]{1,50}$")
    source: Source
    segments: list[SegmentName] = Field(min_length=1, max_length=64)


def propose(app: App, request: Request) -> Response:
    """Propose columns for the address, the audience's fields and the consent."""
    asked = inputs.read(SuggestionQuestion, request.document())
    columns = _columns(app, asked)
    fields = _merge_fields(app, request, asked)
    return Response(document=asdict(suggest(columns, fields)))


def _merge_fields(app: App, request: Request, asked: SuggestionQuestion) -> Sequence[MergeField]:
    found = store.load_connection(app.blobs, asked.connection)
    if found is None or not may_use(request.caller, found[0]):
        text = "there is no such connection that you may use"
        raise problems.invalid([FieldError("connection", text, "connection_not_found")])
    with accounts.open_account(app, found[0], for_people=True) as mailchimp:
        return mailchimp.client.merge_fields(asked.audience_id)


def _columns(app: App, asked: SuggestionQuestion) -> list[ColumnFacts]:
    """Return the columns that the segments have in common, as the first of them has them."""
    source = asked.source
    if (wrong := container_error(app, source.container, "source.container")) is not None:
        raise problems.invalid([wrong])
    blobs = app.segment_container(source.container)
    known: list[tuple[ColumnFacts, ...]] = []
    for name in asked.segments[:_LOOKED_INTO]:
        with reading_errors():
            try:
                history = find_history(
                    blobs, source.folder, name, app.settings.snapshot_quiet, utc_now()
                )
                if history.newest_whole is not None:
                    known.append(examine(blobs, history.newest_whole))
            except (SegmentsError, BlobConflictError):
                # Saving says what is wrong with it; the others may tell enough.
                continue
    named = [columns for columns in known if columns]
    if not named:
        return []
    common = set.intersection(*({folded(column.name) for column in some} for some in named))
    return [column for column in named[0] if folded(column.name) in common]
