"""Absurd answers in absurd lines: the filters stay fast."""

from __future__ import annotations

import time

import pytest

from leanwide.postprocess.data_structure import json_losses
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.filters import postprocess
from leanwide.postprocess.repetition import loop_start
from tests.marked import view_of

ANSWERS = ["(" * 2_000, "([{" * 700, "(;\n" * 600, '"(' * 900, "`${" * 700, "```\n" * 600,
           "<think>" * 300, "<|a" * 600, "a\n" * 600, "  " * 2_000, "<" * 2_000]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[:7])
@pytest.mark.parametrize(
    ("before", "after"), [("(" * 1_900, ""), ('"(' * 900, ";"), ("", ")" * 900)]
)
def test_filters_are_fast(answer: str, before: str, after: str):
    began = time.thread_time()
    postprocess(answer, FilterContext(view_of(f"{before}‸{after}\na\n"), ()))
    loop_start(answer)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize("unit", ['"\\', "/*", '"', ",  "], ids=repr)
def test_json_that_cannot_be_read_does_not_take_long(unit: str):
    lines = ["{}", "// a comment", unit * 50_000]
    began = time.thread_time()
    assert not list(json_losses(lines, lines))
    assert time.thread_time() - began < 1
