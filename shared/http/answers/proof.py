"""What the routes about proof answer."""

from shared.drift.items import Choice
from shared.drift.items import Code as DriftCode
from shared.http.answers.common import Answer, Moment, Params
from shared.proof.record import Code, Status, What


class VerificationWaiting(Answer):
    """What a verification waits for, and since when."""

    code: str
    params: Params
    since: Moment


class VerificationError(Answer):
    """Why a verification has failed."""

    code: str
    params: Params


class VerificationProgress(Answer):
    """How many of the audience's contacts were read."""

    done: int
    total: int


class DifferingView(Answer):
    """How many rows there are of a kind."""

    code: Code
    what: What
    count: int
    repairable: bool


class NotCompared(Answer):
    """Of how many contacts values, or tags, could not be judged: nobody of them is named."""

    values: int
    tags: int


class VerificationView(Answer):
    """The newest verification of an export.

    `as_promised` counts contacts that are held, `differing` rows; `run` is the one that the
    audience was compared with.
    """

    id: str
    status: Status
    asked_by: str
    asked_at: Moment
    ended_at: Moment | None
    waiting: VerificationWaiting | None
    error: VerificationError | None
    progress: VerificationProgress
    checked_at: Moment | None
    run: str | None
    as_promised: int | None
    differing: list[DifferingView]
    not_compared: NotCompared
    calls: int


class VerificationRow(Answer):
    """A contact that is not as promised, without its values; `field`: merge field or tag."""

    email: str
    customer_id: str | None
    code: Code
    what: What
    field: str | None
    repairable: bool


class DriftItem(Answer):
    """Something that people changed by hand; `count` isn't `exact` where it may be more, or less.

    `choices`: what may become of it; none where that is done.
    """

    id: str
    code: DriftCode
    params: Params
    count: int
    exact: bool
    first_seen_at: Moment
    choices: list[Choice]
    choice: Choice | None
    chosen_by: str | None
    chosen_at: Moment | None
    done_at: Moment | None


class DriftView(Answer):
    """What people changed by hand, newest first; `next` is sent back as `after`."""

    items: list[DriftItem]
    looked_at: Moment | None
    next: str | None


class VerificationRows(Answer):
    """A page of them."""

    items: list[VerificationRow]
    next: str | None
