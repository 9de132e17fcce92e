"""Everything that holds persons, in the order in which an erasure goes through it.

Whoever stores persons in a new place adds a `Store` here, and the place to docs/erasure.md: a
test looks for erased people in every blob. A store is gone through piece by piece; a piece that
can't be read spoils no other.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from shared.app import App
from shared.erasure import (
    ledgers,
    mailchimp,
    memories,
    outcomes,
    plans,
    previews,
    protected,
    verifications,
)
from shared.erasure.search import Search


@dataclass(frozen=True)
class Store:
    """One kind of place.

    kind: what it is called where people are told of it. pieces: their names. erase: removes the
    person from one of them, tells the search whom it met there before it removes anything, and
    returns how many there were, by what people know it as (`kind/...`); may be repeated. Raises
    PieceError, and whatever reading it raises. urgent: gone through before anybody is answered.
    """

    kind: str
    pieces: Callable[[App], Iterable[str]]
    erase: Callable[[App, str, Search], Mapping[str, int]]
    urgent: bool = False


# First what is sent just now; then what knows most of a person; last what takes longest.
_KEPT = (
    Store("plans", plans.under_way, plans.erase, urgent=True),
    Store("ledgers", ledgers.pieces, ledgers.erase),
    Store("memory", memories.pieces, memories.erase),
    Store("protected", protected.pieces, protected.erase),
    Store("verifications", verifications.pieces, verifications.erase),
)
_IN_MAILCHIMP = Store("mailchimp", mailchimp.pieces, mailchimp.erase)
_OF_RUNS = (
    Store("plans", plans.ended, plans.erase),
    Store("previews", previews.pieces, previews.erase),
    Store("outcomes", outcomes.pieces, outcomes.erase),
)


def stores(*, delete: bool) -> tuple[Store, ...]:
    """Return them in order; `delete`: in Mailchimp, too."""
    return (*_KEPT, *((_IN_MAILCHIMP,) if delete else ()), *_OF_RUNS)
