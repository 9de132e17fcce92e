"""What is told of Mailchimp's bill."""

from shared.http.answers.common import Answer, Moment


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
