"""What is sent of a contact besides merge fields and tags, as its item in the payload has it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shared.audiences.answer_ids import permission, permission_of
from shared.runs.interests import Wanted


class More(NamedTuple):
    """The fields of an item's `more`, in their order there; later ones may be missing.

    language: Mailchimp's code, proof: members of the contact with their values, interests: the
    mask of those that it is given, marketing permissions among them, which no call about many
    contacts takes; all else is written when the contact is created, and to none that exists.
    look: the fields of Wanted where a contact that exists is read before it is written. watched:
    mask of answers that this product gave before.
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
        given = chosen(ids, self.interests, has=True)
        interests = {"interests": given} if given else {}
        return {**language, **(self.proof or {}), **interests}


def more_of(fields: Iterable[Any] | None) -> More:
    """Read an item's `more`."""
    return More(*(fields or ()))


def chosen(ids: Sequence[str], mask: int, *, has: bool) -> dict[str, bool]:
    """Return the interests of a mask as Mailchimp writes them."""
    return {
        id_: has for bit, id_ in enumerate(ids) if mask >> bit & 1 and permission_of(id_) is None
    }


def permitted(ids: Sequence[str], mask: int, *, has: bool) -> list[dict[str, Any]]:
    """Return the marketing permissions of a mask as Mailchimp writes them."""
    found = [permission_of(id_) for bit, id_ in enumerate(ids) if mask >> bit & 1]
    return [{"marketing_permission_id": id_, "enabled": has} for id_ in found if id_ is not None]


def permissions_among(ids: Sequence[str]) -> int:
    """Return the mask of those that are marketing permissions."""
    return sum(1 << bit for bit, id_ in enumerate(ids) if permission_of(id_) is not None)


class Held(NamedTuple):
    """Masks of what a contact has, and of what its answer shows at all."""

    has: int
    shown: int


def held_of(ids: Sequence[str], member: Mapping[str, Any]) -> Held:
    """Return what Mailchimp shows of a contact's interests and marketing permissions.

    Answers of calls about many contacts don't show the latter.
    """
    interests = member.get("interests")
    said = dict(interests) if isinstance(interests, Mapping) else {}
    for one in member.get("marketing_permissions") or ():
        said[permission(str(one.get("marketing_permission_id")))] = one.get("enabled")
    has = sum(1 << bit for bit, id_ in enumerate(ids) if said.get(id_) is True)
    return Held(has, sum(1 << bit for bit, id_ in enumerate(ids) if id_ in said))
