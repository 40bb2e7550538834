"""Which generation answers a request, and when a generation ends."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from functools import partial

import pytest
from attrs import evolve

from leanwide.engine.base import EngineError
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    Piece,
    ProgressCallback,
    Request,
    ignore_progress,
)
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.features.completion.state import CompletionState
from leanwide.features.exclusion import DocumentNames
from leanwide.features.journal import AnswerSource
from leanwide.features.syntax_trees import SyntaxTrees
from tests.collecting import without_collector
from tests.features.editor import (
    Editor,
    SteppedEngine,
    settled,
    state_of,
    state_saying,
    until,
)


async def test_a_key_that_the_model_is_about_to_say_joins_its_generation():
    state, engine = state_saying(["ab", "c = 1"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    await until(lambda: len(engine.requests) == 1)
    editor.type("a")
    second = editor.asking()
    await asyncio.sleep(0.01)
    engine.resume()
    assert await first == ""
    assert await second == "bc = 1"
    assert len(engine.requests) == 1
    assert engine.cancelled == []
    by_source = {record.source: record for record in state.session.journal.records}
    assert set(by_source) == {AnswerSource.MODEL, AnswerSource.IN_FLIGHT}
    assert by_source[AnswerSource.IN_FLIGHT].ms["queue"] >= 5


async def test_text_that_differs_ends_the_generation():
    state, engine = state_saying(["ab", "c = 1"], ["yz"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    await until(lambda: len(engine.requests) == 1)
    engine.step()
    await until(lambda: state.running is not None and state.running.text == "ab")
    editor.type("x")
    second = editor.asking()
    assert await first == ""
    engine.resume()
    assert await second == "yz"
    assert engine.cancelled == engine.requests[:1]


async def test_a_generation_that_turns_out_to_differ_is_replaced():
    """The key came before the text that contradicts it; who typed it still gets an answer."""
    state, engine = state_saying(["ab"], ["yz"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    await until(lambda: len(engine.requests) == 1)
    editor.type("x")
    second = editor.asking()
    await asyncio.sleep(0.01)
    assert len(engine.requests) == 1
    engine.resume()
    assert (await first, await second) == ("", "yz")
    assert (
        state.session.journal.records[-1].ms["queue"] >= 5
    )  # it waited for the engine, not for us


async def test_a_generation_that_ends_before_what_is_typed_is_replaced():
    state, engine = state_saying(["ab"], ["yz"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    await until(lambda: len(engine.requests) == 1)
    editor.type("abc")
    second = editor.asking()
    await asyncio.sleep(0.01)
    engine.resume()
    assert (await first, await second) == ("", "yz")


def _has_requests(engine: ScriptedEngine, count: int) -> bool:
    return len(engine.requests) == count


async def test_the_newest_of_several_documents_wins():
    state, engine = state_saying(*[[f"answer {n}"] for n in range(3)])
    editors = [Editor(state, f"x{n}\n‸\n", name=str(n)) for n in range(3)]
    engine.pause()
    asked = []
    for number, editor in enumerate(editors):
        asked.append(editor.asking())
        await until(partial(_has_requests, engine, number + 1))
    engine.resume()
    assert await asyncio.gather(*asked) == ["", "", "answer 2"]
    assert engine.cancelled == engine.requests[:2]


@pytest.mark.parametrize(
    ("owner", "slow_step"), [(SyntaxTrees, "near"), (DocumentNames, "judge")], ids=["tree", "name"]
)
async def test_a_slow_start_does_not_end_a_newer_generation(
    monkeypatch: pytest.MonkeyPatch, owner: type, slow_step: str
):
    """A step of the first document takes long; meanwhile the user types in a second document."""
    state, engine = state_saying(["newer"], ["older"])
    reached, released, step = asyncio.Event(), asyncio.Event(), getattr(owner, slow_step)

    async def slow(self, document):
        if str(getattr(document, "uri", document)).endswith("old"):
            reached.set()
            await released.wait()
        return await step(self, document)

    monkeypatch.setattr(owner, slow_step, slow)
    old = Editor(state, "x\n‸\n", name="old").asking()
    await reached.wait()
    engine.pause()
    new = Editor(state, "y\n‸\n", name="new").asking()
    await until(lambda: len(engine.requests) == 1)
    released.set()
    await until(old.done)
    assert old.result() == ""
    engine.resume()
    assert await new == "newer"
    assert len(engine.requests) == 1


async def test_a_follower_within_the_grace_time_takes_over():
    state, engine = state_saying(["ab"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    await until(lambda: len(engine.requests) == 1)
    editor.type("a")  # which retires the request
    assert await first == ""
    second = editor.asking()
    await asyncio.sleep(0.01)
    engine.resume()
    assert await second == "b"
    assert len(engine.requests) == 1


async def test_without_a_follower_the_generation_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("leanwide.features.completion.generation._GRACE_SECONDS", 0.01)
    state, engine = state_saying(["ab"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    await until(lambda: len(engine.requests) == 1)
    editor.type("a")
    assert await first == ""
    await until(lambda: len(engine.cancelled) == 1)


async def test_what_an_ended_generation_held_is_freed_without_the_garbage_collector(
    monkeypatch: pytest.MonkeyPatch,
):
    """It holds a text and its syntax tree: megabytes that would stay until Python looks."""
    monkeypatch.setattr("leanwide.features.completion.generation._GRACE_SECONDS", 0.01)
    state, engine = state_saying(["ab"], ["c"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    await until(lambda: state.running is not None)
    ended = weakref.ref(state.running)
    editor.type("z")
    assert await first == ""
    with without_collector():
        await until(lambda: len(engine.cancelled) == 1)
        engine.resume()
        assert await Editor(state, "y\n‸\n", name="b").ask() == "c"
        await until(lambda: ended() is None)


async def test_an_editor_that_cancels_ends_the_generation_at_once():
    state, engine = state_saying(["ab"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    await until(lambda: len(engine.requests) == 1)
    first.cancel()
    await until(lambda: len(engine.cancelled) == 1)
    assert first.cancelled()


async def test_a_cancelled_generation_is_continued_by_the_next_request():
    state, engine = state_saying(["ab", "c"], ["d"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    engine.step()
    await until(lambda: state.running is not None and state.running.text == "ab")
    first.cancel()
    await until(lambda: len(engine.cancelled) == 1)
    engine.resume()
    assert await editor.ask() == "abd"
    assert "".join(piece for piece in engine.requests[1].prompt if isinstance(piece, str)).endswith(
        "ab"
    )


async def test_a_cancelled_generation_is_not_continued_where_it_does_not_fit_the_context():
    long = "".join(map(str, range(2_200)))
    state, engine = state_saying([long, "c"], ["d"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    first = editor.asking()
    engine.step()
    await until(lambda: state.running is not None and state.running.text == long)
    first.cancel()
    await until(lambda: len(engine.cancelled) == 1)
    engine.resume()
    assert await editor.ask() == "d"
    assert sum(len(piece) for piece in engine.requests[1].prompt if isinstance(piece, str)) < 100


COMPLETE = [
    ("python", "def f(a):\n    ‸\n", ["return a\n", "\n\n", "def g():\n    pass"], "return a"),
    ("python", "x = ‸\n", ["f(1)", "\n", "y = 2\n", "z = 3"], "f(1)"),
    (
        "typescript",
        "function f(a) {‸\n",
        ["\n  return a;\n", "}\n", "\nfunction g() {\n", "}"],
        "\n  return a;\n}",
    ),
    ("typescript", "const x = ‸\n", ["f(1);", "\n", "const y = 2;\n"], "f(1);"),
    ("", "some text ‸\n", ["to its end", "\nand more", "\n"], "to its end"),
    (
        "",
        "above\n\n‸\n",
        ["a paragraph\nof two lines", "\n\nand more", "\n"],
        "a paragraph\nof two lines",
    ),
]


async def answered_slowly(state: CompletionState, engine: SteppedEngine, editor: Editor) -> str:
    """Ask an engine that says nothing before it is known where the completion ends."""
    engine.pause()
    asking = editor.asking()
    await until(lambda: state.running is not None and state.running.knows_end)
    engine.resume()
    return await asking


@pytest.mark.parametrize(("language", "marked", "says", "expected"), COMPLETE)
async def test_it_ends_where_the_code_is_complete(
    language: str, marked: str, says: list[str], expected: str
):
    state, engine = state_saying([*says, *["\nmore and more\n"] * 50])
    assert await answered_slowly(state, engine, Editor(state, marked, language)) == expected
    assert engine.cancelled == engine.requests
    assert state.session.journal.records[-1].reason.endswith("ended: complete")
    assert state.session.journal.records[-1].tokens_generated < 10


async def test_a_loop_ends_the_generation():
    state, engine = state_saying(["(a, b", *[", other_value" for _ in range(100)]])
    editor = Editor(state, "x = ‸\n", "python")
    assert await answered_slowly(state, engine, editor) == "(a, b, other_value"
    assert engine.cancelled == engine.requests


@pytest.mark.parametrize("reason", ["deadline", "length"])
async def test_an_answer_that_was_cut_short_shows_whole_lines(reason: str):
    state, engine = state_saying(["if a:\n    b()\n    c("])
    state.session.backend.engine = CutShort(engine, reason)  # type: ignore[assignment]
    editor = Editor(state, "def f():\n    ‸\n", "python")
    assert await editor.ask() == "if a:\n    b()"


@pytest.mark.parametrize("reason", ["deadline", "length"])
async def test_a_single_line_that_was_cut_short_is_shown(reason: str):
    state, engine = state_saying(["f(a, b"])
    state.session.backend.engine = CutShort(engine, reason)  # type: ignore[assignment]
    assert await Editor(state, "x = ‸\n", "python").ask() == "f(a, b"


class CutShort:
    """An engine whose budget is spent."""

    def __init__(self, engine: ScriptedEngine, reason: str) -> None:
        self._engine, self._reason = engine, reason

    def __getattr__(self, name: str):
        return getattr(self._engine, name)

    async def generate(self, request: Request, cancel: CancelToken):
        async for event in self._engine.generate(request, cancel):
            if isinstance(event, Piece):
                yield event
            else:
                yield type(event)(type(event.reason)(self._reason), event.stats)


async def test_a_model_without_fim_tokens_says_so():
    engine = ScriptedEngine(evolve(SCRIPTED_MODEL, fim=None))
    state = state_of(engine)
    with pytest.raises(EngineError, match="fill-in-the-middle"):
        await Editor(state, "x\n‸\n").ask()
    assert engine.requests == []
    (record,) = state.session.journal.records
    assert (record.source, "fill-in-the-middle" in record.reason) == (AnswerSource.NONE, True)


async def test_an_engine_that_dies_costs_the_requests_that_wait_for_it():
    state, engine = state_saying(["ab"], ["cd"])
    state.session.backend.engine = Mortal(engine)  # type: ignore[assignment]
    editor = Editor(state, "x\n‸\n")
    with pytest.raises(EngineError, match="died"):
        await editor.ask()
    assert await editor.ask() == "cd"


async def test_an_engine_that_refuses_costs_one_request():
    state, _ = state_saying(EngineError("no room"), ["cd"])
    editor = Editor(state, "x\n‸\n")
    with pytest.raises(EngineError, match="no room"):
        await editor.ask()
    assert await editor.ask() == "cd"


async def test_an_internal_error_costs_one_request(caplog: pytest.LogCaptureFixture):
    state, _ = state_saying(["ab"], ["cd"])
    editor = Editor(state, "x\n‸\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "leanwide.features.completion.generate.plain_length", lambda text, shape: 1 // 0
        )
        with pytest.raises(EngineError, match="log"):
            await editor.ask()
    assert "ZeroDivisionError" in caplog.text
    assert await editor.ask() == "cd"


class Mortal:
    """An engine that dies in the middle of its first answer."""

    def __init__(self, engine: ScriptedEngine) -> None:
        self._engine, self._alive = engine, False

    def __getattr__(self, name: str):
        return getattr(self._engine, name)

    async def generate(self, request: Request, cancel: CancelToken):
        async for event in self._engine.generate(request, cancel):
            yield event
            if not self._alive:
                self._alive = True
                raise EngineError("the engine died")


async def test_closing_a_document_forgets_everything_and_ends_its_generation():
    state, engine = state_saying(["ab"], ["cd", "ef"])
    editor = Editor(state, "x\n‸\n", "python")
    other = Editor(state, "y\n‸\n", "python", name="other")
    assert await editor.ask() == "ab"
    engine.pause()
    editor.type("z")
    asked = editor.asking()
    await until(lambda: len(engine.requests) == 2)
    editor.close()
    assert await asked == ""
    await until(lambda: engine.cancelled == engine.requests[1:])
    assert editor.uri not in state.windows
    assert not [item for item in state.suggestions._suggestions if item.view.uri == editor.uri]
    engine.enqueue(["still"])
    engine.resume()
    assert await other.ask() == "still"


async def test_closing_another_document_changes_nothing():
    state, engine = state_saying(["ab"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    asked = editor.asking()
    await until(lambda: len(engine.requests) == 1)
    Editor(state, "y\n‸\n", name="other").close()
    engine.resume()
    assert await asked == "ab"


class Slow(SteppedEngine):
    """An engine that takes a while for each piece, and has one living generation."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens: list[CancelToken] = []

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        self._tokens.append(cancel)
        async for event in super().generate(request, cancel, watch):
            await asyncio.sleep(0.002)
            yield event
            assert sum(not token.cancelled for token in self._tokens) <= 1


