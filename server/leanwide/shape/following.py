"""An answer does not say what stands there already: after the cursor, or in a related file."""

from __future__ import annotations

from itertools import islice
from typing import Final

from leanwide.context.view import View
from leanwide.shape.setting import Setting

_LOOK_AHEAD: Final = 12
"""Lines after the cursor that an answer is compared with."""
_ECHO_LETTERS: Final = 24
"""A shorter text may well stand in two places."""


def without_rest_of_line(text: str, setting: Setting) -> str:
    """Drop the rest of the cursor's line from the answer's end."""
    rest = setting.view.line_after.strip()
    first, newline, more = text.partition("\n")
    if len(rest) > 1 and not newline and first.rstrip().endswith(rest):
        return first.rstrip()[: -len(rest)]
    return first + newline + more


def without_following_lines(text: str, setting: Setting) -> str:
    """Cut the answer where it begins to repeat the lines after the cursor."""
    following = _following(setting.view)
    if not following:
        return text
    lines = text.split("\n")
    whole = [setting.view.line_before + lines[0], *lines[1:]]
    said = [line.strip() for line in whole]
    for at, line in enumerate(said):
        if line == following[0] and _goes_on(said[at:], following):
            return "\n".join(lines[:at]) if at else ""
    return text


def without_echo(text: str, setting: Setting) -> str:
    """Say nothing where the answer is a piece of a related snippet."""
    letters = " ".join(text.split())
    if len(letters) < _ECHO_LETTERS or "\n" not in text.strip():
        return text
    echoed = any(letters in " ".join(snippet.split()) for snippet in setting.snippets)
    return "" if echoed else text


def _following(view: View) -> list[str]:
    """The lines after the cursor's that show something, stripped."""
    below = islice(view.lines, view.line + 1, view.line + 1 + _LOOK_AHEAD)
    return [line.strip() for line in below if line.strip()]


def _goes_on(said: list[str], following: list[str]) -> bool:
    """Whether the answer, to its end, says the lines that follow.

    A line of closing characters alone, such as ``}``, proves nothing unless the next one agrees.
    """
    shown = [line for line in said if line]
    pairs = list(zip(shown, following, strict=False))
    agreeing = all(left == right or right.startswith(left) for left, right in pairs)
    telling = any(character.isalnum() for line, _ in pairs for character in line)
    return agreeing and (telling or len(shown) == 1)
