"""Keys that the model need not be asked about."""

from __future__ import annotations

import pytest
from attrs import evolve

from leanwide.context.snippet import Snippet
from leanwide.context.window import Related
from leanwide.engine.requests import Piece
from leanwide.features.journal import AnswerSource
from tests.features.editor import Editor, sources, state_saying


async def test_typing_through_shortens_the_suggestion_without_the_model():
    state, engine = state_saying(["total = ", "a + b"])
    editor = Editor(state, "a = 1\n‸\nb = 2\n")
    assert await editor.ask() == "total = a + b"
    shown = await editor.answers("total = a + ")
    assert shown[0] == "otal = a + b"
    assert shown[4] == " = a + b"
    assert shown[-1] == "b"
    assert len(engine.requests) == 1
    assert sources(state) == [AnswerSource.MODEL] + [AnswerSource.CACHE] * 12


async def test_typing_over_the_end_of_a_line():
    state, engine = state_saying(["if a:\n    b()\nelse:\n    c()"])
    editor = Editor(state, "x\n\n‸\n", language="")
    assert await editor.ask() == "if a:\n    b()\nelse:\n    c()"
    shown = await editor.answers("if a:\n    b()\n")
    assert shown[-1] == "else:\n    c()"
    assert len(engine.requests) == 1


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "x = 1{n}", "x = 1{n}{n}"])
async def test_at_the_end_of_the_document(before: str, newline: str):
    """The empty line behind the last line ending becomes a line when something is typed."""
    state, engine = state_saying(["\ny = 22" if not before else "y = 22"])
    editor = Editor(state, before.replace("{n}", newline) + "‸")
    shown = await editor.ask()
    assert await editor.answers(shown) == [shown[at:] for at in range(1, len(shown) + 1)]
    assert len(engine.requests) == 1 + 1  # behind the end there is nothing known


async def test_crlf_and_tabs():
    state, engine = state_saying(["\n\t\ta = 1\n\t\tb = 2"])
    editor = Editor(state, "if x:\r\n\tif y:‸\r\nz\r\n", language="python")
    assert await editor.ask() == "\r\n\t\ta = 1\r\n\t\tb = 2"
    editor.type("\r\n\t\t")
    assert await editor.ask() == "a = 1\r\n\t\tb = 2"
    editor.type("a = 1\r\n")
    assert await editor.ask() == "\t\tb = 2"
    assert len(engine.requests) == 1


async def test_another_character_discards_the_suggestion():
    state, engine = state_saying(["abc = 1"], [], ["z"])
    editor = Editor(state, "x\n‸\n")
    assert await editor.ask() == "abc = 1"
    editor.type("a")
    assert await editor.ask() == "bc = 1"
    editor.type("x")
    assert await editor.ask() == ""
    assert len(engine.requests) == 2
    editor.type("bc")
    assert await editor.ask() == "z"  # neither abc nor what is left of it
    assert len(engine.requests) == 3


async def test_typing_again_after_backspace():
    state, engine = state_saying(["abc = 1"])
    editor = Editor(state, "x\n‸\n")
    await editor.ask()
    editor.type("abc")
    assert await editor.ask() == " = 1"
    editor.backspace(2)
    assert await editor.ask() == ""
    assert await editor.ask(by_hand=True) == "bc = 1"
    editor.type("b")
    assert await editor.ask() == "c = 1"
    assert len(engine.requests) == 1
    assert sources(state).count(AnswerSource.NONE) == 1


async def test_before_its_place_a_suggestion_is_not_shown():
    state, engine = state_saying(["return 1"], ["other"])
    editor = Editor(state, "x\nab‸\n")
    await editor.ask()
    editor.backspace()
    assert await editor.ask(by_hand=True) == "other"
    assert len(engine.requests) == 2


async def test_silent_while_deleting_but_a_manual_trigger_answers():
    state, engine = state_saying(["c = 1"])
    editor = Editor(state, "x\nabc‸\n")
    editor.backspace()
    assert await editor.ask() == ""
    assert engine.requests == []
    assert state.session.journal.records[-1].reason.endswith("silent while text is deleted")
    assert await editor.ask(by_hand=True) == "c = 1"


