"""Chat templates tell how a model marks its thinking, and how to ask it for none."""

from __future__ import annotations

import pytest

from leanwide.models.answer_marks import answer_marks, thinking_variables, thinks

SIGNS = {
    "gpt-oss": "'<|start|>assistant<|channel|>analysis<|message|>'",
    "Muse": "'<|start|>assistant to=self<|message|>'",
    "Solar": "'<|think|>' '<|content|>'",
    "Kimi K3": "'<|open|>' ~ tag ~ '<|sep|>' open_tag('think')",
    "Cohere MoE": "<|START_THINKING|>{{ text }}<|END_THINKING|><|START_TEXT|>",
    "Command R7B": "<|START_THINKING|>{{ text }}<|END_THINKING|>",
    "Gemma 4": "'<|channel>thought\\n<channel|>'",
    "Seed-OSS": "think_begin = '<seed:think>'",
    "MiniMax M3": "think_begin = '<mm:think>'",
    "Hunyuan 3": "':opensource' '<think{}>'.format(HYTK)",
    "Ministral": "'[THINK]' + block.thinking + '[/THINK]'",
    "Apriel": "after the marker [BEGIN FINAL RESPONSE]",
    "Apertus": "inner = '<|inner_prefix|>'",
    "Granite 3": "between <think></think> and between <response></response>",
    "Functionary": "'>>>all\\n'",
    "Qwen": "'</think>' in content",
    "none": "<|im_start|>",
}
"""A text of a template of each family."""


def test_each_family_has_marks_of_its_own():
    """All but Qwen's, which are those of a model whose template says nothing as well."""
    marks = {name: answer_marks(sign) for name, sign in SIGNS.items()}
    assert len(set(marks.values())) == len(SIGNS) - 1
    assert marks["Qwen"] == marks["none"] == answer_marks(None)
    assert marks["gpt-oss"].closing == "<|end|>"
    assert marks["Cohere MoE"].leads == ("<|START_TEXT|>",)
    assert marks["Command R7B"].leads == ("<|START_RESPONSE|>",)


@pytest.mark.parametrize("name", SIGNS)
def test_which_models_think(name: str):
    assert thinks(SIGNS[name]) is (name not in ("none", "Functionary"))


def test_a_model_without_a_template_is_not_known_to_think():
    assert not thinks(None)


@pytest.mark.parametrize(
    ("name", "variable", "thinking", "not_thinking"),
    [
        ("Qwen", "enable_thinking", True, False),
        ("Solar", "reasoning_effort", None, "minimal"),
        ("Hunyuan 3", "reasoning_effort", "high", "no_think"),
        ("MiniMax M3", "thinking_mode", "enabled", "disabled"),
        ("Seed-OSS", "thinking_budget", None, 0),
    ],
)
def test_a_template_is_told_in_its_own_words_whether_the_model_may_think(
    name: str, variable: str, thinking: object, not_thinking: object
):
    assert thinking_variables(SIGNS[name], thinking=True).get(variable) == thinking
    assert thinking_variables(SIGNS[name], thinking=False).get(variable) == not_thinking
