"""What Mailchimp counts before a run: of its audience, and of the account that is charged."""

from shared.exports.connection_models import StoredConnection
from shared.mailchimp.answers import Audience, ListCounts
from shared.mailchimp.audience import AudienceState
from shared.mailchimp.suppressions import State
from shared.platform.clock import to_text
from shared.runs.bill import Counters, Range, Terms


def counters_of(
    state: AudienceState, subscribers: int | None, protected: State, *, ours_lately: bool
) -> Counters | None:
    """Return what Mailchimp's numbers say; None where it gives none of an audience.

    subscribers: the account's own sum, which is newer than those of its audiences. ours_lately:
    this product has just worked on the audience, so that what the sums differ by is its own.
    """
    own, others = state.audience.counts, _counts(state.others)
    if own is None or others is None:
        return None
    told = own.subscribed + sum(one.subscribed for one in others)
    drift = 0 if subscribers is None else subscribers - told
    newest = max(0, own.subscribed + drift)
    ends = sorted((newest, own.subscribed if others else newest))
    totals = {status: rows.total for status, rows in protected.rows.items()}
    besides = totals["unsubscribed"] + totals["transactional"]
    return Counters(
        counted_at=to_text(state.audience.date),
        subscribed=own.subscribed if others and not ours_lately else newest,
        subscribed_now=Range(*ends),
        unsubscribed=totals["unsubscribed"],
        transactional=totals["transactional"],
        pending=totals["pending"],
        account=told + drift + besides + sum(one.unsubscribed for one in others),
        account_more=sum(one.unsure for one in others),
    )


def terms_of(connection: StoredConnection) -> Terms:
    """Return what a connection says of its account's plan."""
    price = connection.block_price
    return Terms(
        plan_size=connection.plan_size,
        block_size=connection.block_size,
        price=None if price is None else float(price.amount),
        currency=None if price is None else price.currency,
    )


def _counts(audiences: tuple[Audience, ...]) -> list[ListCounts] | None:
    found = [one.counts for one in audiences if one.counts is not None]
    return found if len(found) == len(audiences) else None
