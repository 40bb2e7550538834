"""Trains the embedded model for a number of minutes; resumes from its last checkpoint.

    python -m training.model.train --data training/out --run training/out/run --minutes 75

The schedule follows the clock, so that the rate is zero when the time is over, however busy the
machine is; time for which the process is stopped does not count. The end is read from the file
``minutes`` of the run before each step: another number there moves it, and 0 ends the run with a
checkpoint. Runs on one CUDA GPU if there is one, else on the CPU.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, Self

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from training.data import packed
from training.model import batches, copying, cores, curves, heap, origin, validation
from training.model.batches import Batch, Draw
from training.model.experts import Routing
from training.model.loss import cross_entropy
from training.model.optimizer import Optimizer, Rates
from training.model.qwen3moe import Model, Shape

EXPERTS_DRAWN: Final = (1, 2, 4, 8)
EXPERTS_SHARES: Final = (0.2, 0.35, 0.35, 0.1)
BALANCE_WEIGHT: Final = 0.01
WARM_UP: Final = 0.02
DECAY: Final = 0.7
"""Shares of the run in which the rate rises, and in which it falls to zero."""

SMALL: Final = Shape(
    vocabulary=8192, hidden=256, layers=6, heads=4, kv_heads=2, head_size=64, experts=16,
    expert_size=128, nominal_experts=4, context=2048, rope_base=10_000.0,
)  # fmt: skip
FULL: Final = Shape(
    vocabulary=8192, hidden=512, layers=8, heads=8, kv_heads=2, head_size=64, experts=16,
    expert_size=256, nominal_experts=4, context=2048, rope_base=10_000.0,
)  # fmt: skip
TINY: Final = Shape(
    vocabulary=1024, hidden=256, layers=2, heads=4, kv_heads=2, head_size=64, experts=16,
    expert_size=64, nominal_experts=4, context=2048, rope_base=10_000.0,
)  # fmt: skip
MINUTES: Final = "minutes"
LOADERS: Final = 8
"""Processes that prepare batches for a GPU."""
LONGEST_STEP_S: Final = 30.0
"""Most seconds that count for a step: in a longer one the process was stopped."""
BFLOAT16: Final = ("avx512_bf16", "amx_bf16", "bf16")
"""PyTorch's names of a processor's instructions for it."""
SHAPES: Final = {"tiny": TINY, "small": SMALL, "full": FULL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The parameters of one run."""

    shape: Shape
    data: Path
    run: Path
    minutes: float
    batch_tokens: int
    rates: Rates
    seed: int
    origin: Path | None
    repetitions: float
    look_every_s: float
    """Seconds between two evaluations of the held-out loss, each with a checkpoint and curves."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The losses of a batch: the mean per token, and the balance loss of each layer."""

    token: Tensor
    balance: Tensor


def rate_factor(done: float) -> float:
    """Return the share of the peak rate at ``done`` (0 to 1) of the run."""
    return max(0.0, min(1.0, done / WARM_UP, (1 - done) / DECAY))


def losses(model: Model, batch: Batch, active: list[int]) -> Losses:
    """Return the losses of a batch; every token but the first of a row is predicted."""
    hidden, routings = model(batch.tokens, active)
    weights = batch.weights[:, 1:].flatten()
    counted = weights > 0
    mean = cross_entropy(
        hidden[:, :-1].flatten(0, 1)[counted],
        model.head.weight,
        batch.tokens[:, 1:].flatten()[counted],
        weights[counted],
    )
    return Losses(mean, balance(routings))


def balance(routings: list[Routing]) -> Tensor:
    """Return the layers' imbalance; 1 is even."""
    return torch.stack([routing.imbalance() for routing in routings])


