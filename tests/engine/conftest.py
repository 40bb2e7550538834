from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from llama_cpp import llama_cpp

from leanwide.engine.process.lane import Lane
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.specs import ModelSpec
from leanwide_bench.synthetic.shapes import TINY, TINY_DENSE
from leanwide_bench.synthetic.synthetic import Recipe, write
from tests.engine import make

Opener = Callable[[ModelSpec], Lanes]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine-models")


@pytest.fixture(scope="session")
def tiny(models: Path) -> Path:
    """A tiny MoE model with 8 experts, written once."""
    write(models / "tiny.gguf", Recipe(shape=TINY))
    return models / "tiny.gguf"


@pytest.fixture(scope="session")
def dense(models: Path) -> Path:
    """A tiny model without experts."""
    write(models / "dense.gguf", Recipe(shape=TINY_DENSE))
    return models / "dense.gguf"


@pytest.fixture(scope="session")
def unknown_architecture(tiny: Path, models: Path) -> Path:
    """A complete model of an architecture that llama.cpp does not know."""
    path = models / "unknown.gguf"
    path.write_bytes(re.sub(b"qwen3moe", b"qwen9moe", tiny.read_bytes()))
    return path


@pytest.fixture(scope="session")
def with_bos(tiny: Path, models: Path) -> Path:
    """The tiny model, expecting a BOS token in front of every prompt."""
    off = b"tokenizer.ggml.add_bos_token" + struct.pack("<I?", 7, False)
    path = models / "with-bos.gguf"
    assert off in tiny.read_bytes()
    path.write_bytes(tiny.read_bytes().replace(off, off[:-1] + b"\x01"))
    return path


@pytest.fixture(scope="session")
def opened() -> Iterator[Opener]:
    """Opens lanes in this process; keeps them, because llama.cpp keeps pointers to them."""
    kept: list[tuple[Lanes, ModelSpec]] = []

    def open_lanes(spec: ModelSpec) -> Lanes:
        lanes = Lanes(spec, lambda _: None)
        kept.append((lanes, spec))
        return lanes

    yield open_lanes
    for lanes, spec in kept:
        for lane in spec.lanes:
            lanes.close(lane.name)
    llama_cpp.llama_log_set(llama_cpp.llama_log_callback(0), None)


@pytest.fixture
def lane(lanes: Lanes) -> Lane:
    return lanes.lane("lean")[0]


@pytest.fixture
def wide(lanes: Lanes) -> Lane:
    return lanes.lane("wide")[0]


@pytest.fixture(scope="module")
def lanes(opened: Opener, tiny: Path) -> Lanes:
    """An open lean and an open wide lane on one file: llama.cpp logs to the newest lanes only."""
    lanes = opened(make.spec(tiny))
    lanes.lane("lean")
    lanes.lane("wide")
    return lanes
