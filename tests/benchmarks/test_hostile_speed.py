"""How long documents that are slow to parse block the event loop: 20 ms at most.

Run with ``pytest tests/benchmarks/test_hostile_speed.py --benchmark-enable`` on a quiet machine;
``--hostile 30`` takes more texts of each language, ``--hostile-size`` longer ones.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from tests.features.test_hostile_texts import KNOWN, drawn, held_by

from leanwide.syntax import languages

MOST_S = 0.02


def test_the_event_loop_is_not_blocked(
    benchmark: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if benchmark.disabled:
        pytest.skip("needs a quiet machine")
    languages()
    gc.freeze()  # as the program does at its start
    size = request.config.getoption("--hostile-size")
    places = [(text, 200_000, 0.5) for text in KNOWN]
    places += [(text, size, share) for text, share in drawn(request.config.getoption("--hostile"))]

    def ask() -> dict[str, float]:
        return {
            text.name: asyncio.run(held_by(text, size, share, monkeypatch)).longest
            for text, size, share in places
        }

    held = benchmark.pedantic(ask, rounds=1)
    worst = sorted(held.items(), key=lambda item: -item[1])[:5]
    benchmark.extra_info["worst, ms"] = {name: round(1000 * took, 1) for name, took in worst}
    assert worst[0][1] <= MOST_S, worst
