"""Closing characters that already stand right of the cursor are not inserted again."""

from __future__ import annotations

from typing import Final

from leanwide.shape.setting import Setting

_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_QUOTES: Final = ("'", '"', "`")


def without_doubled_closers(text: str, setting: Setting) -> str:
    """Cut the answer where it would close what the text after the cursor closes already."""
    before, after = setting.view.line_before, setting.view.line_after.strip()
    if not after:
        return text
    text = _cut_brackets(text, before, after)
    text = _cut_quote(text, before, after)
    return _cut_end(text, after)


def _cut_brackets(text: str, before: str, after: str) -> str:
    """Cut at the first bracket too many.

    The brackets that the line has opened are closed by what stands after the cursor first; only
    what is left open then is the answer's to close.
    """
    closing = sum(after.count(mark) for mark in _PAIRS)
    if not closing:
        return text
    left_open = max(0, len(_open_brackets(before)) - closing)
    own: list[str] = []
    for at, mark in enumerate(text):
        if mark in _PAIRS.values():
            own.append(mark)
        elif mark in _PAIRS:
            if own and own[-1] == _PAIRS[mark]:
                own.pop()
            elif left_open:
                left_open -= 1
            elif mark in after:
                return text[:at]
    return text


def _open_brackets(text: str) -> list[str]:
    opened: list[str] = []
    for mark in text:
        if mark in _PAIRS.values():
            opened.append(mark)
        elif mark in _PAIRS and opened and opened[-1] == _PAIRS[mark]:
            opened.pop()
    return opened


def _cut_quote(text: str, before: str, after: str) -> str:
    """Cut at the quote that stands after the cursor, inside a string that the line has begun."""
    quote = after[0]
    inside = quote in _QUOTES and before.count(quote) % 2 == 1
    return text.split(quote, 1)[0] if inside else text


def _cut_end(text: str, after: str) -> str:
    """Drop an end such as ``;`` or ``:`` that the line has already."""
    ends = text.rstrip()
    if after[0] in ";:," and ends.endswith(after[0]):
        return ends[:-1]
    return text
