"""Requests teach how fast the machine is, and the next ones get what it manages."""

from __future__ import annotations

from collections.abc import AsyncIterator

from attrs import evolve

from leanwide.engine.requests import (
    CancelToken,
    Finished,
    Piece,
    ProgressCallback,
    Request,
    Stats,
    ignore_progress,
)
from leanwide.engine.scripted import ScriptedEngine
from leanwide.features.completion.state import CompletionState
from leanwide.features.session import Preferences
from tests.features.editor import Editor, state_of
from tests.marked import MARK


class SlowEngine(ScriptedEngine):
    """An engine that says that it evaluates and decodes 10 tokens a second."""

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        async for event in super().generate(request, cancel, watch):
            yield (
                Finished(event.reason, slow(event.stats)) if isinstance(event, Finished) else event
            )


def slow(stats: Stats) -> Stats:
    return evolve(
        stats, tokens_evaluated=100, prompt_ms=10_000.0, tokens_generated=10, decode_ms=1_000.0
    )


async def after_three_completions(preferences: Preferences) -> tuple[CompletionState, SlowEngine]:
    engine = SlowEngine()
    state = state_of(engine, preferences)
    for name in "abcd":
        engine.enqueue(("x\n",))
        lines = "".join(f"{name}_{number} = compute({number})\n" for number in range(300))
        await Editor(state, f"{lines}{name} = {MARK}", name=name).ask()
    return state, engine


async def test_a_slow_machine_gets_less_context_and_says_why():
    state, engine = await after_three_completions(Preferences(look_ahead=False))
    reason = state.session.journal.records[-1].reason
    assert "384 tokens now, 2,048 when you pause" in reason
    # An answer is shown while it grows: it may be as long as on any machine.
    assert {request.max_tokens for request in engine.requests} == {64}


async def test_without_adapting_the_profile_stands():
    state, _ = await after_three_completions(Preferences(look_ahead=False, adapt=False))
    assert "when you pause" not in state.session.journal.records[-1].reason
