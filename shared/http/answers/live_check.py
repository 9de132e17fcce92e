"""What the routes of live checks answer."""

from shared.http.answers.common import Answer, Moment, Params
from shared.live_check.record import Status
from shared.mailchimp.live_check.rows import Result


class LiveCheckError(Answer):
    """Why a live check has failed."""

    code: str
    params: Params


class LiveCheckRow(Answer):
    """A question about Mailchimp: `seen` and `assumed`, or the `reason` why nothing was shown."""

    code: str
    result: Result
    params: Params


class LiveCheckView(Answer):
    """The newest live check of a connection."""

    status: Status
    error: LiveCheckError | None
    checked_at: Moment | None
    calls: int
    rows: list[LiveCheckRow]
