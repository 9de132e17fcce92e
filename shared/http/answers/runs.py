"""What the routes of runs answer."""

from typing import Annotated, Literal

from pydantic import Field

from shared.http.answers.bill import Bill
from shared.http.answers.common import Answer, Moment, Notice, Problem, Waiting


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
    options: Annotated[
        dict[str, bool | Literal["failed"]],
        Field(description="how it was asked for, as far as that is no ordinary run"),
    ]
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


class ActiveRunProblem(Problem):
    """The problem of an export that has an active run, `run`."""

    run: RunView
