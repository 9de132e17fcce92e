"""The export's wishes that decide what is done with contacts."""

from dataclasses import dataclass, field
from typing import assert_never

from shared.exports.models import Leavers, Withdrawn
from shared.runs.planning.difference.generations import Generations
from shared.runs.run_table import Action


@dataclass(frozen=True)
class Policy:
    """The export's wishes that decide on actions; `now` in seconds since 1970."""

    leavers: Leavers = "untag"
    withdrawn: Withdrawn = "untag"
    removal_limit_percent: float = 100
    allow_removals: bool = False
    full: bool = False
    # What was refused before is asked again, whatever is remembered of that.
    asks_refused: bool = False
    now: int = 0
    # Segments whose snapshot can't be trusted for removals, and why.
    untrusted: dict[int, str] = field(default_factory=dict)
    # Bits of tags that the export has given another name, and the masks of those in their place:
    # who gets one of these instead loses nothing.
    replaced: dict[int, int] = field(default_factory=dict)
    # Segments whose snapshot is older than the one that was exported last.
    older: frozenset[int] = frozenset()
    generations: Generations = field(default_factory=Generations)

    @property
    def takes_tags(self) -> bool:
        """Whether contacts lose the tags of segments that they have left."""
        match self.leavers:
            case "keep":
                return False
            case "untag" | "archive" | "unsubscribe":
                return True
            case unknown:
                assert_never(unknown)

    @property
    def withdrawn_action(self) -> Action:
        """What is done with who withdrew their consent, besides their tags."""
        return _action(self.withdrawn)

    @property
    def leavers_action(self) -> Action:
        """What is done with who has left every segment, besides their tags."""
        return _action(self.leavers)


def _action(policy: Leavers | Withdrawn) -> Action:
    match policy:
        case "keep" | "untag":
            return Action.NONE
        case "archive":
            return Action.ARCHIVE
        case "unsubscribe":
            return Action.UNSUBSCRIBE
        case unknown:
            assert_never(unknown)
