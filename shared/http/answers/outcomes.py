"""What the routes of outcomes answer as JSON."""

from shared.http.answers.common import Answer, Params


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
