"""An export as people write it and as it is stored; connections are in connection_models.py.

Of what people write unknown fields are an error and read-only ones are ignored, so that what GET
gives can be PUT back. Of what is stored unknown fields are ignored.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from shared.audiences.answer_ids import member_of, permission
from shared.exports.field_sources import FieldSource, columns_named, source_of
from shared.exports.filters import Filter
from shared.exports.more import AnswerColumn, Interests, Permissions, ProofOfConsent
from shared.exports.schedules import ScheduleError, check_cron, check_zone
from shared.exports.written import (
    InputModel,
    Line,
    Name,
    one_line,
    without_blanks_around,
)
from shared.mailchimp.merge_fields import Filling
from shared.notice import Notice

MAX_CONSENT_VALUES = 100
# The plan keeps the tags of a contact as bits of one integer.
MAX_SEGMENTS = 64
# The ledger keeps a bit per merge field. Mailchimp has up to 80, on its largest plan.
MAX_MERGE_FIELDS = 64


def _tag(text: str) -> str:
    """A tag as Mailchimp keeps it: without blanks around it or doubled ones."""
    return " ".join(one_line(text).split())


def _known_zone(text: str) -> str:
    try:
        check_zone(text)
    except ScheduleError as error:
        raise ValueError(str(error)) from None
    return text


def _usable_cron(text: str) -> str:
    try:
        check_cron(text)
    except ScheduleError as error:
        raise ValueError(str(error)) from None
    return text


def _folder(text: str) -> str:
    text = one_line(text).strip("/")
    if not text or any(part in ("", ".", "..") for part in text.split("/")):
        raise ValueError("must be a folder path such as CustomerInsights_<id>/BlobExport")
    return text


# A tag, one that is longer than Mailchimp's and gets cut, or a part of an address (ADDRESS.city).
MergeTag = Annotated[
    str, Field(min_length=1, max_length=100), AfterValidator(without_blanks_around)
]
Folder = Annotated[str, Field(min_length=1, max_length=900), AfterValidator(_folder)]
SegmentName = Annotated[
    str,
    Field(min_length=1, max_length=256),
    StringConstraints(pattern=r"^[^/\\]+$"),
    AfterValidator(one_line),
]
TagName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_tag)]
Percent = Annotated[int, Field(ge=0, le=100)] | Annotated[float, Field(ge=0, le=100)]
# What is done with contacts that have left every segment.
Leavers = Literal["untag", "keep", "archive", "unsubscribe"]
# What is done with contacts whose consent was withdrawn, besides their tags.
Withdrawn = Literal["untag", "unsubscribe", "archive"]
GrowthPercent = Annotated[int, Field(ge=0, le=1000)] | Annotated[float, Field(ge=0, le=1000)]
# Ten years are as good as never.
Hours = Annotated[int, Field(gt=0, le=87_600)] | Annotated[float, Field(gt=0, le=87_600)]


class Source(InputModel):
    """Where Customer Insights writes the segments."""

    container: Line = "dynamics365customerinsights"
    folder: Folder


class Segment(InputModel):
    """A segment and the tag its members have in Mailchimp, by default its name."""

    name: SegmentName
    tag: TagName
    adopt: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_bare_name(cls, given: object) -> object:
        if isinstance(given, str):
            return {"name": given, "tag": given}
        if isinstance(given, Mapping) and "name" in given:
            return {"tag": given["name"], **given}
        return given


class ConsentColumn(InputModel):
    """A profile without one of these values in this column is not sent.

    withdrawn: what is done with a contact that had consented and whose newest profile refuses.
    """

    field: Line
    values: Annotated[
        list[Annotated[str, Field(max_length=256)]],
        # Stored exports of before there was a limit may have more.
        Field(min_length=1, json_schema_extra={"maxItems": MAX_CONSENT_VALUES}),
    ]
    withdrawn: Withdrawn = "untag"


def _few_values(consent: ConsentColumn | None) -> ConsentColumn | None:
    if consent is not None and len(consent.values) > MAX_CONSENT_VALUES:
        raise ValueError(f"has more than {MAX_CONSENT_VALUES} values")
    return consent


class GrowthLimit(InputModel):
    """How many contacts a run may create: a number, or a share of the audience's billable ones."""

    contacts: Annotated[int, Field(ge=0)] | None = None
    percent: GrowthPercent | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.contacts is None) == (self.percent is None):
            raise ValueError("needs either `contacts` or `percent`")
        return self

    @model_serializer(mode="wrap")
    def _given_only(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class Schedule(InputModel):
    """When an export runs by itself; switched off, it is kept.

    after: the export whose runs, where they end well, each begin one of this one.
    """

    active: bool = True
    kind: Literal["refresh", "cron", "after", "none"] = "refresh"
    cron: Annotated[list[Annotated[str, AfterValidator(_usable_cron)]], Field(max_length=20)] = (
        Field(default=[])
    )
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    after: Name | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.kind == "cron" and not self.cron:
            raise ValueError("a cron schedule needs at least one expression in `cron`")
        if self.kind == "after" and self.after is None:
            raise ValueError("a schedule after another export names that in `after`")
        return self

    @property
    def predecessor(self) -> str | None:
        """The export after whose runs this one runs, None where its kind is another."""
        return self.after if self.kind == "after" else None


class Export(InputModel):
    """A saved configuration: which segments go to which audience, how and when.

    purpose, legal_basis: for the record of processing; nothing depends on them.
    """

    read_only = frozenset(
        {
            "uid",
            "created_by",
            "created_at",
            "updated_by",
            "updated_at",
            "scheduled_since",
            "warnings",
            "last_run",
            "active_run",
            "next_run_at",
            "contacts",
            "audience_name",
            "connection_display_name",
            "waiting",
            "may",
        }
    )

    name: Name
    display_name: Line
    connection: Name | None
    audience_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,50}$")]
    source: Source
    segments: Annotated[list[Segment], Field(min_length=1, max_length=MAX_SEGMENTS)]
    email_field: Line
    merge_fields: Annotated[dict[MergeTag, FieldSource], Field(max_length=MAX_MERGE_FIELDS)] = (
        Field(default={})
    )
    create_merge_fields: bool = False
    interests: Interests = Field(default={})
    marketing_permissions: Permissions = Field(default={})
    language_field: Line | None = None
    proof_of_consent: ProofOfConsent | None = None
    consent: Annotated[ConsentColumn | None, AfterValidator(_few_values)] = None
    filter: Filter | None = None
    status_for_new: Literal["subscribed", "pending"] = "subscribed"
    leavers: Leavers = "untag"
    removal_limit_percent: Percent = 20
    growth_limit: GrowthLimit | None = None
    stale_after_hours: Hours = 72
    schedule: Schedule = Schedule()
    purpose: Line | None = None
    legal_basis: Line | None = None

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, given: object) -> object:
        if isinstance(given, Mapping) and "name" in given:
            return {"display_name": given["name"], **given}
        return given

    @property
    def tags(self) -> tuple[str, ...]:
        """The tag of each segment, in the order of the segments."""
        return tuple(segment.tag for segment in self.segments)

    @property
    def segment_names(self) -> tuple[str, ...]:
        """The segments in the order that decides which of two profiles counts."""
        return tuple(segment.name for segment in self.segments)

    @property
    def mapping(self) -> dict[str, Filling]:
        """What each merge field is matched and filled by."""
        return {tag: source_of(source) for tag, source in self.merge_fields.items()}

    @property
    def answers(self) -> dict[str, AnswerColumn]:
        """The columns of interests and marketing permissions, by what both are remembered as."""
        permissions = {permission(id_): one for id_, one in self.marketing_permissions.items()}
        return {**permissions, **self.interests}

    @property
    def more_columns(self) -> dict[str, str]:
        """The columns of what is filled besides merge fields, by the members that name them."""
        named = {"language_field": self.language_field} if self.language_field else {}
        proof = self.proof_of_consent.columns if self.proof_of_consent else {}
        named |= {f"{member_of(id_)}.field": one.field for id_, one in self.answers.items()}
        return named | {f"proof_of_consent.{name}": column for name, column in proof.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """Every profile column that the export reads (CustomerId aside), each once."""
        names = [self.email_field]
        for source in self.merge_fields.values():
            names += columns_named(source)
        names += self.more_columns.values()
        if self.consent is not None:
            names.append(self.consent.field)
        if self.filter is not None:
            names += self.filter.columns
        return tuple(dict.fromkeys(names))


class StoredExport(Export):
    """An export as it is stored, or frozen into a run; its ledger belongs to its `uid`.

    scheduled_since: when it got its schedule. warnings: what saving it has found.
    """

    model_config = ConfigDict(extra="ignore", strict=False)
    read_only = frozenset()

    uid: str
    created_by: str
    created_at: str
    updated_by: str
    updated_at: str
    consent: ConsentColumn | None = None
    scheduled_since: str
    warnings: tuple[Notice, ...] = ()
    audience_name: str | None = None

    def document(self) -> dict[str, Any]:
        """Return what is stored."""
        return self.model_dump(mode="json")
