"""Check that an edit keeps what its text is made of: links, headings, trailers, keys."""

from __future__ import annotations

from collections.abc import Sequence

from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.change import FileEdit, Mistake
from leanwide.postprocess.commit_message import with_comment_lines
from leanwide.postprocess.elision import left_out
from leanwide.postprocess.splice import applied
from leanwide.postprocess.structure import STRUCTURED_TEXTS, structure_problem, structured_text
from leanwide.syntax import content, split


def as_prose(resolved: ResolvedSelection, text: str) -> list[str]:
    """Return the model's text as lines without endings.

    A commit message gets back the comment lines at its end, which git leaves out of it.
    """
    lines = [content(line) for line in split(text)]
    if structured_text(resolved.view) is STRUCTURED_TEXTS["commit"]:
        return with_comment_lines([content(line) for line in resolved.lines], lines)
    return lines


def check_kept(
    resolved: ResolvedSelection, lines: Sequence[str], change: FileEdit, instruction: str
) -> None:
    """Check that an edit loses nothing that its instruction does not ask for.

    Raises:
        Mistake: It does; the sentence names it.
    """
    before = [content(line) for line in resolved.lines]
    if gap := left_out(before, lines):
        raise Mistake(f"It leaves text out: write what `{gap}` stands for.")
    text = structured_text(resolved.view)
    if text is None:
        return
    if text.whole:
        before = [content(line) for line in change.lines]
        lines = [content(line) for line in applied(change.lines, change.edits)]
    if problem := structure_problem(text, before, lines, instruction):
        raise Mistake(problem)
