"""What other prompts in a lane's KV cache cost a token, and what their copies cost.

Run with ``make bench``. With cells that all sequences share, attention goes over those of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leanwide.engine.process.llama import Log, Model, ModelParams
from leanwide.engine.process.llama_context import Context, ContextParams
from leanwide_bench.synthetic.shapes import ONE_BILLION
from leanwide_bench.synthetic.synthetic import Recipe, write

pytestmark = pytest.mark.usefixtures("only_by_hand")

SEQUENCES, LONGEST, BATCH = 6, 2048, 128
OWN = 512
"""Tokens of the prompt that is worked on."""
OTHER = 1280
"""Tokens of each other prompt."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    path: Path = tmp_path_factory.mktemp("models") / "model.gguf"
    write(path, Recipe(shape=ONE_BILLION))
    params = ModelParams(
        path=path, expert_override=None, use_mmap=True, use_extra_bufts=False, gpu_layers=0
    )
    loaded = Model(params, Log(), lambda _: None)
    yield loaded
    loaded.close()
    path.unlink()


@pytest.fixture(scope="module", params=[True, False], ids=["shared cells", "own cells"])
def context(request: pytest.FixtureRequest, model: Model) -> Iterator[Context]:
    sizes = ContextParams(
        cells=SEQUENCES * LONGEST,
        sequences=SEQUENCES,
        batch_tokens=BATCH,
        threads=2,
        keeps_scores=True,
        shares_cells=request.param,
    )
    opened = model.open_context(sizes, lambda: False)
    evaluate(opened, 0, OWN)
    yield opened
    opened.close()


@pytest.fixture(params=[0, 2, 5])
def others(request: pytest.FixtureRequest, context: Context) -> int:
    """The number of other prompts in the cache."""
    for sequence in range(1, SEQUENCES):
        wanted = OTHER if sequence <= request.param else 0
        if context.length(sequence) != wanted:
            context.truncate(sequence, 0)
            evaluate(context, sequence, wanted)
    return int(request.param)


def evaluate(context: Context, sequence: int, tokens: int) -> None:
    for position in range(context.length(sequence), tokens, BATCH):
        part = [position % 1000] * min(BATCH, tokens - position)
        context.decode(part, position, sequence)


def again(context: Context, tokens: int) -> None:
    context.truncate(0, OWN)
    context.decode([7] * tokens, OWN, 0)


WORK: dict[str, Callable[[Context], None]] = {
    "a token": lambda context: again(context, 1),
    "a chunk of 128 tokens": lambda context: again(context, BATCH),
}


@pytest.mark.parametrize("work", WORK)
def test_a_step(benchmark: Any, context: Context, others: int, work: str) -> None:
    del others
    benchmark.pedantic(WORK[work], (context,), rounds=9, warmup_rounds=1)


def test_a_copy(benchmark: Any, context: Context) -> None:
    """Of a prompt to the place of another one."""
    evaluate(context, 1, OTHER)

    def emptied() -> None:
        context.truncate(2, 0)

    benchmark.pedantic(lambda: context.copy(1, 2, OWN), setup=emptied, rounds=9, warmup_rounds=1)
