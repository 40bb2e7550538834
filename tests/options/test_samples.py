"""The sample configurations load without a word and fit the machines they are named after."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from tests.models.test_cost import described

from leanwide.cli.compose import model_spec
from leanwide.engine.hardware import GPU_RESERVE_BYTES
from leanwide.engine.lane_shapes import lane_shapes
from leanwide.engine.placing import place
from leanwide.models.fit import Hardware
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.memory import lane_bytes
from leanwide.models.placement import layer_bytes
from leanwide.options import Options, parse, read_layer
from leanwide_bench.synthetic.shapes import THIRTY_BILLION

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


def header() -> GgufHeader:
    model = described(THIRTY_BILLION)
    words = {"tokenizer.ggml.tokens.length": THIRTY_BILLION.vocabulary}
    return attrs.evolve(model, metadata={**model.metadata, **words})


def machine(sample: str) -> Hardware:
    """A machine with as much memory as the model needs, and the sample's GPU."""
    memory = int(FILES[sample][1])
    gpu = memory - GPU_RESERVE_BYTES if sample.startswith("gpu") else None
    return Hardware(memory_bytes=memory, free_bytes=memory, gpu_bytes=gpu)


def lanes_bytes(sample: str) -> int:
    """What both lanes take beside the weights."""
    spec = place(model_spec(options(sample)), header(), machine(sample)).spec
    return sum(lane_bytes(header(), shape).total for shape in lane_shapes(header(), spec).values())


def test_the_gpu_of_the_sample_holds_all_of_the_model_once():
    placed = place(model_spec(options("gpu-24gb")), header(), machine("gpu-24gb"))
    assert layer_bytes(header()).is_whole(placed.load.placement)
    assert placed.load.handles == 1


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
