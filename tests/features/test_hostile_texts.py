"""The event loop stays responsive, whatever a document holds."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from leanwide.context.view import View, split_lines
from leanwide.engine.requests import CancelToken
from leanwide.features import syntax_trees
from leanwide.features.ask.explain import explain
from leanwide.features.ask.selection import Selection, resolve
from leanwide.features.completion.complete import complete
from leanwide.features.completion.request import InlineRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.edit.add_documentation import documentable
from leanwide.features.edit.write_test import can_be_tested
from leanwide.features.exclusion import DocumentNames, exclusion_reason
from leanwide.features.refusal import Refusal
from leanwide.features.session import Preferences
from leanwide.features.syntax_trees import SyntaxTrees
from leanwide.files.credentials import has_credential
from leanwide.syntax import Language, Position, SyntaxTree, parse
from tests.features.editor import settled, state_saying
from tests.features.holding import Held, watched
from tests.syntax.hostile import Hostile, hostile

MOST_S = 0.25
"""Processor time of one callback, in seconds, on a busy machine. The worst took 22."""
SILENT_S = 4.0
"""Seconds until the event loop runs again, on a busy machine."""
ASKING = Preferences(in_comments=False, in_strings=False, look_ahead=True)
"""With everything that is ever checked at a place."""
KNOWN = [
    Hostile("cpp", "a<\n"),
    Hostile("json", "[\n"),
    Hostile("javascript", "{\n"),
    Hostile("html", "<a>\n"),
    Hostile("python", "(" * 1_900 + "\n"),
]
"""Texts that were found by hand."""


def view_of(pattern: Hostile, text: str, line: int, version: int = 1) -> View:
    lines = tuple(split_lines(text))
    line = min(line, len(lines) - 1)
    return View(
        uri=f"file:///project/{pattern.language}",
        path=f"/project/{pattern.language}",
        language_id=pattern.language,
        version=version,
        lines=lines,
        line=line,
        column=len(lines[line].rstrip("\r\n")),
    )


async def ask_everything(state: CompletionState, view: View, typed: View) -> None:
    """Complete, type, ask what can be done, and have it explained, as an editor does."""
    await complete(InlineRequest(view, by_hand=True), state, CancelToken())
    state.session.trees.follow(typed)
    await complete(InlineRequest(typed, by_hand=True), state, CancelToken())
    place = Selection(view=typed, end=Position(typed.line, typed.column))
    with suppress(Refusal):
        resolved = await resolve(place, "explain", state.session)
        await asyncio.to_thread(documentable, resolved)
        await asyncio.to_thread(can_be_tested, resolved)
    await explain(place, state.session, CancelToken(), lambda _: None)
    await settled(state)


async def held_by(pattern: Hostile, size: int, share: float, patch: pytest.MonkeyPatch) -> Held:
    """Ask everything at a place of a text, and measure."""
    answer = [pattern.unit[:80]] * 8
    state, _ = state_saying(answer, answer, ["It is deep."], preferences=ASKING)
    await state.session.backend.engine.ready("lean")
    text = pattern.text(size)
    view = view_of(pattern, text, int(share * text.count("\n")))
    after = list(view.lines)
    after[view.line] = f"{view.current_line}x\n"
    typed = view_of(pattern, "".join(after), view.line, version=2)
    with watched(patch) as held:
        asking = asyncio.create_task(ask_everything(state, view, typed))
        while not asking.done():
            began = time.monotonic()
            await asyncio.sleep(0.01)
            held.silence = max(held.silence, time.monotonic() - began)
    await asking
    return held


@pytest.mark.parametrize("pattern", KNOWN, ids=lambda pattern: pattern.name)
async def test_the_loop_stays_responsive_in_a_large_text(
    pattern: Hostile, monkeypatch: pytest.MonkeyPatch
):
    held = await held_by(pattern, 200_000, 0.5, monkeypatch)
    assert held.longest < MOST_S, held
    assert held.silence < SILENT_S, held


KEYS = {
    "one line of headers": "-----BEGIN PRIVATE KEY-----" * 17_000 + "y\n" + "\n" * 5_000,
    "lines of marks": ("PRIVATE KEY-----BEGIN " * 40 + "\n") * 1_000,
    "short lines of headers": "-----BEGIN RSA PRIVATE KEY-----x\n" * 19_000,
}


@pytest.mark.parametrize("text", KEYS.values(), ids=KEYS)
async def test_the_loop_stays_responsive_in_a_text_full_of_marks_of_keys(
    text: str, monkeypatch: pytest.MonkeyPatch
):
    document = view_of(Hostile("python", ""), text, 0)
    names = DocumentNames()
    await names.judge(document.path)
    began = time.process_time()
    with watched(monkeypatch) as held:
        await exclusion_reason(document, names)
    assert held.longest < 0.02, held
    assert time.process_time() - began < 1.0


CREDENTIALS = ("aws secret ", "password    :", "AccountKey=", "secret: x = ")


@pytest.mark.parametrize("unit", CREDENTIALS, ids=repr)
async def test_the_loop_runs_while_a_text_is_searched_for_credentials(unit: str):
    text = (unit * 100_000)[:400_000]
    began, silence = time.monotonic(), 0.0
    searching = asyncio.create_task(asyncio.to_thread(has_credential, text))
    while not searching.done():
        paused = time.monotonic()
        await asyncio.sleep(0.001)
        silence = max(silence, time.monotonic() - paused)
    assert not await searching
    assert silence < (time.monotonic() - began) / 2  # it was all of the time


def drawn(each: int) -> list[tuple[Hostile, float]]:
    """Return up to ``each`` patterns of every language, and a place for each."""
    chance = random.Random(each)
    by_language: dict[str, list[Hostile]] = {}
    for pattern in hostile():
        by_language.setdefault(pattern.language, []).append(pattern)
    return [
        (pattern, chance.choice((0.0, 0.5, 1.0)))
        for patterns in by_language.values()
        for pattern in chance.sample(patterns, min(each, len(patterns)))
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "place" in metafunc.fixturenames:
        each = metafunc.config.getoption("--hostile")
        metafunc.parametrize("place", drawn(each), ids=lambda place: place[0].name)


async def test_the_loop_stays_responsive_in_any_text(
    place: tuple[Hostile, float], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    pattern, share = place
    size = request.config.getoption("--hostile-size")
    held = await held_by(pattern, size, share, monkeypatch)
    assert held.longest < MOST_S, held
    assert held.silence < SILENT_S, held


async def test_a_text_that_was_given_up_is_not_parsed_again_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
):
    trees, pattern = SyntaxTrees(), KNOWN[1]
    text = pattern.text(100_000)
    first = await trees.at(view_of(pattern, text, 5))
    assert first is not None
    assert first.given_up
    began = time.thread_time()
    again = await trees.at(view_of(pattern, "x" + text, 0, version=2))
    assert again is not None
    assert again.given_up
    assert "".join(again.lines) == "x" + text
    assert time.thread_time() - began < 0.2
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    mended = await trees.at(view_of(pattern, '{"a": 1}\n', 0, version=3))
    assert mended is not None
    assert not mended.given_up


async def test_a_text_is_parsed_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch):
    trees, pattern = SyntaxTrees(), KNOWN[0]
    parsing: list[Language] = []

    def parse_alone(language: Language, lines: Sequence[str]) -> SyntaxTree:
        parsing.append(language)
        assert len(parsing) == 1
        tree = parse(language, lines)
        parsing.clear()
        return tree

    monkeypatch.setattr(syntax_trees, "parse", parse_alone)
    view = view_of(pattern, pattern.text(3_000), 5)
    found = await asyncio.gather(*(trees.at(view) for _ in range(4)))
    assert found[1] is found[3]  # kept since the first
