"""Keep freed memory in the process: the C library's own way gives large blocks back at once."""

import ctypes
import sys
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_MAX: Final = -4
M_ARENA_MAX: Final = -8
NEVER: Final = 2**31 - 1


def keep_freed() -> None:
    """Take large blocks from the heap, and keep the heap; glibc only, call before allocating.

    Every step needs the same large blocks again. Mapping them anew means a page fault for every
    4 kB, which costs several times what is computed on them.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, NEVER)
        library.mallopt(M_ARENA_MAX, 1)
