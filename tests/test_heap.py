"""Freed memory is returned to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leanwide import child

GROWS = """
import threading, psutil
from leanwide import heap

def rss():
    return psutil.Process().memory_info().rss / 1e6

heap.share_heaps()
kept = []
def fill():
    pieces = [bytes(1000) for _ in range(30_000)]
    kept.append(pieces[-1])  # above everything that is freed
before = rss()
for _ in range(4):
    thread = threading.Thread(target=fill)
    thread.start()
    thread.join()
heap.trim()
print(rss() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_memory_that_threads_freed_is_returned():
    run = subprocess.run(child.python("-c", GROWS), capture_output=True, text=True, check=True)
    assert float(run.stdout) < 10  # each of the threads took 30 MB
