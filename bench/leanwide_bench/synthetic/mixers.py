"""Recurrent layers of synthetic hybrid models: what mixes tokens where a layer has no attention.

Each has the tensors and the metadata of one architecture in llama.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from attrs import frozen

from leanwide_bench.synthetic.tensors import Quant, Tensor, branch_end, constant, matrix, norm

_F32_BYTES = 4


class Mixer(Protocol):
    """The recurrent part of a layer."""

    def tensors(self, prefix: str, hidden: int, layers: int, quant: Quant) -> Iterator[Tensor]:
        """Yield the tensors of one of ``layers`` layers, whose names begin with ``prefix``."""

    def metadata(self, hidden: int, /) -> dict[str, int]:
        """Return the metadata, by keys after the architecture's name."""

    def state_bytes(self, hidden: int, /) -> int:
        """Return the bytes of one sequence's state in a layer."""


@frozen(kw_only=True)
class ShortConvolution:
    """LFM2's gated convolution over the last few tokens."""

    kernel: int = 3
    """Tokens."""

    def tensors(self, prefix: str, hidden: int, layers: int, quant: Quant) -> Iterator[Tensor]:
        """Yield the tensors of a layer."""
        conv = prefix + "shortconv."
        yield matrix(conv + "conv", (hidden, self.kernel), Quant.F32)
        yield matrix(conv + "in_proj", (3 * hidden, hidden), quant)
        yield branch_end(conv + "out_proj", (hidden, hidden), quant, layers)

    def metadata(self, _hidden: int, /) -> dict[str, int]:
        """Return the metadata."""
        return {"shortconv.l_cache": self.kernel}

    def state_bytes(self, hidden: int, /) -> int:
        """Return the bytes of one sequence's state in a layer."""
        return _F32_BYTES * hidden * (self.kernel - 1)


@frozen(kw_only=True)
class Mamba2:
    """The state space layer of Granite's hybrids, with twice the width of the residual stream."""

    kernel: int = 4
    """Tokens of its convolution."""
    state: int
    """Values that each channel keeps."""
    heads: int
    groups: int = 1

    def tensors(self, prefix: str, hidden: int, layers: int, quant: Quant) -> Iterator[Tensor]:
        """Yield the tensors of a layer."""
        inner, mixed = 2 * hidden, self._mixed(hidden)
        yield matrix(prefix + "ssm_in", (inner + mixed + self.heads, hidden), quant)
        yield matrix(prefix + "ssm_conv1d", (mixed, self.kernel), Quant.F32)
        yield constant(prefix + "ssm_conv1d.bias", (mixed,), 0.0)
        yield constant(prefix + "ssm_dt.bias", (self.heads,), 0.0)
        yield constant(prefix + "ssm_a", (self.heads, 1), -0.1)  # negative: old tokens fade
        yield constant(prefix + "ssm_d", (self.heads, 1), 1.0)
        yield constant(prefix + "ssm_norm.weight", (self.groups, inner // self.groups), 1.0)
        yield branch_end(prefix + "ssm_out", (hidden, inner), quant, layers)

    def metadata(self, hidden: int, /) -> dict[str, int]:
        """Return the metadata."""
        return {
            "ssm.conv_kernel": self.kernel,
            "ssm.inner_size": 2 * hidden,
            "ssm.state_size": self.state,
            "ssm.time_step_rank": self.heads,
            "ssm.group_count": self.groups,
        }

    def state_bytes(self, hidden: int, /) -> int:
        """Return the bytes of one sequence's state in a layer."""
        return _F32_BYTES * ((self.kernel - 1) * self._mixed(hidden) + self.state * 2 * hidden)

    def _mixed(self, hidden: int) -> int:
        return 2 * hidden + 2 * self.groups * self.state


@frozen(kw_only=True)
class DeltaNet:
    """The gated delta net of Qwen3-Next."""

    kernel: int = 4
    """Tokens of its convolution."""
    head_dim: int
    """Values per head; a head's state is a square matrix of this width."""
    key_heads: int
    value_heads: int

    def tensors(self, prefix: str, hidden: int, layers: int, quant: Quant) -> Iterator[Tensor]:
        """Yield the tensors of a layer."""
        values, mixed = self.head_dim * self.value_heads, self._mixed
        yield matrix(prefix + "attn_qkv", (mixed, hidden), quant)
        yield matrix(prefix + "attn_gate", (values, hidden), quant)
        yield matrix(prefix + "ssm_conv1d", (mixed, self.kernel), Quant.F32)
        yield constant(prefix + "ssm_dt.bias", (self.value_heads,), 0.0)
        yield constant(prefix + "ssm_a", (self.value_heads,), -0.1)  # negative: old tokens fade
        yield matrix(prefix + "ssm_ba", (2 * self.value_heads, hidden), quant)
        yield norm(prefix + "ssm_norm", self.head_dim)
        yield branch_end(prefix + "ssm_out", (hidden, values), quant, layers)

    def metadata(self, _hidden: int, /) -> dict[str, int]:
        """Return the metadata."""
        return {
            "ssm.conv_kernel": self.kernel,
            "ssm.inner_size": self.head_dim * self.value_heads,
            "ssm.state_size": self.head_dim,
            "ssm.time_step_rank": self.value_heads,
            "ssm.group_count": self.key_heads,
        }

    def state_bytes(self, _hidden: int, /) -> int:
        """Return the bytes of one sequence's state in a layer."""
        matrices = self.head_dim * self.head_dim * self.value_heads
        return _F32_BYTES * ((self.kernel - 1) * self._mixed + matrices)

    @property
    def _mixed(self) -> int:
        return self.head_dim * (2 * self.key_heads + self.value_heads)
