"""What glibc's allocator keeps of memory that was freed; others give it back by themselves.

glibc gives each thread a heap of its own, and each heap stays as large as it once was: a server
whose threads read one large file after the other would grow for hours.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_ARENA_MAX: Final = -8
"""``M_ARENA_MAX`` of ``malloc.h``."""
_HEAPS: Final = 2
"""Python's own lock lets one thread allocate at a time, with few exceptions."""


def share_heaps() -> None:
    """Have all threads share two heaps; before they are started."""
    if (set_option := _function("mallopt")) is not None:
        set_option(_ARENA_MAX, _HEAPS)


def give_back() -> None:
    """Give what is free back to the system; about a millisecond, without Python's lock."""
    if (trim := _function("malloc_trim")) is not None:
        trim(ctypes.c_size_t(0))


def _function(name: str) -> ctypes._NamedFuncPointer | None:
    """A function of the C library; None where it is not glibc's."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), name, None)
