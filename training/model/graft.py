"""Inserts two layers into a trained model that copy what followed the last time.

python -m training.model.graft --model FILE.gguf --data training/out --to training/out/grafted.pt

The first layer gives each place the token before it. The second looks for an earlier place whose
preceding token is the present one, and raises the odds of the token at that place. A model learns
this pair of layers (an induction head) only from many times the tokens that a CPU can train on.
Here it is computed from the hidden states between two of the model's own layers, and training
continues from it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.data import packed
from training.model import origin
from training.model.qwen3moe import Block, Model, rotation_table

AFTER: Final = 2 / 3
"""Share of the model's layers in front of the new ones."""
ROWS: Final = 80
LENGTH: Final = 384
"""Rows, and tokens of each, whose hidden states are used."""
CODE: Final = 16
"""Numbers that encode a token; with more, the rotation by position blurs old ones."""
BACK_PAIRS: Final = 6
"""Fast-rotating pairs of a head that find the place before."""
BACK_GAIN: Final = 2.5
MATCH_GAIN: Final = 2.4
"""Gains of the norms of queries and keys: attention's sharpness is 8 times their square."""
CARRIED: Final = 2.0
"""Scale of the code of the token before, relative to the noise in its directions."""
RANK: Final = 128
"""Numbers by which the second layer encodes the token to copy: two groups of 64."""
LOUDNESS: Final = 6.0
"""How much a copied token is raised: enough to have an effect, and training adjusts it."""
STEPS: Final = 300
BATCH: Final = 1024
"""Steps, and hidden states in each, that learn the encoding of a copied token."""


@dataclass(frozen=True, slots=True)
class States:
    """Normed hidden states, one per row, with the token at that place."""

    hidden: Tensor
    tokens: Tensor


def grafted(model: Model, rows: Tensor, loudness: float) -> Model:
    """Return a copy of ``model`` with the two layers; ``loudness`` scales what is copied."""
    shape = replace(model.shape, layers=model.shape.layers + 2)
    larger, place = Model(shape), int(model.shape.layers * AFTER)
    _take_over(model, larger, place)
    first, second = larger.blocks[place], larger.blocks[place + 1]
    assert isinstance(first, Block)
    assert isinstance(second, Block)
    raw = hidden_before(larger, rows, place)
    steady, code = _readings(States(normed(raw), rows.flatten()))
    quiet, noise = _quiet_directions(raw)
    spread = (normed(raw) @ code).std(dim=0)
    _tell_the_token_before(first, steady, code, quiet * noise * CARRIED / spread)
    states = States(normed(hidden_before(larger, rows, place + 1)), rows.flatten())
    before = functional.pad(normed(raw).view(*rows.shape, -1) @ code, (0, 0, 1, 0))[:, :-1]
    key = solved(states.hidden, before.flatten(0, 1))
    query = solved(states.hidden, normed(raw) @ code)
    value, word = _words(states, larger)
    _copy_what_followed(second, query, key, value, word * loudness)
    return larger


def hidden_before(model: Model, rows: Tensor, layer: int) -> Tensor:
    """Run the first layers at the nominal expert count; return hidden states, one per row."""
    with torch.no_grad():
        hidden: Tensor = model.embedding(rows)
        rotation = rotation_table(model.shape, rows.shape[1], hidden)
        for block in model.blocks[:layer]:
            hidden, _ = block(hidden, rotation, model.shape.nominal_experts)
    return hidden.flatten(0, 1)


def normed(hidden: Tensor) -> Tensor:
    """Scale each state to a mean square of 1, as a norm without gains does."""
    return hidden / hidden.square().mean(dim=-1, keepdim=True).sqrt()


def solved(states: Tensor, wanted: Tensor) -> Tensor:
    """Return the linear map from states to ``wanted``, by ridge regression."""
    ridge = 1e-3 * len(states) * torch.eye(states.shape[1])
    answer: Tensor = torch.linalg.solve(states.T @ states + ridge, states.T @ wanted)
    return answer


def discriminant(states: States, size: int) -> tuple[Tensor, Tensor]:
    """Return the mean state, and the directions in which tokens differ most from each other.

    By linear discriminant analysis: relative to the differences among states of the same token.
    Rare tokens have a larger weight, or frequent ones would decide alone.
    """
    mean = states.hidden.mean(dim=0)
    centred, tokens = states.hidden - mean, states.tokens
    number = tokens.bincount().float()
    sums = torch.zeros(len(number), centred.shape[1]).index_add(0, tokens, centred)
    inside = centred - (sums / number.clamp_min(1)[:, None])[tokens]
    share = number[tokens].rsqrt()[:, None]
    repeated = share * (number[tokens] > 1)[:, None]
    total = (centred * share).T @ centred / share.sum()
    spread = (inside * repeated).T @ inside / repeated.sum()
    spread += 1e-3 * spread.trace() / len(spread) * torch.eye(len(spread))
    whitening = torch.linalg.inv(torch.linalg.cholesky(spread))
    _, directions = torch.linalg.eigh(whitening @ total @ whitening.T)
    return mean, (whitening.T @ directions).flip(1)[:, :size]


