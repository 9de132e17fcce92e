"""What the routes answer that help people to set an export up."""

from typing import Annotated, Literal

from pydantic import Field, RootModel

from shared.http.answers.common import Answer
from shared.http.answers.connections import MergeFieldView
from shared.http.answers.segments import ProfileCount, SegmentList


class InterestView(Answer):
    """An interest of an audience; kind: how people choose in its group, such as checkboxes."""

    id: str
    name: str
    group: str
    kind: str


class PermissionView(Answer):
    """A marketing permission of an audience."""

    id: str
    text: str


class AudienceDetail(Answer):
    """What of an audience an export may fill.

    marketing_permissions: null where there are some, and no contact to read their ids from.
    """

    merge_fields: list[MergeFieldView]
    interests: list[InterestView]
    marketing_permissions: list[PermissionView] | None
    languages: list[str]


class SnapshotView(Answer):
    """A snapshot of a segment; profiles are counted or estimated in the newest whole one alone."""

    snapshot: str
    whole: bool
    profiles: ProfileCount | None
    bytes: int


class ColumnDetail(Answer):
    """A profile column: the type that a field made for it would have, and what it looks like."""

    name: str
    type: Literal["text", "number", "date"]
    blank_share: Annotated[float, Field(ge=0, le=1)]
    samples: Annotated[list[str], Field(description="masked, three at most")]


class FedExport(Answer):
    """An export that sends a segment."""

    name: str
    audience_id: str


class SegmentDetail(Answer):
    """A segment: its snapshots, newest first, what is in it, and where it goes."""

    name: str
    snapshots: list[SnapshotView]
    columns: list[ColumnDetail]
    exports: list[FedExport]


class SegmentsAnswer(RootModel[SegmentList | SegmentDetail]):
    """What lies in a source folder; with `name` the one of that name."""


ReasonCode = Literal["name_and_values", "values", "name", "known_name", "consent_values"]


class SuggestedColumn(Answer):
    """A column, and why."""

    value: str
    reason: ReasonCode


class SuggestedField(Answer):
    """A column for a merge field; one that doesn't exist would be created with this type."""

    value: str
    type: str
    exists: bool
    reason: ReasonCode


class SuggestedAnswers(Answer):
    """The column that says who agreed, and which of its values do."""

    field: str
    values: list[str]


class SuggestedConsent(Answer):
    """A consent, and why."""

    value: SuggestedAnswers
    reason: ReasonCode


class Suggestion(Answer):
    """What an export could map; null where nothing fits."""

    email_field: SuggestedColumn | None
    merge_fields: dict[str, SuggestedField]
    consent: SuggestedConsent | None
