"""What an edit command wants, what it runs with, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import Factory, field, frozen

from leanwide.engine.base import CancelToken
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.prepare import PreparedQuestion
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.change import FileEdit
from leanwide.features.edit.streaming import ShowEdits
from leanwide.features.journal import Record
from leanwide.features.session import Session
from leanwide.modes.profile import Budget
from leanwide.modes.router import Task
from leanwide.postprocess.code import AnswerCode, code_in, text_in
from leanwide.prompt.question import USUAL_FENCE, CodeContext
from leanwide.syntax import Edit, content


@frozen(kw_only=True)
class Assignment:
    """What one edit command wants for one passage."""

    resolved: ResolvedSelection
    code: tuple[str, ...] = field(
        default=Factory(
            lambda made: tuple(f"{content(line)}\n" for line in made.resolved.lines),
            takes_self=True,
        )
    )
    """Lines of code that the question shows whole, with LF endings; those of the passage."""
    question: Callable[[CodeContext], str]
    """Words the question, from what is known of the code."""
    change: Callable[[str], FileEdit]
    """Returns a change made of the model's code; raises :class:`Refusal`. Runs in a thread."""
    settled: Callable[[str], tuple[Edit, ...]] = lambda _: ()
    """Returns the edits of the passage that code settles while more follows. Runs in a thread."""
    fence: str = USUAL_FENCE
    """The fence that the answer's code is asked for in; a longer one if the code holds fences."""
    example: tuple[str, ...] = ()
    """Lines of another file, with LF endings, as a model of style; as many as fit are shown."""
    answer_tokens: Callable[[int], int] = lambda code: code + code // 4 + 64
    """Tokens of the answer, from those of the code: the lines again, and what is added."""
    max_code_tokens: Callable[[Budget], int] = field(default=lambda budget: budget.output_tokens)
    """Tokens of code that fit: as many as the answer, which repeats them, unless overridden."""

    def read(self, answer: str) -> AnswerCode:
        """Return the code of an answer."""
        return code_in(answer) if self.fence == USUAL_FENCE else text_in(answer, self.fence)


@frozen(kw_only=True)
class Attempt:
    """A question for an edit, and the model's answer to it."""

    assignment: Assignment
    question: PreparedQuestion
    answer: str


@frozen(kw_only=True)
class EditOutcome:
    """A change, or why there is none."""

    change: FileEdit | None
    markdown: str
    """Without a change: a sentence, and the model's answer; else ""."""
    records: tuple[Record, ...]
    """What it cost: one for each time that the model was asked."""
    attempt: Attempt | None = None
    """What was asked last; None if the model was not asked."""


@frozen(kw_only=True)
class EditContext:
    """What one edit runs with."""

    task: Task
    session: Session
    cancel: CancelToken
    show: Show
    """Takes the model's answer while it is generated, for a client that shows it."""
    show_edits: ShowEdits | None = None
    """Takes what is settled of the edit meanwhile; None where nobody looks."""
    creates: bool = True
    """The editor can create files."""
    began: float = field(factory=time.monotonic)
    """Arrival of the request, in seconds of ``time.monotonic``."""
    hint: str = ""
    """What the user says besides, of an answer that was not what they want."""
