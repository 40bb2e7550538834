"""Runs the whole pipeline, small: data, tokenizer, training, GGUF, parity, evaluation, completion.

    python -m training.smoke

Learns Python from the standard library and C++ from PyTorch's headers, and trains for a
minute, to check that every step works.
"""

from __future__ import annotations

import argparse
import math
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import torch

from training.corpus import environment, store
from training.corpus.copies import without_copies
from training.corpus.handwritten import is_handwritten
from training.corpus.packages import Package, SourceFile
from training.data import dataset, tokenizer
from training.measure import complete, evaluate, memory, parity, reports
from training.model import (
    blend,
    curves,
    export,
    graft,
    origin,
    revocabulary,
    train,
    upcycle,
    validation,
)
from training.model.experts import Experts
from training.model.optimizer import Rates

SHARES: Final = {"python": 0.5, "cpp": 0.5}
FILES: Final = 60
"""Of each language."""
SHOWN: Final = 4
"""Held-out cases and sampled texts."""
LEARNT: Final = 0.5
"""Least gain in nats per token: an idle machine gains several times as much in a minute."""
ROUNDING: Final = 0.02
"""Most relative change of a matrix by Q8_0; it is below 0.01."""
SAME: Final = 1e-5
"""Most relative change of a float32 sum by the order of its terms."""
UNCHANGED: Final = 0.05
"""Most change of the held-out loss, in nats per token, by experts that were added."""
EXAMPLE_TEXT: Final = "def total(prices: list[float]) -> float:\n    return sum(prices)  # in €\n"


def smoke(out: Path) -> Path:
    """Run every step inside ``out``, which is emptied first; return the quantised model."""
    shutil.rmtree(out, ignore_errors=True)
    run, model = out / "run", out / "smoke-q8_0.gguf"
    files, wanted = out / "files", dataset.Wanted(tokens=150_000, shares=SHARES)
    store.write(without_copies(_few_files()), files)
    words = dataset.learned(files, train.TINY.vocabulary, wanted)
    dataset.build(files, out, words, wanted)
    plan = _plan(out, run)
    train.train(plan)
    train.train(replace(plan, shape=train.SMALL))  # its time is over
    _check_resumed(run / "checkpoint.pt", plan)
    export.write_float32(run / "checkpoint.pt", out, run / "model-f32.gguf")
    export.quantise(run / "model-f32.gguf", model, "q8_0")
    parity.check(run, out)
    _check_learning(run / "log.csv")
    _check_experts(run / "checkpoint.pt")
    _check_blend(run / "checkpoint.pt")
    _check_memory()
    _check_copying(run / "checkpoint.pt", out)
    _check_upcycling(run / "checkpoint.pt", out)
    _check_vocabulary(run / "checkpoint.pt", out)
    _check_way_back(run / "checkpoint.pt", out / "tokenizer.json", model)
    size = evaluate.Size(cases=SHOWN, texts=SHOWN)
    results = evaluate.everything(model, out, size)
    _check_languages(results)
    print(f"{reports.by_language(results)}\n{results['megabytes']:.1f} MB")
    print(_completion(model))
    return model


def _check_resumed(checkpoint: Path, plan: train.Plan) -> None:
    """Exit unless a resumed run keeps its shape, also if the plan has another one."""
    if torch.load(checkpoint, weights_only=True)["shape"] != asdict(plan.shape):
        raise SystemExit("a resumed run loses layers")


def _check_learning(log: Path) -> None:
    """Exit unless the loss fell well below that of a uniform guess."""
    losses = [float(row["loss"]) for row in curves.read_log(log)]
    print(f"loss {losses[0]:.2f} to {losses[-1]:.2f} in {len(losses)} steps")
    if losses[-1] > math.log(train.TINY.vocabulary) - LEARNT:
        raise SystemExit("the model learns nothing")


def _check_experts(checkpoint: Path) -> None:
    """Exit unless the GPU's way to run experts gives the same result as the CPU's."""
    layer = train.trained(checkpoint).blocks[-1].get_submodule("experts")
    assert isinstance(layer, Experts)
    flat = torch.randn(200, layer.gate_up.shape[1])
    chance = layer.router(flat).softmax(dim=-1)
    for active in (1, 4):
        weight, chosen = chance.topk(active, dim=-1)
        shares = torch.zeros_like(chance).scatter(1, chosen, weight)
        sparse = layer.on_their_rows(flat, chosen, weight)
        if (layer.on_all_rows(flat, shares) - sparse).norm() > SAME * sparse.norm():
            raise SystemExit("the two ways to run the experts differ")


def _check_blend(checkpoint: Path) -> None:
    """Exit unless a blend of one half is the mean."""
    weights = torch.load(checkpoint, weights_only=True)["optimizer"]["masters"]
    others = {name: 3 * weight for name, weight in weights.items()}
    for name, weight in blend.blended(weights, others, 0.5).items():
        if not torch.equal(weight, 2 * weights[name]):
            raise SystemExit(f"{name} is not blended")