def train(plan: Plan) -> None:
    """Train until the time is over; write checkpoints, log and curves into ``plan.run``."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu":
        heap.keep_freed()
    plan.run.mkdir(parents=True, exist_ok=True)
    (plan.run / MINUTES).write_text(f"{plan.minutes}\n")
    torch.manual_seed(plan.seed)
    stored = _stored(plan.run)
    model = _begun(plan, stored).to(device)
    masters = {name: p.detach().clone() for name, p in model.named_parameters()}
    model.to(_compute_dtype(device))
    optimizer = Optimizer(model, masters, plan.rates)
    progress = Progress()
    if stored is not None:
        optimizer.restore(stored["optimizer"])
        progress = Progress(**stored["progress"])
    held_out = validation.load(plan.data, device)
    if device.type == "cuda":
        for block in model.blocks:
            block.compile(dynamic=True)
    threads = torch.get_num_threads()
    stream = _batches(plan, progress, optimizer.steps, device)
    looked = time.monotonic()
    with Log(plan.run / "log.csv", optimizer.steps) as log:
        for batch in _until(plan.run / MINUTES, progress, stream):
            if device.type == "cpu":
                torch.set_num_threads(cores.free_threads(threads))
            random = Random(plan.seed * 1_000_003 + optimizer.steps)
            active = random.choices(EXPERTS_DRAWN, EXPERTS_SHARES, k=model.shape.layers)
            cost = losses(model, batch.to(device), active)
            torch.autograd.backward(cost.token + BALANCE_WEIGHT * cost.balance.sum())
            optimizer.step(rate_factor(progress.done))
            if not math.isfinite(float(cost.token)):
                raise ArithmeticError(f"loss is {float(cost.token)} at step {optimizer.steps}")
            progress.tokens += batch.filled
            row = log.row(optimizer.steps, progress, cost)
            look = time.monotonic() - looked > plan.look_every_s
            if look:
                row |= validation.losses(model, held_out)
            log.write(row)
            if look:
                save(plan, model.shape, optimizer, progress)
                curves.draw(plan.run / "log.csv", plan.run / "curves.png")
                looked = time.monotonic()
    save(plan, model.shape, optimizer, progress)
    curves.draw(plan.run / "log.csv", plan.run / "curves.png")


def _compute_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device computes with it, else float32.

    A CPU without instructions for bfloat16 multiplies such matrices 50 times more slowly than
    those of float32 (AMD EPYC with AVX2, PyTorch 2.13).
    """
    known = torch.cpu.get_capabilities()
    if device.type == "cuda" or any(known.get(name) for name in BFLOAT16):
        return torch.bfloat16
    return torch.float32


@dataclass(slots=True)
class Progress:
    """The progress of a run, over all its resumptions."""

    seconds: float = 0.0
    tokens: int = 0
    done: float = 0.0
    """Share of the run's time that is over (0 to 1)."""


def _batches(plan: Plan, progress: Progress, skip: int, device: torch.device) -> DataLoader[Batch]:
    """Return batches without end; for a GPU other processes prepare them, because it is fast."""
    samples = packed.load(plan.data / "samples")
    return DataLoader(
        batches.Batches(samples, plan.seed),
        batch_size=None,
        sampler=_draws(
            plan, progress, batches.numbers(samples, plan.batch_tokens, skip, plan.seed)
        ),
        num_workers=LOADERS if device.type == "cuda" else 0,
        multiprocessing_context="fork" if device.type == "cuda" else None,
    )


def _draws(
    plan: Plan, progress: Progress, numbers: Iterator[tuple[int, np.ndarray]]
) -> Iterator[Draw]:
    """Yield the composition of each batch; repetitions become fewer during the run."""
    for number, samples in numbers:
        yield Draw(number, samples, plan.repetitions * copying.share(progress.done))


