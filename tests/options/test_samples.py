"""The sample configurations load without a word and fit the machines they are named after."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leanwide.cli.compose import engine_spec
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import legal_experts, wanted_experts
from leanwide.models.memory import LaneShape, lane_bytes
from leanwide.options import Options, parse, read_layer
from leanwide_bench.synthetic.shapes import THIRTY_BILLION, ModelShape

FOLDER = Path(__file__).parents[2] / "configs"
SAMPLES = ("laptop-16gb", "workstation-64gb", "gpu-24gb")
FILES = {
    "laptop-16gb": (THIRTY_BILLION.weights * 2.625 / 8, 16e9),
    "workstation-64gb": (THIRTY_BILLION.file_bytes, 64e9),
    "gpu-24gb": (THIRTY_BILLION.file_bytes, 24 * 2**30),
}
"""Bytes of the weights, and of the memory."""


def options(sample: str) -> Options:
    layer, broken = read_layer(FOLDER / f"{sample}.toml")
    found, problems = parse(layer)
    assert (broken, problems) == ((), ())
    return found


def header(shape: ModelShape) -> GgufHeader:
    numbers = {
        "context_length": shape.context,
        "block_count": shape.layers,
        "embedding_length": shape.hidden,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.kv_heads,
        "attention.key_length": shape.head_dim,
        "attention.value_length": shape.head_dim,
        "expert_count": shape.experts,
        "expert_used_count": shape.experts_used,
        "expert_feed_forward_length": shape.feed_forward,
    }
    named = {f"{shape.architecture}.{key}": value for key, value in numbers.items()}
    vocabulary = {"tokenizer.ggml.tokens.length": shape.vocabulary}
    return GgufHeader(
        path=Path("model.gguf"),
        file_bytes=shape.file_bytes,
        metadata={"general.architecture": shape.architecture, **named, **vocabulary},
        tensors=(),
        data_start=0,
    )


def lanes_bytes(sample: str) -> int:
    """What both lanes take beside the weights."""
    model, spec = header(THIRTY_BILLION), engine_spec(options(sample))
    shapes = [
        LaneShape(
            context_tokens=lane.context_tokens,
            sequences=lane.sequences,
            experts=legal_experts(model, wanted_experts(model, lane.experts))[0],
            batch_tokens=spec.batch_tokens,
            keeps_scores=spec.keeps_scores,
        )
        for lane in spec.lanes
    ]
    return sum(lane_bytes(model, shape).total for shape in shapes)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_fits_its_machine_and_states_the_size_of_its_lanes(sample):
    weights, memory = FILES[sample]
    lanes = lanes_bytes(sample)
    assert weights + lanes < memory
    assert f"lanes below {lanes / 1e9:.1f} GB" in prose(sample).replace("take ", "")


def prose(sample: str) -> str:
    """The comments at the top, as one line."""
    text = (FOLDER / f"{sample}.toml").read_text("utf-8")
    return " ".join(line.removeprefix("# ") for line in text.split("\n\n")[0].splitlines())


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_setting_of_a_sample_is_explained(sample):
    lines = (FOLDER / f"{sample}.toml").read_text("utf-8").splitlines()
    settings = [line for line in lines if re.match(r"\w+ = ", line)]
    assert settings
    assert all(" # " in line for line in settings)
