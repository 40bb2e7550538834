"""The settled part of an edit, while the model still writes the answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from leanwide.postprocess.code import AnswerCode
from leanwide.postprocess.markdown import missing_fence
from leanwide.syntax import Edit

logger = logging.getLogger(__name__)

ShowEdits = Callable[[tuple[Edit, ...]], None]
"""Takes all edits of the document that are settled so far, in the order of the text."""

_REST: Final = 9
"""Rest after each look at an answer, in multiples of its time: one tenth of a core is used."""


class EditStream:
    """Finds what is settled of an answer, in a thread, and shows it where that changes.

    Args:
        read: Returns the code of an answer's beginning.
        settled: Returns the edits that code so far settles. Runs in a thread.
        show: Takes the edits.
    """

    def __init__(
        self,
        read: Callable[[str], AnswerCode],
        settled: Callable[[str], tuple[Edit, ...]],
        show: ShowEdits,
    ) -> None:
        self._read, self._settled, self._show = read, settled, show
        self._answer = ""
        self._shown: tuple[Edit, ...] = ()
        self._grown = asyncio.Event()

    def add(self, text: str) -> None:
        """Add the next part of the answer."""
        self._answer += text
        if "\n" in text:
            self._grown.set()

    @contextlib.asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show what is settled, until the block ends."""
        looking = asyncio.create_task(self._look_while_it_grows())
        try:
            yield
        finally:
            looking.cancel()

    async def _look_while_it_grows(self) -> None:
        try:
            while True:
                await self._grown.wait()
                self._grown.clear()
                began = time.monotonic()
                edits = await asyncio.to_thread(self.edits, self._answer)
                if edits is not None and edits != self._shown:
                    self._shown = edits
                    self._show(edits)
                await asyncio.sleep(_REST * (time.monotonic() - began))
        except Exception:
            logger.exception("a part of an edit was not shown")

    def edits(self, answer: str) -> tuple[Edit, ...] | None:
        """Return what an answer's whole lines settle; None before its code begins."""
        whole = answer[: answer.rfind("\n") + 1]
        code = self._read(whole)
        # Without a fence all of the answer may be code, or none of it.
        known = code.text and (code.closed or missing_fence(whole))
        return self._settled(code.text) if known else None
