"""What the lanes of one process share."""

from dataclasses import dataclass, field

from shared.app import App
from shared.runs.sending.batch_sizes import BatchSizes
from shared.runs.sending.changes import Changes
from shared.runs.sending.protection import Protection


@dataclass(frozen=True)
class Lanes:
    """`served`: when this process began to work for a run last (monotonic clock)."""

    app: App
    sizes: BatchSizes
    protection: Protection = field(default_factory=Protection)
    changes: Changes = field(default_factory=Changes)
    served: dict[str, float] = field(default_factory=dict)
