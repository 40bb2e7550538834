"""The cost of a token, compared with the shapes of synthetic models."""

from __future__ import annotations

import attrs
import pytest

from leanwide.models.cost import token_cost
from leanwide.models.gguf import read_header
from leanwide.models.gguf_header import GgufHeader, TensorInfo
from leanwide_bench.synthetic.shapes import (
    SMALL,
    SMALL_GRANITE,
    SMALL_LFM2,
    SMALL_QWEN3_NEXT,
    THIRTY_BILLION,
    TINY,
    TINY_DENSE,
    ModelShape,
    tensors,
)
from leanwide_bench.synthetic.tensors import Tensor
from tests.models.test_limits import header


def described(shape: ModelShape) -> GgufHeader:
    """Return the header of a model of that shape."""
    infos, offset = [], 0
    for tensor in tensors(shape):
        infos.append(info(tensor, offset))
        offset += tensor.bytes
    found = header(
        expert_count=shape.experts,
        expert_used_count=shape.experts_used,
        block_count=shape.layers,
        embedding_length=shape.hidden,
        expert_feed_forward_length=shape.feed_forward,
    )
    return attrs.evolve(found, tensors=tuple(infos), file_bytes=offset)


def info(tensor: Tensor, offset: int) -> TensorInfo:
    return TensorInfo(tensor.name, tensor.weights, tensor.bytes, offset, 12, tensor.dims[-1])


def test_the_cost_of_the_30b_model_follows_from_its_tensors():
    """Attention, router and output take 822 MB, an expert 137 MB over all layers."""
    cost = token_cost(described(THIRTY_BILLION))
    assert cost.fixed_bytes / 1e6 == pytest.approx(822, rel=0.01)
    assert cost.expert_bytes / 1e6 == pytest.approx(137.1, rel=0.01)
    assert cost.decode_bytes(8) / 1e9 == pytest.approx(1.92, rel=0.01)
    assert cost.attention_flops(1000) == 2 * 1000 * 48 * 32 * 256


def test_the_cost_from_a_file_is_that_of_its_shape(tiny):
    cost, shape = token_cost(read_header(tiny)), {tensor.name: tensor for tensor in tensors(TINY)}
    experts = sum(tensor.bytes for name, tensor in shape.items() if "_exps." in name)
    unread = shape["token_embd.weight"].bytes
    assert cost.expert_bytes == experts / TINY.experts
    assert cost.fixed_bytes == sum(tensor.bytes for tensor in shape.values()) - experts - unread


@pytest.mark.parametrize("shape", [SMALL_LFM2, SMALL_GRANITE, SMALL_QWEN3_NEXT])
def test_recurrent_layers_have_no_attention_to_pay_for(shape: ModelShape):
    hybrid, attention = described(shape), described(SMALL)
    assert hybrid.recurrent_layers > 0
    kept = hybrid.attention_layers
    assert 0 < kept < hybrid.number("block_count")
    each = 2 * sum(hybrid.head_widths) * hybrid.number("attention.head_count")
    assert token_cost(hybrid).attention_flops(1) == kept * each
    assert attention.attention_layers == attention.number("block_count")


def test_only_one_token_of_a_prompt_goes_through_the_last_layer():
    per_layer = 3 * TINY.hidden * TINY.feed_forward
    assert token_cost(described(TINY)).expert_weights == (TINY.layers - 1) * per_layer


def test_a_dense_model_has_no_experts_to_choose():
    cost = token_cost(described(TINY_DENSE))
    assert cost.expert_bytes == cost.expert_flops(8) == 0
    assert cost.fixed_bytes > 0


def test_an_embedding_that_is_also_the_output_is_read_whole():
    untied = described(TINY)
    tied = attrs.evolve(untied, tensors=untied.tensors[:-1])
    output, embedding = untied.tensors[-1].size_bytes, untied.tensors[0].size_bytes
    assert output is not None
    assert embedding is not None
    assert token_cost(tied).fixed_bytes == token_cost(untied).fixed_bytes - output + embedding


def test_a_tensor_of_an_unknown_type_reaches_to_the_next_one():
    known = described(TINY)
    unknown = tuple(attrs.evolve(tensor, size_bytes=None) for tensor in known.tensors)
    assert token_cost(attrs.evolve(known, tensors=unknown)) == token_cost(known)
