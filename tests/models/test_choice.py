"""Which recommended models suit a machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.models.choice import Choice, choice_advice, choose, needed_bytes, serves_both
from leanwide.models.fit import Hardware
from leanwide.models.memory import LaneShape
from leanwide.models.registry import RegistryEntry, entries

GB = 10**9
LANES = {
    "lean": LaneShape(context_tokens=2_048, sequences=6, experts=0, batch_tokens=128),
    "wide": LaneShape(context_tokens=10_240, sequences=2, experts=0, batch_tokens=128),
}


def machine(memory: float, gpu: float = 0) -> Hardware:
    size = int(memory * GB)
    return Hardware(memory_bytes=size, free_bytes=size, gpu_bytes=int(gpu * GB))


def names(found: Choice) -> tuple[str | None, ...]:
    pair = (found.pair.lean.name, found.pair.wide.name) if found.pair else (None, None)
    return (found.both and found.both.name, *pair)


@pytest.mark.parametrize(
    ("memory", "both", "wide"),
    [
        (128, "qwen3-coder-30b-a3b-q6_k", "qwen3.6-35b-a3b-q4_k_m"),
        (24, "qwen3-coder-30b-a3b-q3_k_m", "glm-4.7-flash-q4_k_m"),
        (16, "qwen2.5-coder-7b-q4_k_m", "mellum2.1-12b-a2.5b-q4_k_m"),
        (8, "qwen2.5-coder-7b-q4_k_m", None),
        (2, "qwen2.5-coder-0.5b-q4_k_m", None),
        (0.5, None, None),
    ],
)
def test_the_best_models_that_fit_are_chosen(memory, both, wide):
    lean = wide and "qwen2.5-coder-1.5b-base-q8_0"
    assert names(choose(entries(), LANES, machine(memory).usable_bytes)) == (both, lean, wide)


@given(st.floats(0, 128), st.floats(0, 64))
def test_what_is_chosen_fits_and_more_memory_never_chooses_worse(room, more):
    less, most = (choose(entries(), LANES, int(size * GB)) for size in (room, room + more))
    if less.both is not None:
        assert serves_both(less.both)
        assert needed_bytes(less.both, LANES.values()) <= room * GB
        assert most.both is not None
        assert rank(most.both) <= rank(less.both)
    if less.pair is not None:
        assert less.pair.needed_bytes <= room * GB
        assert less.pair.lean.active_parameters < less.pair.wide.active_parameters
        assert most.pair is not None
        assert rank(most.pair.wide) <= rank(less.pair.wide)


def rank(entry: RegistryEntry) -> int:
    return entries().index(entry)


def test_the_advice_names_the_models_and_what_they_take():
    both = choose(entries(), LANES, machine(32).usable_bytes).both
    assert both is not None
    advice = choice_advice(entries(), LANES, machine(32))
    assert advice.startswith("This machine has 32.0 GB of memory: take qwen3-coder-30b-a3b-q6_k")
    assert f"({needed_bytes(both, LANES.values()) / GB:.1f} GB), or a pair (" in advice
    assert "graphics card" not in advice
    assert "or a pair" not in choice_advice(entries(), LANES, machine(8))
    assert "the one that ships with leanwide" in choice_advice(entries(), LANES, machine(0.5))


def test_the_advice_says_what_the_graphics_card_holds():
    advice = choice_advice(entries(), LANES, machine(32, gpu=24))
    assert advice.count(". ") == 1
    assert "card (24.0 GB) holds qwen3-coder-30b-a3b-q4_k_m" in advice
