"""The fence that the model is asked to put around its answer."""

from __future__ import annotations

import re
from typing import Final

from leanwide.context.prose import is_prose
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.prompt.question import USUAL_FENCE, fence_for

_LONG_FENCE: Final = "````"
"""The fence that prose is asked for in: models write the usual one for blocks inside it."""
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")


def opens_fence(line: str) -> bool:
    """Whether a line opens or closes a code block."""
    return _FENCE.match(line) is not None


def fence_around(resolved: ResolvedSelection) -> str:
    """Return a fence longer than any fence in the passage."""
    lines = resolved.lines
    if is_prose(resolved.view) or any(map(opens_fence, lines)):
        return fence_for("".join(lines), _LONG_FENCE)
    return USUAL_FENCE
