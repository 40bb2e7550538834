"""One documented function at one expert count: how likely the words are that were said of it."""

from __future__ import annotations

from leanwide.engine.base import Engine
from leanwide.prompt.chat import Message, chat_prompt
from leanwide.prompt.texts import built_in_texts
from leanwide.tuning.documented import question_about as question
from leanwide.tuning.holes import Hole
from leanwide.tuning.trial import (
    MAX_TRUTH_TOKENS,
    RequestOutcome,
    TrialBench,
    TrialOutcome,
    TrialSetting,
    evaluate,
    with_engine,
)
from leanwide.tuning.visits import VisitMoment


async def run_question(hole: Hole, setting: TrialSetting, bench: TrialBench) -> TrialOutcome:
    """Ask about a function and measure how likely its own words are; nothing is generated.

    Nothing is asked where they do not fit the lane.

    Raises:
        EngineError: The model cannot be loaded.
    """
    return await with_engine(setting, bench, lambda engine: _ask(hole, setting, bench, engine))


async def _ask(
    hole: Hole, setting: TrialSetting, bench: TrialBench, engine: Engine
) -> TrialOutcome:
    messages = (Message("system", built_in_texts()["explain"]), Message("user", question(hole)))
    model = await engine.ready()
    conversation = await bench.layouts.lay_out(messages, model, thinking=False)
    said, words = await engine.count([message.text for message in messages]), hole.truth
    (length,) = await engine.count([words])
    if sum(said) > bench.longest or length > MAX_TRUTH_TOKENS:
        return TrialOutcome(subject=hole.id, setting=setting, asked=())
    prompt = chat_prompt(conversation.layout, conversation.messages)
    score = await evaluate(engine, prompt, words)
    asked = RequestOutcome(
        place=hole.id,
        when=VisitMoment.QUESTION,
        tokens=score.truth_tokens,
        nats=score.truth_nats,
        prompt_tokens=score.tokens_evaluated + score.tokens_reused,
    )
    return TrialOutcome(subject=hole.id, setting=setting, asked=(asked,))
