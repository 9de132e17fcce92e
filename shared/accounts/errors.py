"""What a slot has to know of a call that failed."""

from typing import ClassVar


class CallError(Exception):
    """A call under a slot did not do what it was asked.

    `may_be_open`: no whole answer came, so the other side may still be counting the call.
    `timed_out`: it took too long, and may be counted for a while longer.
    """

    may_be_open: bool = False
    timed_out: ClassVar[bool] = False
