"""How many files and calls of leanwide a completion goes through, counted by a profiler.

A reader follows the same path. The bounds are what it takes now: a change that needs more should
be worth it. Only the loop's thread is counted: in another one, calls are seen if it is new.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import leanwide
from leanwide.engine.requests import CancelToken
from leanwide.features.completion.complete import complete
from leanwide.features.completion.request import InlineRequest
from tests.features.editor import Editor, settled, state_saying
from tests.marked import MARK

ROOT = str(Path(leanwide.__file__).parent)
CODE = f"""\
import os


def mean(values):
    total = sum(values)
    return total / len(values)


def other(values):
    {MARK}


print(mean([1]))
"""
T = TypeVar("T")


async def test_a_key_that_is_typed_through_touches_few_files_and_a_new_place_not_many():
    state, _ = state_saying(["result = me", "an(values)\n"], ["total = 1\n"])
    editor = Editor(state, CODE, "python", "a.py")
    assert await editor.ask() == "result = mean(values)"
    await settled(state)
    editor.type("r")
    shown, files, calls = await counted(complete(InlineRequest(editor.view), state, CancelToken()))
    assert shown == "esult = mean(values)"
    assert (len(files) <= 11, calls <= 36) == (True, True), (files, calls)
    editor.type("xyz")
    shown, files, calls = await counted(complete(InlineRequest(editor.view), state, CancelToken()))
    assert shown == "total = 1"
    assert (len(files) <= 25, calls <= 300) == (True, True), (files, calls)


async def counted(work: Coroutine[Any, Any, T]) -> tuple[T, set[str], int]:
    """Return what some work returns, the files of leanwide it ran through, and the calls."""
    files: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(ROOT):
            files.append(frame.f_code.co_filename.removeprefix(ROOT))

    sys.setprofile(note)
    try:
        result = await work
    finally:
        sys.setprofile(None)
    return result, set(files), len(files)
