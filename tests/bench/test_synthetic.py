from __future__ import annotations

import collections
import shutil
from types import SimpleNamespace

import attrs
import gguf
import pytest

from leanwide_bench.synthetic import synthetic
from leanwide_bench.synthetic.shapes import TINY, TINY_DENSE, SyntheticError, tensors
from leanwide_bench.synthetic.synthetic import Recipe, write
from leanwide_bench.synthetic.tensors import Quant


@pytest.mark.parametrize(
    "shape",
    [
        TINY,
        TINY_DENSE,
        *(attrs.evolve(TINY, matrices=q, finer=q) for q in (Quant.Q8_0, Quant.F16, Quant.F32)),
    ],
    ids=["tiny", "dense", "Q8_0", "F16", "F32"],
)
def test_the_size_is_predicted_within_1_percent(tmp_path, shape):
    written = write(tmp_path / "model.gguf", Recipe(shape=shape))
    assert written.bytes == (tmp_path / "model.gguf").stat().st_size
    assert written.bytes == pytest.approx(shape.file_bytes, rel=0.01)


def test_gguf_py_reads_back_what_was_asked_for(tiny):
    reader = gguf.GGUFReader(tiny)
    expected = [(t.name, [*reversed(t.dims)], t.quant.name) for t in tensors(TINY)]
    found = [(t.name, t.shape.tolist(), t.tensor_type.name) for t in reader.tensors]
    assert found == expected
    assert reader.fields["qwen3moe.expert_used_count"].contents() == TINY.experts_used
    assert reader.fields["tokenizer.chat_template"].contents().startswith("{%- for message")


def test_each_layer_routes_in_its_own_way(tiny):
    reader = gguf.GGUFReader(tiny)
    routers = [t.data.tobytes() for t in reader.tensors if "ffn_gate_inp" in t.name]
    assert len(set(routers)) == TINY.layers


def test_a_seed_decides_every_byte(tmp_path):
    seeds = (0, 0, 1)
    paths = [tmp_path / f"{index}.gguf" for index in range(len(seeds))]
    for path, seed in zip(paths, seeds, strict=True):
        write(path, Recipe(shape=TINY, seed=seed))
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again
    assert first != other


def test_progress_ends_at_the_size_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic, "CHUNK_BYTES", 100_000)
    seen: list[tuple[int, int]] = []
    written = write(
        tmp_path / "model.gguf", Recipe(shape=TINY), lambda done, total: seen.append((done, total))
    )
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert collections.Counter(total for _, total in seen) == {written.bytes: len(seen)}
    assert seen[-1][0] == written.bytes
    assert len(seen) > 30


def test_too_little_space_is_one_clear_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(SyntheticError) as caught:
        write(tmp_path / "model.gguf", Recipe(shape=TINY))
    assert str(caught.value) == (
        f"the model needs 3.6 MB in {tmp_path}, where 1.0 MB are free:"
        " make room or choose another folder"
    )
    assert not any(tmp_path.iterdir())


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_text("old")

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, Recipe(shape=TINY), interrupt)
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(tmp_path):
    def full(_done: int, _total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(SyntheticError, match=r"cannot write .*model.gguf: No space left on device"):
        write(tmp_path / "model.gguf", Recipe(shape=TINY), full)
    assert not any(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SyntheticError, match="cannot write"):
        write(tmp_path / "file" / "model.gguf", Recipe(shape=TINY))
