"""What the routes answer, for the OpenAPI document and for the tests that hold answers to it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from shared.exports.connection_models import BlockPrice
from shared.exports.models import ConsentColumn, Export

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
# Flat: text, numbers and times, no English and no person.
Params = dict[str, str | int | float | bool | list[str] | None]
Share = Literal["administrators", "contributors"]


class Answer(BaseModel):
    """An answer has these members and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FieldProblem(Answer):
    """One thing that is wrong with the input."""

    field: str
    code: str
    params: Params
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457); `code` is the last part of `type`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    params: Params
    errors: list[FieldProblem] = []


class Me(Answer):
    """Who the caller is; without a role they are signed in and may do nothing."""

    name: str
    role: Literal["administrator", "contributor", "viewer"] | None
    auth: Literal["keys", "entra"]
    version: str
    downloads: Literal["link", "parts"]


class Terms(Answer):
    """The data privacy terms in one of their languages; the version is that of all."""

    version: str
    language: str
    languages: list[str]
    text: str


class StoredConsent(Answer):
    """Who agreed to which version of the terms, and who took it back."""

    accepted: bool
    accepted_by: str | None = None
    accepted_at: Moment | None = None
    terms_version: str | None = None
    terms_language: str | None = None
    withdrawn_by: str | None = None
    withdrawn_at: Moment | None = None


class UpdatesView(Answer):
    """In which way contacts that exist are updated without their status being written, and why."""

    way: Literal["status_if_new", "no_status", "one_by_one"]
    reason: str
    proved_at: Moment | None
    archived_is: Literal["known", "new"] | None
    window_seconds: int


class WebhookState(Answer):
    """Whether Mailchimp tells of who leaves an audience, and when it last told of anything."""

    audience_id: str
    state: Literal["on", "off", "unreachable", "unsigned"]
    last_event_at: Moment | None


class AwaitedAccount(Answer):
    """Another account than before, which an administrator has to confirm."""

    account_id: str
    account_name: str | None


class ConnectionView(Answer):
    """A connection as administrators see it."""

    name: str
    display_name: str
    type: Literal["mailchimp"]
    shared_with: Share
    secret_name: str
    consent: StoredConsent
    webhooks: bool
    exclusive_user: bool
    plan_size: int | None
    block_size: int | None
    block_price: BlockPrice | None
    status: Literal["ready", "needs_consent", "needs_token", "needs_confirmation", "broken"]
    account_id: str | None
    account_name: str | None
    data_center: str | None
    awaiting: AwaitedAccount | None
    updates: UpdatesView
    webhook_state: list[WebhookState]
    created_by: str
    created_at: Moment
    updated_by: str
    updated_at: Moment


class SharedConnection(Answer):
    """A connection as those see it whom it is shared with."""

    name: str
    display_name: str
    type: Literal["mailchimp"]


class ConnectionList(Answer):
    """The connections that the caller may know of."""

    items: list[ConnectionView | SharedConnection]


class AuthorizeUrl(Answer):
    """Where an administrator signs in with Mailchimp."""

    authorize_url: str


class MailchimpCheck(Answer):
    """Whether Mailchimp takes the token."""

    ok: bool
    account_name: str | None
    role: str | None
    data_center: str | None
    code: str | None
    params: Params
    detail: str | None


class StorageCheck(Answer):
    """Whether the app's identity can read the segments."""

    ok: bool
    code: str | None
    params: Params
    detail: str | None


class Verification(Answer):
    """The two results of verifying a connection."""

    mailchimp: MailchimpCheck
    segment_storage: StorageCheck


class MergeFieldView(Answer):
    """A merge field of an audience."""

    tag: str
    name: str
    type: str
    required: bool


class AudienceView(Answer):
    """An audience; `contacts` may be some minutes old."""

    id: str
    name: str
    contacts: int
    double_optin: bool
    merge_fields: list[MergeFieldView]


class AudienceList(Answer):
    """The audiences of a connection's account."""

    items: list[AudienceView]


class ProfileCount(Answer):
    """How many profiles a snapshot has; estimated where counting would take long."""

    count: int
    exact: bool


