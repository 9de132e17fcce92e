"""What is sent of a contact besides merge fields and tags, as its item in the payload has it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class More(NamedTuple):
    """The fields of an item's `more`, in their order there; later ones may be missing.

    language: Mailchimp's code, and proof: members of the contact with their values; both are
    written when the contact is created, and to none that exists.
    """

    language: str | None = None
    proof: Mapping[str, str] | None = None

    def of_new(self) -> dict[str, Any]:
        """Return the members of a contact that is created."""
        language = {"language": self.language} if self.language else {}
        return {**language, **(self.proof or {})}
