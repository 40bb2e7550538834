"""An answer that takes long is shown as far as it is there, and goes on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from types import SimpleNamespace

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.context.view import View
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Piece,
    ProgressCallback,
    Request,
    ignore_progress,
)
from leanwide.features.completion.state import CompletionState
from leanwide.features.journal import AnswerSource
from leanwide.features.session import Backend, Preferences
from leanwide.modes.profile import Mode
from tests.features.editor import (
    Editor,
    SteppedEngine,
    interactive,
    settled,
    sources,
    state_saying,
    until,
)

EAGER = Preferences(look_ahead=True)


def impatient(*answers: list[str]) -> tuple[CompletionState, SteppedEngine]:
    """Return a state that shows what is there 20 ms after the first new text."""
    state, engine = state_saying(*answers)
    code = evolve(state.session.profiles[Mode.CODE], deadline_ms=20.0)
    state.session.profiles = {**state.session.profiles, Mode.CODE: code}
    engine.pause()
    return state, engine


def told(state: CompletionState) -> list[View]:
    """The views of which more was announced."""
    views: list[View] = []
    state.notify_more = views.append
    return views


async def step(state: CompletionState, engine: SteppedEngine, text: str) -> None:
    """Let pieces come until so much is said."""
    await until(lambda: state.running is not None)
    generation = state.running
    assert generation is not None
    while (said := generation.text) != text:
        assert text.startswith(said)
        engine.step()
        await until(lambda said=said: generation.text != said)  # type: ignore[misc]


async def begun(state: CompletionState, engine: SteppedEngine, text: str) -> Editor:
    """An editor that was shown the beginning of an answer."""
    editor = Editor(state, "x = ‸\n", "python")
    asked = editor.asking()
    await step(state, engine, text)
    assert await asked == text
    return editor


async def test_the_deadline_does_not_count_the_prefill():
    state, engine = impatient(["a + b"])
    asked = Editor(state, "x = ‸\n", "python").asking()
    await asyncio.sleep(0.1)
    assert not asked.done()
    engine.resume()
    assert await asked == "a + b"


async def test_a_growing_answer_is_shown_at_the_deadline_and_the_rest_is_announced():
    state, engine = impatient(["a", " + b"])
    more = told(state)
    editor = await begun(state, engine, "a")
    assert more == []
    engine.resume()
    await settled(state)
    assert [view.uri for view in more] == [editor.uri]
    assert await editor.ask() == "a + b"
    assert len(engine.requests) == 1
    assert engine.cancelled == []
    assert sources(state) == [AnswerSource.IN_FLIGHT, AnswerSource.MODEL, AnswerSource.CACHE]


async def test_nothing_is_announced_where_all_was_shown():
    state, engine = impatient(["a + b"])
    more = told(state)
    engine.resume()
    assert await Editor(state, "x = ‸\n", "python").ask() == "a + b"
    await settled(state)
    assert more == []


async def test_after_the_first_line_only_whole_lines_are_shown_early():
    state, engine = impatient(["if a:\n    b()\n    c("])
    asked = Editor(state, "def f():\n    ‸\n", "python").asking()
    await step(state, engine, "if a:\n    b()\n    c(")
    assert await asked == "if a:\n    b()"


async def test_after_a_long_prefill_the_first_whole_line_is_shown_at_once(
    monkeypatch: pytest.MonkeyPatch,
):
    """The deadline from the first new text on would come as well, a minute later."""
    state, engine = state_saying(["if a:", "\n    b("])
    code = evolve(state.session.profiles[Mode.CODE], deadline_ms=60_000.0)
    state.session.profiles = {**state.session.profiles, Mode.CODE: code}
    engine.pause()
    a_minute_ago = SimpleNamespace(monotonic=lambda: time.monotonic() - 61.0)
    monkeypatch.setattr("leanwide.features.completion.complete.time", a_minute_ago)
    asked = Editor(state, "def f():\n    ‸\n", "python").asking()
    await step(state, engine, "if a:")
    await asyncio.sleep(0.05)
    assert not asked.done(), "the line may go on"
    await step(state, engine, "if a:\n    b(")
    assert await asyncio.wait_for(asked, 30.0) == "if a:"


async def test_a_first_line_is_waited_for_twice_as_long(monkeypatch: pytest.MonkeyPatch):
    state, engine = state_saying(["x = f(", "a, ", "b, ", "c"])
    seconds = state.session.profiles[Mode.CODE].deadline_ms / 1000
    passed = [time.monotonic()]
    clock = SimpleNamespace(monotonic=lambda: passed[0])
    monkeypatch.setattr("leanwide.features.completion.generation.time", clock)
    engine.pause()
    asked = Editor(state, "‸\n", "python").asking()
    await step(state, engine, "x = f(")
    passed[0] += 1.5 * seconds
    await step(state, engine, "x = f(a, ")
    await asyncio.sleep(0.05)
    assert not asked.done()
    passed[0] += seconds
    await step(state, engine, "x = f(a, b, ")
    assert await asyncio.wait_for(asked, 30.0) == "x = f(a, b,"


async def test_with_nothing_to_show_the_request_waits_on():
    state, engine = impatient(["  ", "\n", "a"])
    asked = Editor(state, "x\n‸\n").asking()
    await step(state, engine, "  \n")
    await asyncio.sleep(0.1)
    assert not asked.done()
    engine.resume()
    assert (await asked).strip() == "a"


async def test_a_beginning_that_may_repeat_the_next_line_is_not_shown_early():
    """It would be taken back with the next word."""
    state, engine = impatient(["return total", " / count"])
    asked = Editor(state, "def mean():\n    ‸\n    return total / count\n", "python").asking()
    await step(state, engine, "return total")
    await asyncio.sleep(0.1)
    assert not asked.done()
    engine.resume()
    assert await asked == ""


async def test_asking_again_never_returns_less_and_finally_everything():
    state, engine = impatient(["a", " +", " b", " + c"])
    editor = Editor(state, "x = ‸\n", "python")
    shown: list[str] = []
    first = editor.asking()
    for text in ("a", "a +", "a + b"):
        await step(state, engine, text)
        shown.append(await (editor.asking() if shown else first))
    engine.resume()
    await settled(state)
    assert [*shown, await editor.ask()] == ["a", "a +", "a + b", "a + b + c"]
    assert len(engine.requests) == 1


LINES = st.sampled_from([
    "a()", "b = f(x)", "return total", "return total / count", "import something", "if a:", "",
    "    b()", "    for x in y:", "        c(x)", ")", "    ]", "}", "end", "x = (a, b)", "<think>",
    "</think>", "```", "# note", "one()", "two()",
])  # fmt: skip
LOOPED = st.builds(
    lambda head, unit, rounds, tail: [*head, *rounds * unit, *tail],
    st.lists(LINES, max_size=3),
    st.lists(LINES, min_size=1, max_size=3),
    st.integers(1, 7),
    st.lists(LINES, max_size=2),
)
PLACES = st.sampled_from([
    ("x = ‸\n", "python"),
    ("def f():\n    ‸\n", "python"),
    ("def mean():\n    ‸\n    return total / count\n", "python"),
    ("def f():\n    ‸\n    b()\n    one()\n    two()\n", "python"),
    ("f(‸)\n", "python"),
    ("x = [‸] + a\n", "python"),
    ("function f() {\n  ‸\n}\n", "javascript"),
    ("‸\n", ""),
])  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(LOOPED, PLACES, st.data())
def test_what_was_shown_while_it_grew_is_never_taken_back(
    lines: list[str], place: tuple[str, str], data: st.DataObject
):
    text = "\n".join(lines)
    size = data.draw(st.integers(1, 12), "characters of a piece")
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    looks = data.draw(st.lists(st.integers(1, 9), max_size=4), "pieces between the requests")
    stop = data.draw(st.booleans(), "whether another document interrupts it")
    shown = asyncio.run(_looked_at(pieces, place, looks, stop=stop))
    for earlier, later in pairwise(shown):
        assert later.startswith(earlier)


async def _looked_at(
    pieces: list[str], place: tuple[str, str], looks: list[int], *, stop: bool
) -> list[str]:
    """What requests at one place get while an answer grows, and at its end."""
    state, engine = impatient(pieces)
    editor, shown = Editor(state, *place), []
    for steps in looks:
        asked = asyncio.create_task(editor.ask(by_hand=False))
        engine.step(steps)
        with contextlib.suppress(TimeoutError):
            shown.append(await asyncio.wait_for(asyncio.shield(asked), 0.05))
    if stop and state.running is not None:
        state.running.stop()
        await state.running.finished()
        engine.enqueue(pieces)
    engine.resume()
    shown.append(await editor.ask())
    await settled(state)
    return [*shown, await editor.ask(), await editor.ask(by_hand=True)]


async def test_typing_through_a_growing_answer_keeps_its_generation():
    state, engine = impatient(["tot", "al"])
    editor = await begun(state, engine, "tot")
    editor.type("t")
    state.document_changed(editor.uri)
    assert await editor.ask() == "ot"
    engine.resume()
    await settled(state)
    assert await editor.ask() == "otal"
    assert len(engine.requests) == 1


async def test_a_changed_document_ends_a_generation_that_no_request_takes_up(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("leanwide.features.completion.generation._GRACE_SECONDS", 0.01)
    state, engine = impatient(["a", " + b"])
    more = told(state)
    editor = await begun(state, engine, "a")
    editor.type("zzz")
    state.document_changed(editor.uri)
    await until(lambda: engine.cancelled == engine.requests)
    assert more == []


async def test_a_request_by_hand_waits_for_the_whole_answer():
    state, engine = impatient(["a", " + b"])
    editor = Editor(state, "x = ‸\n", "python")
    asked = asyncio.create_task(editor.ask(by_hand=True))
    await step(state, engine, "a")
    await asyncio.sleep(0.1)
    assert not asked.done()
    engine.resume()
    assert await asked == "a + b"


class Brief(SteppedEngine):
    """An engine whose answers are cut at the length of the first few."""

    def __init__(self, cut: int) -> None:
        super().__init__()
        self._cut = cut

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        async for event in super().generate(request, cancel, watch):
            if isinstance(event, Finished) and self._cut and request.max_tokens:
                self._cut -= 1
                yield Finished(FinishReason.LENGTH, event.stats)
            else:
                yield event


def brief(cut: int, *answers: list[str]) -> tuple[CompletionState, Brief]:
    state, _ = state_saying(preferences=EAGER)
    engine = Brief(cut)
    engine.enqueue(*answers)
    state.session.backend = Backend(engine=engine)
    return state, engine


async def test_a_cut_suggestion_is_continued_when_idle():
    state, engine = brief(1, ["if a:\n    b()\n    c("], ["\n    c(1)\n"])
    more = told(state)
    editor = Editor(state, "def f():\n    ‸\n", "python")
    assert await editor.ask() == "if a:\n    b()"
    await settled(state)
    assert len(more) == 1
    assert await editor.ask() == "if a:\n    b()\n    c(1)"
    assert len(interactive(engine)) == 1


async def test_by_hand_a_cut_suggestion_is_continued_at_once():
    state, _ = brief(1, ["if a:\n    b()\n    c("], ["\n    c(1)\n"])
    editor = Editor(state, "def f():\n    ‸\n", "python")
    assert await editor.ask(by_hand=True) == "if a:\n    b()\n    c(1)"


async def test_a_suggestion_is_continued_a_few_times_only():
    state, _ = brief(99, *([f"\nline_{n}()\nx("] for n in range(20)))
    editor = Editor(state, "x = 1‸\n", "", name="plain")
    shown = ""
    for _ in range(8):
        longer = await editor.ask(by_hand=True)
        assert longer.startswith(shown)
        shown = longer
        await settled(state)
    assert shown.count("\n") <= 8
