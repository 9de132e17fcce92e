"""What the calls of a run have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Job:
    """What all calls of a run share.

    tags: bit to name and id; by_id: mask of those that are not given by name, as people have
    renamed or deleted them since the run began. fields: merge tags by bit, as the export names
    them. called: what Mailchimp calls those that people have renamed.
    """

    run: str
    audience: str
    tags: dict[int, tuple[str, int]]
    fields: tuple[str, ...]
    status_for_new: str
    # Our clock plus this is Mailchimp's.
    clock_offset: int = 0
    by_id: int = 0
    called: Mapping[str, str] = field(default_factory=dict)
    # Of interests and marketing permissions (see audiences/answer_ids.py): ids by their bits.
    interests: tuple[str, ...] = ()

    @cached_property
    def field_masks(self) -> dict[str, int]:
        """The bit of each merge field, as a mask."""
        return {name: 1 << bit for bit, name in enumerate(self.fields)}

    def field_name(self, given: str) -> str:
        """Return what Mailchimp calls a merge field."""
        return self.called.get(given, given)

    def tag_names(self, mask: int) -> list[str]:
        """Return the names of the tags in a mask that are given by name."""
        return [name for bit, (name, _) in self.tags.items() if (mask & ~self.by_id) >> bit & 1]
