"""Whether a document may be sent to the model."""

from __future__ import annotations

import asyncio
from pathlib import PurePath

from leanwide.context.view import Snapshot
from leanwide.features.document_names import DocumentNames
from leanwide.files.exclusions import (
    is_judged_soon,
    keyless_exclusion_reason,
    text_exclusion_reason,
)


async def exclusion_reason(document: Snapshot, names: DocumentNames) -> str | None:
    """Return why a document may never be sent to the model, or None."""
    verdict = await names.judge(document.path)
    if verdict.reason is not None:
        return verdict.reason
    name = PurePath(document.path).name
    if is_judged_soon(document.lines):
        return keyless_exclusion_reason(name, document.lines)
    return await asyncio.to_thread(text_exclusion_reason, name, document.lines)
