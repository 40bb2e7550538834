"""What is prefilled and prefetched while no request waits."""

from __future__ import annotations

import asyncio

from leanwide.engine.requests import Priority, Request
from leanwide.features.journal import AnswerSource
from leanwide.features.session import Preferences
from tests.features.editor import Editor, interactive, settled, sources, state_saying, until

EAGER = Preferences(look_ahead=True)


def background(requests: list[Request]) -> list[Request]:
    return [request for request in requests if request.priority is Priority.BACKGROUND]


def text_of(request: Request) -> str:
    return "".join(piece for piece in request.prompt if isinstance(piece, str))


async def test_the_next_suggestion_is_there_when_one_is_accepted():
    state, engine = state_saying(["a = 1"], [" + b"], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    assert await editor.ask() == "a = 1"
    await settled(state)
    assert len(background(engine.requests)) == 1
    assert text_of(engine.requests[1]).endswith("a = 1")
    assert engine.requests[1].max_tokens > 0

    editor.type("a = 1")
    assert await editor.ask() == " + b"
    assert len(interactive(engine)) == 1
    assert sources(state)[-1] is AnswerSource.CACHE


async def test_a_suggestion_longer_than_the_context_is_not_prefetched_after():
    state, engine = state_saying(["".join(map(str, range(3_000)))], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    assert await editor.ask()
    await settled(state)
    assert len(engine.requests) == 1
    assert sources(state) == [AnswerSource.MODEL]


async def test_typing_through_prefetches_once():
    state, engine = state_saying(["abcd = 1"], [" + b"], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    await editor.ask()
    await settled(state)
    await editor.answers("abcd")
    await settled(state)
    assert len(background(engine.requests)) == 1


async def test_keys_during_a_prefetch_do_not_restart_it():
    state, engine = state_saying(["abcd = 1"], [" + b"], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    await editor.ask()
    engine.pause()
    await until(lambda: len(engine.requests) == 2)
    await editor.answers("abcd")
    engine.resume()
    await settled(state)
    assert len(engine.requests) == 2
    assert engine.requests[1] not in engine.cancelled


async def test_accepting_during_a_prefetch_joins_it():
    state, engine = state_saying(["a = 1"], [" +", " b"], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    await editor.ask()
    engine.pause()
    await until(lambda: len(engine.requests) == 2)
    editor.type("a = 1")
    asked = editor.asking()
    await asyncio.sleep(0.01)
    engine.resume()
    assert await asked == " + b"
    assert len(interactive(engine)) == 1
    assert AnswerSource.IN_FLIGHT in sources(state)


async def test_a_new_request_cancels_the_prefetch():
    state, engine = state_saying(["a = 1"], [" + b"], ["other"], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    await editor.ask()
    engine.pause()
    await until(lambda: len(engine.requests) == 2)
    editor.type("z")
    asked = editor.asking()
    await until(lambda: len(engine.requests) == 3)
    engine.resume()
    assert await asked == "other"
    assert engine.requests[1] in engine.cancelled


async def test_closing_the_document_cancels_the_prefetch():
    state, engine = state_saying(["a = 1"], [" + b"], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    await editor.ask()
    engine.pause()
    await until(lambda: len(engine.requests) == 2)
    editor.close()
    await until(lambda: engine.cancelled == engine.requests[1:])
    assert not state.suggestions._suggestions


async def test_closing_before_the_prefetch_begins_prevents_it():
    state, engine = state_saying(["a = 1"], [" + b"], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    await editor.ask()
    editor.close()
    await settled(state)
    assert len(engine.requests) == 1
    assert editor.uri not in state.windows


async def test_nothing_is_prefetched_where_the_user_switched_it_off():
    state, engine = state_saying(["a = 1"])
    await Editor(state, "x\n‸\n", "python").ask()
    await settled(state)
    assert len(engine.requests) == 1


async def test_nothing_is_prefetched_where_nothing_is_shown():
    state, engine = state_saying([], preferences=EAGER)
    await Editor(state, "x\n‸\n", "python").ask()
    await settled(state)
    assert len(engine.requests) == 1


async def test_the_anchor_moves_when_idle():
    """After several lines typed through, the window is evaluated again with a nearer anchor."""
    typed = "".join(f"    value_{n} = other_{n} + {n}\n" for n in range(8))
    state, engine = state_saying([typed + "    return 1"], preferences=EAGER)
    editor = Editor(state, "def f():\n‸\n\nf()\n", "python")
    await editor.ask()
    await settled(state)
    before = len(engine.requests)
    assert state.windows[editor.uri].anchor_line == 1
    editor.type(typed)
    assert await editor.ask() == "    return 1"
    await settled(state)

    window = state.windows[editor.uri]
    assert window.anchor_line == editor.view.line
    assert window.before.endswith(typed)
    assert window.typed == ""
    prefills = [request for request in engine.requests[before:] if request.max_tokens == 0]
    assert len(prefills) == 1
    assert prefills[0].priority is Priority.BACKGROUND
    assert text_of(prefills[0]).startswith("def f():\n" + typed)


async def test_a_prefetch_delays_no_request():
    state, engine = state_saying(["a = 1"], [" + b"], ["other"], preferences=EAGER)
    editor = Editor(state, "x\n‸\n", "python")
    await editor.ask()
    editor.type("z")  # before the idle work has begun
    assert await editor.ask() in (" + b", "other")
    await settled(state)
    assert all(request.priority is Priority.INTERACTIVE for request in engine.requests[:1])
