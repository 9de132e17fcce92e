"""Documents that others may write at the same time, each version with tables of its own."""

from collections.abc import Callable
from contextlib import suppress

from shared.platform.blobs import BlobConflictError, BlobMissingError

_ATTEMPTS = 10


def until_alone[T](step: Callable[[], T]) -> T:
    """Do a step, once more where somebody has written a newer version meanwhile."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(BlobConflictError, BlobMissingError):
            return step()
    return step()
