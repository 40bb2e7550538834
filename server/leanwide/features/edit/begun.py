"""Edits whose answer is begun, so that the model writes only what is new."""

from __future__ import annotations

from attrs import evolve

from leanwide.features.edit.assignment import AnswerBeginning, AnswerForm, Assignment


def begun(assignment: Assignment, beginning: AnswerBeginning) -> Assignment:
    """Return the assignment whose answer begins with a text of ours: it repeats no code."""
    return evolve(
        assignment,
        answer_tokens=beginning.answer_tokens,
        max_code_tokens=lambda budget: budget.context_tokens,
        form=AnswerForm(beginning.read, beginning.problem),
        change=beginning.change,
        settled=lambda _: (),
    )
