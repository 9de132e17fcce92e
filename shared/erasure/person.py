"""One person, as the app may know them: addresses and CustomerIds."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from shared.addresses import canonical, spellings

if TYPE_CHECKING:  # polars is imported where an erasure runs
    import polars as pl


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

    def __or__(self, other: "Person") -> "Person":
        return Person(
            self.addresses | other.addresses,
            self.customer_ids | other.customer_ids,
            self.written | other.written,
        )

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

    def widened_by(self, rows: "pl.DataFrame") -> "Person":
        """Return the person with what rows of `email` and `customer_id` add.

        A CustomerId brings the addresses known for it. An address brings the CustomerId whose
        profile was sent with it, so the rows are to leave out further profiles that share it.
        """
        ids = rows.filter(rows["email"].is_in(sorted(self.spellings)))["customer_id"]
        known = self.customer_ids | {text for text in ids.to_list() if text}
        emails = rows.filter(rows["customer_id"].is_in(sorted(known)))["email"]
        found = frozenset(text for text in emails.to_list() if text)
        return Person(
            self.addresses.union(map(canonical, found)),
            frozenset(known),
            self.written | found,
        )
