"""Word the question of an edit: all of its code, and as much of what helps as fits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import accumulate, islice
from typing import Final

from attrs import evolve

from leanwide.context.folding import fold, texts_to_count
from leanwide.context.surroundings import helpful_runs, run_lines, surroundings
from leanwide.features.ask.prepare import (
    PreparedQuestion,
    begin_question,
    can_begin,
    expected_lane,
    tokens_left,
    with_beginning,
    with_system_text,
    with_text,
)
from leanwide.features.ask.question_context import used_elsewhere
from leanwide.features.ask.selection import context_without_code
from leanwide.features.edit.assignment import Assignment, EditContext, Pieces
from leanwide.features.edit.begun import begun
from leanwide.features.edit.drafts import drafts
from leanwide.features.edit.in_pieces import with_pieces
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.features.token_counter import TokenCounter
from leanwide.modes.machine import MachineState, answer_seconds
from leanwide.modes.profile import Decision, EditForm
from leanwide.modes.router import MIN_PIECES_TOKENS, Signals
from leanwide.prompt.editing import with_hint
from leanwide.prompt.question import CodeContext

_MAX_TOKEN_CHARACTERS: Final = 32
"""Code with more characters than this for every token that fits is too long without counting."""
_MAX_COUNTED_TEXTS: Final = 20_000
"""Texts of a passage that are counted exactly; what follows does not fit anyway."""
_PATIENCE: Final = 2
"""How much more than usual may follow the beginning of an answer: more is a model that does not
come to an end."""
_EXAMPLE_SHARE: Final = 0.5
"""Share of the room besides the code that an example may take at most."""


async def prepare(
    assignment: Assignment, context: EditContext
) -> tuple[PreparedQuestion, Assignment]:
    """Return the question of an assignment, and the assignment in the form that it asks for.

    Raises:
        Refusal: The code does not fit, or its answer would take too long.
        EngineError: The model cannot be loaded.
    """
    session, passage = context.session, assignment.resolved.passage
    signals = Signals(selection_lines=passage.last - passage.first)
    lane = expected_lane(context.task, signals, session)
    code = await _code_tokens(assignment.code, lane, session)
    beginning = assignment.beginning if can_begin(lane, session.backend.engine) else None
    if beginning is not None:
        assignment = begun(assignment, beginning)
    needed = assignment.answer_tokens(code)
    divisible = assignment.pieces is not None
    signals = evolve(signals, answer_tokens=needed, code_tokens=code, divisible=divisible)
    question = await begin_question(context.task, signals, session, context.began)
    session.notify_untrained(assignment.resolved.view, question.decision.lane)
    if question.decision.form is EditForm.PIECES and assignment.pieces is not None:
        needed = MIN_PIECES_TOKENS
        question, assignment = await _in_pieces(question, assignment, assignment.pieces, session)
    if beginning is not None:
        question = with_beginning(question, beginning.text, _PATIENCE * needed)
    _check_time(needed, question.decision, session.backend.machine)
    room = await tokens_left(question, session.backend)
    if context.hint:
        assignment = evolve(assignment, question=_hinted(assignment.question, context.hint))
    text = await _question_text(assignment, question.decision, room, session)
    likely = drafts(assignment.resolved, assignment.fence, text)
    return evolve(with_text(question, text), drafts=likely), assignment


async def _in_pieces(
    question: PreparedQuestion, assignment: Assignment, pieces: Pieces, session: Session
) -> tuple[PreparedQuestion, Assignment]:
    """Return a question for changed pieces of the code, which is folded where it does not fit.

    Raises:
        Refusal: Not one line of the code fits.
        EngineError: The engine is gone.
    """
    question = with_system_text(question, session.texts["pieces"])
    resolved, decision = assignment.resolved, question.decision
    view, passage, tree = resolved.view, resolved.passage, resolved.tree
    count = session.backend.counter(decision.lane)
    frame = pieces.question(context_without_code(resolved))
    texts = islice(texts_to_count(view, passage, tree), _MAX_COUNTED_TEXTS)
    await count.learn((frame, *await asyncio.to_thread(list, texts)))
    room = await tokens_left(question, session.backend) - count(frame)
    wanted = await asyncio.to_thread(pieces.wanted)
    folded = await asyncio.to_thread(fold, view, passage, tree, room, count, wanted)
    if not folded.rows:
        raise _too_long(max(0, room))
    note = (
        f"{passage.last - passage.first:,} lines are too long to be written again: the model is "
        f"shown {len(folded.rows):,} of them, and answers with what it changes."
    )
    return evolve(question, note=note), with_pieces(assignment, pieces, folded)


def _hinted(question: Callable[[CodeContext], str], hint: str) -> Callable[[CodeContext], str]:
    return lambda context: with_hint(question(context), hint)


async def _code_tokens(code: Sequence[str], lane: str, session: Session) -> int:
    """Return the tokens of code; a lower bound where it is longer than any answer.

    Raises:
        EngineError: The model cannot be loaded.
    """
    await session.backend.engine.ready(lane)
    most = max(profile.output_tokens for profile in session.profiles.values())
    if (least := sum(map(len, code)) // _MAX_TOKEN_CHARACTERS) > most:
        return least
    count = session.backend.counter(lane)
    await count.learn(code)
    return sum(map(count, code))


def _check_time(needed: int, decision: Decision, machine: MachineState) -> None:
    """Check that an answer of ``needed`` tokens ends before the deadline.

    Raises:
        Refusal: It does not; the sentence says what the user can do.
    """
    needed = min(needed, decision.budget.output_tokens)
    seconds = answer_seconds(needed, machine, decision.lane)
    limit = decision.budget.deadline_ms / 1000
    if seconds > limit:
        raise Refusal(
            f"This takes about {seconds:.0f} s on this machine, and an answer may take "
            f"{limit:g} s: select less, or raise modes.{decision.mode}.deadline_ms."
        )


async def _question_text(
    assignment: Assignment, decision: Decision, room: int, session: Session
) -> str:
    """Return the question: all of the code, and as much of what helps as fits into ``room`` tokens.

    Raises:
        Refusal: The code does not fit, of which nothing can be left out.
    """
    resolved, count = assignment.resolved, session.backend.counter(decision.lane)
    view, passage = resolved.view, resolved.passage
    context = evolve(context_without_code(resolved), fence=assignment.fence)
    frame = assignment.question(context)
    await count.learn((frame,))
    room -= count(frame)
    most = max(0, min(room, assignment.max_code_tokens(decision.budget)))
    code = assignment.code
    if sum(map(len, code)) <= _MAX_TOKEN_CHARACTERS * most:
        await count.learn(code)
    if (tokens := sum(map(count, code))) > most:
        raise _too_long(most)
    room -= tokens
    runs = await asyncio.to_thread(helpful_runs, passage, resolved.tree)
    await count.learn((*run_lines(view, runs), *assignment.example))
    example = _beginning(assignment.example, int(room * _EXAMPLE_SHARE), count)
    around = surroundings(view, runs, room - count(example), count)
    room -= count(example) + count(around)
    used = await used_elsewhere(resolved, room, count, session)
    return assignment.question(
        evolve(context, code="".join(code), around=around, example=example, elsewhere=used)
    )


def _too_long(tokens: int) -> Refusal:
    return Refusal(
        f"This is too long to edit: at most {tokens:,} tokens fit, and all are needed. Select less."
    )


def _beginning(lines: tuple[str, ...], room: int, count: TokenCounter) -> str:
    """Return the first lines, as many as fit into ``room`` tokens."""
    spent = accumulate(map(count, lines))
    return "".join(line for line, tokens in zip(lines, spent, strict=True) if tokens <= room)
