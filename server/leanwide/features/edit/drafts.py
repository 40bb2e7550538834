"""What the answer to an edit is likely to repeat: most of the code stays as it is. Pure."""

from __future__ import annotations

from typing import Final

from leanwide.features.ask.selection import ResolvedSelection
from leanwide.prompt.question import fenced
from leanwide.syntax import content

_LINES_AROUND: Final = 200
"""Lines of the file before the code, and after it."""


def drafts(resolved: ResolvedSelection, fence: str, question: str) -> tuple[str, ...]:
    """Return the texts, the likeliest first.

    The code as the question shows it, with its fence; the file around it; the question, which holds
    what tools say and what other files define.
    """
    view, passage = resolved.view, resolved.passage
    after = view.lines[passage.last : passage.last + _LINES_AROUND]
    before = view.lines[max(0, passage.first - _LINES_AROUND) : passage.first]
    code = fenced(_text(resolved.lines), resolved.language_name, fence)
    return tuple(filter(None, (f"{code}\n", _text(after), _text(before), question)))


def _text(lines: tuple[str, ...]) -> str:
    return "".join(f"{content(line)}\n" for line in lines)
