"""Filters for answers that repeat: themselves, the text after the cursor, or a related snippet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from leanwide.context.view import View
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.nesting import open_at_end
from leanwide.postprocess.overlap import overlap
from leanwide.syntax import content

_MAX_UNIT: Final = 512
"""Code points of the longest unit that is searched."""
_MIN_ROUNDS: Final = 4
"""Rounds of a loop at least."""
_MAX_RULER: Final = 120
"""Code points of the longest line of a ruler, and of the longest number."""
_MAX_RUN: Final = 40
"""Times that another character may be repeated in a row on purpose."""
_RULER_CHARACTERS: Final = frozenset(" \t\n-=#*_~+.,:|/\\<>^─━═│┄┈·•░▒▓█")
"""Characters of rulers, tables and pictures."""
_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_NUMBER: Final = re.compile(r"\b0x[\da-f]+|\\x[\da-f]{2}|\\u[\da-f]{4}", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_LINES_COMPARED: Final = 12
"""Lines after the cursor that an answer is compared with."""
_MIN_DISTINCT: Final = 6
"""Letters and digits that are rarely the same in two places; ``end`` and ``break`` often are."""
_MIN_OVERLAP: Final = 3
"""Letters and digits that the answer's end has to share with the rest of the line."""
_BRACKETS: Final = frozenset("()[]{}\"'`")
_MIN_ECHO: Final = 24
"""Characters of an echo; a shorter text may well occur in two places."""


