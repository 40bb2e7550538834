"""Reads the weights of a GGUF, to continue training from them.

python -m training.model.origin --model FILE.gguf --to training/out/origin.pt
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import gguf
import numpy as np
import torch
from gguf import quants
from torch import Tensor

from training.model.names import LAYER_NAMES
from training.model.qwen3moe import Model, Shape

ARCHITECTURE: Final = "qwen3moe"


def shape_of(path: Path) -> Shape:
    """Return every size of the model from a GGUF's header."""
    fields = gguf.GGUFReader(path).fields

    def number(key: str) -> Any:
        return fields[f"{ARCHITECTURE}.{key}"].contents()

    return Shape(
        vocabulary=number("vocab_size"),
        hidden=number("embedding_length"),
        layers=number("block_count"),
        heads=number("attention.head_count"),
        kv_heads=number("attention.head_count_kv"),
        head_size=number("attention.key_length"),
        experts=number("expert_count"),
        expert_size=number("expert_feed_forward_length"),
        nominal_experts=number("expert_used_count"),
        context=number("context_length"),
        rope_base=float(number("rope.freq_base")),
    )


def weights_of(path: Path) -> dict[str, Tensor]:
    """Return a GGUF's tensors in float32 under the names of the PyTorch model."""
    stored = {t.name: torch.from_numpy(_dequantised(t)) for t in gguf.GGUFReader(path).tensors}
    weights = {
        "embedding.weight": stored["token_embd.weight"],
        "norm.weight": stored["output_norm.weight"],
        "head.weight": stored["output.weight"],
    }
    for layer in range(shape_of(path).layers):
        theirs, ours = f"blk.{layer}.", f"blocks.{layer}."
        for inner, name in LAYER_NAMES.items():
            weights[ours + inner] = stored[f"{theirs}{name}.weight"]
        gate, up = (stored[f"{theirs}ffn_{kind}_exps.weight"] for kind in ("gate", "up"))
        weights[f"{ours}experts.gate_up"] = torch.cat((gate, up), dim=1).transpose(1, 2)
        down = stored[f"{theirs}ffn_down_exps.weight"]
        weights[f"{ours}experts.down"] = down.transpose(1, 2)
    return {name: weight.contiguous() for name, weight in weights.items()}


def write(model: Model, to: Path) -> None:
    """Write a model's shape and weights, from which a run can start."""
    torch.save({"shape": asdict(model.shape), "weights": model.state_dict()}, to)


def read(path: Path) -> Model:
    """Read what ``write`` wrote."""
    stored = torch.load(path, weights_only=True)
    model = Model(Shape(**stored["shape"]))
    model.load_state_dict(stored["weights"])
    return model


def model_of(path: Path) -> Model:
    """Return the PyTorch model of a GGUF, or of a file that ``write`` wrote."""
    if path.suffix == ".pt":
        return read(path)
    model = Model(shape_of(path))
    model.load_state_dict(weights_of(path))
    return model


def _dequantised(tensor: Any) -> np.ndarray:
    return np.array(quants.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)


def main() -> None:
    """Write a GGUF's shape and weights for ``training.model.train --origin``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    write(model_of(given.model), given.to)


if __name__ == "__main__":
    main()
