"""The qwen3moe architecture in plain PyTorch, with the operations of llama.cpp."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.model.experts import Experts, Routing

NORM_EPSILON: Final = 1e-6
SHORT: Final = 1024
"""Longest row, in tokens, whose attention a CPU computes with plain products."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Every size of the model."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    experts: int
    expert_size: int
    nominal_experts: int
    context: int
    rope_base: float


class Block(nn.Module):
    """Attention, then a mixture of experts, each added to its input."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(shape.hidden, NORM_EPSILON)
        self.attention = Attention(shape)
        self.expert_norm = nn.RMSNorm(shape.hidden, NORM_EPSILON)
        self.experts = Experts(shape.hidden, shape.expert_size, shape.experts)

    def forward(
        self, hidden: Tensor, rotation: tuple[Tensor, Tensor], active: int
    ) -> tuple[Tensor, Routing]:
        """Return the new hidden state and the routing."""
        hidden = hidden + self.attention(self.attention_norm(hidden), rotation)
        mixed, routing = self.experts(self.expert_norm(hidden), active)
        return hidden + mixed, routing


class Attention(nn.Module):
    """Grouped-query attention with a norm on each head's query and key, and NeoX rotation."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_size = shape.heads, shape.kv_heads, shape.head_size
        self.query = nn.Linear(shape.hidden, shape.heads * shape.head_size, bias=False)
        self.key = nn.Linear(shape.hidden, shape.kv_heads * shape.head_size, bias=False)
        self.value = nn.Linear(shape.hidden, shape.kv_heads * shape.head_size, bias=False)
        self.output = nn.Linear(shape.heads * shape.head_size, shape.hidden, bias=False)
        self.query_norm = nn.RMSNorm(shape.head_size, NORM_EPSILON)
        self.key_norm = nn.RMSNorm(shape.head_size, NORM_EPSILON)

    def forward(self, hidden: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """Return causal attention over each row."""
        rows, length, _ = hidden.shape
        query = self.query(hidden).view(rows, length, self.heads, self.head_size)
        key = self.key(hidden).view(rows, length, self.kv_heads, self.head_size)
        value = self.value(hidden).view(rows, length, self.kv_heads, self.head_size)
        mixed = attended(
            rotate(self.query_norm(query), rotation).transpose(1, 2),
            rotate(self.key_norm(key), rotation).transpose(1, 2),
            value.transpose(1, 2),
        )
        result: Tensor = self.output(mixed.transpose(1, 2).reshape(rows, length, -1))
        return result


class Model(nn.Module):
    """The whole language model."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.hidden, NORM_EPSILON)
        self.head = nn.Linear(shape.hidden, shape.vocabulary, bias=False)
        self._initialise()

    def forward(self, tokens: Tensor, active: Sequence[int]) -> tuple[Tensor, list[Routing]]:
        """Return the normed last hidden state and each layer's routing.

        ``active`` is the number of experts of each layer. The caller applies ``head``, in slices.
        """
        hidden = self.embedding(tokens)
        rotation = rotation_table(self.shape, tokens.shape[1], hidden)
        routings = []
        for block, experts in zip(self.blocks, active, strict=True):
            hidden, routing = block(hidden, rotation, experts)
            routings.append(routing)
        return self.norm(hidden), routings

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.5)
        nn.init.normal_(self.head.weight, std=0.02)
        for block in self.blocks:
            assert isinstance(block, Block)
            for linear in (block.attention.query, block.attention.key, block.attention.value):
                nn.init.normal_(linear.weight, std=self.shape.hidden**-0.5)
            nn.init.zeros_(block.attention.output.weight)


def attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return causal attention; all tensors are rows by heads by length by head size.

    On a CPU plain products are twice as fast as PyTorch's fused attention for short rows; their
    cost grows with the square of the length.
    """
    if query.device.type == "cpu" and query.shape[2] <= SHORT:
        return _plainly_attended(query, key, value)
    return functional.scaled_dot_product_attention(
        query, key, value, is_causal=True, enable_gqa=True
    )


def _plainly_attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    rows, heads, length, size = query.shape
    shared = heads // key.shape[1]
    grouped = query.reshape(-1, shared * length, size) * size**-0.5
    future = torch.full((length, length), -math.inf, dtype=query.dtype).triu(1)
    scores = torch.bmm(grouped, key.reshape(-1, length, size).mT)
    chance = (scores.view(-1, shared, length, length) + future).softmax(dim=-1)
    mixed = torch.bmm(chance.view_as(scores), value.reshape(-1, length, size))
    return mixed.view(rows, heads, length, size)


def rotation_table(shape: Shape, length: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosines and sines, each of ``length`` by half a head."""
    powers = torch.arange(0, shape.head_size, 2, device=like.device) / shape.head_size
    positions = torch.arange(length, device=like.device)
    angles = torch.outer(positions, shape.rope_base**-powers)
    return angles.cos().to(like.dtype)[:, None], angles.sin().to(like.dtype)[:, None]


def rotate(heads: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate each pair of a head by its position (NeoX order: pairs of halves, not neighbours)."""
    cosine, sine = rotation
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
