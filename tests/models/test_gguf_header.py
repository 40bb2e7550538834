"""What follows from a header, whatever a file says in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from leanwide.models.gguf_header import GgufHeader, Scalar


def header(metadata: dict[str, Scalar]) -> GgufHeader:
    return GgufHeader(
        path=Path("/models/my-model.gguf"),
        file_bytes=0,
        metadata={"general.architecture": "qwen3moe", **metadata},
        tensors=(),
        data_start=0,
    )


@pytest.mark.parametrize("metadata", [{}, {"general.name": ""}])
def test_a_model_without_a_name_has_its_files_name(metadata):
    assert header(metadata).name == "my-model"
    assert header({"general.name": "Qwen"}).name == "Qwen"


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -float("inf"), "many"])
def test_what_is_no_finite_number_counts_as_absent(value):
    assert header({"qwen3moe.expert_count": value}).number("expert_count") == 0


def test_a_chat_template_that_is_no_text_is_none():
    assert header({"tokenizer.chat_template": 7}).chat_template is None
    assert header({"tokenizer.chat_template": "{{ x }}"}).chat_template == "{{ x }}"
