"""The whole pipeline, small: data, tokenizer, training, GGUF, parity, evaluation, a completion.

    python -m training.smoke

Takes the standard library only and trains for half a minute; what comes out is not a model to
use but the proof that every step works.
"""

import argparse
import shutil
import time
from pathlib import Path
from random import Random
from typing import Final

from training import complete, dataset, evaluate, export, parity, sources, train
from training.optimizer import Rates

FILES: Final = 90
SHOWN: Final = 4
"""Held-out cases and sampled texts."""


def smoke(out: Path) -> Path:
    """Run every step inside `out`, which is emptied first; return the quantised model."""
    shutil.rmtree(out, ignore_errors=True)
    run, model = out / "run", out / "smoke-q8_0.gguf"
    dataset.build(_few_files(), out, tokens=150_000, vocabulary=train.TINY.vocabulary, seed=1)
    train.train(_plan(out, run))
    export.write_float32(run / "checkpoint.pt", out / "tokenizer.json", run / "model-f32.gguf")
    export.quantise(run / "model-f32.gguf", model, "q8_0")
    parity.check(run, out)
    size = evaluate.Size(cases=SHOWN, texts=SHOWN, threads=2)
    results = evaluate.everything(model, out, size)
    print(f"evaluated {results['cases']} cases, {results['megabytes']:.1f} MB")
    print(complete.example(model, experts=2))
    return model


def _few_files() -> list[sources.SourceFile]:
    files = sources.collect(())
    held_out = [file for file in files if file.package.held_out]
    others = [file for file in files if not file.package.held_out]
    return held_out + Random(1).sample(others, FILES)


def _plan(data: Path, run: Path) -> train.Plan:
    return train.Plan(
        shape=train.TINY,
        data=data,
        run=run,
        minutes=0.4,
        batch_tokens=2048,
        rates=Rates(matrix=0.02, embedding=0.02, head=0.004, other=0.005),
        seed=1,
        validate_every=20,
        save_every_s=60.0,
    )


def main() -> None:
    """Run the pipeline and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("training/out/smoke"))
    started = time.monotonic()
    model = smoke(parser.parse_args().out)
    print(f"{model}: whole pipeline in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
