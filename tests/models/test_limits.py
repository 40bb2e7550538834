"""Legal expert counts and contexts of a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.models.expert_count import ExpertWidth, legal_experts, wanted_experts
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.limits import legal_context

GB = 10**9


def header(**numbers: int) -> GgufHeader:
    """Return a model of the 30B-A3B's shape, 96 KiB of KV cache per token, with changes."""
    shape = {
        "expert_count": 128,
        "expert_used_count": 8,
        "context_length": 262_144,
        "block_count": 48,
        "embedding_length": 2048,
        "attention.head_count": 32,
        "attention.head_count_kv": 4,
        "attention.key_length": 128,
        "attention.value_length": 128,
        **numbers,
    }
    metadata = {"general.architecture": "qwen3moe", "general.name": "model"}
    return GgufHeader(
        path=Path("model.gguf"),
        file_bytes=0,
        metadata={**metadata, **{f"qwen3moe.{key}": value for key, value in shape.items()}},
        tensors=(),
        data_start=0,
    )


DENSE = header(expert_count=0, expert_used_count=0)


@pytest.mark.parametrize(
    ("model", "wanted", "number"),
    [
        (header(), ExpertWidth.TRAINED, 8),
        (header(), ExpertWidth.HALF, 4),
        (header(expert_used_count=5), ExpertWidth.HALF, 3),
        (header(expert_used_count=1), ExpertWidth.HALF, 1),
        (header(), 12, 12),
        (DENSE, ExpertWidth.HALF, 0),
    ],
)
def test_an_expert_count_relative_to_the_trained_one(model, wanted, number):
    assert wanted_experts(model, wanted) == number


@pytest.mark.parametrize(
    ("model", "wanted", "number", "notice"),
    [
        (header(), 1, 1, ""),
        (header(), 128, 128, ""),
        (header(), 0, 1, "model runs 1 to 128 experts: using 1 instead of 0"),
        (header(), -(2**40), 1, f"model runs 1 to 128 experts: using 1 instead of -{2**40}"),
        (header(), 129, 128, "model runs 1 to 128 experts: using 128 instead of 129"),
        (DENSE, 0, 0, ""),
        (DENSE, 99, 0, ""),
    ],
)
def test_the_nearest_legal_expert_count_is_used(model, wanted, number, notice):
    assert legal_experts(model, wanted) == (number, notice)


@pytest.mark.parametrize(
    ("model", "wanted", "sequences", "free", "tokens", "notice"),
    [
        (header(), 8192, 2, 24 * GB, 8192, ""),
        (header(context_length=4096), 8192, 1, 24 * GB, 4096, ""),
        (header(), 8192, 2, 2 * GB, 5086, "5,086"),
        (header(), 8192, 4, 2 * GB, 2543, "2,543"),
        (header(), 8192, 1, 0, 256, "256"),
        (header(context_length=0), 8192, 1, 24 * GB, 8192, ""),
        (header(context_length=64), 8192, 1, 0, 64, ""),
    ],
)
def test_the_longest_legal_context_is_used(model, wanted, sequences, free, tokens, notice):
    found, sentence = legal_context(model, wanted, sequences, free)
    assert found == tokens
    full = f"there is memory for {notice} tokens of context, not for {wanted:,}"
    assert sentence == (full if notice else "")


@given(st.integers(64, 2**20), st.integers(1, 64), st.integers(0, 2**40), st.integers(0, 2**40))
def test_less_memory_never_gives_more_context(wanted, sequences, free, other):
    less, more = sorted([free, other])
    shorter, _ = legal_context(header(), wanted, sequences, less)
    longer, _ = legal_context(header(), wanted, sequences, more)
    assert 1 <= shorter <= longer <= wanted


def test_head_width_defaults_to_the_embedding_divided_by_the_heads():
    model = header(**{"attention.key_length": 0, "attention.value_length": 0})
    assert model.kv_bytes_per_token == 2 * 4 * (64 + 64) * 48
