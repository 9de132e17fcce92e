"""What the lanes of one process share."""

from dataclasses import dataclass, field

from shared.app import App
from shared.runs.sending.batch_sizes import BatchSizes
from shared.runs.sending.changes import Changes
from shared.runs.sending.protection import Protection
from shared.runs.sending.told import ToldContacts


@dataclass(frozen=True)
class Lanes:
    """`served`: when this process began to work for a run last (monotonic clock).

    slow: when a lane of this process gave an account's slot for people back because its calls
    took too long.
    """

    app: App
    sizes: BatchSizes
    protection: Protection = field(default_factory=Protection)
    told: ToldContacts = field(default_factory=ToldContacts)
    changes: Changes = field(default_factory=Changes)
    served: dict[str, float] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)
