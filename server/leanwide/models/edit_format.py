"""Formats of models that write edits, and which of them a model file was trained for."""

from __future__ import annotations

import enum
import re
from typing import Final

from leanwide.models.gguf_header import GgufHeader

EDIT_FORMAT_KEY: Final = "leanwide.edit_format"
"""Leanwide's own key: one of the formats."""


class EditFormat(enum.StrEnum):
    """How a model is asked for an edit, and answers with one."""

    SWEEP = "sweep"
    """Sweep's next-edit models: the original, the current and the updated lines."""
    ZETA2 = "zeta2"
    """Zed's Zeta 2: fill-in-the-middle, with the lines to edit between conflict markers."""
    SEARCH_REPLACE = "search-replace"
    """Any chat model: blocks of old and new lines."""


_NAMES: Final = (
    (re.compile(r"sweep[\s._-]*next[\s._-]*edit"), EditFormat.SWEEP),
    (re.compile(r"zeta[\s._-]*2(?!\.\d|\d)"), EditFormat.ZETA2),
)
"""Names of models, in lower case. Zeta 2.1 has another format; their vocabularies say nothing."""


def edit_format(header: GgufHeader) -> EditFormat | None:
    """Return the format that a model was trained for; None if it writes no edits by itself."""
    stated = header.metadata.get(EDIT_FORMAT_KEY)
    if stated in tuple(EditFormat):
        return EditFormat(str(stated))
    names = f"{header.name} {header.path.stem}".lower()
    return next((found for pattern, found in _NAMES if pattern.search(names)), None)
