"""Put the model's code in the place of the passage, indented as the passage is."""

from __future__ import annotations

from collections.abc import Sequence

from leanwide.context.prose import is_prose
from leanwide.context.surroundings import helpful_runs, run_lines
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.balance_guard import check_balance
from leanwide.features.edit.change import FileEdit, Mistake
from leanwide.features.edit.length_guard import check_length
from leanwide.features.edit.structure_guard import as_prose, check_kept
from leanwide.features.edit.syntax_guard import check_syntax
from leanwide.features.refusal import Refusal
from leanwide.postprocess.asked import asked_for
from leanwide.postprocess.asked_so_far import asked_so_far
from leanwide.postprocess.code import without_head
from leanwide.postprocess.importing import takes_imports, with_imports
from leanwide.postprocess.indent import (
    Indentation,
    code_indentation,
    indentation,
    reindented,
    reindented_like,
)
from leanwide.postprocess.passage_place import Asked
from leanwide.postprocess.splice import replacements, settled_replacements
from leanwide.syntax import (
    NO_TEXT,
    Edit,
    Language,
    content,
    parse,
    split,
    text_rows,
)


def rewritten(resolved: ResolvedSelection, least: float, code: str, asked: str = "") -> FileEdit:
    """Return the change that replaces the passage by the model's code.

    Args:
        resolved: The passage.
        least: Share of the characters that has to remain, of a text that no parser checks.
        code: The model's code.
        asked: The instruction: what it asks for may be lost.

    Raises:
        Mistake: The file would have more errors than before, something would be lost, or the
            code holds more or less than was asked for.
        Refusal: The code is the same as before.
    """
    if is_prose(resolved.view):
        lines = as_prose(resolved, code)
        imports: Sequence[str] = ()
    else:
        taken = _taken(resolved, code)
        if taken.problem:
            raise Mistake(taken.problem)
        lines, imports = _as_passage(resolved, taken.code), taken.imports
    check_length(resolved, lines, least)
    check_balance(resolved, lines)
    change = with_lines(resolved, lines, imports)
    check_kept(resolved, lines, change, asked)
    return change


def settled_rewriting(resolved: ResolvedSelection, code: str) -> tuple[Edit, ...]:
    """Return the edits of :func:`rewritten` that code settles while more of it follows.

    Imports are not, and go in front of these edits. None where the code may belong to the file
    around the passage. The rest of the code can change the edits where its indentation shows that
    another level was meant, or where it closes a string whose lines were moved until then.
    """
    view, passage, tree = resolved.view, resolved.passage, resolved.tree
    asked = code
    if is_prose(view):
        lines = [content(line) for line in split(code)]
    else:
        asked = asked_so_far(tree, passage, code) if tree is not None else code
        if not asked or not _settles_margin(resolved, asked):
            return ()
        lines = _as_passage(resolved, asked)
    edits = settled_replacements(view.lines, (passage.first, passage.last), lines, view.newline)
    return () if tree is not None and takes_imports(tree, edits) else edits


def _settles_margin(resolved: ResolvedSelection, code: str) -> bool:
    """Whether the first line of code says where all of it goes."""
    model = [content(line) for line in resolved.lines]
    first = indentation(model).margin
    return first == code_indentation(model).margin or first == indentation(split(code)).margin


def fitted(resolved: ResolvedSelection, code: str) -> list[str]:
    """Return the model's code as lines without endings, indented like the passage.

    What the answer repeats of the file around the passage is left out.
    """
    return _as_passage(resolved, _taken(resolved, code).code)


def _taken(resolved: ResolvedSelection, code: str) -> Asked:
    tree = resolved.tree
    return Asked(code=code) if tree is None else asked_for(tree, resolved.passage, code)


def _as_passage(resolved: ResolvedSelection, code: str) -> list[str]:
    """Return code as lines, indented like the passage, without heads that the question showed."""
    view, passage = resolved.view, resolved.passage
    shown = {line.strip() for line in run_lines(view, helpful_runs(passage, resolved.tree))}
    rows = split(without_head(code, shown - {view.lines[passage.first].strip()}))
    model = [content(line) for line in resolved.lines]
    around = inside = text = NO_TEXT
    if resolved.tree is not None and not resolved.tree.starts_in_text(passage.first):
        around = text_rows(resolved.tree)
        inside = around.part(passage.first, passage.last)
        text = text_rows(parse(resolved.tree.language, rows))
    own = code_indentation(model, inside)
    unit = own.unit or code_indentation(view.lines, around).unit
    lines = [content(line) for line in rows]
    return reindented_like(model, lines, text, Indentation(own.margin, unit))


def indented(code: str, wanted: Indentation, language: Language | None) -> list[str]:
    """Return code as lines without endings, indented as wanted; strings stay as they are."""
    rows = split(code)
    text = text_rows(parse(language, rows)) if language is not None else NO_TEXT
    return reindented([content(line) for line in rows], wanted, text)


def level_of(lines: Sequence[str], language: Language | None) -> str:
    """Return one level of a document's indentation; "" if it shows none."""
    text = text_rows(parse(language, lines)) if language is not None else NO_TEXT
    return code_indentation(lines, text).unit


def with_lines(
    resolved: ResolvedSelection, lines: list[str], imports: Sequence[str] = ()
) -> FileEdit:
    """Return the change that replaces the passage by lines without endings.

    Args:
        resolved: The passage.
        lines: What replaces it.
        imports: Statements that go to the imports of the file.

    Raises:
        Mistake: The file would have more syntax errors than before, or the imports have no place.
        Refusal: The lines are the same as before.
    """
    view, passage = resolved.view, resolved.passage
    edits = replacements(view.lines, (passage.first, passage.last), lines, view.newline)
    if not edits:
        raise Refusal("The model would change nothing.")
    every = with_imports(resolved.tree, edits, imports, view.newline)
    if every is None:
        raise Mistake(f"`{imports[0]}` has to stand with the imports, which were not asked for.")
    selected = range(passage.first, passage.last)
    check_syntax(resolved.language, view.lines, every, selected)
    return FileEdit(uri=view.uri, version=view.version, lines=view.lines, edits=every)
