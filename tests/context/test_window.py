"""The anchored window: what typing changes in a prompt, and what stays the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.context.view import View, with_lf
from leanwide.context.window import (
    ChosenLines,
    Window,
    follow,
    keep_window,
    move_anchor,
    new_window,
)
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.engine.specs import FimTokens
from leanwide.features.completion.request import CompletionRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.window import choose_window, kept_window
from leanwide.features.session import Backend, Session
from leanwide.features.token_counter import TokenCounter
from leanwide.modes.profile import Budget, Decision, Mode
from leanwide.options import parse
from leanwide.prompt.infill import infill_prompt, readable
from tests.context.test_plan import PYTHON
from tests.marked import view_at, view_of

BUDGET = 160
FIM = SCRIPTED_MODEL.fim
assert FIM is not None
TYPED_LIMIT = 96


def count(text: str) -> int:
    """Count two characters as a token, rounded up on each line."""
    return sum(-(-len(line) // 2) for line in text.splitlines(keepends=True))


class Counting(ScriptedEngine):
    """A scripted engine that counts tokens as this file does."""

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        return [count(text) for text in texts]


def fresh() -> CompletionState:
    backend = Backend(engine=Counting())
    return CompletionState(session=Session(backend=backend, profiles=parse()[0].profiles))


def asked(view: View, budget: int = BUDGET) -> CompletionRequest:
    spend = Budget(context_tokens=budget, output_tokens=64, deadline_ms=1000.0)
    decision = Decision(mode=Mode.CODE, lane="lean", budget=spend, reason="a test")
    assert isinstance(FIM, FimTokens)
    return CompletionRequest(
        view=view,
        decision=decision,
        full_decision=decision,
        fim=FIM,
        count=TokenCounter(Counting(), "lean"),
        began=time.monotonic(),
    )


async def window_for(view: View, state: CompletionState, budget: int = BUDGET) -> Window:
    """What the next prompt would be made of; it becomes the document's window."""
    wish = asked(view, budget)
    window = await kept_window(wish, state)
    if window is None:
        window, _ = await choose_window(wish, state, await state.session.trees.at(view))
    state.windows[view.uri] = window
    return window


def cost(window: Window) -> int:
    return sum(map(count, (window.before, window.typed, window.after)))


def check_shows_the_document(window: Window, view: View) -> None:
    """Before and typed end at the cursor, after begins there, and every line is the file's."""
    lines = [with_lf(line) for line in view.lines]
    assert (window.before + window.typed).endswith(view.line_before)
    above = "".join(lines[window.anchor_line : view.line]) + view.line_before
    assert window.typed == above
    rest = "".join(
        [with_lf(view.lines[view.line])[view.column :], *lines[view.line + 1 :]]
        if view.line < len(lines)
        else []
    )
    assert rest.startswith(window.after)
    order = iter(lines[: window.anchor_line])
    for line in window.before.splitlines(keepends=True):
        assert line.strip() in ("...", "// ...") or line in order, line


KEYS = st.one_of(
    st.sampled_from(["a", "b = 1", "(", ")", ":", "\n", "\n    ", "\n        return x", " ", "é"]),
    st.sampled_from(["def f(self):\n    ", '"""', "\r\n", "x" * 40, "backspace", "up", "down"]),
)
DOCUMENTS = st.sampled_from(
    [
        PYTHON,
        "‸",
        "x = 1\n‸",
        "x = 1\r\n‸\r\ny = 2\r\n",
        "".join(f"value_{n} = compute({n})\n" for n in range(60)) + "‸\n" + 40 * "more = 1\n",
        "class A:\n"
        + "".join(f"    def f{n}(self):\n        return {n}\n\n" for n in range(20))
        + "    def g(self):\n        ‸\n",
    ]
)
LANGUAGES = st.sampled_from(["python", "no such language"])


@settings(deadline=None, max_examples=150)
@given(DOCUMENTS, LANGUAGES, st.lists(KEYS, max_size=30))
def test_random_typing(marked: str, language: str, keys: list[str]):
    asyncio.run(type_at_random(marked, language, keys))


async def type_at_random(marked: str, language: str, keys: list[str]) -> None:
    before, _, after = marked.partition("‸")
    state, last = fresh(), None
    for key in ("", *keys):
        old = before
        before, after, typed_only = press(key, before, after)
        view = view_at(before, after, language)
        if len(view.current_line) > BUDGET:
            break
        window = await window_for(view, state)
        assert cost(window) <= BUDGET
        check_shows_the_document(window, view)
        if last is not None and typed_only and fits(last, key):
            assert before.startswith(old)
            assert (window.before, window.after) == (last.before, last.after)
            assert window.anchor_line == last.anchor_line
        last = window


