"""Is a model as fast as predicted from the kernels and its header? Run with ``make bench``.

The shapes have layers like those of Qwen3-Coder-30B-A3B, only fewer of them: the weights that a
token reads do not fit the processor's caches.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from leanwide.engine.process.llama import Log, Model, ModelParams
from leanwide.engine.process.llama_context import Context, ContextParams
from leanwide.engine.speed import layer_sample, measure
from leanwide.models.cost import token_cost
from leanwide.models.expert_count import EXPERTS_KEY
from leanwide.models.gguf import read_header
from leanwide.models.speed import Rates, decode_tokens_per_s, prompt_tokens_per_s
from leanwide_bench.synthetic.shapes import ONE_BILLION, THIRTY_BILLION, ModelShape
from leanwide_bench.synthetic.synthetic import Recipe, write

pytestmark = pytest.mark.usefixtures("only_by_hand")

THREADS = 1
"""With one thread, its processor time does not depend on other work on the machine."""
STEP = 128
BEFORE = 64
"""Tokens in the context when decoding begins."""
DECODED, STEPS = 60, 6
LAYERS = attrs.evolve(THIRTY_BILLION, experts=64, vocabulary=32_768, context=32_768)
SHAPES = {
    "3 layers": attrs.evolve(LAYERS, layers=3),
    "6 layers": attrs.evolve(LAYERS, layers=6),
    "narrow": ONE_BILLION,
}


@pytest.fixture(scope="module", params=SHAPES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape: ModelShape = SHAPES[request.param]
    path = tmp_path_factory.mktemp("models") / f"{request.param}.gguf"
    write(path, Recipe(shape=shape))
    return path


def fastest(work: Callable[[int], object], count: int) -> tuple[float, float]:
    """Return the processor seconds of the fastest and of the median run."""
    took = []
    for number in range(count):
        began = time.thread_time()
        work(number)
        took.append(time.thread_time() - began)
    return min(took), statistics.median(took)


@contextmanager
def opened(path: Path, experts: int) -> Iterator[Context]:
    override = (f"qwen3moe.{EXPERTS_KEY}", experts)
    params = ModelParams(
        path=path,
        expert_override=override,
        use_mmap=True,
        use_extra_bufts=False,
        gpu_layers=0,
    )
    loaded = Model(params, Log(), lambda _: None)
    cells = ContextParams(
        cells=2048, sequences=1, batch_tokens=STEP, threads=THREADS, keeps_scores=True
    )
    context = loaded.open_context(cells, lambda: False)
    yield context
    context.close()
    loaded.close()


def compared(path: Path, experts: int) -> dict[str, float]:
    """Return tokens per second, predicted and measured."""
    header = read_header(path)
    wanted = layer_sample(header, experts, STEP, THREADS)
    assert wanted is not None
    rates = measure(wanted)
    assert rates is not None
    cost = token_cost(header)
    with opened(path, experts) as context:
        tokens = [300 + (7919 * at) % 30_000 for at in range(STEP * STEPS)]
        prompt = fastest(
            lambda at: context.decode(tokens[at * STEP : (at + 1) * STEP], at * STEP, 0), STEPS
        )
        context.truncate(0, BEFORE)
        decode = fastest(lambda at: context.decode([tokens[at]], BEFORE + at, 0), DECODED)
    return {
        "decode_predicted": decode_tokens_per_s(cost, rates, experts, BEFORE + DECODED // 2),
        "decode_best": 1 / decode[0],
        "decode_median": 1 / decode[1],
        "prompt_predicted": prompt_tokens_per_s(cost, rates, experts, STEP),
        "prompt_best": STEP / prompt[0],
        "prompt_median": STEP / prompt[1],
        **described(rates),
    }


def described(rates: Rates) -> dict[str, float]:
    return {
        "stream_gb_per_s": rates.stream_bytes_per_s / 1e9,
        "layer_us": rates.layer_s * 1e6,
        "dense_gflops": rates.step.dense_flops_per_s / 1e9,
        "expert_gflops": rates.step.expert_flops_per_s / 1e9,
        "attention_gflops": rates.step.attention_flops_per_s / 1e9,
        "attention_gflops_decoding": rates.attention_flops_per_s / 1e9,
    }


@pytest.mark.parametrize("experts", [2, 4, 8, 16])
def test_a_model_is_as_fast_as_predicted(benchmark: Any, model: Path, experts: int):
    figures: dict[str, float] = {}
    benchmark.pedantic(lambda: figures.update(compared(model, experts)), rounds=1)
    benchmark.extra_info.update(figures)
    shown = {name: round(value, 1) for name, value in figures.items()}
    print(model.stem, experts, shown)
    if model.stem != "narrow":  # docs/models.md says why its rows are too short
        for kind in ("decode", "prompt"):
            ratio = figures[f"{kind}_predicted"] / figures[f"{kind}_best"]
            assert 0.75 <= ratio <= 1.25, (kind, shown)
