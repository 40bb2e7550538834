from __future__ import annotations

import gguf
import numpy as np
import pytest

from leanwide_bench.synthetic.blocks import random_blocks, same
from leanwide_bench.synthetic.tensors import Quant

SPREAD = 0.03


def weights(quant: Quant) -> np.ndarray:
    """Some 200,000 weights as gguf-py reads them back."""
    rng = np.random.default_rng(1)
    blocks = random_blocks(quant, 200_000 // quant.block_weights, SPREAD, rng)
    assert blocks.shape[1] == quant.block_bytes
    return np.asarray(gguf.dequantize(blocks, gguf.GGMLQuantizationType[quant.name]))


@pytest.mark.parametrize("quant", Quant)
def test_weights_have_mean_0_and_the_spread_asked_for(quant):
    found = weights(quant)
    assert np.isfinite(found).all()
    assert found.mean() == pytest.approx(0, abs=0.01 * SPREAD)
    assert found.std() == pytest.approx(SPREAD, rel=0.02)


@pytest.mark.parametrize("quant", Quant)
def test_block_sizes_are_those_of_ggml(quant):
    found = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[quant.name]]
    assert found == (quant.block_weights, quant.block_bytes)


def test_weights_without_spread_are_all_the_same():
    assert (same(5, 0.5).view("<f4") == 0.5).all()
