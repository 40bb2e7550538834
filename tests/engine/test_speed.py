"""The kernels' speed: measured on this machine, remembered, never worse for a disturbed moment."""

from __future__ import annotations

import attrs
import pytest

from leanwide.engine import speed
from leanwide.engine.ggml import Ggml, Matrix, routes
from leanwide.engine.speed import LayerSample, layer_sample, measure, rates
from leanwide.models.gguf import read_header
from leanwide_bench.synthetic.shapes import TINY


@pytest.fixture(autouse=True)
def small_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure with little work: the figures mean nothing."""
    monkeypatch.setattr("leanwide.engine.ggml._LAYERS_BYTES", 1 << 20)
    monkeypatch.setattr("leanwide.engine.speed._STREAM_BYTES", 1 << 20)
    monkeypatch.setattr("leanwide.engine.ggml._RUNS_S", 0.0)


@pytest.fixture
def sample(tiny) -> LayerSample:
    found = layer_sample(read_header(tiny), experts=2, step_tokens=32, threads=1)
    assert found is not None
    return found


def test_a_sample_is_made_of_the_models_own_matrices(sample: LayerSample):
    assert sample.experts is not None
    assert (sample.experts.experts, sample.experts.width) == (TINY.experts, TINY.hidden)
    assert sample.experts.rows == TINY.feed_forward
    assert sample.dense.rows * sample.dense.width == TINY.hidden * TINY.heads * TINY.head_dim


def test_a_dense_model_is_sampled_without_experts(dense):
    found = layer_sample(read_header(dense), experts=0, step_tokens=32, threads=1)
    assert found is not None
    assert found.experts is None
    measured = measure(found)
    assert measured is not None
    assert measured.step.dense_flops_per_s > measured.step.expert_flops_per_s == 0


@pytest.mark.parametrize(
    "change",
    [{"kind": 26}, {"kind": 99}, {"width": 7}, {"elements": 0}, {"width": 0}],
    ids=str,
)
def test_a_matrix_that_the_kernels_cannot_multiply_gives_no_sample(tiny, change):
    header = read_header(tiny)
    odd = tuple(attrs.evolve(tensor, **change) for tensor in header.tensors)
    assert layer_sample(attrs.evolve(header, tensors=odd), 2, step_tokens=32, threads=1) is None


def test_an_illegal_expert_count_gives_no_sample(tiny):
    header = read_header(tiny)
    assert layer_sample(header, TINY.experts + 1, step_tokens=32, threads=1) is None
    assert layer_sample(header, 0, step_tokens=32, threads=1) is None


def test_a_model_whose_first_layer_is_dense_is_sampled_where_its_experts_are(tiny):
    header = read_header(tiny)
    later = tuple(
        each
        for each in header.tensors
        if not (each.name.startswith("blk.0.") and "_exps." in each.name)
    )
    found = layer_sample(attrs.evolve(header, tensors=later), 2, step_tokens=32, threads=1)
    assert found is not None
    assert found.experts is not None


def test_every_rate_is_measured_and_remembered(
    sample: LayerSample, monkeypatch: pytest.MonkeyPatch
):
    measured = measure(sample)
    assert measured is not None
    for value in (measured.stream_bytes_per_s, measured.layer_s, measured.step.expert_flops_per_s):
        assert value > 0
    monkeypatch.setattr(speed, "Ggml", None)  # nothing can be measured now
    assert rates(sample) == measured
    assert rates(sample) is not None


def test_a_fast_product_is_measured_only_while_there_is_memory(
    monkeypatch: pytest.MonkeyPatch,
):
    """Every run takes memory of the ggml context; ggml would crash without any left."""
    monkeypatch.setattr("leanwide.engine.ggml._RUNS_S", 1e9)
    monkeypatch.setattr("leanwide.engine.ggml._SPARE_BYTES", 4 << 20)
    assert Ggml().dense_flops_per_s(Matrix(kind=1, width=64, rows=64), tokens=64, threads=1) > 0


def test_the_best_of_two_measurements_is_kept(sample: LayerSample, monkeypatch: pytest.MonkeyPatch):
    first = measure(sample)
    assert first is not None
    slow = attrs.evolve(first, stream_bytes_per_s=1.0, layer_s=1.0)
    monkeypatch.setattr(speed, "_measure", lambda *_: slow)
    assert measure(sample) == first


def test_a_build_without_the_kernels_leaves_the_speed_unknown(
    sample: LayerSample, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("leanwide.engine.ggml._CPU", {"ggml_no_such_function": (None,)})
    other = attrs.evolve(sample, threads=3)
    assert measure(other) is None
    assert rates(other) is None


def test_each_token_is_routed_to_experts_of_its_own() -> None:
    """Otherwise a step would read the same few experts, and seem faster than it is."""
    chosen = routes(experts=16, used=4, tokens=8)
    assert chosen.shape == (8, 4)
    assert all(len(set(row)) == 4 for row in chosen)
    assert len({tuple(sorted(row)) for row in chosen}) > 1


def test_memory_speed_is_measured_on_experts_of_the_file_itself(sample: LayerSample, tiny):
    assert sample.file == tiny
    assert {(part.matrix.width, part.matrix.rows) for part in sample.parts} == {
        (TINY.hidden, TINY.feed_forward),
        (TINY.feed_forward, TINY.hidden),
    }
    offsets = [part.offset for part in sample.parts]
    assert len(set(offsets)) == len(offsets) > 1
    assert max(offsets) < tiny.stat().st_size


def test_a_missing_or_truncated_file_leaves_the_speed_unknown(sample: LayerSample, tmp_path):
    assert measure(attrs.evolve(sample, file=tmp_path / "gone.gguf")) is None
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(sample.file.read_bytes()[: max(part.offset for part in sample.parts) + 1])
    assert measure(attrs.evolve(sample, file=cut)) is None