class SegmentView(Answer):
    """The newest snapshot of a segment."""

    name: str
    snapshot: str
    partitions: int
    bytes: int
    columns: list[str]
    profiles: ProfileCount
    age_seconds: int


class SegmentList(Answer):
    """What lies in a source folder."""

    items: list[SegmentView]


class Notice(Answer):
    """A warning or an error: a stable code, what it is about, and a text for people."""

    code: str
    params: Params = {}
    detail: str


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


class Waiting(Answer):
    """What somebody or something waits for, and since when."""

    code: str
    params: Params
    since: Moment


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


class Counts(Answer):
    """Rows of the outcomes by what happened; `profiles` and `contacts` count the input."""

    profiles: int
    contacts: int
    unchanged: int
    created: int
    updated: int
    tagged: int
    untagged: int
    archived: int
    unsubscribed: int
    skipped: int
    rejected: int
    failed: int


class Progress(Answer):
    """How far a run is."""

    batches_total: int
    batches_done: int
    contacts_total: int
    contacts_done: int
    contacts_per_second: float
    expected_end: Moment | None


class PlanCounts(Answer):
    """How many contacts a run would do what with; `profiles` and `contacts` count the input."""

    profiles: int
    contacts: int
    to_upsert: int
    to_tag: int
    to_untag: int
    to_archive: int
    to_unsubscribe: int
    unchanged: int
    skipped: int
    withdrawn: int = 0


class Sample(Answer):
    """A contact that somebody who knows them recognises."""

    email: Annotated[str, Field(description="masked: j***@c***.com")]
    customer_id: str


class PlanSamples(Answer):
    """Up to five contacts of each kind."""

    to_upsert: list[Sample]
    to_tag: list[Sample]
    to_untag: list[Sample]
    to_archive: list[Sample]
    to_unsubscribe: list[Sample]
    unchanged: list[Sample]
    skipped: list[Sample]


class Ends(Answer):
    """A number that is known between two ends; they are equal where it is known."""

    at_least: int
    at_most: int


class PriceEnds(Answer):
    """What the blocks cost more, or less, a month."""

    at_least: float
    at_most: float
    currency: str


class Saving(Answer):
    """What archiving the audience's unsubscribed contacts would save a month."""

    contacts: int
    amount: float | None


class Bill(Answer):
    """Mailchimp's bill before and after a run, in billable contacts; null where it isn't known.

    Blocks and price need the connection's `plan_size`, `block_size` and `block_price`; all of it is
    null where Mailchimp's counters can't be had.
    """

    audience_before: int | None
    audience_after: Ends | None
    account_before: int | None
    account_after: Ends | None
    blocks_before: int | None
    blocks_after: Ends | None
    price_change: PriceEnds | None
    would_save_by_archiving: Saving | None
    counted_at: Moment | None


class Withheld(Answer):
    """How many contacts the stops kept from being added, removed, or acted on as withdrawn."""

    additions: int
    removals: int
    withdrawals: int


class PreviewPlan(Answer):
    """What a run would do, in how many calls and, at a guess, minutes.

    `new_to_export` are contacts that this export has never sent, `audience_contacts` those that the
    audience has now; `removals_withheld` says why none would be removed.
    """

    counts: PlanCounts
    calls: int
    minutes: float
    new_to_export: int
    audience_contacts: int
    removals_withheld: str | None
    samples: PlanSamples
    withheld: Withheld
    bill: Bill | None


class Stage(Answer):
    """When a stage of a run began and ended; without times it has not begun, or was left out."""

    began_at: Moment | None
    ended_at: Moment | None
    seconds: float


class Stages(Answer):
    """The stages in their order; waiting is everything before the input is there."""

    waiting: Stage
    reading: Stage
    planning: Stage
    sending: Stage
    permissions: Stage
    finishing: Stage


class Difference(Answer):
    """How much a count has changed; in per cent where there was something before."""

    difference: int
    per_cent: float | None


class Comparison(Answer):
    """An ended run against the last one before it that succeeded, at least in part."""

    run: str
    counts: dict[str, Difference]


