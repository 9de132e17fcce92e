"""What the routes of exports answer."""

from typing import Literal

from pydantic import JsonValue

from shared.exports.models import ConsentColumn, Export
from shared.http.answers.common import Answer, FieldProblem, Moment, Notice, Waiting
from shared.http.answers.runs import Counts


class ExportView(Export):
    """A stored export."""

    read_only = frozenset()

    consent: ConsentColumn | None
    uid: str
    created_by: str
    created_at: Moment
    updated_by: str
    updated_at: Moment
    scheduled_since: Moment
    warnings: list[Notice]
    audience_name: str | None
    connection_display_name: str | None
    last_run: "LastRun | None"
    active_run: str | None
    next_run_at: Moment | None
    contacts: int
    waiting: "Waiting | None"
    may: "May"


class UnreadableExport(Answer):
    """An export whose stored document this version of the app can't read; nothing else of it is."""

    name: str
    error: Notice


class ExportList(Answer):
    """Exports; `next` is sent back as `after` for those that follow."""

    items: list[ExportView | UnreadableExport]
    next: str | None


class May(Answer):
    """What the caller may do with an export: true, or the code of why not."""

    edit: Literal[True] | Literal["needs_contributor", "not_shared"]
    run: Literal[True] | Literal["needs_contributor", "not_shared", "connection_missing"]
    see_persons: Literal[True] | Literal["not_shared"]


class LastRun(Answer):
    """The newest run that ended and was no preview; counts are null where 0.1.0 kept none."""

    id: str
    status: Literal["succeeded", "partial", "failed", "skipped", "cancelled"]
    ended_at: Moment
    counts: "Counts | None"
    error: Notice | None


class Validation(Answer):
    """Everything that keeps an export from being saved, and what may surprise."""

    errors: list[FieldProblem]
    warnings: list[Notice]


class NextTimes(Answer):
    """The next times of a schedule."""

    items: list[Moment]


class ChangeView(Answer):
    """One member of a document, as in `merge_fields.FNAME`; null where it was not there."""

    member: str
    old: JsonValue
    new: JsonValue


class HistoryItem(Answer):
    """Something that happened to an export; runs have an id, changes old and new."""

    at: Moment
    kind: Literal["run", "saved", "connection", "drift", "verification"]
    by: str | None
    run: str | None
    changes: list[ChangeView] | None


class History(Answer):
    """What happened to an export, newest first; `next` is sent back as `before`."""

    items: list[HistoryItem]
    next: str | None
