"""Gives freed memory back to the system: what a plan frees, its instance has for other work."""

import ctypes
import sys


def give_back() -> None:
    """Give back what the C library keeps of freed memory; glibc alone can be asked to."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
