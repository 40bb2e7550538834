"""The server on stdio with scripted answers: ``scripted_server.py ANSWERS GO``.

The first is a JSON list of answers, the second a file whose coming ends every hold. A piece of an
answer that is ``{"special": TEXT}`` is a special token of the vocabulary.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from leanwide.engine.requests import (
    CancelToken,
    Finished,
    Piece,
    ProgressCallback,
    Request,
    ignore_progress,
)
from leanwide.engine.scripted import ScriptedEngine
from leanwide.server import create_server

HOLD = "<hold>"
"""Where the engine stands still in an answer."""


class HoldingEngine(ScriptedEngine):
    """A scripted engine that can stop in the middle of an answer."""

    def __init__(self, go: Path) -> None:
        super().__init__()
        self._go = go

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        async for event in super().generate(request, cancel, watch):
            if isinstance(event, Piece) and event.text == HOLD:
                while not self._go.exists():
                    await asyncio.sleep(0.01)
            else:
                yield event


def _piece(said: str | dict[str, str]) -> Piece:
    return Piece(said) if isinstance(said, str) else Piece(said["special"], special=True)


if __name__ == "__main__":
    _, answers, go = sys.argv
    engine = HoldingEngine(Path(go))
    engine.enqueue(*([_piece(one) for one in answer] for answer in json.loads(answers)))
    create_server(lambda _: engine).start_io()
