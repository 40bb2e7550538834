"""What a checkpoint costs on models with the states of real ones. Run with ``make bench``.

The shapes have what decides the state of a real model; the rest is as small as possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from leanwide.engine.process.llama import Log, Model, ModelParams
from leanwide.engine.process.llama_context import Context, ContextParams
from leanwide_bench.synthetic.mixers import DeltaNet, Mamba2, ShortConvolution
from leanwide_bench.synthetic.shapes import THIRTY_BILLION, ModelShape
from leanwide_bench.synthetic.synthetic import Recipe, write

pytestmark = pytest.mark.usefixtures("only_by_hand")

NARROW = attrs.evolve(
    THIRTY_BILLION,
    hidden=256,
    feed_forward=256,
    experts=2,
    experts_used=1,
    vocabulary=1024,
    context=32_768,
)
"""The width of the residual stream is not in every state."""
SHAPES: dict[str, ModelShape] = {
    "Qwen3-Next-80B-A3B": attrs.evolve(
        NARROW,
        architecture="qwen3next",
        heads=16,
        kv_heads=2,
        head_dim=256,
        shared_feed_forward=256,
        mixer=DeltaNet(head_dim=128, key_heads=16, value_heads=32),
        attention_every=4,
    ),
    "Granite-4.0-H-Tiny": attrs.evolve(
        NARROW,
        architecture="granitehybrid",
        layers=40,
        hidden=1536,
        heads=12,
        mixer=Mamba2(state=128, heads=48),
        attention_every=10,
    ),
    "LFM2-1.2B": attrs.evolve(
        NARROW,
        architecture="lfm2",
        layers=16,
        hidden=2048,
        heads=32,
        kv_heads=8,
        head_dim=64,
        experts=0,
        experts_used=0,
        mixer=ShortConvolution(),
        attention_every=3,
    ),
    "21 windows of 1,024 tokens": attrs.evolve(
        NARROW, architecture="mellum", layers=28, window=1024
    ),
}
TOKENS = 1200
"""More than a window."""
BATCH = 64


@pytest.fixture(scope="module", params=SHAPES)
def context(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Context]:
    """A context in which a prompt was evaluated."""
    path: Path = tmp_path_factory.mktemp("models") / "model.gguf"
    write(path, Recipe(shape=SHAPES[request.param]))
    params = ModelParams(
        path=path, expert_override=None, use_mmap=True, use_extra_bufts=False, gpu_layers=0
    )
    model = Model(params, Log(), lambda _: None)
    sizes = ContextParams(cells=2048, sequences=2, batch_tokens=BATCH, threads=2, keeps_scores=True)
    context = model.open_context(sizes, lambda: False)
    tokens = TOKENS if SHAPES[request.param].window else BATCH
    for position in range(0, tokens, BATCH):
        context.decode([position % 1000] * min(BATCH, tokens - position), position, 0)
    yield context
    context.close()
    model.close()
    path.unlink()


ACTIONS: dict[str, Callable[[Context, memoryview], Any]] = {
    "made": lambda context, _: context.partial_state(0),
    "restored": lambda context, state: context.restore_partial(0, state),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_checkpoint(benchmark: Any, context: Context, action: str) -> None:
    state = context.partial_state(0)
    benchmark.extra_info["bytes"] = len(state)
    benchmark.pedantic(ACTIONS[action], (context, state), rounds=30, warmup_rounds=3)
