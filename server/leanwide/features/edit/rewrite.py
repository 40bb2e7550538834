"""Put the model's code in the place of the passage, indented as the passage is."""

from __future__ import annotations

from leanwide.context.prose import is_prose
from leanwide.context.surroundings import helpful_runs, run_lines
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.change import FileEdit, check_syntax
from leanwide.features.edit.prose_guard import check_prose, check_unparsed
from leanwide.features.refusal import Refusal
from leanwide.postprocess.code import without_head
from leanwide.postprocess.indent import Indentation, indentation, reindented
from leanwide.postprocess.splice import replacements, settled_replacements
from leanwide.syntax import Edit, Language, content, literal_lines, parse, split


def rewritten(resolved: ResolvedSelection, least: float, code: str) -> FileEdit:
    """Return the change that replaces the passage by the model's code.

    Args:
        resolved: The passage.
        least: Share of the characters that has to remain, of a text that no parser checks.
        code: The model's code.

    Raises:
        Mistake: The file would have more syntax errors than before, or text would be lost.
        Refusal: The code is the same as before.
    """
    lines = _lines(resolved, code)
    if is_prose(resolved.view):
        check_prose(resolved, lines, least)
    else:
        check_unparsed(resolved, lines, least)
    return with_lines(resolved, lines)


def settled_rewriting(resolved: ResolvedSelection, code: str) -> tuple[Edit, ...]:
    """Return the edits of :func:`rewritten` that code settles while more of it follows.

    The rest of the code can change them in two ways only: its indentation shows that another level
    was meant, or it closes a string whose lines were moved until then.
    """
    view, passage = resolved.view, resolved.passage
    lines = _lines(resolved, code)
    return settled_replacements(view.lines, (passage.first, passage.last), lines, view.newline)


def _lines(resolved: ResolvedSelection, code: str) -> list[str]:
    """Return the model's code, or text, as lines without endings in the place of the passage."""
    if is_prose(resolved.view):
        return [content(line) for line in split(code)]
    return fitted(resolved, code)


def fitted(resolved: ResolvedSelection, code: str) -> list[str]:
    """Return the model's code as lines without endings, indented like the passage.

    Heads and imports that the question showed around the passage, and the answer repeats, are
    left out.
    """
    view, passage = resolved.view, resolved.passage
    own = indentation(resolved.lines)
    wanted = Indentation(own.margin, own.unit or indentation(view.lines).unit)
    shown = {line.strip() for line in run_lines(view, helpful_runs(passage, resolved.tree))}
    return indented(
        without_head(code, shown - {view.lines[passage.first].strip()}), wanted, resolved.language
    )


def indented(code: str, wanted: Indentation, language: Language | None) -> list[str]:
    """Return code as lines without endings, indented as wanted; strings stay as they are."""
    lines = split(code)
    kept: frozenset[int] = frozenset()
    if language is not None:
        kept = literal_lines(parse(language, lines), range(len(lines)))
    return reindented([content(line) for line in lines], wanted, kept)


def with_lines(resolved: ResolvedSelection, lines: list[str]) -> FileEdit:
    """Return the change that replaces the passage by lines without endings.

    Raises:
        Mistake: The file would have more syntax errors than before.
        Refusal: The lines are the same as before.
    """
    view, passage = resolved.view, resolved.passage
    edits = replacements(view.lines, (passage.first, passage.last), lines, view.newline)
    if not edits:
        raise Refusal("The model would change nothing.")
    check_syntax(resolved.language, view.lines, edits)
    return FileEdit(uri=view.uri, version=view.version, lines=view.lines, edits=edits)