def _until(minutes: Path, progress: Progress, stream: Iterable[Batch]) -> Iterator[Batch]:
    """Yield batches until the run's time is over; update ``progress`` and a progress bar."""
    last = time.monotonic()
    limit = 60 * float(minutes.read_text())
    coming = iter(stream)
    with tqdm(total=round(limit), initial=round(progress.seconds), unit="s") as bar:
        while progress.seconds < limit:
            progress.done = progress.seconds / limit
            yield next(coming)
            now = time.monotonic()
            progress.seconds += min(now - last, LONGEST_STEP_S)
            last = now
            limit = 60 * float(minutes.read_text())
            bar.total = round(limit)
            bar.set_postfix_str(f"{progress.tokens / progress.seconds:.0f} tokens/s")
            bar.update(round(progress.seconds) - bar.n)


def save(plan: Plan, shape: Shape, optimizer: Optimizer, progress: Progress) -> None:
    """Write the checkpoint, whole or not at all."""
    content = {
        "shape": asdict(shape),
        "optimizer": optimizer.state(),
        "progress": asdict(progress),
    }
    part = plan.run / "checkpoint.part"
    torch.save(content, part)
    part.replace(plan.run / "checkpoint.pt")


def trained(checkpoint: Path) -> Model:
    """Read the model of a checkpoint, its weights in float32."""
    stored = torch.load(checkpoint, weights_only=True)
    model = Model(Shape(**stored["shape"]))
    model.load_state_dict(stored["optimizer"]["masters"])
    return model


def _stored(run: Path) -> dict[str, Any] | None:
    """Return the checkpoint of a run; None in a new run."""
    path = run / "checkpoint.pt"
    return torch.load(path, weights_only=True) if path.exists() else None


def _begun(plan: Plan, stored: dict[str, Any] | None) -> Model:
    """Return the model to train: in the shape of the resumed checkpoint, else as planned."""
    if stored is not None:
        return Model(Shape(**stored["shape"]))
    return origin.read(plan.origin) if plan.origin else Model(plan.shape)


class Log:
    """A CSV file with a row per step; a resumed run drops the rows of steps that it repeats."""

    FIELDS: Final = (
        "step", "seconds", "tokens", "loss", "balance", "done",
        *(f"held_out_{count}" for count in validation.COUNTS), "copied",
    )  # fmt: skip

    def __init__(self, path: Path, steps: int) -> None:
        rows = curves.read_log(path)
        self._file = path.open("w", newline="")
        self._writer = csv.DictWriter(self._file, self.FIELDS)
        self._writer.writeheader()
        self._writer.writerows(row for row in rows if int(row["step"]) <= steps)
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def row(self, step: int, progress: Progress, cost: Losses) -> dict[str, object]:
        """Return the row of one step."""
        return {
            "step": step,
            "seconds": round(progress.seconds, 1),
            "tokens": progress.tokens,
            "loss": round(float(cost.token), 4),
            "balance": round(float(cost.balance.mean()), 4),
            "done": round(progress.done, 4),
        }

    def write(self, row: dict[str, object]) -> None:
        """Append and flush a row, so that a crash loses none."""
        self._writer.writerow(row)
        self._file.flush()


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--run", type=Path, default=Path("training/out/run"))
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--matrix-rate", type=float, default=0.01)
    parser.add_argument("--embedding-rate", type=float, default=0.006)
    parser.add_argument("--head-rate", type=float, default=0.001)
    parser.add_argument("--other-rate", type=float, default=0.002)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--origin",
        type=Path,
        help="a file of training.model.origin or .graft to begin with",
    )
    parser.add_argument(
        "--repetitions", type=float, default=1.0, help="how many of the usual copying exercises"
    )
    given = parser.parse_args()
    rates = Rates(
        matrix=given.matrix_rate,
        embedding=given.embedding_rate,
        head=given.head_rate,
        other=given.other_rate,
    )
    train(
        Plan(
            shape=SHAPES[given.shape],
            data=given.data,
            run=given.run,
            minutes=given.minutes,
            batch_tokens=given.batch_tokens,
            rates=rates,
            seed=given.seed,
            origin=given.origin,
            repetitions=given.repetitions,
            look_every_s=60.0,
        )
    )


if __name__ == "__main__":
    main()