def fits(last: Window, key: str) -> bool:
    """Whether the text of a key certainly fits into the old window."""
    typed = count(last.typed) + len(key)
    return last.tokens + typed <= BUDGET and typed <= TYPED_LIMIT


def press(key: str, before: str, after: str) -> tuple[str, str, bool]:
    """Return the text before and after the cursor after a key, and whether it only inserted."""
    if key == "backspace":
        return before[:-1], after, False
    if key == "up":
        at = max(0, before.rstrip("\r\n").rfind("\n") + 1 if before.strip() else 0)
        return before[:at], before[at:] + after, False
    if key == "down":
        at = after.find("\n") + 1
        return before + after[:at], after[at:], False
    joins = before.endswith("\r") or (before + key).endswith("\r")
    return before + key, after, not joins


def window_of(marked: str) -> Window:
    view = view_of(marked)
    above = "".join(view.lines[: view.line])
    below = "".join(view.lines[view.line + 1 :])
    return new_window(view, ChosenLines(with_lf(above), with_lf(below)), count)


def test_typing_only_appends_to_the_prompt():
    assert isinstance(FIM, FimTokens)
    window = window_of("a = 1\nb‸\nc = 3\n")
    told = [readable(infill_prompt(window, FIM), FIM)]
    for marked in ("a = 1\nb =‸\nc = 3\n", "a = 1\nb = 2\n‸\nc = 3\n"):
        followed = follow(view_of(marked), window)
        assert followed is not None
        told.append(readable(infill_prompt(followed, FIM), FIM))
    assert told == [
        "<PREFIX>a = 1\n<SUFFIX>\nc = 3\n<MIDDLE>b",
        "<PREFIX>a = 1\n<SUFFIX>\nc = 3\n<MIDDLE>b =",
        "<PREFIX>a = 1\n<SUFFIX>\nc = 3\n<MIDDLE>b = 2\n",
    ]


def test_a_window_follows_typing_and_deleting():
    window = window_of("a\nb‸\nc\n")
    for marked, typed in [("a\nbx‸\nc\n", "bx"), ("a\nb\ny‸\nc\n", "b\ny"), ("a\n‸\nc\n", "")]:
        followed = follow(view_of(marked), window)
        assert followed is not None
        assert followed.typed == typed


def test_a_window_does_not_follow_any_other_change():
    window = window_of("a\nb‸\nc\n")
    for marked in ("A\nb‸\nc\n", "a\nb‸\nC\n", "a\nb‸)\nc\n", "a‸\nb\nc\n", "a\nb‸\nc\n\n"):
        assert follow(view_of(marked), window) is None


def test_the_anchor_moves_when_the_typed_part_has_grown():
    window = window_of("a\n‸\nc\n")
    typed = "".join(f"value_{n} = other_{n} + {n}\n" for n in range(12))
    view = view_of(f"a\n{typed}‸\nc\n")
    moved = keep_window(view, window, 1000, count)
    assert moved is not None
    assert (moved.anchor_line, moved.before, moved.typed) == (view.line, "a\n" + typed, "")
    assert moved.tokens == count(moved.before) + count(moved.after)
    assert keep_window(view, window, 100, count) is None


def test_a_moved_anchor_keeps_the_text():
    window = follow(view_of("a\nb = 1\nc = ‸\nz\n"), window_of("a\n‸\nz\n"))
    assert window is not None
    moved = move_anchor(view_of("a\nb = 1\nc = ‸\nz\n"), window, count)
    assert moved.before + moved.typed == window.before + window.typed
    assert (moved.typed, moved.after) == ("c = ", window.after)


def test_typing_never_exceeds_the_budget_of_a_kept_window():
    """Also while the anchor stays: the budget is for the window and the typed text together."""
    window = window_of("a\n‸\nc\n")
    view = view_of("a\n" + 60 * "x" + "‸\nc\n")
    assert keep_window(view, window, window.tokens + 30, count) is not None
    assert keep_window(view, window, window.tokens + 29, count) is None


def test_crlf_takes_as_many_tokens_as_lf():
    texts = ["".join(f"value_{n} = {n}\n" for n in range(30)) + "‸\n"]
    texts.append(texts[0].replace("\n", "\r\n"))
    windows = [asyncio.run(window_for(view_of(text, "none"), fresh())) for text in texts]
    assert windows[0].before == windows[1].before
    assert windows[0].tokens == windows[1].tokens
