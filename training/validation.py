"""A quick look at held-out loss while training; the real evaluation goes through llama.cpp."""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from training import heldout, layout, tokenizer
from training.batches import Batch, to_batch
from training.holes import Hole
from training.model import Model

COUNTS: Final = (1, 2, 4, 8)
ROWS: Final = 20


def load(data: Path, device: torch.device) -> Batch:
    """Lay out the first held-out cases; only answers count."""
    encoder = tokenizer.load(data / "tokenizer.json")
    cases = heldout.read_cases(data / "heldout.jsonl")[:ROWS]
    rows = []
    for case in cases:
        hole = Hole(case.kind, case.prefix, case.typed + case.truth, case.suffix)
        tokens = layout.infill(case.path, (), hole, lambda text: encoder.encode(text).ids)
        rows.append(np.array(tokens, dtype=np.uint16))
    batch = to_batch(rows)
    return Batch(batch.tokens.to(device), (batch.weights > 1).float().to(device))


@torch.no_grad()
def losses(model: Model, batch: Batch) -> dict[str, object]:
    """Return the mean loss of the answers' tokens for each expert count."""
    counted = batch.weights[:, 1:] > 0
    truth = batch.tokens[:, 1:][counted]
    result: dict[str, object] = {}
    for count in COUNTS:
        hidden, _ = model(batch.tokens, [count] * model.shape.layers)
        logits = model.head(hidden[:, :-1][counted]).float()
        result[f"held_out_{count}"] = round(float(functional.cross_entropy(logits, truth)), 4)
    return result
