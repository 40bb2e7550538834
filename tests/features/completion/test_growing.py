"""An answer that takes long is shown as far as it is there, and goes on."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

from leanwide.context.view import View
from leanwide.engine.base import Finished, FinishReason, Request
from leanwide.features.journal import AnswerSource
from leanwide.features.session import Preferences, Workbench
from leanwide.modes.profile import Mode
from tests.features.editor import (
    Editor,
    SteppedEngine,
    bench_saying,
    interactive,
    settled,
    sources,
    until,
)

EAGER = Preferences(look_ahead=True)


def impatient(*answers: list[str]) -> tuple[Workbench, SteppedEngine]:
    """A workbench that shows what is there 20 ms after the first new text."""
    bench, engine = bench_saying(*answers)
    code = evolve(bench.profiles[Mode.CODE], deadline_ms=20.0)
    bench.profiles = {**bench.profiles, Mode.CODE: code}
    engine.pause()
    return bench, engine


def told(bench: Workbench) -> list[View]:
    """The views of which more was announced."""
    views: list[View] = []
    bench.tell_more = views.append
    return views


async def step(bench: Workbench, engine: SteppedEngine, text: str) -> None:
    """Let pieces come until so much is said."""
    await until(lambda: bench.running is not None)
    generation = bench.running
    assert generation is not None
    while (said := generation.text) != text:
        assert text.startswith(said)
        engine.step()
        await until(lambda said=said: generation.text != said)  # type: ignore[misc]


async def begun(bench: Workbench, engine: SteppedEngine, text: str) -> Editor:
    """An editor that was shown the beginning of an answer."""
    editor = Editor(bench, "x = ‸\n", "python")
    asked = editor.asking()
    await step(bench, engine, text)
    assert await asked == text
    return editor


async def test_a_prompt_may_take_any_time():
    bench, engine = impatient(["a + b"])
    asked = Editor(bench, "x = ‸\n", "python").asking()
    await asyncio.sleep(0.1)
    assert not asked.done()
    engine.resume()
    assert await asked == "a + b"


async def test_what_is_there_is_shown_when_the_time_is_over_and_the_rest_is_announced():
    bench, engine = impatient(["a", " + b"])
    more = told(bench)
    editor = await begun(bench, engine, "a")
    assert more == []
    engine.resume()
    await settled(bench)
    assert [view.uri for view in more] == [editor.uri]
    assert await editor.ask() == "a + b"
    assert len(engine.requests) == 1
    assert engine.cancelled == []
    assert sources(bench) == [AnswerSource.IN_FLIGHT, AnswerSource.MODEL, AnswerSource.CACHE]


async def test_nothing_is_announced_where_all_was_shown():
    bench, engine = impatient(["a + b"])
    more = told(bench)
    engine.resume()
    assert await Editor(bench, "x = ‸\n", "python").ask() == "a + b"
    await settled(bench)
    assert more == []


async def test_behind_the_first_line_only_whole_lines_are_shown():
    bench, engine = impatient(["if a:\n    b()\n    c("])
    asked = Editor(bench, "def f():\n    ‸\n", "python").asking()
    await step(bench, engine, "if a:\n    b()\n    c(")
    assert await asked == "if a:\n    b()"


async def test_with_nothing_to_show_it_waits_on():
    bench, engine = impatient(["  ", "\n", "a"])
    asked = Editor(bench, "x\n‸\n").asking()
    await step(bench, engine, "  \n")
    await asyncio.sleep(0.1)
    assert not asked.done()
    engine.resume()
    assert (await asked).strip() == "a"


async def test_what_may_become_the_line_that_follows_is_not_shown():
    """It would be taken back with the next word."""
    bench, engine = impatient(["return total", " / count"])
    asked = Editor(bench, "def mean():\n    ‸\n    return total / count\n", "python").asking()
    await step(bench, engine, "return total")
    await asyncio.sleep(0.1)
    assert not asked.done()
    engine.resume()
    assert await asked == ""


async def test_who_asks_again_gets_never_less_and_at_last_all():
    bench, engine = impatient(["a", " +", " b", " + c"])
    editor = Editor(bench, "x = ‸\n", "python")
    shown = []
    first = editor.asking()
    for text in ("a", "a +", "a + b"):
        await step(bench, engine, text)
        shown.append(await (editor.asking() if shown else first))
    engine.resume()
    await settled(bench)
    assert [*shown, await editor.ask()] == ["a", "a +", "a + b", "a + b + c"]
    assert len(engine.requests) == 1


async def test_who_types_through_what_is_there_keeps_the_generation():
    bench, engine = impatient(["tot", "al"])
    editor = await begun(bench, engine, "tot")
    editor.type("t")
    bench.doubt(editor.uri)
    assert await editor.ask() == "ot"
    engine.resume()
    await settled(bench)
    assert await editor.ask() == "otal"
    assert len(engine.requests) == 1


async def test_it_ends_where_the_document_changes_and_nobody_asks(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("leanwide.features.completion.generation._GRACE_SECONDS", 0.01)
    bench, engine = impatient(["a", " + b"])
    more = told(bench)
    editor = await begun(bench, engine, "a")
    editor.type("zzz")
    bench.doubt(editor.uri)
    await until(lambda: engine.cancelled == engine.requests)
    assert more == []


async def test_who_asks_by_hand_waits_for_all():
    bench, engine = impatient(["a", " + b"])
    editor = Editor(bench, "x = ‸\n", "python")
    asked = asyncio.create_task(editor.ask(by_hand=True))
    await step(bench, engine, "a")
    await asyncio.sleep(0.1)
    assert not asked.done()
    engine.resume()
    assert await asked == "a + b"


class Brief(SteppedEngine):
    """An engine whose answers are cut at the length of the first few."""

    def __init__(self, cut: int) -> None:
        super().__init__()
        self._cut = cut

    async def generate(self, request: Request, cancel):  # type: ignore[no-untyped-def]
        async for event in super().generate(request, cancel):
            if isinstance(event, Finished) and self._cut and request.max_tokens:
                self._cut -= 1
                yield Finished(FinishReason.LENGTH, event.stats)
            else:
                yield event


def brief(cut: int, *answers: list[str]) -> tuple[Workbench, Brief]:
    bench, _ = bench_saying(manners=EAGER)
    engine = Brief(cut)
    engine.enqueue(*answers)
    bench.engine = bench.counter._engine = engine
    return bench, engine


async def test_a_suggestion_that_was_cut_is_continued_while_nobody_waits():
    bench, engine = brief(1, ["if a:\n    b()\n    c("], ["\n    c(1)\n"])
    more = told(bench)
    editor = Editor(bench, "def f():\n    ‸\n", "python")
    assert await editor.ask() == "if a:\n    b()"
    await settled(bench)
    assert len(more) == 1
    assert await editor.ask() == "if a:\n    b()\n    c(1)"
    assert len(interactive(engine)) == 1


async def test_by_hand_it_is_whole_at_once():
    bench, _ = brief(1, ["if a:\n    b()\n    c("], ["\n    c(1)\n"])
    editor = Editor(bench, "def f():\n    ‸\n", "python")
    assert await editor.ask(by_hand=True) == "if a:\n    b()\n    c(1)"


async def test_no_suggestion_is_continued_for_ever():
    bench, _ = brief(99, *([f"\nline_{n}()\nx("] for n in range(20)))
    editor = Editor(bench, "x = 1‸\n", "", name="plain")
    shown = ""
    for _ in range(8):
        longer = await editor.ask(by_hand=True)
        assert longer.startswith(shown)
        shown = longer
        await settled(bench)
    assert shown.count("\n") <= 8
