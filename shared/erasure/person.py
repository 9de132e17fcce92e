"""One person, as the app may know them: addresses and CustomerIds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.mailchimp.suppressions.lines import normalise

if TYPE_CHECKING:  # polars is imported where an erasure runs
    import polars as pl


@dataclass(frozen=True)
class Person:
    """Addresses are normalised; blank ones and blank CustomerIds belong to nobody."""

    addresses: frozenset[str] = frozenset()
    customer_ids: frozenset[str] = frozenset()

    @staticmethod
    def of(email: str | None, customer_id: str | None) -> "Person":
        """Return who is known by an address or a CustomerId, as anybody writes them."""
        address, id_ = normalise(email or ""), (customer_id or "").strip()
        return Person(frozenset([address] if address else []), frozenset([id_] if id_ else []))

    def __or__(self, other: "Person") -> "Person":
        return Person(self.addresses | other.addresses, self.customer_ids | other.customer_ids)

    def rows(self, email: str = "email", customer_id: str = "customer_id") -> "pl.Expr":
        """Return the condition that a table's row is about this person."""
        import polars as pl

        return (
            pl.col(email).is_in(sorted(self.addresses))
            | pl.col(customer_id).is_in(sorted(self.customer_ids))
        ).fill_null(False)

    def widened_by(self, rows: "pl.DataFrame") -> "Person":
        """Return the person with what rows of `email` and `customer_id` add.

        A CustomerId brings the addresses known for it. An address brings the CustomerId whose
        profile was sent with it, so the rows are to leave out further profiles that share it.
        """
        ids = rows.filter(rows["email"].is_in(sorted(self.addresses)))["customer_id"]
        known = self.customer_ids | {text for text in ids.to_list() if text}
        emails = rows.filter(rows["customer_id"].is_in(sorted(known)))["email"]
        return Person(
            self.addresses | {text for text in emails.to_list() if text}, frozenset(known)
        )
