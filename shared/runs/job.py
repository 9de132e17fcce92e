"""What the calls of a run have in common."""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Job:
    """What all calls of a run share. tags: bit to name and id; fields: merge tags by bit."""

    run: str
    audience: str
    tags: dict[int, tuple[str, int]]
    fields: tuple[str, ...]
    status_for_new: str
    # Our clock plus this is Mailchimp's.
    clock_offset: int = 0

    @cached_property
    def field_masks(self) -> dict[str, int]:
        """The bit of each merge field, as a mask."""
        return {name: 1 << bit for bit, name in enumerate(self.fields)}

    def tag_names(self, mask: int) -> list[str]:
        """Return the names of the tags in a mask."""
        return [name for bit, (name, _) in self.tags.items() if mask >> bit & 1]
