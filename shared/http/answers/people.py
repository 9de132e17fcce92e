"""What the routes about one person answer."""

from typing import Literal

from shared.http.answers.common import Answer, Moment, Params
from shared.people.verdict import StepCode, VerdictCode


class VerdictView(Answer):
    """What is the matter; of the codes the first in their order is the worst."""

    code: VerdictCode
    params: Params


class StepView(Answer):
    """Something that would change the verdict, to be done in the order of the list."""

    code: StepCode
    params: Params


class SegmentMember(Answer):
    """Whether a segment's snapshot has the person; null where that could not be seen."""

    name: str
    snapshot: str | None
    member: bool | None


class PersonProfile(Answer):
    """A profile in a segment; of several with one address one counts."""

    customer_id: str
    segment: str
    counts: bool
    filtered: bool
    consent: Literal["given", "refused", "blank"] | None


class PersonRun(Answer):
    """What a run told of the person."""

    id: str
    ended_at: Moment
    outcome: str
    detail: str


class PersonHeld(Answer):
    """What the export remembers of the contact; `since` is null where that is not known."""

    tags: list[str]
    since: Moment | None
    created_by_us: bool


class PersonInExport(Answer):
    """A person in one export; runs are the newest first."""

    export: str
    verdict: VerdictView
    would_change: list[StepView]
    snapshot_newer: bool
    segments: list[SegmentMember]
    profiles: list[PersonProfile]
    runs: list[PersonRun]
    held: PersonHeld | None


class PersonInAudience(Answer):
    """What an audience holds of the person: `asked_at` null where it could not be asked.

    status: null where it was asked and holds nobody, or where it could not be asked.
    """

    connection: str
    audience_id: str
    status: str | None
    tags: list[str]
    last_changed: Moment | None
    asked_at: Moment | None


class LeftOut(Answer):
    """A part that the answer lacks, and why; `time` is had by sending `next` back."""

    export: str
    what: Literal["export", "runs", "segment", "audience"]
    name: str | None
    code: str


class PersonExplained(Answer):
    """Why a person arrived, or did not, as far as ten seconds are enough to tell."""

    verdict: VerdictView
    would_change: list[StepView]
    exports: list[PersonInExport]
    audiences: list[PersonInAudience]
    hidden_exports: int
    left_out: list[LeftOut]
    complete: bool
    next: str | None
