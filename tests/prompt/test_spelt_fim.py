"""Prompts in which a client spells a hole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.prompt.spelt_fim import spelt_hole

FORMS = {
    "Qwen": "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    "StarCoder": "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
    "GLM": "<|code_prefix|>{prefix}<|code_suffix|>{suffix}<|code_middle|>",
    "DeepSeek": "<｜fim▁begin｜>{prefix}<｜fim▁hole｜>{suffix}<｜fim▁end｜>",  # noqa: RUF001
    "Code Llama": "<PRE> {prefix} <SUF>{suffix} <MID>",
    "Codestral": "[SUFFIX]{suffix}[PREFIX]{prefix}",
}
"""As Zed writes them."""


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(st.text("ab <>|[]\n "), st.text("ab <>|[]\n "))
def test_every_form_is_read(form: str, prefix: str, suffix: str):
    assert spelt_hole(form.format(prefix=prefix, suffix=suffix)) == (prefix, suffix)


@given(st.text())
def test_a_text_without_markers_shows_no_hole(text: str):
    assert spelt_hole(text) is None


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "<|fim_prefix|>a<|fim_suffix|>b",
        "<|fim_prefix|>a<|fim_middle|>",
        "x<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>",
        "<|fim_prefix|>a<fim_suffix>b<|fim_middle|>",
        "<|fim_prefix|>",
        "[SUFFIX]",
    ],
)
def test_half_a_form_is_text(prompt: str):
    assert spelt_hole(prompt) is None


def test_the_first_of_several_markers_counts():
    form = "<|fim_prefix|>a<|fim_suffix|>b<|fim_suffix|>c<|fim_middle|>"
    assert spelt_hole(form) == ("a", "b<|fim_suffix|>c")
