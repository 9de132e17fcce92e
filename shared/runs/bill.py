"""What a run does to Mailchimp's bill: counted before it, forecast by a plan, told at its end.

Mailchimp charges for subscribed, unsubscribed and transactional contacts, summed over all audiences
of an account, and adds blocks where they are more than the plan's. Whether it charges for pending
ones it does not say.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """A number that is known between two ends."""

    at_least: int
    at_most: int

    def plus(self, other: "Range") -> "Range":
        """Return the sum of two."""
        return Range(self.at_least + other.at_least, self.at_most + other.at_most)


NONE = Range(0, 0)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a connection says of its account's plan: contacts in it, and blocks beyond."""

    plan_size: int | None = None
    block_size: int | None = None
    price: float | None = None
    currency: str | None = None

    def blocks(self, contacts: int) -> int | None:
        """Return how many blocks an account of so many billable contacts takes."""
        if self.plan_size is None or self.block_size is None:
            return None
        return max(0, -(-(contacts - self.plan_size) // self.block_size))


@dataclass(frozen=True, kw_only=True)
class Counters:
    """What Mailchimp counted before a run; the audience's `pending` are not among its billable.

    subscribed: its number of the audience's, which may be some minutes old, and between which ends
    the true one is. account: billable contacts of all audiences; account_more: so many more at
    most, as Mailchimp doesn't count transactional ones of other audiences by themselves.
    """

    counted_at: str
    subscribed: int
    subscribed_now: Range
    unsubscribed: int
    transactional: int
    pending: int
    account: int
    account_more: int = 0

    @property
    def audience(self) -> int:
        """How many contacts of the audience are charged for."""
        return self.subscribed + self.unsubscribed + self.transactional


@dataclass(frozen=True)
class Growth:
    """What a run does, or did: contacts created and archived, and those that wait for an answer."""

    created: Range = NONE
    pending: int = 0
    archived: Range = NONE
    unsubscribed: int = 0

    def plus(self, other: "Growth") -> "Growth":
        """Return the sum of two."""
        return Growth(
            self.created.plus(other.created),
            self.pending + other.pending,
            self.archived.plus(other.archived),
            self.unsubscribed + other.unsubscribed,
        )


NO_GROWTH = Growth()


def grown(
    created: Range, asked: int, archived: Range, unsubscribed: int, *, pending: bool
) -> Growth:
    """Return the growth; pending: who is created waits for a confirmation."""
    if pending:
        return Growth(NONE, asked + created.at_most, archived, unsubscribed)
    return Growth(created, asked, archived, unsubscribed)


@dataclass(frozen=True)
class Billing:
    """What a plan knows of the bill before its run."""

    counters: Counters
    terms: Terms


@dataclass(frozen=True)
class PriceChange:
    """What the blocks cost more, or less, a month."""

    at_least: float
    at_most: float
    currency: str


@dataclass(frozen=True)
class Saving:
    """What archiving the audience's unsubscribed contacts would save; amount None: not known."""

    contacts: int
    amount: float | None


@dataclass(frozen=True)
class Bill:
    """The bill before and after a run; all None where Mailchimp's counters can't be had.

    Blocks and price are None where the connection does not say what they are.
    """

    audience_before: int | None = None
    audience_after: Range | None = None
    account_before: int | None = None
    account_after: Range | None = None
    blocks_before: int | None = None
    blocks_after: Range | None = None
    price_change: PriceChange | None = None
    would_save_by_archiving: Saving | None = None
    counted_at: str | None = None


def bill_of(billing: Billing | None, growth: Growth) -> Bill:
    """Return the bill of a run that does this."""
    if billing is None:
        return Bill()
    counters, terms = billing.counters, billing.terms
    besides = counters.unsubscribed + counters.transactional
    now = counters.subscribed_now
    audience = _after(Range(now.at_least + besides, now.at_most + besides), counters, growth)
    account = Range(counters.account, counters.account + counters.account_more)
    account = _after(account, counters, growth)
    before = terms.blocks(counters.account)
    least, most = terms.blocks(account.at_least), terms.blocks(account.at_most)
    blocks = None if least is None or most is None else Range(least, most)
    return Bill(
        audience_before=counters.audience,
        audience_after=audience,
        account_before=counters.account,
        account_after=account,
        blocks_before=before,
        blocks_after=blocks,
        price_change=_change(terms, before, blocks),
        would_save_by_archiving=_saving(
            terms, account.at_least, counters.unsubscribed + growth.unsubscribed
        ),
        counted_at=counters.counted_at,
    )


def _after(before: Range, counters: Counters, growth: Growth) -> Range:
    least = before.at_least + growth.created.at_least - growth.archived.at_most
    most = before.at_most + growth.created.at_most - growth.archived.at_least
    return Range(max(0, least), max(0, most + counters.pending + growth.pending))


def _change(terms: Terms, before: int | None, after: Range | None) -> PriceChange | None:
    if before is None or after is None or terms.price is None or terms.currency is None:
        return None
    return PriceChange(
        round((after.at_least - before) * terms.price, 2),
        round((after.at_most - before) * terms.price, 2),
        terms.currency,
    )


def _saving(terms: Terms, account: int, contacts: int) -> Saving:
    now, then = terms.blocks(account), terms.blocks(max(0, account - contacts))
    if now is None or then is None or terms.price is None:
        return Saving(contacts, None)
    return Saving(contacts, round((now - then) * terms.price, 2))
