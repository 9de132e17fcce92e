"""The ports of the app: what every step of the product works with."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.accounts.board import Board
from shared.accounts.slots import Slots
from shared.platform.blobs import Blobs
from shared.platform.leases import LeaseKeeper
from shared.platform.queues import Queues
from shared.platform.settings import Settings
from shared.platform.vault import Vault


@dataclass(frozen=True)
class App:
    """What every step of the product works with."""

    settings: Settings
    blobs: Blobs
    queues: Queues
    vault: Vault
    segment_container: Callable[[str], Blobs]
    leases: LeaseKeeper
    board: Board
    slots: Slots
    # One plan or finish at a time per process: each may take a good part of its memory.
    heavy_work: threading.Lock = field(default_factory=threading.Lock)
    # Seconds that a plan waits for that before its message comes back.
    heavy_work_wait: float = 60.0