def _check_memory() -> None:
    """Exit unless a run of training text is found across two slices, the second a short one."""
    random = np.random.default_rng(1)
    training = random.integers(8192, size=memory.SLICE + memory.LENGTH // 2)
    texts = random.integers(8192, size=(2, memory.LENGTH))
    texts[1] = training[-memory.LENGTH :]
    shares = memory.covered(memory.found_in(training, texts, 50), 50).mean(axis=1)
    if shares.tolist() != [0.0, 1.0]:
        raise SystemExit(f"of a new and a known text {shares} is found in training text")


def _check_copying(checkpoint: Path, data: Path) -> None:
    """Exit unless the model copies better with the inserted layers than without."""
    model = train.trained(checkpoint)
    cases = validation.load(data, torch.device("cpu"))
    larger = graft.grafted(model, graft.sample_rows(data), graft.LOUDNESS)
    before, after = (validation.copied(candidate, cases) for candidate in (model, larger))
    print(f"predicts {before:.1%} of repeated tokens, {after:.1%} with layers that copy")
    if after <= before:
        raise SystemExit("the layers that copy do not copy")


def _check_upcycling(checkpoint: Path, data: Path) -> None:
    """Exit unless a model with twice the experts predicts as well as the one it comes from."""
    model = train.trained(checkpoint)
    cases = validation.load(data, torch.device("cpu"))
    larger = upcycle.upcycled(model, graft.sample_rows(data), 2 * model.shape.experts)
    before, after = (validation.losses(candidate, cases) for candidate in (model, larger))
    for name in (f"held_out_{count}" for count in validation.COUNTS):
        print(f"{name}: {before[name]} nats, {after[name]} with twice the experts")
        if abs(after[name] - before[name]) > UNCHANGED:
            raise SystemExit("more experts change what the model predicts")


def _check_vocabulary(checkpoint: Path, data: Path) -> None:
    """Exit unless a model keeps the rows of the tokens that a smaller vocabulary shares with it."""
    model, old = train.trained(checkpoint), tokenizer.load(data / "tokenizer.json")
    fewer = dataset.learned(data / "files", model.shape.vocabulary // 2, dataset.Wanted(tokens=0))
    changed = revocabulary.with_vocabulary(model, old, fewer)
    for token, number in fewer.get_vocab().items():
        known = old.token_to_id(token)
        if known is not None and not torch.equal(
            changed.head.weight[number], model.head.weight[known]
        ):
            raise SystemExit(f"the token {token!r} loses its row")


def _check_way_back(checkpoint: Path, words: Path, model: Path) -> None:
    """Exit unless weights and tokenizer can be read back from the model file."""
    stored = torch.load(checkpoint, weights_only=True)["optimizer"]["masters"]
    for name, weight in origin.weights_of(model).items():
        if (weight - stored[name]).norm() > ROUNDING * stored[name].norm():
            raise SystemExit(f"{name} comes back from {model} as something else")
    text = EXAMPLE_TEXT
    if tokenizer.from_gguf(model).encode(text).ids != tokenizer.load(words).encode(text).ids:
        raise SystemExit(f"{model} splits text otherwise than {words}")


def _completion(model: Path) -> str:
    """Return a completed example; exit if the completion is empty."""
    text = complete.example(model, experts=2)
    if text.endswith(complete.CURSOR):
        raise SystemExit("the model completes nothing")
    return text


def _few_files() -> list[SourceFile]:
    """Return a few files of each language, held-out ones first, those of a package together."""
    random = Random(1)
    python = _handwritten(environment.stdlib_files())
    headers = [
        replace(file, package=_part_of_torch(file))
        for file in _handwritten(environment.installed_files(["torch"]))
        if file.language == "cpp"
    ]
    held_out = [file for file in (*python, *headers) if file.package.held_out]
    some = [
        file
        for files in (python, headers)
        for file in random.sample([f for f in files if not f.package.held_out], FILES)
    ]
    return held_out + sorted(some, key=lambda file: (file.package.name, file.path))


def _part_of_torch(file: SourceFile) -> Package:
    """Return a package for each folder of PyTorch's headers; that of its core is held out."""
    folder = file.path.removeprefix("torch/include/").split("/")[0]
    return replace(file.package, name=f"torch/{folder}", held_out=folder == "c10")


def _handwritten(files: Iterable[SourceFile]) -> list[SourceFile]:
    return [file for file in files if is_handwritten(file.path, file.text, file.language)]


def _check_languages(results: dict[str, Any]) -> None:
    """Exit unless both languages were measured."""
    if set(results["languages"]) != set(SHARES):
        raise SystemExit(f"measured {set(results['languages'])} only")


def _plan(data: Path, run: Path) -> train.Plan:
    return train.Plan(
        shape=train.TINY,
        data=data,
        run=run,
        minutes=1.0,
        batch_tokens=2048,
        rates=Rates(matrix=0.02, embedding=0.02, head=0.004, other=0.005),
        seed=1,
        origin=None,
        repetitions=1.0,
        look_every_s=8.0,
    )


def main() -> None:
    """Run the pipeline and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("training/out/smoke"))
    started = time.monotonic()
    model = smoke(parser.parse_args().out)
    print(f"{model}: whole pipeline in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
