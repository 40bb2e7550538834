"""What an answer cost, in the words of ``--json`` and of the ``stats`` of a command's result."""

from __future__ import annotations

from typing import Any

from leanwide.features.journal import Record


def stats(record: Record) -> dict[str, Any]:
    """Give a record's cost; ``ms`` is the whole time in milliseconds."""
    return {
        "mode": record.mode,
        "lane": record.lane,
        "experts": record.experts,
        "tokens_evaluated": record.tokens_evaluated,
        "tokens_reused": record.tokens_reused,
        "tokens_generated": record.tokens_generated,
        "ms": record.ms["total"],
    }
