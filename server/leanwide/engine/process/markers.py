"""Markers of a chat template that are no tokens of the model: it can only spell them as text."""

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
_MAX_MARKERS: Final = 64
"""Markers that are checked: a template is untrusted text."""


def spelt_markers(template: str | None, is_token: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the distinct markers of a template for which ``is_token`` is false."""
    written = dict.fromkeys(found[0] for found in _MARKER.finditer(template or ""))
    return tuple(marker for marker in islice(written, _MAX_MARKERS) if not is_token(marker))
