"""One person, as the app may know them: addresses and CustomerIds."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from shared.addresses import canonical, spellings

if TYPE_CHECKING:  # polars is imported where an erasure runs
    import polars as pl

# Email and CustomerId, as something kept has them of one profile.
type Names = tuple[str, str]


@dataclass(frozen=True)
class Person:
    """Addresses are canonical; blank ones and blank CustomerIds belong to nobody.

    `written`: the addresses as something kept writes them, where that is another form.
    """

    addresses: frozenset[str] = frozenset()
    customer_ids: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()

    @staticmethod
    def of(email: str | None, customer_id: str | None) -> "Person":
        """Return who is known by an address or a CustomerId, as anybody writes them."""
        address, id_ = canonical(email or ""), (customer_id or "").strip()
        return Person(
            frozenset([address] if address else []),
            frozenset([id_] if id_ else []),
            frozenset(spellings(email) if address and email else ()),
        )

    @staticmethod
    def stored(document: dict[str, list[str]]) -> "Person":
        """Return the person of a stored document."""
        return Person(**{name: frozenset(texts) for name, texts in document.items()})

    def document(self) -> dict[str, list[str]]:
        """Return what is stored while the person is being erased."""
        return {name: sorted(texts) for name, texts in asdict(self).items()}

    @cached_property
    def spellings(self) -> frozenset[str]:
        """Every form in which something kept may write one of the addresses, as 0.1.0's does."""
        forms = (form for address in self.addresses for form in spellings(address))
        return self.written.union(forms)

    def rows(self, email: str = "email", customer_id: str = "customer_id") -> "pl.Expr":
        """Return the condition that a table's row is about this person."""
        import polars as pl

        return (
            pl.col(email).is_in(sorted(self.spellings))
            | pl.col(customer_id).is_in(sorted(self.customer_ids))
        ).fill_null(False)

    def widened_by(self, rows: Iterable[Names], given: "Person") -> "Person":
        """Return the person with what rows about them add; `given` is who was asked for.

        A CustomerId brings the addresses known for it. An address that was asked for brings the
        CustomerId whose profile was sent with it, so the rows are to leave out further profiles
        that share it.
        """
        rows = list(rows)
        ids = {id_ for email, id_ in rows if id_ and email in given.spellings}
        known = self.customer_ids | ids
        found = frozenset(email for email, id_ in rows if email and id_ in known)
        return Person(self.addresses.union(map(canonical, found)), known, self.written | found)

    def knows_more_than(self, other: "Person") -> bool:
        """Return whether something may be found by this that isn't by the other."""
        return self.customer_ids != other.customer_ids or self.spellings != other.spellings
