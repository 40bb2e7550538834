"""A change that is proposed for one file, and why one is not proposed."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from leanwide.postprocess.splice import applied
from leanwide.syntax import Edit, Language, SyntaxTree, error_count, first_error, parse


@frozen(kw_only=True)
class FileEdit:
    """Edits of one document, and the moment for which they are meant."""

    uri: str
    version: int | None
    """Of the open document; None where the editor has not opened the file."""
    lines: tuple[str, ...]
    """The text that the edits are for, lines with their endings."""
    edits: tuple[Edit, ...]
    """In the order of the text; none touches another."""
    creates: bool = False
    """The file does not exist yet."""


class Refusal(Exception):  # noqa: N818  # an outcome, not a failure
    """Why an answer is not used: a sentence for the user."""


class Mistake(Refusal):
    """A refusal that another attempt of the model may mend, which is told the sentence."""


def check_syntax(language: Language | None, before: Sequence[str], edits: Sequence[Edit]) -> None:
    """See to it that edits break nothing; in a language without a grammar all is well.

    Raises:
        Mistake: More places of the text do not parse than before.
    """
    if language is None or not edits:
        return
    errors, line = _errors(parse(language, applied(before, edits)), edits[0].start.line)
    if errors == 0 or errors <= error_count(parse(language, before)):
        return
    raise Mistake(f"It does not parse: see `{line[:80]}`." if line else "It does not parse.")


def _errors(tree: SyntaxTree, first: int) -> tuple[int, str]:
    """Count the errors of a tree, and give the first line that has one, from a line on."""
    at = first_error(tree, first)
    line = tree.lines[at.line].strip() if at is not None and at.line < len(tree.lines) else ""
    return error_count(tree), line
