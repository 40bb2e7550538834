"""Python without its garbage collector, to see what is freed at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Collect garbage now, and none in the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