def _take_over(model: Model, larger: Model, place: int) -> None:
    """Copy all weights; layers from ``place`` on move up by two."""
    renamed = {}
    for name, weight in model.state_dict().items():
        parts = name.split(".")
        if parts[0] == "blocks" and int(parts[1]) >= place:
            parts[1] = str(int(parts[1]) + 2)
        renamed[".".join(parts)] = weight
    larger.load_state_dict(renamed, strict=False)


def _readings(states: States) -> tuple[Tensor, Tensor]:
    """Return a direction in which all states are equal, and directions that distinguish tokens."""
    steady = solved(states.hidden, torch.ones(len(states.hidden), 1))[:, 0]
    mean, directions = discriminant(states, 2 * CODE)
    return steady, directions - torch.outer(steady, mean @ directions)


def _quiet_directions(hidden: Tensor) -> tuple[Tensor, Tensor]:
    """Return the directions of least variance, as columns, and their standard deviations."""
    variance, directions = torch.linalg.eigh(torch.cov(hidden.T))
    return directions[:, : 2 * CODE], variance[: 2 * CODE].sqrt()


@torch.no_grad()
def _tell_the_token_before(block: Block, steady: Tensor, code: Tensor, to: Tensor) -> None:
    """Make head 0 attend to the place before, and write its token's code to columns ``to``."""
    attention, size = block.attention, block.attention.head_size
    angles = 10_000.0 ** (-torch.arange(BACK_PAIRS) * 2 / size)
    query, key = torch.zeros(size), torch.zeros(size)
    query[:BACK_PAIRS] = 1.0
    key[:BACK_PAIRS] = angles.cos()
    key[size // 2 : size // 2 + BACK_PAIRS] = angles.sin()
    attention.query.weight[:size] = torch.outer(query, steady)
    attention.key.weight[:size] = torch.outer(key, steady)
    attention.value.weight[: 2 * CODE] = code.T
    attention.value.weight[2 * CODE : size] = 0.0
    attention.output.weight[:, : 2 * CODE] = to
    attention.query_norm.weight.fill_(BACK_GAIN)
    attention.key_norm.weight.fill_(BACK_GAIN)


@torch.no_grad()
def _copy_what_followed(
    block: Block, query: Tensor, key: Tensor, value: Tensor, word: Tensor
) -> None:
    """Make a head of each group match half of the code, and write half of the token to copy."""
    attention, size = block.attention, block.attention.head_size
    slow = torch.arange(size // 2 - CODE // 2, size // 2)
    slots = torch.cat((slow, slow + size // 2))
    for group in range(attention.kv_heads):
        part = slice(group * CODE, (group + 1) * CODE)
        head = group * attention.heads // attention.kv_heads * size
        rows = slice(group * size, (group + 1) * size)
        attention.query.weight[head : head + size] = 0.0
        attention.query.weight[head + slots] = query[:, part].T
        attention.key.weight[rows] = 0.0
        attention.key.weight[group * size + slots] = key[:, part].T
        attention.value.weight[rows] = value[:, rows].T
        attention.output.weight[:, head : head + size] = word[:, rows]
    attention.query_norm.weight.fill_(MATCH_GAIN)
    attention.key_norm.weight.fill_(MATCH_GAIN)


def _words(states: States, model: Model) -> tuple[Tensor, Tensor]:
    """Learn to write a state's token so that the model's head reads it.

    Returns the map from states to ``RANK`` numbers, and from those to a hidden state.
    """
    head = (model.head.weight * model.norm.weight).detach()
    width = head.shape[1]
    value = (torch.randn(width, RANK) * width**-0.5).requires_grad_()
    word = (torch.randn(width, RANK) * width**-0.5).requires_grad_()
    adam = torch.optim.Adam((value, word), lr=0.01)
    for step in range(STEPS):
        adam.param_groups[0]["lr"] = 0.01 * (1 - step / STEPS)
        some = torch.randint(len(states.hidden), (BATCH,))
        logits = states.hidden[some] @ value @ word.T @ head.T
        loss = functional.cross_entropy(logits, states.tokens[some])
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    print(f"loss of a copied token: {float(loss.detach()):.2f} nats")
    return value.detach(), word.detach()


def sample_rows(data: Path) -> Tensor:
    """Return tokens of a training set, as rows from places all over it."""
    tokens = packed.load(data / "samples").tokens
    starts = np.linspace(0, len(tokens) - LENGTH, ROWS).astype(int)
    rows = np.stack([tokens[start : start + LENGTH] for start in starts])
    return torch.from_numpy(rows.astype("int64"))


def main() -> None:
    """Add the two layers to a model file; write shape and weights for ``training.model.train``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--loudness", type=float, default=LOUDNESS)
    given = parser.parse_args()
    torch.manual_seed(1)
    model = origin.model_of(given.model)
    larger = grafted(model, sample_rows(given.data), given.loudness)
    origin.write(larger, given.to)


if __name__ == "__main__":
    main()
