"""What a token costs, against the shapes that the tests write."""

from __future__ import annotations

import attrs
import pytest

from leanwide.models.cost import token_cost
from leanwide.models.gguf import GgufHeader, TensorInfo, read_header
from leanwide_bench.synthetic.shapes import (
    THIRTY_BILLION,
    TINY,
    TINY_DENSE,
    ModelShape,
    Tensor,
    tensors,
)
from tests.models.test_limits import header


def described(shape: ModelShape) -> GgufHeader:
    """The header that a model of that shape has."""
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


def test_the_30b_model_costs_what_its_tensors_weigh():
    """Attention, router and output take 822 MB, an expert 137 MB over all layers."""
    cost = token_cost(described(THIRTY_BILLION))
    assert cost.fixed_bytes / 1e6 == pytest.approx(822, rel=0.01)
    assert cost.expert_bytes / 1e6 == pytest.approx(137.1, rel=0.01)
    assert cost.decode_bytes(8) / 1e9 == pytest.approx(1.92, rel=0.01)
    assert cost.attention_flops(1000) == 2 * 1000 * 48 * 32 * 256


def test_a_file_says_of_itself_what_its_shape_weighs(tiny):
    cost, shape = token_cost(read_header(tiny)), {each.name: each for each in tensors(TINY)}
    experts = sum(each.bytes for name, each in shape.items() if "_exps." in name)
    idle = shape["token_embd.weight"].bytes
    assert cost.expert_bytes == experts / TINY.experts
    assert cost.fixed_bytes == sum(each.bytes for each in shape.values()) - experts - idle


def test_the_last_layer_sees_one_token_of_a_prompt():
    per_layer = 3 * TINY.hidden * TINY.feed_forward
    assert token_cost(described(TINY)).expert_weights == (TINY.layers - 1) * per_layer


def test_a_dense_model_has_no_experts_to_choose():
    cost = token_cost(described(TINY_DENSE))
    assert cost.expert_bytes == cost.expert_flops(8) == 0
    assert cost.fixed_bytes > 0


def test_an_embedding_that_is_the_output_as_well_is_read_whole():
    apart = described(TINY)
    tied = attrs.evolve(apart, tensors=apart.tensors[:-1])
    output, embedding = apart.tensors[-1].size_bytes, apart.tensors[0].size_bytes
    assert token_cost(tied).fixed_bytes == token_cost(apart).fixed_bytes - output + embedding


def test_an_unknown_type_of_weights_counts_up_to_the_next_tensor():
    known = described(TINY)
    unknown = tuple(attrs.evolve(each, size_bytes=None) for each in known.tensors)
    assert token_cost(attrs.evolve(known, tensors=unknown)) == token_cost(known)
