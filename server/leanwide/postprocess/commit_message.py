"""A commit message: its subject, its trailers, and the lines that git leaves out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from leanwide.postprocess.structure_loss import TextLoss, missing

_SUBJECT_CHARACTERS: Final = 72
"""Characters of a subject that are usual at most."""
_TRAILER: Final = re.compile(r"(?:[A-Z][A-Za-z]*(?:-[A-Za-z]+)*|BREAKING CHANGE): \S.*")
_SCISSORS: Final = re.compile(r"# -+ >8 -+")


def with_comment_lines(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return a message with the comment lines and the diff that stood at its end before."""
    end = _message_end(before)
    if end == len(before):
        return list(after)
    message = list(after[: _message_end(after)])
    gap = [""] if end and any(line.strip() for line in message) else []
    first = next((row for row in range(end, len(before)) if before[row].strip()), end)
    return [*message, *gap, *before[first:]]


def trailers(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield the trailers that a message loses, such as ``Signed-off-by:``."""
    yield from missing(_trailers(before), _trailers(after), "The trailer `{}` is missing.")


def subject(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield a subject that became too long, or that no blank line follows any more."""
    old, new = before[: _message_end(before)], after[: _message_end(after)]
    if not old or not new or not old[0].strip():
        return
    most = max(_SUBJECT_CHARACTERS, len(old[0].strip()))
    if (length := len(new[0].strip())) > most:
        yield TextLoss("subject", f"The first line has {length} characters: at most {most} fit.")
    separated = len(old) == 1 or not old[1].strip()
    if separated and len(new) > 1 and new[1].strip():
        yield TextLoss("subject", "No blank line follows the first one, the subject.")


def _message_end(lines: Sequence[str]) -> int:
    """Return the line after the message: comments and blank lines to the end follow, or a diff."""
    cut = next((row for row, line in enumerate(lines) if _SCISSORS.match(line)), len(lines))
    while cut and (not lines[cut - 1].strip() or lines[cut - 1].startswith("#")):
        cut -= 1
    return cut


def _trailers(lines: Sequence[str]) -> list[str]:
    """Return the trailers in the last paragraph of a message."""
    found: list[str] = []
    for line in reversed(lines[: _message_end(lines)]):
        if not _TRAILER.fullmatch(line.strip()):
            break
        found.append(line.strip())
    return found[::-1]
