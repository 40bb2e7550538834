"""What the benchmarks share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def only_by_hand(request: pytest.FixtureRequest) -> None:
    """Skip what takes minutes or writes large files, unless benchmarks were asked for."""
    if not request.config.getoption("benchmark_enable"):
        pytest.skip("run with make bench")
