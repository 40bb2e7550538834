"""Whatever happened to a lane before, its logits are those of a fresh context, bit for bit.

A sum depends on the order of its terms. Sequences of a sliding window share their cells, and
llama.cpp's attention adds in the order of the cells, between which other sequences stand. So that
model has so large a focus that attention has one term that is not 0; it is as sensitive to a wrong
token or state as any.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanwide.engine.process import state_saver
from leanwide.engine.process.lane import Lane, LaneOpening
from leanwide.engine.process.llama_context import ContextParams
from leanwide.engine.process.state_saver import StateSaver
from leanwide.engine.process.token_healing import PieceIndex
from leanwide.engine.saved_states import SavedFolder, StateOrigin
from leanwide.engine.specs import LaneSpec, StateSaving
from leanwide_bench.synthetic.shapes import (
    SMALL,
    SMALL_DENSE,
    SMALL_GRANITE,
    SMALL_LFM2,
    SMALL_MELLUM,
    SMALL_QWEN3_NEXT,
)
from leanwide_bench.synthetic.synthetic import Recipe, write
from tests.engine import make
from tests.engine.conftest import Opener
from tests.engine.process.histories import ACTS, Act, Stage

HISTORIES = int(os.environ.get("LEANWIDE_HISTORIES", "500"))
"""Histories of each model."""
SHAPES = {
    "qwen3moe": attrs.evolve(SMALL, layers=2),
    "dense": attrs.evolve(SMALL_DENSE, layers=2),
    "lfm2": attrs.evolve(SMALL_LFM2, layers=2),
    "granite": attrs.evolve(SMALL_GRANITE, layers=2),
    "qwen3-next": attrs.evolve(SMALL_QWEN3_NEXT, layers=2, attention_every=2),
    # its fourth layer is the first that attends to all tokens
    "mellum": attrs.evolve(SMALL_MELLUM, focus=1e6),
}
SPEC = LaneSpec(name="lean", experts=2, context_tokens=512, sequences=3)
BATCH = 32


@pytest.fixture(scope="module", params=SHAPES)
def stage(request, opened: Opener, models: Path) -> Iterator[Stage]:
    path = models / f"{request.param}.gguf"
    write(path, Recipe(shape=SHAPES[request.param]))
    engine = attrs.evolve(make.spec(path, SPEC), batch_tokens=BATCH)
    model = opened(engine).lane("lean")[0].model
    index = PieceIndex([model.piece(token) for token in range(model.vocabulary_size)])
    folder = SavedFolder(models / request.param)
    saver = StateSaver(
        StateSaving(folder=folder.path, max_bytes=10**9),
        StateOrigin(str(path), 0, 0, experts=2, llama_cpp="", kv=""),
    )
    opening = LaneOpening(began=0.0, notice="", model_name="", predicted_bytes=0, saver=saver)
    params = ContextParams(
        cells=1024, sequences=1, batch_tokens=BATCH, threads=1, keeps_scores=True
    )
    fresh = model.open_context(params, lambda: False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leanwide.engine.process.growing_context._FIRST_CELLS", 0)
        patch.setattr("leanwide.engine.process.growing_context._FIRST_OF_SEQUENCE", 256)
        # A machine where prefill is slower than the disk.
        patch.setattr(state_saver, "_MIN_UNSAVED_MS", 0.0)
        patch.setattr(state_saver, "_DISK_BYTES_PER_MS", 1e12)
        yield Stage(fresh, folder, lambda: Lane(model, index, SPEC, engine, opening))
    fresh.close()


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTS, min_size=2, max_size=8), st.integers(0, 2**32))
def test_logits_are_those_of_a_fresh_context(stage: Stage, history: list[Act], seed: int):
    stage.play(history, seed)
