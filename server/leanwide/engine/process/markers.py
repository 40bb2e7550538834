"""Markers that stay text: those that a model can only spell, and those that a user writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Final

from leanwide.models.markup import MARKUP

_BAR: Final = "\uff5c"
"""The full-width vertical line in DeepSeek's markers."""
_MARKER: Final = re.compile(
    rf"<\|[^|<>\s]{{1,40}}\|>|<{_BAR}[^{_BAR}<>\n]{{1,40}}{_BAR}>"
    r"|</?think>|<(?:start|end)_of_turn>|\[/?INST\]"
)
_MAX_MARKERS: Final = 64
"""Markers that are checked: a template is untrusted text."""


def spelt_markers(template: str | None, is_token: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the distinct markers of a template for which ``is_token`` is false."""
    written = dict.fromkeys(found[0] for found in _MARKER.finditer(template or ""))
    return tuple(marker for marker in islice(written, _MAX_MARKERS) if not is_token(marker))


def without_marker_tokens(text: str, is_token: Callable[[str], bool]) -> Iterator[str]:
    """Yield the parts of a text that are tokenized apart, so that no marker becomes a token.

    llama.cpp finds user-defined tokens in plain text, too.

    Args:
        text: Text of a user.
        is_token: Whether tokenizing a marker as plain text gives a special token.
    """
    start, asked = 0, cache(is_token)  # a text may hold one tag a thousand times
    for found in MARKUP.finditer(text):
        if asked(found[0]):
            yield text[start : found.start() + 1]
            start = found.start() + 1
    yield text[start:]