def loop_start(text: str, known: Sequence[str] = ()) -> int | None:
    """Return how many code points of a text that ends in a loop to keep; None without a loop.

    One round is kept, of whole lines where the loop has such. Nothing is kept of a text that is all
    loop of one line or less, or of a line that ends in a run of one character. The work is bounded,
    so that a growing text can be checked with every piece.

    Args:
        text: The text.
        known: Texts that it may repeat: as many rounds in a row as one of them has do not count.
    """
    run = len(text) - len(text.rstrip(text[-1:]))
    most = _MAX_RULER if text[-1:] in _RULER_CHARACTERS | _DIGITS else _MAX_RUN
    if run > max(1, most) and not _occurs(text[-1] * (run - most), known):
        return text.rfind("\n", 0, len(text) - run) + 1
    for size in range(max(2, run + 1), min(_MAX_UNIT, len(text) // _MIN_ROUNDS) + 1):
        if text[-1 - size] != text[-1]:
            continue
        if text[-(_MIN_ROUNDS - 1) * size :] != text[-_MIN_ROUNDS * size : -size]:
            continue
        start = _periodic_from(text, size)
        unit = text[-size:]
        surplus = (len(text) - start) // size - _rounds(unit)
        if surplus >= 0 and not _occurs(unit * (surplus + 1), known):
            return _first_round_end(text, start, size)
    return None


def without_loop(text: str, context: FilterContext) -> str:
    """Keep at most one round of a loop, but for what the document repeats as often."""
    if loop_start(text) is None:
        return text
    document = "".join(f"{content(line)}\n" for line in context.view.lines)
    keep = loop_start(text, (document,))
    return text if keep is None else text[:keep]


def without_rest_of_line(text: str, context: FilterContext) -> str:
    """Drop from the end of a single line what the rest of the cursor's line begins with."""
    rest, said = context.view.line_after.strip(), text.rstrip()
    if "\n" in text or not rest:
        return text
    if len(said) > 1 and rest.startswith(said):
        return ""
    shared = rest[: overlap(said, rest)]
    # Also all of the rest, such as an operator; brackets have their own filters.
    is_whole = shared == rest and len(rest) > 1 and not set(rest) & _BRACKETS
    if is_whole or _weight(shared) >= _MIN_OVERLAP:
        return said.removesuffix(shared)
    return text


def without_following_lines(text: str, context: FilterContext) -> str:
    """Cut the answer where it begins to repeat the lines after the cursor."""
    following = _following(context.view)
    return _cut_at_following(text, context.view, following) if following else text


def may_repeat(beginning: str, view: View) -> bool:
    """Whether the beginning of an answer may become the line below the cursor."""
    following = _following(view)
    line = (view.line_before + beginning).strip()
    if not following or "\n" in line or _weight(line) < _MIN_DISTINCT:
        return False
    return following[0].strip().startswith(line)


def repeated_line(text: str, view: View) -> str:
    """Return an answer's first line, if it and all after it only repeat the lines below the cursor.

    "" for every other answer.
    """
    following, said = _following(view), text.split("\n", 1)[0].rstrip()
    if not said or not following or _cut_at_following(text, view, following):
        return ""
    return said


def without_echo(text: str, context: FilterContext) -> str:
    """Drop an answer of several lines that is a piece of a related snippet."""
    letters = " ".join(text.split())
    if len(letters) < _MIN_ECHO or "\n" not in text.strip():
        return text
    echoed = any(letters in " ".join(snippet.split()) for snippet in context.snippets)
    return "" if echoed else text


def _occurs(part: str, texts: Sequence[str]) -> bool:
    return any(part in text for text in texts)


def _periodic_from(text: str, size: int) -> int:
    """Return where the end begins in which each character equals the one ``size`` before."""
    unit, at = text[-size:], len(text) - size
    while text[max(0, at - size) : at] == unit:
        at -= size
    while at > 0 and text[at - 1] == text[at - 1 + size]:
        at -= 1
    return at


def _first_round_end(text: str, start: int, size: int) -> int:
    """Return where the first round ends of a loop that begins at ``start``; 0 to keep nothing.

    A line in front of it that merely ends as its last line does is no part of it.
    """
    keeps_one = text[:start].strip() != ""
    line_break = text.find("\n", start, start + size)
    if line_break >= 0:
        if text[text.rfind("\n", 0, start) + 1 : start].strip():
            return line_break + size
        keeps_one = keeps_one or "\n" in text[line_break : line_break + size].strip()
    return start + size if keeps_one else 0


def _rounds(unit: str) -> int:
    """Return how many rounds make a loop: tables and rulers repeat, sentences do not."""
    letters = sum(map(len, _WORD.findall(_NUMBER.sub("", unit))))
    if not letters:
        return 32
    return _MIN_ROUNDS if letters >= (5 if "\n" in unit else 8) else 2 * _MIN_ROUNDS


def _cut_at_following(text: str, view: View, following: list[str]) -> str:
    first, *more = text.split("\n")
    lines = [view.line_before + first, *more]
    start = 0
    for at, line in enumerate(lines):
        end = start + len(line) - (len(view.line_before) if at == 0 else 0)
        same = line.strip() == following[0].strip()
        if same and _repeat(lines[at:], following) and not _closes_own(text, start, end):
            return text[: max(0, start - 1)]
        start = end + 1
    return text


def _following(view: View) -> list[str]:
    """Return the lines below the cursor that are not blank."""
    below = view.lines[view.line + 1 : view.line + 1 + _LINES_COMPARED]
    return [line.rstrip() for line in below if line.strip()]


def _repeat(answer: list[str], following: list[str]) -> bool:
    """Whether the last lines of an answer are the lines below the cursor.

    Short lines, such as ``}`` or ``end``, have to be indented alike too, for at another
    indentation they close something else.
    """
    shown = [line.rstrip() for line in answer if line.strip()]
    pairs = list(zip(shown, following, strict=False))
    *whole, (last, right) = pairs
    if any(mine.strip() != other.strip() for mine, other in whole):
        return False
    if not right.strip().startswith(last.strip()):
        return False
    to_its_end = len(shown) <= len(following)
    if to_its_end and sum(map(_weight, shown)) >= _MIN_DISTINCT:
        return True
    return right.startswith(last) and all(mine == other for mine, other in whole)


def _closes_own(text: str, start: int, end: int) -> bool:
    """Whether the line from ``start`` to ``end`` closes what the answer opened before it."""
    return len(open_at_end(text[:end])) < len(open_at_end(text[:start]))


def _weight(text: str) -> int:
    return sum(character.isalnum() for character in text)
