"""Runs one question about a documented function: how likely is the documentation it really has?"""

from __future__ import annotations

from leanwide.engine.base import Engine
from leanwide.modes.profile import LEAN
from leanwide.prompt.chat import Message, chat_prompt
from leanwide.prompt.texts import built_in_texts
from leanwide.tuning.documented import question_about
from leanwide.tuning.holes import Hole
from leanwide.tuning.trial import (
    MAX_TRUTH_TOKENS,
    TrialBench,
    TrialOutcome,
    TrialSetting,
    evaluate,
    scored,
    with_engine,
)
from leanwide.tuning.visits import VisitMoment


async def run_question(hole: Hole, setting: TrialSetting, bench: TrialBench) -> TrialOutcome:
    """Measure how likely a function's documentation is as an answer; nothing is generated.

    The outcome is empty where the question or the documentation is too long.

    Raises:
        EngineError: The model cannot be loaded.
    """
    return await with_engine(setting, bench, lambda engine: _ask(hole, setting, bench, engine))


async def _ask(
    hole: Hole, setting: TrialSetting, bench: TrialBench, engine: Engine
) -> TrialOutcome:
    texts = {"system": built_in_texts()["explain"], "user": question_about(hole)}
    messages = [Message(role, text) for role, text in texts.items()]
    model = await engine.ready(LEAN)
    conversation = await bench.layouts.lay_out(messages, model, thinking=False)
    *prompt_tokens, truth_tokens = await engine.count(LEAN, [*texts.values(), hole.truth])
    if sum(prompt_tokens) > bench.longest or truth_tokens > MAX_TRUTH_TOKENS:
        return TrialOutcome(subject=hole.id, setting=setting, asked=())
    prompt = chat_prompt(conversation.layout, conversation.messages)
    score = await evaluate(engine, prompt, hole.truth)
    asked = scored(hole.id, VisitMoment.QUESTION, score)
    return TrialOutcome(subject=hole.id, setting=setting, asked=(asked,))
