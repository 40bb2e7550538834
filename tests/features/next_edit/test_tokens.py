"""Lines of code as tokens."""

from __future__ import annotations

import time

import pytest

from leanwide.features.next_edit.tokens import tokens_of


def seconds_for(line: str) -> float:
    """Return the processor time of the fastest of three attempts."""
    spent = []
    for _ in range(3):
        began = time.thread_time()
        tokens_of([line])
        spent.append(time.thread_time() - began)
    return min(spent)


@pytest.mark.parametrize("quote", ['"', "'", "`"])
def test_the_time_for_quotes_without_an_end_grows_with_the_line(quote: str):
    short = f"{quote}\\" * 2_000
    assert seconds_for(short * 5) < 12 * seconds_for(short)  # it was 25 times as much
