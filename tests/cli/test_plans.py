"""What ``doctor`` plans for machines of given sizes, and that the documentation says the same."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from tests.models.test_cost import described

from leanwide.cli.fitting import Fitting, as_data, planned, spec_for
from leanwide.engine.hardware import Device, DeviceKind, usable_gpu_bytes
from leanwide.models.fit import Hardware, Verdict
from leanwide.options import Layer, parse, read_layer
from leanwide_bench.synthetic.shapes import THIRTY_BILLION

PAGE = Path(__file__).parents[2] / "docs/models.md"
GB = 10**9
SHAPE = described(THIRTY_BILLION)
MODEL = attrs.evolve(
    SHAPE,
    path=Path("Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf"),
    metadata={**SHAPE.metadata, "tokenizer.ggml.tokens.length": THIRTY_BILLION.vocabulary},
)
LAPTOP, _ = read_layer(PAGE.parents[1] / "configs/laptop-16gb.toml")


def card(gigabytes: float) -> Device:
    """A card of which the screen and other programs take 0.4 GB."""
    total = int(gigabytes * 2**30)
    return Device(
        backend="CUDA",
        name="CUDA0",
        description="a card",
        kind=DeviceKind.GPU,
        free_bytes=total - int(0.4 * GB),
        total_bytes=total,
    )


def plan_for(memory: float, *cards: Device, layer: Layer | None = None) -> Fitting:
    options, problems = parse(layer or Layer("a test", {}))
    assert not problems
    size = int(memory * GB)
    machine = Hardware(memory_bytes=size, free_bytes=size, gpu_bytes=usable_gpu_bytes(cards))
    return planned(MODEL, spec_for(MODEL, options), machine)


def test_a_machine_of_16_gb_gets_a_smaller_file():
    found = plan_for(16, layer=LAPTOP)
    assert found.fit.verdict is Verdict.STREAMS
    assert as_data(found)["plan"] == ""
    assert "leanwide models pull qwen3-coder-30b-a3b-q2_k" in found.advice
    assert (
        f"| 16 GB, no GPU, [laptop-16gb](../configs/laptop-16gb.toml) | streams | {needed(found)} |"
        in PAGE.read_text("utf-8")
    )


@pytest.mark.parametrize(
    ("cards", "settings", "row"),
    [
        ((8,), {}, "32 GB, a GPU with 8 GB"),
        ((8,), {"kv_type": "q8_0"}, 'the same, `kv_type = "q8_0"`'),
        ((12,), {}, "32 GB, a GPU with 12 GB"),
        ((24,), {}, "32 GB, a GPU with 24 GB"),
        ((8, 8), {}, "32 GB, two GPUs with 8 GB"),
    ],
)
def test_a_machine_with_a_gpu_keeps_the_experts_that_do_not_fit_there(cards, settings, row):
    found = plan_for(32, *map(card, cards), layer=Layer("a test", {"model": settings}))
    assert found.fit.verdict is Verdict.FITS
    assert found.fit.gpu_bytes <= (found.machine.gpu_bytes or 0)
    shown = f"| {row} | fits | {needed(found)} |"
    assert shown in PAGE.read_text("utf-8"), as_data(found)["plan"]


def needed(found: Fitting) -> str:
    """The cells of the documentation's table after the verdict."""
    placement, gpu = found.fit.load.placement, found.fit.gpu_bytes
    experts = "0" if found.fit.on_gpu_bytes else "none"
    if placement.cpu_expert_layers:
        experts = str(placement.cpu_expert_layers)
    return (
        f"{experts} | {found.placed.residency.residency} | {gpu / GB:.1f} GB | "
        f"{found.fit.memory_bytes / GB:.1f} GB"
    )
