"""Who reads a document, and when."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from leanwide.context.view import View
from leanwide.features import syntax_trees as module
from leanwide.features.syntax_trees import SyntaxTrees
from leanwide.syntax import Language, SyntaxTree, parse
from tests.features.editor import Editor, state_saying
from tests.marked import MARK

_WITHIN_S = 10


async def test_a_document_is_parsed_by_one_thread_also_after_a_cancel(
    monkeypatch: pytest.MonkeyPatch,
):
    """Each key cancels what the key before asked for: slow parses would pile up."""
    begun, go_on, readings = threading.Semaphore(0), threading.Event(), []

    def slow(language: Language, lines: Sequence[str]) -> SyntaxTree:
        readings.append(lines)
        begun.release()
        go_on.wait(_WITHIN_S)
        return parse(language, lines)

    monkeypatch.setattr(module, "_parse_first", slow)
    trees, view = SyntaxTrees(), Editor(state_saying()[0], f"a = {MARK}\n", "python").view
    first = asyncio.create_task(trees.at(view))
    assert await asyncio.to_thread(begun.acquire, timeout=_WITHIN_S)
    first.cancel()
    second = asyncio.create_task(trees.at(changed(view)))
    assert not await asyncio.to_thread(begun.acquire, timeout=0.1)
    go_on.set()
    tree = await second
    assert tree is not None
    assert tree.lines == changed(view).lines
    assert len(readings) == 2


def changed(view: View) -> View:
    return view.with_inserted("1")


async def test_a_forgotten_document_is_parsed_from_scratch(monkeypatch: pytest.MonkeyPatch):
    parsed: list[Sequence[str]] = []

    def note(language: Language, lines: Sequence[str]) -> SyntaxTree:
        parsed.append(lines)
        return parse(language, lines)

    monkeypatch.setattr(module, "_parse_first", note)
    trees, view = SyntaxTrees(), Editor(state_saying()[0], f"a = {MARK}\n", "python").view
    await trees.at(view)
    await trees.at(changed(view))
    assert len(parsed) == 1
    trees.forget(view.uri)
    await trees.at(view)
    assert len(parsed) == 2
