"""What is sent of a contact besides merge fields and tags, as its item in the payload has it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shared.runs.interests import Wanted


class More(NamedTuple):
    """The fields of an item's `more`, in their order there; later ones may be missing.

    language: Mailchimp's code, proof: members of the contact with their values, interests: the
    mask of those that it is given; all are written when the contact is created, and to none that
    exists. look: the fields of Wanted where a contact that exists is read before it is written.
    watched: mask of interests that this product gave before.
    """

    language: str | None = None
    proof: Mapping[str, str] | None = None
    interests: int = 0
    look: Sequence[Any] | None = None
    watched: int = 0

    @property
    def wanted(self) -> Wanted:
        """What its answers ask for where it exists."""
        return Wanted(*(self.look or ()))

    def of_new(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return the members of a contact that is created; ids: of interests by their bits."""
        language = {"language": self.language} if self.language else {}
        interests = {"interests": chosen(ids, self.interests, has=True)} if self.interests else {}
        return {**language, **(self.proof or {}), **interests}


def more_of(fields: Iterable[Any] | None) -> More:
    """Read an item's `more`."""
    return More(*(fields or ()))


def chosen(ids: Sequence[str], mask: int, *, has: bool) -> dict[str, bool]:
    """Return the interests of a mask as Mailchimp writes them."""
    return {id_: has for bit, id_ in enumerate(ids) if mask >> bit & 1}


def held_of(ids: Sequence[str], member: Mapping[str, Any]) -> int:
    """Return the mask of the interests that Mailchimp shows of a contact."""
    shown = member.get("interests")
    if not isinstance(shown, Mapping):
        return 0
    return sum(1 << bit for bit, id_ in enumerate(ids) if shown.get(id_) is True)
