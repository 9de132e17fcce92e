"""What was changed by hand, as it is kept of an audience: items, and what people want left alone.

One item per kind and tag or field, never per person: nothing here names anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Code = Literal[
    "tag_renamed",
    "tag_deleted",
    "tags_taken",
    "tags_given",
    "merge_field_renamed",
    "merge_field_deleted",
    "merge_field_type_changed",
    "values_edited",
    "contacts_archived",
    "contacts_unsubscribed",
    "contacts_deleted",
]
Choice = Literal["put_back", "leave", "note"]
CHOICES: tuple[Choice, ...] = ("put_back", "leave", "note")
# The names of the params of each.
PARAMS: Mapping[Code, tuple[str, ...]] = {
    "tag_renamed": ("given", "found"),
    "tag_deleted": ("tag",),
    "tags_taken": ("tag",),
    "tags_given": ("tag",),
    "merge_field_renamed": ("given", "found"),
    "merge_field_deleted": ("field",),
    "merge_field_type_changed": ("field", "given", "found"),
    "values_edited": (),
    "contacts_archived": (),
    "contacts_unsubscribed": (),
    "contacts_deleted": (),
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Something that a look has found to be otherwise than this product left it.

    subject: the tag's or merge field's id; of contacts and values the export's uid. holders: uids
    of the other exports that it concerns. may_put_back: whether a run can undo it.
    """

    code: Code
    subject: str
    params: dict[str, str] = field(default_factory=dict)
    count: int = 1
    exact: bool = True
    holders: tuple[str, ...] = ()
    may_put_back: bool = False


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one export's run, or verification, has seen.

    carried_out: ids of the items that people wanted put back, and that it has put back.
    """

    seen: tuple[Seen, ...] = ()
    carried_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Item:
    """One kind of change, of one tag or field; times are text.

    seen_by: uids of the exports whose last look has shown it; exports: of all that it concerns.
    done_at: since when there is nothing more to choose.
    """

    id: str
    code: Code
    subject: str
    params: dict[str, str]
    count: int
    exact: bool
    first_seen_at: str
    choices: tuple[Choice, ...]
    exports: tuple[str, ...]
    seen_by: tuple[str, ...]
    choice: Choice | None = None
    chosen_by: str | None = None
    chosen_at: str | None = None
    done_at: str | None = None

    @property
    def key(self) -> tuple[Code, str]:
        """What it is about."""
        return self.code, self.subject

    @property
    def is_open(self) -> bool:
        """Whether a choice may still be made or changed."""
        return self.done_at is None

    @property
    def is_shown(self) -> bool:
        """Whether the list has it: not what people want as it is."""
        return self.choice != "leave"


@dataclass(frozen=True, kw_only=True)
class Left:
    """What people want as they left it: so many, changed like this."""

    code: Code
    subject: str
    params: dict[str, str]
    count: int


@dataclass(frozen=True, kw_only=True)
class Drift:
    """All that is kept of an audience; numbered: how many items there have ever been."""

    items: tuple[Item, ...] = ()
    left: tuple[Left, ...] = ()
    numbered: int = 0

    def item(self, id_: str) -> Item | None:
        """Return the item of an id."""
        return next((one for one in self.items if one.id == id_), None)

    def of_export(self, uid: str) -> list[Item]:
        """Return what an export shows, the newest first."""
        found = [one for one in self.items if uid in one.exports and one.is_shown]
        return sorted(found, key=lambda one: (one.first_seen_at, one.id), reverse=True)

    def is_open_for(self, uid: str) -> bool:
        """Return whether an export's next look may change something."""
        return any(one.is_open and uid in one.seen_by for one in self.items)

    def wanted_back(self, uid: str) -> list[Item]:
        """Return what an export's next run is to put back."""
        return [
            one
            for one in self.items
            if one.is_open and one.choice == "put_back" and uid in one.seen_by
        ]

    def is_left(self, code: Code, subject: str) -> bool:
        """Return whether people want this kind of change as it is."""
        return any((one.code, one.subject) == (code, subject) for one in self.left)
