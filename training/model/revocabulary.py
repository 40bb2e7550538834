"""Gives a trained model another vocabulary; all other weights stay.

    python -m training.model.revocabulary --model FILE.gguf --to training/out/origin.pt

A token that both vocabularies have keeps its row in embedding and head; a new one begins with the
mean of the rows of the old tokens that spell it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training.data import tokenizer
from training.model import origin
from training.model.qwen3moe import Model


def with_vocabulary(model: Model, old: Tokenizer, new: Tokenizer) -> Model:
    """Return a copy of ``model``, which has the vocabulary of ``old``, with that of ``new``."""
    spelled = [spelling(old, token) for token in _tokens(new)]
    changed = Model(replace(model.shape, vocabulary=len(spelled)))
    weights = model.state_dict()
    for name in ("embedding.weight", "head.weight"):
        weights[name] = torch.stack([weights[name][ids].mean(dim=0) for ids in spelled])
    changed.load_state_dict(weights)
    return changed


def spelling(old: Tokenizer, token: str) -> list[int]:
    """Return the ids of the old tokens that spell a token of byte-level BPE."""
    own = old.token_to_id(token)
    return [own] if own is not None else [piece.id for piece in old.model.tokenize(token)]


def _tokens(words: Tokenizer) -> list[str]:
    vocabulary = words.get_vocab(with_added_tokens=True)
    return sorted(vocabulary, key=vocabulary.__getitem__)


def main() -> None:
    """Write shape and weights, with the vocabulary of a training set, for further steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF")
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    new = tokenizer.load(given.data / "tokenizer.json")
    old = tokenizer.from_gguf(given.model)
    origin.write(with_vocabulary(origin.model_of(given.model), old, new), given.to)


if __name__ == "__main__":
    main()
