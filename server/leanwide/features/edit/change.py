"""The change that is proposed for one file, and the check that it breaks no syntax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.features.refusal import Refusal
from leanwide.postprocess.splice import applied
from leanwide.syntax import Edit, Language, error_count, first_error, parse

_SHOWN_CHARACTERS: Final = 80
"""Characters of a line that does not parse which the model and the user are shown."""


@frozen(kw_only=True)
class FileEdit:
    """Edits of one document, and the version that they are for."""

    uri: str
    version: int | None
    """Of the open document; None where the editor has not opened the file."""
    lines: tuple[str, ...]
    """The text that the edits are for, lines with their endings."""
    edits: tuple[Edit, ...]
    """In the order of the text; none touches another."""
    creates: bool = False
    """The file does not exist yet."""


class Mistake(Refusal):
    """A refusal of an answer that the model may correct; it reads the sentence too."""


def check_syntax(language: Language | None, before: Sequence[str], edits: Sequence[Edit]) -> None:
    """Check that edits add no syntax errors; without a grammar there is nothing to check.

    Raises:
        Mistake: More places of the text do not parse than before.
    """
    if language is None or not edits:
        return
    after = parse(language, applied(before, edits))
    errors = error_count(after)
    if errors == 0 or errors <= error_count(parse(language, before)):
        return
    at = first_error(after, edits[0].start.line)
    line = after.lines[at.line].strip() if at is not None and at.line < len(after.lines) else ""
    raise Mistake(
        f"It does not parse: see `{line[:_SHOWN_CHARACTERS]}`." if line else "It does not parse."
    )
