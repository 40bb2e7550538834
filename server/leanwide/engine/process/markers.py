"""Markers of a chat template that a model can only spell, because they are no tokens of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Final

_BAR: Final = "\uff5c"
"""The full-width vertical line in DeepSeek's markers."""
_MARKER: Final = re.compile(
    rf"<\|[^|<>\s]{{1,40}}\|>|<{_BAR}[^{_BAR}<>\n]{{1,40}}{_BAR}>"
    r"|</?think>|<(?:start|end)_of_turn>|\[/?INST\]"
)
_MOST: Final = 64
"""Markers looked at: a template is untrusted text."""


def spelt_markers(template: str | None, is_token: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the markers that a template writes and ``is_token`` denies, each once."""
    written = dict.fromkeys(found[0] for found in _MARKER.finditer(template or ""))
    return tuple(marker for marker in islice(written, _MOST) if not is_token(marker))
