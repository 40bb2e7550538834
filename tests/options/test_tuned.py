"""The tuned layer: for one model on one machine, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from leanwide import tuned
from leanwide.options import AutoSwitch, Layer, parse
from leanwide.tuned import TunedSubject, fingerprint, read_tuned, this_machine, write_tuned

VALUES = {
    "model": {"threads": 3, "flash_attention": "on"},
    "lanes": {"lean": {"experts": 2}},
    "modes": {"code": {"context_tokens": 512}},
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / 'a "model".gguf'
    path.write_bytes(bytes(range(256)) * 20_000)
    return path


def written(model: Path, **changes: str) -> Path:
    subject = TunedSubject(
        **{
            "model": 'A "Model"\\',
            "fingerprint": fingerprint(model),
            "machine": this_machine(),
            **changes,
        }
    )
    write_tuned(model.parent / "tuned.toml", subject, VALUES, ["lanes.lean.experts = 2: enough"])
    return model.parent / "tuned.toml"


def options(file: Path, *others: Layer):
    layer, problems = read_tuned(file, Path)
    assert problems == ()
    return parse(Layer("config.toml", {"model": {"path": str(file.parent / 'a "model".gguf')}}),
                 layer, *others)  # fmt: skip


def test_tuned_settings_apply_to_their_model_and_machine(model: Path):
    found, problems = options(written(model))
    assert problems == ()
    assert (found.model.threads, found.model.flash_attention) == (3, AutoSwitch.ON)
    assert (found.lanes.lean.experts, found.modes.code.context_tokens) == (2, 512)
    assert list(model.parent.glob("tuned.toml*")) == [model.parent / "tuned.toml"]


def test_tuned_settings_of_another_machine_are_ignored_with_a_line(model: Path):
    found, (problem,) = options(written(model, machine="Plan 9 mips"))
    assert found.model.threads == 0
    assert "tuned.toml is ignored: it was measured on another machine" in problem


def test_tuned_settings_of_another_model_are_ignored_with_a_line(model: Path):
    file = written(model)
    data = bytearray(model.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4096 * 40] = bytes(4096 * 40)
    model.write_bytes(data)
    found, (problem,) = options(file)
    assert found.lanes.lean.experts == "half"
    assert 'it was measured with another model, A "Model"' in problem


def test_a_model_that_a_later_layer_names_decides(model: Path):
    other = model.with_name("other.gguf")
    other.write_bytes(b"GGUF" * 1000)
    found, (problem,) = options(
        written(model), Layer("the editor", {"model": {"path": str(other)}})
    )
    assert found.model.threads == 0
    assert "another model" in problem


def test_a_model_of_the_lean_lane_alone_decides(model: Path):
    """That is the model which is measured."""
    other = model.with_name("other.gguf")
    other.write_bytes(b"GGUF" * 1000)
    found, (problem,) = options(
        written(model), Layer("the editor", {"lanes": {"lean": {"model": str(other)}}})
    )
    assert found.model.threads == 0
    assert "it was measured with another model" in problem
    wide = Layer("the editor", {"lanes": {"wide": {"model": str(other)}}})
    assert options(written(model), wide)[0].model.threads == 3


def test_a_tuned_file_without_model_and_machine_is_ignored(tmp_path: Path):
    (tmp_path / "tuned.toml").write_text("[lanes.lean]\nexperts = 2\n")
    layer, (problem,) = read_tuned(tmp_path / "tuned.toml", Path)
    assert layer.values == {}
    assert "does not say what it is for" in problem


def test_a_missing_tuned_file_is_an_empty_layer(tmp_path: Path):
    layer, problems = read_tuned(tmp_path / "tuned.toml", Path)
    assert (layer.values, problems) == ({}, ())


def test_a_fingerprint_reads_little_of_a_large_file(tmp_path: Path):
    """A file without content on the disk stands for a large one."""
    path = tmp_path / "large.gguf"
    with path.open("wb") as stream:
        stream.truncate(10**10)
    first = fingerprint(path)
    with path.open("r+b") as stream:
        stream.truncate(10**10 + 1)
    assert first != fingerprint(path)
    # Of what is read there is no other trace.
    assert tuned._SAMPLES * tuned._SAMPLE_BYTES + tuned._HEAD_BYTES < 2_000_000
