from __future__ import annotations

import attrs
import pytest

from leanwide_bench.synthetic.shapes import (
    ONE_BILLION,
    SHAPES,
    THIRTY_BILLION,
    TINY,
    TINY_DENSE,
    SyntheticError,
    tensors,
)
from leanwide_bench.synthetic.tensors import Quant


def test_the_30b_shape_is_as_large_as_the_published_model():
    assert THIRTY_BILLION.weights == pytest.approx(30.53e9, rel=0.001)
    assert THIRTY_BILLION.file_bytes == pytest.approx(18.55e9, rel=0.005)
    assert THIRTY_BILLION.kv_bytes_per_token == 96 * 1024


def test_the_1b_shape_has_about_a_billion_weights():
    assert ONE_BILLION.weights == pytest.approx(1e9, rel=0.05)


def test_half_of_the_layers_are_finer_where_q4_k_m_says_so():
    down = [t for t in tensors(THIRTY_BILLION) if t.name.endswith("ffn_down_exps.weight")]
    finer = [layer for layer, tensor in enumerate(down) if tensor.quant is Quant.Q6_K]
    assert len(finer) == 24
    assert finer[:8] == [0, 1, 2, 3, 4, 5, 8, 11]
    assert finer[-6:] == [42, 43, 44, 45, 46, 47]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_tensor_names_are_unique(shape):
    names = [tensor.name for tensor in tensors(shape)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("shape", "change", "message"),
    [
        (TINY, {"layers": 0}, "layers is below 1"),
        (TINY, {"kv_heads": 3}, "3 kv heads do not divide 4 heads"),
        (TINY, {"experts_used": 0}, "experts_used is 0, outside 1..8"),
        (TINY, {"experts_used": 9}, "experts_used is 9, outside 1..8"),
        (TINY, {"feed_forward": 200}, "rows of 200, not a multiple of 256"),
        (TINY_DENSE, {"experts": 8}, "a dense model has no experts"),
    ],
)
def test_a_shape_that_llama_cpp_would_refuse_is_refused(shape, change, message):
    with pytest.raises(SyntheticError, match=message):
        attrs.evolve(shape, **change)
