"""Why a document may not enter a prompt, whoever asks."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import Final

from leanwide.context.view import View
from leanwide.features.document_names import DocumentNames
from leanwide.files.exclusions import why_text

_MAX_LINES_ON_LOOP: Final = 20_000
"""Lines that are looked through in a thread: in fewer, that takes less than 3 ms."""


async def exclusion_reason(view: View, names: DocumentNames) -> str | None:
    """Return why a document may never be sent to the model, or None."""
    judged = await names.judge(view.path)
    if judged.reason is not None:
        return judged.reason
    name = PurePath(view.path).name
    if len(view.lines) < _MAX_LINES_ON_LOOP:
        return why_text(name, view.lines)
    return await asyncio.to_thread(why_text, name, view.lines)
