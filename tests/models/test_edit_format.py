"""Which model files write edits, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from leanwide.models.edit_format import EDIT_FORMAT_KEY, EditFormat, edit_format
from leanwide.models.gguf_header import GgufHeader


def header(name: str, file: str = "model.gguf", **metadata: str) -> GgufHeader:
    return GgufHeader(
        path=Path(file),
        file_bytes=0,
        metadata={"general.name": name, **metadata},
        tensors=(),
        data_start=0,
    )


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("Sweep Next Edit 0.5B", "model.gguf", EditFormat.SWEEP),
        ("Model", "sweep-next-edit-1.5b.q8_0.v2.gguf", EditFormat.SWEEP),
        ("zeta-2", "model.gguf", EditFormat.ZETA2),
        ("Model", "zeta-2-Q4_K_M.gguf", EditFormat.ZETA2),
        ("zeta-2.1", "model.gguf", None),
        ("Qwen3-Coder-30B-A3B-Instruct", "model.gguf", None),
        ("", "sweep.gguf", None),
    ],
)
def test_the_name_of_a_model_says_its_format(name, file, expected):
    assert edit_format(header(name, file)) is expected


def test_a_files_own_key_goes_before_its_name():
    given = {EDIT_FORMAT_KEY: "zeta2"}
    assert edit_format(header("Sweep Next Edit", **given)) is EditFormat.ZETA2
    assert edit_format(header("Model", **{EDIT_FORMAT_KEY: "nonsense"})) is None
