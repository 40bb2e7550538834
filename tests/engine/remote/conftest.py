from __future__ import annotations

import pytest

from leanwide.engine.requests import Priority, Request, Thinking
from leanwide.models.answer_marks import AnswerMarks


@pytest.fixture
def thinking_request() -> Request:
    """A question to a model that thinks, for three tokens at most."""
    marks = AnswerMarks(openings=("<think>",), closing="</think>")
    thinking = Thinking(marks=marks, budget_tokens=3, conclusion="A</think>", begun=False)
    return Request(
        lane="lean",
        prompt=("why",),
        priority=Priority.COMMAND,
        max_tokens=4,
        deadline_ms=5e3,
        thinking=thinking,
    )
