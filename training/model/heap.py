"""Keeps freed memory in the process; by default glibc returns large blocks to the system."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_MAX: Final = -4
M_ARENA_MAX: Final = -8
NEVER: Final = 2**31 - 1


def keep_freed() -> None:
    """Allocate large blocks from the heap, and never shrink it; glibc only, call before allocating.

    Every step needs the same large blocks. Mapping them again means a page fault for every 4 kB,
    which takes several times as long as the computation on them.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, NEVER)
        library.mallopt(M_ARENA_MAX, 1)
