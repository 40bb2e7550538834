"""Synthetic models in llama.cpp itself."""

from __future__ import annotations

import attrs
import llama_cpp.llama_cpp as api
import numpy as np
import pytest

from leanwide_bench.synthetic.shapes import TINY
from leanwide_bench.synthetic.synthetic import Recipe, write
from leanwide_bench.synthetic.tensors import Quant
from leanwide_bench.synthetic.vocabulary import FIM_MARKERS, VocabularyOptions, vocabulary
from tests.bench import broken
from tests.bench.llama import LoadError, loaded

CODE = """\
class Server(Base):
    def __init__(self, name: str = "x") -> None:
        self.name = name

    async def handle(self, request):
        for key, value in request.items():
            if value is not None:
                yield key, value
"""

TEXTS = {
    "code": CODE,
    "crlf": "if x:\r\n\treturn\r\n",
    "unicode": "naïve Straße 你好 🙂 e\u0301 \u202e мир",
    "markers": "print('<|im_end|><|fim_prefix|>')",
    "controls": "\0\x1b[0m\x7f\xa0\xad",
    "spaces": " " * 37 + "x",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_round_trips(tiny, text):
    with loaded(tiny) as model:
        assert model.text(model.tokens(text)) == text


def test_code_takes_fewer_tokens_than_characters(tiny):
    with loaded(tiny) as model:
        assert len(model.tokens(CODE)) < len(CODE) / 2


def test_fim_tokens_are_the_ones_written(tiny):
    markers = vocabulary(TINY.vocabulary, VocabularyOptions()).markers
    with loaded(tiny) as model:
        for name, text in FIM_MARKERS.items():
            token = getattr(api, f"llama_vocab_fim_{name}")(model.vocab)
            assert token == markers[text]
            assert model.tokens(text, special=True) == [token]
            assert token not in model.tokens(text)


def test_logits_are_finite_and_depend_on_the_context(tiny):
    with loaded(tiny) as model:
        prompt = model.tokens(CODE)
        logits, others = model.logits(prompt), model.logits(prompt[:-7] + prompt[-6:])
    assert np.isfinite(logits).all()
    assert logits.std() == pytest.approx(1, abs=0.3)
    assert not np.allclose(logits, others, atol=1e-2)


@pytest.mark.parametrize("experts", [1, 2, 8])
def test_an_override_of_the_expert_count_changes_the_logits(tiny, experts):
    with loaded(tiny) as model:
        prompt = model.tokens(CODE)
        trained = model.logits(prompt)
    with loaded(tiny, experts) as model:
        overridden = model.logits(prompt)
    assert np.isfinite(overridden).all()
    assert not np.allclose(trained, overridden, atol=1e-2)


def test_tokens_spread_over_the_experts_in_deep_layers_too(tmp_path):
    shape = attrs.evolve(TINY, layers=24, experts=16)
    write(tmp_path / "deep.gguf", Recipe(shape=shape))
    with loaded(tmp_path / "deep.gguf") as model:
        routing = model.routing(model.tokens(CODE), shape.experts)
    assert len(routing) == shape.layers
    for layer in routing[:-1]:
        chosen = np.argsort(layer)[:, -shape.experts_used :]
        share = np.bincount(chosen.ravel(), minlength=shape.experts) / chosen.size
        assert share.min() > 0.1 / shape.experts
        assert share.max() < 4 / shape.experts


@pytest.mark.parametrize("quant", [Quant.Q8_0, Quant.F16, Quant.F32])
def test_every_other_type_decodes_too(tmp_path, quant):
    path = tmp_path / "model.gguf"
    write(path, Recipe(shape=attrs.evolve(TINY, matrices=quant, finer=quant)))
    with loaded(path) as model:
        assert np.isfinite(model.logits(model.tokens(CODE))).all()


@pytest.mark.parametrize(
    "make",
    [
        broken.empty,
        broken.not_gguf,
        broken.truncated_header,
        broken.truncated_weights,
        broken.unsupported_architecture,
    ],
)
def test_a_broken_file_is_refused(tmp_path, make):
    with pytest.raises(LoadError), loaded(make(tmp_path)):
        pass


def test_a_model_without_fim_has_no_fim_tokens(tmp_path):
    with loaded(broken.without_fim(tmp_path)) as model:
        assert {getattr(api, f"llama_vocab_fim_{n}")(model.vocab) for n in FIM_MARKERS} == {-1}


def test_a_chat_template_is_there_unless_left_out(tmp_path, tiny):
    with loaded(tiny) as model:
        assert b"<|im_start|>" in api.llama_model_chat_template(model.handle, None)
    with loaded(broken.without_chat_template(tmp_path)) as model:
        assert api.llama_model_chat_template(model.handle, None) is None


def test_a_dense_model_decodes(tmp_path):
    with loaded(broken.dense(tmp_path)) as model:
        assert np.isfinite(model.logits(model.tokens(CODE))).all()
