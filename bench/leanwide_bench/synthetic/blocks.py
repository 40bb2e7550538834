"""Random weights in their stored form, one function per quantisation type.

Nothing is quantised: the integers inside a block may be any bits, so only the scales in front of or
behind them are computed, such that the weights have mean 0 and the wanted spread. Each function
returns one row of bytes per block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from leanwide_bench.synthetic.tensors import Quant

if TYPE_CHECKING:
    from collections.abc import Callable

Bytes: TypeAlias = NDArray[np.uint8]

SCALE_VARIANTS = 256
"""Number of different scales in one call; each block draws one of them."""

SCALES = range(32, 64)
"""Six-bit scales to draw from: the upper half, so that no part of a block vanishes."""

SCALE_RMS = float(np.sqrt(np.mean(np.square(SCALES))))
"""Root mean square of a drawn scale, without a unit."""


def random_blocks(quant: Quant, count: int, spread: float, rng: np.random.Generator) -> Bytes:
    """Return ``count`` blocks of weights with mean 0 and standard deviation ``spread``."""
    return _MAKERS[quant](count, spread, rng)


def same(count: int, value: float) -> Bytes:
    """Return ``count`` F32 weights of ``value``, one row of bytes each."""
    return np.full((count, 1), value, "<f4").view(np.uint8)


def _q4_k(count: int, spread: float, rng: np.random.Generator) -> Bytes:
    """Weight = d·scale·q - dmin·scale with q in 0..15; dmin = 7.5·d centres it."""
    blocks = _random_bytes(count, Quant.Q4_K.block_bytes, rng)
    step = spread / (SCALE_RMS * _deviation(16))
    head = np.empty((SCALE_VARIANTS, 16), np.uint8)
    head[:, :4] = np.array([step, 7.5 * step], "<f2").view(np.uint8)
    head[:, 4:] = _pack_six_bit(rng.integers(SCALES.start, SCALES.stop, (SCALE_VARIANTS, 8)))
    blocks[:, :16] = head[rng.integers(0, SCALE_VARIANTS, count)]
    return blocks


def _pack_six_bit(scales: NDArray[np.int64]) -> Bytes:
    """Return Q4_K's 12 bytes for eight scales that are used as eight minima too."""
    low, high = scales[:, :4], scales[:, 4:]
    first = low | (high >> 4 << 6)
    last = (high & 15) * 17
    return np.concatenate([first, first, last], axis=1).astype(np.uint8)


def _q6_k(count: int, spread: float, rng: np.random.Generator) -> Bytes:
    """Weight = d·scale·q with q in -32..31; scales of either sign centre it."""
    blocks = _random_bytes(count, Quant.Q6_K.block_bytes, rng)
    signs = rng.choice(np.array([-1, 1]), (SCALE_VARIANTS, 16))
    scales = rng.integers(SCALES.start, SCALES.stop, (SCALE_VARIANTS, 16)) * signs
    tail = np.empty((SCALE_VARIANTS, 18), np.uint8)
    tail[:, :16] = scales.astype(np.int8).view(np.uint8)
    tail[:, 16:] = np.array([spread / (SCALE_RMS * _deviation(64))], "<f2").view(np.uint8)
    blocks[:, -18:] = tail[rng.integers(0, SCALE_VARIANTS, count)]
    return blocks


def _q8_0(count: int, spread: float, rng: np.random.Generator) -> Bytes:
    """Weight = d·q with q in -128..127; d of either sign centres it."""
    blocks = _random_bytes(count, Quant.Q8_0.block_bytes, rng)
    step = spread / _deviation(256)
    signed = np.array([[step], [-step]], "<f2").view(np.uint8)
    blocks[:, :2] = signed[rng.integers(0, 2, count)]
    return blocks


def _f16(count: int, spread: float, rng: np.random.Generator) -> Bytes:
    return _normal(count, spread, rng).astype("<f2").view(np.uint8)


def _f32(count: int, spread: float, rng: np.random.Generator) -> Bytes:
    return _normal(count, spread, rng).astype("<f4").view(np.uint8)


def _normal(count: int, spread: float, rng: np.random.Generator) -> NDArray[np.float32]:
    return rng.standard_normal((count, 1), np.float32) * np.float32(spread)


def _random_bytes(count: int, width: int, rng: np.random.Generator) -> Bytes:
    """Return random bytes; drawing 64-bit words is several times faster than drawing bytes."""
    words = rng.integers(0, 2**64, -(-count * width // 8), np.uint64)
    return words.view(np.uint8)[: count * width].reshape(count, width)


def _deviation(levels: int) -> float:
    """Return the standard deviation of a uniform draw among ``levels`` neighbouring integers."""
    return float(np.sqrt((levels**2 - 1) / 12))


_MAKERS: dict[Quant, Callable[[int, float, np.random.Generator], Bytes]] = {
    Quant.Q4_K: _q4_k,
    Quant.Q6_K: _q6_k,
    Quant.Q8_0: _q8_0,
    Quant.F16: _f16,
    Quant.F32: _f32,
}
