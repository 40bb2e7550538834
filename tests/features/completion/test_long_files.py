"""A key in a long file costs what it touches."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

from leanwide.context.view import View
from leanwide.features.syntax_trees import SyntaxTrees
from tests.features.editor import Editor, state_saying, until
from tests.marked import MARK

LINES = tuple(f"value_{number} = call({number})\n" for number in range(4_000))
FEW = 500
"""More lines than any window of the scripted model's context holds."""


def document(line: int) -> str:
    return "".join(LINES[:line]) + MARK + "\n" + "".join(LINES[line:])


async def test_a_jump_counts_no_lines_between_the_places(monkeypatch: pytest.MonkeyPatch):
    state, engine = state_saying(["a = 1"], ["b = 2"])
    counted: list[str] = []
    count = engine.count

    async def noted(lane, texts):
        counted.extend(texts)
        return await count(lane, texts)

    monkeypatch.setattr(engine, "count", noted)
    assert await Editor(state, document(200)).ask() == "a = 1"
    counted.clear()
    assert await Editor(state, document(3_800)).ask() == "b = 2"
    assert 0 < len(counted) < FEW


async def test_changes_far_apart_are_not_parsed_as_one():
    """As one change they would span all lines in between, and all of them would be parsed."""
    trees, now = SyntaxTrees(), Editor(state_saying()[0], document(200), "python").view
    await trees.at(now)
    for line in (200, 3_800):
        now = changed(now, line)
        trees.follow(now)
    tree = await trees.near(now)
    assert tree is not None
    assert tree.lines == now.lines
    assert trees.outdated(now)  # that tree was moved and not read


async def test_an_earlier_view_does_not_replace_a_later_tree():
    trees, old = SyntaxTrees(), Editor(state_saying()[0], document(200), "python").view
    await trees.at(old)
    new = changed(old, 200)
    trees.follow(new)
    await trees.here(old)
    later = changed(new, 3_800)
    await trees.near(later)
    assert trees.outdated(later)  # as one change it would have been parsed


async def test_a_prefetched_view_does_not_replace_the_kept_tree():
    trees, now = SyntaxTrees(), Editor(state_saying()[0], document(200), "python").view
    await trees.at(now)
    imagined = now.with_inserted("not typed()")
    near = await trees.near_ahead(imagined)
    assert near is not None
    assert near.lines == imagined.lines
    assert not trees.outdated(now)


async def test_without_follow_they_are_parsed_as_one():
    trees, now = SyntaxTrees(), Editor(state_saying()[0], document(200), "python").view
    await trees.at(now)
    now = changed(changed(now, 200), 3_800)
    await trees.near(now)
    assert not trees.outdated(now)


async def test_a_superseded_generation_ends_before_a_window_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
):
    state, engine = state_saying(["a = 1"], ["b = 2"])
    reading = asyncio.Event()
    near = state.session.trees.near
    engine.pause()
    first = Editor(state, "x\n‸\n", "python").asking()
    await until(lambda: len(engine.requests) == 1)

    async def slow(view):
        await reading.wait()
        return await near(view)

    monkeypatch.setattr(state.session.trees, "near", slow)
    second = Editor(state, "y\n‸\n", "python", name="other").asking()
    await until(lambda: engine.cancelled == engine.requests[:1])
    assert len(engine.requests) == 1
    reading.set()
    engine.resume()
    assert (await first, await second) == ("", "b = 2")


def changed(view: View, line: int) -> View:
    lines = (*view.lines[:line], f"other_{line} = 1\n", *view.lines[line + 1 :])
    return evolve(view, lines=lines, line=line, column=0, version=view.version + 1)
