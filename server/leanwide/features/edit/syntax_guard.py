"""Checks that an edit breaks no rule of its language: it parses no worse, and hides no names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from leanwide.features.edit.change import Mistake
from leanwide.postprocess.splice import applied
from leanwide.syntax import (
    Edit,
    Language,
    SyntaxTree,
    error_count,
    first_error,
    import_statements,
    parse,
    violations,
)

_SHOWN_CHARACTERS: Final = 80
"""Characters of a line that does not parse which the model and the user are shown."""


def check_syntax(
    language: Language | None,
    before: Sequence[str],
    edits: Sequence[Edit],
    selected: range = range(0),
) -> None:
    """Check that edits add no errors; without a grammar there is nothing to check.

    Args:
        language: The file's; None where it has no grammar.
        before: The file, lines with their endings.
        edits: In the order of the text.
        selected: The lines that were asked for: if imports are among them, any may be.

    Raises:
        Mistake: More places of the text do not parse than before, a compiler would refuse more, or
            a new import may give other names of the file another meaning.
    """
    if language is None or not edits:
        return
    old, after = parse(language, before), parse(language, applied(before, edits))
    if error_count(after) > error_count(old):
        raise Mistake(_unparsed(after, edits[0].start.line))
    _check_imports(old, after, selected)
    if after.root.has_error:
        return  # where a text does not parse, what it defines is not known
    earlier = Counter(one.sentence for one in violations(old))
    for found in violations(after):
        earlier[found.sentence] -= 1
        if earlier[found.sentence] < 0:
            raise Mistake(found.sentence)


def _check_imports(old: SyntaxTree, new: SyntaxTree, selected: range) -> None:
    if old.root.has_error or not any(line.strip() for line in old.lines):
        return  # what the file imports is not known, or nothing is there to be hidden
    earlier = import_statements(old)
    if any(one.span.start.line in selected for one in earlier):
        return  # imports were asked for
    known = {part.source for one in earlier for part in one.parts}
    for statement in import_statements(new):
        if any(part.hides and part.source not in known for part in statement.parts):
            text = new.text(statement.span)
            raise Mistake(f"`{text}` may hide other names of the file: import by name.")


def _unparsed(tree: SyntaxTree, line: int) -> str:
    """Return a sentence about the first place at or below a line that does not parse."""
    at = first_error(tree, line)
    text = tree.lines[at.line].strip() if at is not None and at.line < len(tree.lines) else ""
    if not text:
        return "It does not parse."
    return f"It does not parse: see `{text[:_SHOWN_CHARACTERS]}`."
