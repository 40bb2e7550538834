"""Returns freed memory to the system where glibc would keep it; other allocators return it.

glibc gives each thread its own heap, and a heap never shrinks: a server whose threads read large
files one after the other would grow for hours.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Final

_ARENA_MAX: Final = -8
"""``M_ARENA_MAX`` of ``malloc.h``."""
_HEAPS: Final = 2
"""Few are enough: Python's global lock lets one thread allocate at a time, with few exceptions."""


def share_heaps() -> None:
    """Make all threads share two heaps; call it before they start."""
    if (set_option := _function("mallopt")) is not None:
        set_option(_ARENA_MAX, _HEAPS)


def trim() -> None:
    """Return free memory to the system; takes about a millisecond, without Python's lock."""
    if (trim := _function("malloc_trim")) is not None:
        trim(ctypes.c_size_t(0))


@cache
def _function(name: str) -> ctypes._NamedFuncPointer | None:
    """Return a function of the C library; None if that is not glibc.

    Each `CDLL` has classes of its own, which only the garbage collector frees.
    """
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), name, None)