class RunView(Answer):
    """One execution of an export; a preview that succeeded has a `plan`."""

    id: str
    export: str
    kind: Literal["on_demand", "scheduled"]
    preview: bool
    full: bool
    status: Literal[
        "queued",
        "planning",
        "running",
        "succeeded",
        "partial",
        "failed",
        "skipped",
        "cancelled",
    ]
    requested_by: str
    submitted_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    snapshots: dict[str, str]
    counts: Counts
    outcomes: dict[str, int]
    due: Annotated[int, Field(description="leavers to be archived or unsubscribed later")]
    withheld: Withheld
    bill: Bill | None
    progress: Progress
    warnings: list[Notice]
    error: Notice | None
    plan: PreviewPlan | None = None
    triggered_by: Literal["person", "all", "refresh", "cron", "after", "upkeep"]
    stages: Stages
    waiting: Waiting | None
    compared_with_previous: Comparison | None


class SeriesView(Answer):
    """What a run did over time: at most 300 points from `from` on, each the highest of its span."""

    begun_at: Annotated[Moment | None, Field(alias="from")]
    every_seconds: Annotated[int, Field(ge=1)]
    calls_in_flight: Annotated[list[int], Field(max_length=300)]
    contacts_per_second: Annotated[list[float], Field(max_length=300)]


class RunList(Answer):
    """Runs, newest first; `next` is sent back as `before` for older ones."""

    items: list[RunView]
    next: str | None = None


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


class Reason(Answer):
    """Why, where this product itself says it."""

    code: str
    params: Params


class OutcomeRow(Answer):
    """What happened to one contact; masked where persons aren't shown to the caller."""

    email: str
    customer_id: str | None
    code: str
    detail: str
    reason: Reason | None
    segments: list[str]


class OutcomePage(Answer):
    """Some of the rows; `csv_url` leads to all of them and ends within minutes."""

    items: list[OutcomeRow]
    next: str | None
    csv_url: str | None


class ActiveRunProblem(Problem):
    """The problem of an export that has an active run, `run`."""

    run: RunView


class ErasureProgress(Answer):
    """How many of the places that may hold a person have been gone through."""

    done: int
    total: int


class ErasureFailure(Answer):
    """A place that could not be cleaned yet, and why: it is tried again."""

    where: str
    code: Literal[
        "unreadable",
        "storage_failed",
        "connection_missing",
        "connection_not_ready",
        "secret_unreadable",
        "mailchimp_busy",
        "mailchimp_failed",
        "mailchimp_unauthorized",
        "mailchimp_denied",
        "mailchimp_method_disabled",
        "internal_error",
    ]


class Removed(Answer):
    """How many rows or contacts a place lost; in an ended erasure also where there were none."""

    where: str
    count: int
    code: Literal["not_found"] | None = None


class ErasureView(Answer):
    """How far an erasure has come; nothing of it names the person.

    A place is `ledgers/{export}/{audience}`, `memory/{audience}`, `outcomes/{run}`, `plans/{run}`,
    `previews/{run}`, `protected/{audience}` or `mailchimp/{audience}`; its kind alone where none of
    them had the person.
    """

    id: str
    status: Literal["running", "done", "incomplete"]
    asked_at: Moment
    ended_at: Moment | None
    progress: ErasureProgress
    errors: list[ErasureFailure]
    removed: list[Removed]


class Dependency(Answer):
    """Whether something that the app needs answers."""

    ok: bool


class Health(Answer):
    """Whether the app can do its work."""

    status: Literal["ok", "unavailable"]


class WrongSetting(Answer):
    """A setting that can't be used; never its value."""

    name: str
    code: str
    detail: str


class WaitingQueue(Answer):
    """What waits in a queue; `oldest_seconds` is of the messages that are not hidden."""

    name: str
    messages: int
    oldest_seconds: int | None


class HealthDetails(Health):
    """The same with what is wrong; while settings are wrong, nothing else is asked."""

    dependencies: dict[str, Dependency]
    settings: list[WrongSetting]
    queues: list[WaitingQueue]
    active_runs: int | None
    last_tick_at: Moment | None
    functions_missing: list[str]
    version: str
