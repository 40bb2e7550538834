"""Lines of a document in the model's words: as they were indented, and nothing around them."""

from __future__ import annotations

from leanwide.context.prose import is_prose
from leanwide.context.surroundings import helpful_runs, run_lines
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.change import FileEdit, Refusal, check_syntax
from leanwide.features.edit.prose_guard import check_prose, check_unparsed
from leanwide.postprocess.code import without_head
from leanwide.postprocess.indent import Indentation, indentation, reindented
from leanwide.postprocess.splice import replacements
from leanwide.syntax import Language, content, literal_lines, parse, split


def rewritten(found: ResolvedSelection, least: float, code: str) -> FileEdit:
    """Put the model's code in the place of the passage.

    Args:
        found: The passage.
        least: Share of a text without a parser that has to come back.
        code: What the model said.

    Raises:
        Mistake: The file would parse worse than before, or text would be lost.
        Refusal: The code is what stands there already.
    """
    if is_prose(found.view):
        lines = [content(line) for line in split(code)]
        check_prose(found, lines, least)
    else:
        lines = fitted(found, code)
        check_unparsed(found, lines, least)
    return with_lines(found, lines)


def fitted(found: ResolvedSelection, code: str) -> list[str]:
    """The model's code as lines without endings, indented like the passage.

    Heads and imports that the model was shown around the passage, and says again, are left out.
    """
    view, passage = found.view, found.passage
    own = indentation(view.lines[passage.first : passage.last])
    wanted = Indentation(own.margin, own.unit or indentation(view.lines).unit)
    shown = {line.strip() for line in run_lines(view, helpful_runs(passage, found.tree))}
    return indented(
        without_head(code, shown - {view.lines[passage.first].strip()}), wanted, found.language
    )


def indented(code: str, wanted: Indentation, language: Language | None) -> list[str]:
    """Code as lines without endings, indented as wanted; text inside strings stays as it is."""
    lines = split(code)
    kept: frozenset[int] = frozenset()
    if language is not None:
        kept = literal_lines(parse(language, lines), range(len(lines)))
    return reindented([content(line) for line in lines], wanted, kept)


def with_lines(found: ResolvedSelection, lines: list[str]) -> FileEdit:
    """Put lines without endings in the place of the passage.

    Raises:
        Mistake: The file would parse worse than before.
        Refusal: They are what stands there already.
    """
    view, passage = found.view, found.passage
    edits = replacements(view.lines, (passage.first, passage.last), lines, view.newline)
    if not edits:
        raise Refusal("The model would change nothing.")
    check_syntax(found.language, view.lines, edits)
    return FileEdit(uri=view.uri, version=view.version, lines=view.lines, edits=edits)
