"""Whether a document may be sent to the model."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import Final

from leanwide.context.view import Snapshot
from leanwide.features.document_names import DocumentNames
from leanwide.files.exclusions import text_exclusion_reason

_MAX_LINES_ON_LOOP: Final = 20_000
"""Lines of a text that is searched on the event loop, in less than 3 ms; else in a thread."""


async def exclusion_reason(document: Snapshot, names: DocumentNames) -> str | None:
    """Return why a document may never be sent to the model, or None."""
    verdict = await names.judge(document.path)
    if verdict.reason is not None:
        return verdict.reason
    name = PurePath(document.path).name
    if len(document.lines) < _MAX_LINES_ON_LOOP:
        return text_exclusion_reason(name, document.lines)
    return await asyncio.to_thread(text_exclusion_reason, name, document.lines)
