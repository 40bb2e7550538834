"""Quick held-out loss during training; the real evaluation runs through llama.cpp."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from training.data import evaluation_set, layout, tokenizer
from training.data.holes import Hole
from training.model.batches import Batch, to_batch
from training.model.copying import repeated
from training.model.qwen3moe import Model
from training.model.rows import Row

COUNTS: Final = (2, 8)
ROWS: Final = 33
"""As many of each language; more need gigabytes of attention scores on a CPU."""


def load(data: Path, device: torch.device) -> Batch:
    """Return a batch of held-out cases in all languages, in which only answers count."""
    encoder = tokenizer.load(data / "tokenizer.json")
    cases = evaluation_set.mixed(evaluation_set.read_cases(data), ROWS)
    rows = []
    for case in cases:
        hole = Hole(case.kind, case.prefix, case.typed + case.truth, case.suffix)
        sample = layout.infill(case.path, (), hole, lambda text: encoder.encode(text).ids)
        counted = (np.arange(len(sample.tokens)) >= sample.answer).astype(np.float32)
        rows.append(Row(np.array(sample.tokens), counted))
    return to_batch(rows).to(device)


@torch.no_grad()
def losses(model: Model, batch: Batch) -> dict[str, float]:
    """Return the mean loss of the answers' tokens for each expert count."""
    counted = batch.weights[:, 1:] > 0
    truth = batch.tokens[:, 1:][counted]
    result: dict[str, float] = {}
    for count in COUNTS:
        hidden, _ = model(batch.tokens, [count] * model.shape.layers)
        logits = model.head(hidden[:, :-1][counted]).float()
        result[f"held_out_{count}"] = round(float(functional.cross_entropy(logits, truth)), 4)
    return result | {"copied": round(copied(model, batch), 4)}


@torch.no_grad()
def copied(model: Model, batch: Batch) -> float:
    """Return the share of tokens in repeated held-out text that the model predicts (0 to 1)."""
    random = np.random.default_rng(1)
    rows = [repeated(tokens[: len(tokens) // 2], random) for tokens in batch.tokens.cpu().numpy()]
    repeats = to_batch(rows).to(batch.tokens.device)
    hidden, _ = model(repeats.tokens, [model.shape.nominal_experts] * model.shape.layers)
    counted = repeats.weights[:, 1:] > 0
    guesses = model.head(hidden[:, :-1][counted]).argmax(dim=-1)
    return float((guesses == repeats.tokens[:, 1:][counted]).float().mean())
