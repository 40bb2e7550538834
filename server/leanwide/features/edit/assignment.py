"""What an edit command wants, what it runs with, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from attrs import Factory, field, frozen

from leanwide.context.passage import Passage
from leanwide.engine.requests import CancelToken
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


@frozen
class AnswerForm:
    """How the code stands in an answer."""

    read: Callable[[str], AnswerCode]
    """Returns the code of an answer, or of its beginning."""
    problem: str = ""
    """What the model is told of an answer in another form; "" where it is not asked again."""


def fenced_form(fence: str) -> AnswerForm:
    """Return the form of an answer with all of the code in a fence."""
    if fence == USUAL_FENCE:
        return AnswerForm(code_in)
    return AnswerForm(
        partial(text_in, fence=fence), f"It does not stand between two lines of {fence}."
    )


@frozen(kw_only=True)
class Pieces:
    """An edit of long code that is answered in changed pieces. Of the code, shown lines count."""

    question: Callable[[CodeContext], str]
    wanted: Callable[[], Sequence[Passage]]
    """Returns what is shown before everything else. Runs in a thread."""
    change: Callable[[frozenset[int], str], FileEdit]
    """Returns a change, of the shown lines and the answer; raises :class:`Refusal`."""
    settled: Callable[[frozenset[int], str], tuple[Edit, ...]]
    """Returns the edits of the pieces so far. Both run in a thread."""


@frozen(kw_only=True)
class AnswerBeginning:
    """The beginning of an answer to which the model only adds what is new."""

    text: str
    """The beginning; the model goes on behind its last character."""
    read: Callable[[str], AnswerCode]
    """Returns what is new in an answer, which begins with the text, or in a part of it."""
    problem: str
    """What the model is told of an answer without anything new."""
    change: Callable[[str], FileEdit]
    """Returns a change made of what is new; raises :class:`Refusal`. Runs in a thread."""
    answer_tokens: Callable[[int], int]
    """Tokens that what is new usually takes at most, from those of the code."""


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

    form: AnswerForm = field(default=Factory(lambda made: fenced_form(made.fence), takes_self=True))
    """How the answer is read."""
    pieces: Pieces | None = None
    """The same, asked for in changed pieces; None where only the whole code will do."""
    beginning: AnswerBeginning | None = None
    """The same, of an answer that is begun; None where the model writes all of it."""


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