@pytest.mark.parametrize("wait_ms", [0, 1, 5])
async def test_every_request_is_answered_and_one_generation_is_alive(wait_ms: int):
    engine = Slow()
    engine.enqueue(*[["abcdef", "ghi"]] * 100)
    state = state_of(engine)
    editor = Editor(state, "x\n‸\n")
    asked = []
    for key in "abxcd\nabcxdefgabbc":
        editor.type(key)
        asked.append(editor.asking())
        await asyncio.sleep(wait_ms / 1000)
    answers = await asyncio.gather(*asked)
    assert len(answers) == len(asked)
    await settled(state)


async def test_what_is_under_way_when_everything_is_forgotten_is_not_remembered():
    """An exclusion may be the reason: the answer must not come back from the cache."""
    state, engine = state_saying(["ab", "c"], ["d"])
    editor = Editor(state, "x\n‸\n")
    engine.pause()
    asked = editor.asking()
    await until(lambda: state.running is not None)
    state.forget_all()
    engine.resume()
    assert await asked == ""
    await settled(state)
    assert state.known(editor.view) is None
    assert await editor.ask() == "d"


async def test_a_request_that_chooses_its_window_when_everything_is_forgotten_does_not_start():
    state, engine = state_saying(["ab"])
    editor = Editor(state, "x\n‸\n", "python")
    asked = editor.asking()
    while state.request_serial == 0:  # it has to read a tree before it can choose
        await asyncio.sleep(0)
    assert engine.requests == []
    state.forget_all()
    assert await asked == ""
    assert engine.requests == []
    assert editor.uri not in state.windows
