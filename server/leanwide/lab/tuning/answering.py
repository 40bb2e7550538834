"""One documented function at one expert count: how likely the words are that were said of it."""

from __future__ import annotations

from leanwide.engine.base import Engine
from leanwide.lab.tuning.documented import asked
from leanwide.lab.tuning.holes import Hole
from leanwide.lab.tuning.trial import TRUTH_TOKENS, Bench, Outcome, Setting, silent, with_engine
from leanwide.prompt.chat import Message, chat_prompt
from leanwide.prompt.texts import built_in_texts


async def run_question(hole: Hole, setting: Setting, bench: Bench) -> Outcome | None:
    """Ask about a function and measure how likely its own words are; nothing is generated.

    None where they do not fit the lane.

    Raises:
        EngineError: The model cannot be loaded.
    """
    return await with_engine(setting, bench, lambda engine: _ask(hole, setting, bench, engine))


async def _ask(hole: Hole, setting: Setting, bench: Bench, engine: Engine) -> Outcome | None:
    messages = (Message("system", built_in_texts()["explain"]), Message("user", asked(hole)))
    model = await engine.ready()
    conversation = await bench.layouts.lay_out(messages, model, thinking=False)
    said, words = await engine.count([message.text for message in messages]), hole.truth
    (length,) = await engine.count([words])
    if sum(said) > bench.longest or length > TRUTH_TOKENS:
        return None
    prompt = chat_prompt(conversation.layout, conversation.messages)
    score = await silent(engine, prompt, words)
    return Outcome(
        hole=hole.id,
        kind=hole.kind,
        setting=setting,
        tokens=score.truth_tokens,
        nats=score.truth_nats,
        prompt_tokens=score.tokens_evaluated,
        prompt_ms=score.prompt_ms,
    )
