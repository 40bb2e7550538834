"""The predicted memory of a lane; tests/engine compares it with llama.cpp."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.models.checkpoints import most_checkpoints
from leanwide.models.gguf import read_header
from leanwide.models.gguf_header import Scalar
from leanwide.models.memory import DRAFT_ROWS, LaneShape, lane_bytes
from leanwide_bench.synthetic.shapes import (
    SMALL_GRANITE,
    SMALL_LFM2,
    SMALL_MELLUM,
    SMALL_QWEN3_NEXT,
)
from leanwide_bench.synthetic.synthetic import Recipe, write
from tests.models.test_limits import header

SHAPES = st.builds(
    LaneShape,
    context_tokens=st.integers(1, 2**18),
    sequences=st.integers(1, 64),
    experts=st.integers(0, 128),
    batch_tokens=st.integers(16, 8192),
)


def test_the_shape_of_a_30b_model():
    shape = LaneShape(context_tokens=8192, sequences=2, experts=8, batch_tokens=512)
    model = header()
    model.metadata["tokenizer.ggml.tokens.length"] = 151_936
    found = lane_bytes(model, shape)
    assert found.kv == 98_304 * 16_384
    # the scores of 32 heads over the cells of a sequence are the largest buffer
    assert found.compute > 512 * 4 * 32 * 8192
    # with flash attention it is the output layer: a logit per token of the vocabulary
    on_gpu = lane_bytes(model, attrs.evolve(shape, keeps_scores=False))
    assert on_gpu.compute == 512 * 4 * (151_936 + 3 * 2048) + DRAFT_ROWS * 4 * 151_936 + 32_768


@given(SHAPES, st.integers(0, 2**18))
def test_a_longer_context_never_takes_less(shape, more):
    longer = LaneShape(
        context_tokens=shape.context_tokens + more,
        sequences=shape.sequences,
        experts=shape.experts,
        batch_tokens=shape.batch_tokens,
    )
    less, most = lane_bytes(header(), shape), lane_bytes(header(), longer)
    assert less.kv <= most.kv
    assert less.compute <= most.compute


def test_the_memory_of_a_model_with_a_sliding_window_is_not_above_the_prediction():
    """The figure is llama.cpp's for Gemma 3 270M, whose layers have two kinds of masks."""
    numbers = {
        "embedding_length": 640,
        "block_count": 18,
        "feed_forward_length": 2048,
        "attention.head_count": 4,
        "attention.head_count_kv": 1,
        "attention.key_length": 256,
        "attention.value_length": 256,
        "attention.sliding_window": 512,
    }
    metadata: dict[str, Scalar] = {f"gemma3.{key}": value for key, value in numbers.items()}
    metadata |= {"general.architecture": "gemma3", "tokenizer.ggml.tokens.length": 262_144}
    model = attrs.evolve(header(), metadata=metadata)
    shape = LaneShape(context_tokens=32_768, sequences=2, experts=0, batch_tokens=128)
    found = lane_bytes(model, shape)
    assert 1_413_941_821 <= found.kv + found.compute < 1.05 * 1_413_941_821


@pytest.mark.parametrize("shape", [SMALL_LFM2, SMALL_GRANITE, SMALL_QWEN3_NEXT, SMALL_MELLUM])
def test_states_and_checkpoints_of_other_attention_are_counted(tmp_path, shape):
    write(tmp_path / "model.gguf", Recipe(shape=shape))
    model = read_header(tmp_path / "model.gguf")
    assert model.kv_bytes_per_token == shape.kv_bytes_per_token
    assert model.state_bytes == shape.state_bytes
    window = shape.window * shape.kv_bytes_per_token
    lane = LaneShape(context_tokens=1024, sequences=3, experts=2, batch_tokens=64)
    assert lane_bytes(model, lane).states == 3 * (17 * shape.state_bytes + 16 * window)


def test_plain_attention_keeps_no_states():
    lane = LaneShape(context_tokens=8192, sequences=2, experts=8, batch_tokens=512)
    assert lane_bytes(header(), lane).states == 0


@pytest.mark.parametrize(("state", "most"), [(0, 16), (1_000_000, 16), (8 << 20, 8), (80 << 20, 4)])
def test_large_states_get_fewer_checkpoints(state, most):
    assert most_checkpoints(state) == most
