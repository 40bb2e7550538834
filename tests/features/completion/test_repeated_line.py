"""Where the model only repeats the line below the cursor, it is asked for another answer."""

from __future__ import annotations

import pytest

from leanwide.features.journal import AnswerSource
from tests.features.editor import Editor, settled, sources, state_saying

CODE = """\
def pop(heap):
    ‸
    if heap.items:
        return heap
"""


async def test_another_answer_is_shown_and_remembered():
    state, engine = state_saying(["if heap", ".items:\n"], ["last = heap.pop()\n"])
    editor = Editor(state, CODE, "python")
    assert await editor.ask() == "last = heap.pop()"
    assert [request.avoided for request in engine.requests] == ["", "if heap.items:"]
    assert "repeated the line below" in state.session.journal.records[-1].reason
    await settled(state)
    assert await editor.ask() == "last = heap.pop()"
    assert sources(state)[-1] is AnswerSource.CACHE


@pytest.mark.parametrize("second", [[], ["if heap.items:\n"]], ids=["nothing", "the same"])
async def test_it_is_asked_once_more_only(second):
    state, engine = state_saying(["if heap.items:\n"], second)
    editor = Editor(state, CODE, "python")
    for _ in range(3):
        assert await editor.ask() == ""
        await settled(state)
    assert len(engine.requests) == 2


async def test_what_is_typed_of_the_line_is_not_avoided():
    state, engine = state_saying(["heap.items:\n"], ["last:\n"])
    editor = Editor(state, CODE.replace("‸", "if ‸"), "python")
    assert await editor.ask() == "last:"
    assert engine.requests[-1].avoided == "heap.items:"


async def test_a_line_that_stands_below_with_another_indentation_is_avoided_as_it_was_said():
    state, engine = state_saying(["return heap\n"], ["if heap:\n"])
    editor = Editor(state, "def pop(heap):\n    ‸\n        return heap\n", "python")
    assert await editor.ask() == "if heap:"
    assert engine.requests[-1].avoided == "return heap"


@pytest.mark.parametrize("answer", [["last = 1\n"], [], ["   "]])
async def test_every_other_answer_stands(answer):
    state, engine = state_saying(answer)
    editor = Editor(state, CODE, "python")
    await editor.ask()
    assert len(engine.requests) == 1


async def test_by_hand_it_is_avoided_too():
    state, engine = state_saying(["if heap.items:\n"], ["last = heap.pop()\n"])
    assert await Editor(state, CODE, "python").ask(by_hand=True) == "last = heap.pop()"
    assert len(engine.requests) == 2
