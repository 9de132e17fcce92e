"""What the cloud's clients raise when a service refuses or does not answer."""

import traceback

from azure.core.exceptions import AzureError as CloudError

__all__ = ["CloudError", "asking_cloud", "drop_frames"]


class asking_cloud:  # noqa: N801 - used like a function of contextlib
    """Call the cloud's clients; what they raise keeps no frame alive once it is dealt with."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        # A generator would do, but for its own frame: contextlib's holds the error as well.
        if isinstance(error, CloudError):
            drop_frames(error)


def drop_frames(error: BaseException) -> None:
    """Empty the frames that an error of the clients came through.

    The clients raise from a local variable that holds the error: its traceback then holds itself
    and, until a full collection, whatever all callers had in their variables. The lines of the
    traceback stay for whoever logs it.
    """
    found: BaseException | None = error
    while found is not None:
        traceback.clear_frames(found.__traceback__)
        found = found.__context__
