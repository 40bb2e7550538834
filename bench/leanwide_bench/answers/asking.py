"""Asks for explanations of functions under several system prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from leanwide.cli.compose import open_session
from leanwide.context.view import View
from leanwide.engine.requests import CancelToken, FinishReason
from leanwide.features.ask.ask import Answer
from leanwide.features.ask.explain import explain
from leanwide.features.ask.selection import Selection
from leanwide.features.session import Session
from leanwide.modes.profile import WIDE, Mode
from leanwide.modes.router import Task
from leanwide.syntax import Position, language_for, parse, split
from leanwide_bench.answers.judging import AnswerVerdict, judge
from leanwide_bench.edits.mistakes import names
from leanwide_bench.edits.tasks import EditTask

_MIN_NAME: Final = 3
"""Characters of a name that an explanation may mention."""
_ENDED: Final = (FinishReason.END, FinishReason.STOP)


@frozen(kw_only=True)
class JudgedAnswer:
    """One explanation under one system prompt."""

    text: str
    """The system prompt's name."""
    function: str
    answer: str
    reason: str
    """Why it ended."""
    verdict: AnswerVerdict


async def ask(
    model: Path | None,
    texts: Mapping[str, str],
    tasks: Sequence[EditTask],
    most_tokens: int,
    tell: Callable[[str, float], None],
) -> list[JudgedAnswer]:
    """Explain each function under each system prompt, the prompts alternating.

    Args:
        model: A GGUF file; None for the one that is set.
        texts: System prompts by name.
        tasks: The functions.
        most_tokens: Most tokens of an answer.
        tell: Called with a description of the progress and the finished share.

    Raises:
        EngineError: The model cannot be loaded, or died.
    """
    judged: list[JudgedAnswer] = []
    async with open_session(model, None, WIDE) as session:
        profile = attrs.evolve(session.profiles[Mode.THINK], output_tokens=most_tokens)
        session.profiles = {**session.profiles, Mode.THINK: profile}
        for at, task in enumerate(tasks):
            for name, text in texts.items():
                tell(f"{task.definition}: {name}", at / len(tasks))
                session.texts = {**session.texts, Task.EXPLAIN: text}
                answer = await _explained(task, session)
                judged.append(_judged(name, task, answer))
    return judged


async def _explained(task: EditTask, session: Session) -> Answer:
    view = View(
        uri=f"file:///{task.name}",
        path=f"/{task.name}",
        language_id=task.language,
        version=0,
        lines=tuple(split(task.text)),
        line=task.first,
        column=0,
    )
    selection = Selection(view=view, end=Position(task.last, 0))
    return await explain(selection, session, CancelToken(), lambda _: None)


def _judged(name: str, task: EditTask, answer: Answer) -> JudgedAnswer:
    language = language_for("", task.name)
    tree = parse(language, split(task.text)) if language is not None else None
    found = names(tree, task.first, task.last) if tree is not None else []
    known = {each.text for each in found if len(each.text) >= _MIN_NAME}
    said = answer.words or answer.markdown
    reason = answer.record.reason.rpartition("ended: ")[2]
    return JudgedAnswer(
        text=name,
        function=task.definition,
        answer=said,
        reason=reason,
        verdict=judge(said, known, ends=reason in _ENDED),
    )