async def test_silent_where_text_follows_but_a_manual_trigger_answers():
    state, engine = state_saying(["a, b, ", "\nmore"])
    editor = Editor(state, "f(‸, key=1)\n")
    assert await editor.ask() == ""
    assert engine.requests == []
    assert await editor.ask(by_hand=True) == "a, b"
    assert engine.requests[0].max_tokens < 64


@pytest.mark.parametrize("line", [3999 * "x", 9000 * "y"])
async def test_silent_in_a_line_that_is_too_long(line: str):
    """Also by hand; the engine would refuse a prompt of that size with a message."""
    state, engine = state_saying(["z"])
    state.session.backend.counter("lean")._recent[line] = len(line)  # a token each
    editor = Editor(state, f"a\n{line}‸\nb\n", "python")
    assert await editor.ask() == await editor.ask(by_hand=True) == ""
    assert engine.requests == []
    assert sources(state) == [AnswerSource.NONE] * 2
    assert "line" in state.session.journal.records[-1].reason


async def test_another_suffix_is_another_request():
    state, engine = state_saying(["first"], ["second"])
    editor = Editor(state, "x\n‸\ny\n")
    assert await editor.ask() == "first"
    editor.change_after("\nz\n")
    assert await editor.ask() == "second"
    editor.change_after("\ny\n")
    assert await editor.ask() == "first"
    assert len(engine.requests) == 2


async def test_another_document_is_another_request():
    state, _ = state_saying(["first"], ["second"])
    assert await Editor(state, "x\n‸\n", name="a").ask() == "first"
    assert await Editor(state, "x\n‸\n", name="b").ask() == "second"


async def test_a_shown_suggestion_does_not_change_while_it_is_typed_through():
    state, engine = state_saying(["a = 1\nb = a + 1\nc = b + a"])
    editor = Editor(state, "x\n‸\n")
    assert await editor.ask() == "a = 1\nb = a + 1\nc = b + a"
    snippet = Snippet("b.py", "def f():\n    a = 1\n    b = a + 1\n    c = b + a\n")
    window = state.windows[editor.uri]
    state.windows[editor.uri] = evolve(window, related=Related("a.py", (snippet,)))
    editor.type("a")
    assert await editor.ask() == " = 1\nb = a + 1\nc = b + a"
    assert len(engine.requests) == 1


async def test_an_empty_answer_is_remembered():
    state, engine = state_saying([])
    editor = Editor(state, "x\n‸\n")
    assert await editor.ask() == ""
    assert await editor.ask() == ""
    assert len(engine.requests) == 1


async def test_text_that_a_filter_cut_does_not_come_back_after_accepting():
    """``b)`` was shown as ``b``; behind it the model is asked, not the cut-off bracket taken."""
    state, engine = state_saying(["b)"], [", c"])
    editor = Editor(state, "f(a, ‸)\n")
    assert await editor.ask() == "b"
    editor.type("b")
    assert await editor.ask() == ", c"
    assert len(engine.requests) == 2


async def test_an_answer_whose_start_was_joined_is_typed_through_too():
    opening, closing = (Piece(mark, special=True) for mark in ("<think>", "</think>"))
    state, engine = state_saying([opening, "hm", closing, "    return 1"])
    editor = Editor(state, "def f():‸\n")
    assert await editor.ask() == "\n    return 1"
    editor.type("\n    ")
    assert await editor.ask() == "return 1"
    assert len(engine.requests) == 1


async def test_partial_acceptance_keeps_the_rest():
    state, engine = state_saying(["first second third\nfourth"])
    editor = Editor(state, "x\n\n‸\n")
    whole = await editor.ask()
    for word in ("first", " second", " third\n"):
        editor.type(word)
        whole = whole.removeprefix(word)
        assert await editor.ask() == whole
    assert len(engine.requests) == 1


async def test_the_caches_are_bounded():
    state, engine = state_saying()
    for number in range(200):
        editor = Editor(state, f"x = {number}‸\n", language="python", name=f"{number}.py")
        engine.enqueue([f" + {number}"])
        assert await editor.ask() == f" + {number}"
    assert len(state.suggestions._suggestions) <= 64
    assert len(state.session.journal.records) <= 50
    assert len(state.session.trees._kept) <= 16
