"""A generation under way, which outlives the request that started it while it is still of use.

Somebody who types what the model is about to say would otherwise cancel it with every key. Later
requests wait for the same generation as long as it agrees with what they typed; one that was ended
in the middle is taken up again where it stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from attrs import frozen

from leanwide.context.view import View, typed_since
from leanwide.engine.base import CancelToken, EngineError, Finished, Piece
from leanwide.postprocess.markup import MarkupStream
from leanwide.postprocess.partial import whole_lines

logger = logging.getLogger(__name__)

_GRACE_SECONDS: Final = 0.3
"""How long a generation goes on for whoever comes next, when the document changed and nobody waits:
longer than Neovim's debounce of 0.2 s. An editor that cancels by itself ends it at once."""

Shows = Callable[[str], bool]
"""Whether a beginning of the answer, from the cursor on, is worth showing."""

Closes = Callable[[str], int | None]
"""Where in a text the completion is complete, in code points; None while it is not."""

FindCloses = Callable[[], Awaitable[Closes | None]]
"""Gives what tells where a completion is complete; None where nobody will ask."""


@frozen
class WaitLimit:
    """How long somebody waits for an answer to grow."""

    seconds: float | None
    """From its first new text on; None waits for all of it."""
    shows: Shows
    """With nothing worth showing they wait on."""


class Generation:
    """Runs in a task of its own and collects the text."""

    def __init__(
        self,
        view: View,
        events: AsyncIterator[Piece | Finished],
        cancel: CancelToken,
        find_closes: FindCloses,
        settle: Callable[[Generation], None],
        said: str = "",
    ) -> None:
        """Start collecting.

        Args:
            view: Where the text belongs.
            events: The engine's stream.
            cancel: The stream's token.
            find_closes: Gives what is asked after each piece whether the text is complete. It runs
                when the engine has been asked, and pieces that come earlier wait for it.
            settle: Called once when the stream has ended, before anybody who waits goes on.
            said: The beginning of the text, from a generation that was ended in the middle.
        """
        self.view = view
        self._heard = MarkupStream(view, said)
        self.complete = False
        """The code is complete, so that the generation was ended before the model ended it."""
        self.finished: Finished | None = None
        self.abandoned = False
        """Its document is closed: nothing of it is to be remembered."""
        self._stopped = False
        self._cancel = cancel
        self._closes: Closes | None = None
        self._settle = settle
        self._waiting = 0
        self._grace: asyncio.TimerHandle | None = None
        self._shown: int | None = None
        """Code points that were there when somebody was shown a part; None: nobody was."""
        self._began: float | None = None
        """When the first new text came, in seconds of ``time.monotonic``."""
        self._grew = asyncio.Event()
        self._error: EngineError | None = None
        self._task = asyncio.create_task(self._collect(events))
        self._closing = asyncio.create_task(self._find_end(find_closes))

    @property
    def text(self) -> str:
        """What the model said so far."""
        return self._heard.text

    @property
    def stopped(self) -> bool:
        """Whether somebody ended it."""
        return self._stopped

    @property
    def over(self) -> bool:
        """Whether no more text comes."""
        return self.finished is not None or self._error is not None

    @property
    def knows_end(self) -> bool:
        """Whether it is known what tells where the completion is complete, if anything does."""
        return self._closing.done()

    def agrees_with(self, now: View) -> bool:
        """Whether what comes may still be what a later view wants."""
        typed = typed_since(self.view, now)
        if typed is None or self._stopped:
            return False
        return self.text.startswith(typed) or (not self.over and typed.startswith(self.text))

    def shown_early(self, now: View) -> str | None:
        """Give what may be shown so far, and remember that it was: more of it is news then."""
        text = self._ready(now)
        if text is not None:
            self._shown = max(self._shown or 0, len(self.text))
        return text

    @property
    def has_news(self) -> bool:
        """Whether there is more than what was shown early."""
        return self._shown is not None and len(self.text) > self._shown

    def _ready(self, now: View) -> str | None:
        """Give what a later view may be shown while more comes; None where nothing fits there.

        It is whole lines, and the first one as far as it is there.
        """
        typed, text = typed_since(self.view, now), whole_lines(self.text)
        if typed is None or self._stopped or not self.text.startswith(typed):
            return None
        return text[len(typed) :]

    async def wait(self, now: View, cancel: CancelToken, patience: WaitLimit) -> bool:
        """Wait until all text is there, or so much of it that it is to be shown.

        Returns False once it no longer fits the view, or on cancel.

        Raises:
            EngineError: The engine cannot serve the request, or died while it did.
        """
        cancel.on_cancel(self._grew.set)
        self._hold()
        try:
            while self._keeps_waiting(now, patience) and not cancel.cancelled:
                self._grew.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._grew.wait(), self._left(patience) or None)
        except asyncio.CancelledError:
            self._release(grace=0.0)
            raise
        fits = self.agrees_with(now) and not cancel.cancelled
        self._release(grace=None if fits else _GRACE_SECONDS)
        if self._error is not None:
            raise self._error
        return fits

    def _keeps_waiting(self, now: View, patience: WaitLimit) -> bool:
        if self.over or not self.agrees_with(now):
            return False
        return self._left(patience) != 0 or not patience.shows(self._ready(now) or "")

    def _left(self, patience: WaitLimit) -> float | None:
        """Seconds until what is there is to be shown; None where that is not known yet."""
        if patience.seconds is None or self._began is None:
            return None
        return max(0.0, self._began + patience.seconds - time.monotonic())

    def doubt(self) -> None:
        """Note that the document changed: unless somebody asks for more soon, it ends."""
        if self._waiting == 0 and not self.over:
            self._end_soon(_GRACE_SECONDS)

    def stop(self) -> None:
        """End it: nobody wants the text any more. What was evaluated stays in the KV cache."""
        self._stopped = True
        self._cancel.cancel()
        self._grew.set()

    async def heard(self) -> None:
        """Wait until its stream has ended and it is settled."""
        await asyncio.wait((self._task,))

    def abandon(self) -> None:
        """End it, and remember nothing of it."""
        self.abandoned = True
        self.stop()

    def _hold(self) -> None:
        self._waiting += 1
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    def _release(self, grace: float | None) -> None:
        """Let go of it; the last one to do so ends it after ``grace`` seconds, if any."""
        self._waiting -= 1
        if self._waiting == 0 and not self.over and grace is not None:
            self._end_soon(grace)

    def _end_soon(self, grace: float) -> None:
        if self._grace is not None:
            self._grace.cancel()
        self._grace = asyncio.get_running_loop().call_later(grace, self.stop)

    async def _collect(self, events: AsyncIterator[Piece | Finished]) -> None:
        try:
            async for event in events:
                if isinstance(event, Finished):
                    await self._closing
                    self.finished = event
                    self._settle(self)
                else:
                    self._take(event)
                self._grew.set()
        except EngineError as error:
            self._error = error
        except Exception:  # whoever waits must get an answer, and not wait for ever
            logger.exception("a generation failed")
            self._error = EngineError("the suggestion failed: the log says why")
        finally:
            self._grew.set()

    async def _find_end(self, find_closes: FindCloses) -> None:
        self._closes = await find_closes()
        self._look_for_end()

    def _take(self, piece: Piece) -> None:
        """Take more of the answer, unless it is complete."""
        if not self.complete:
            self._began = self._began or time.monotonic()
            self._heard.take(piece)
            self._look_for_end()

    def _look_for_end(self) -> None:
        """End the generation at a marker, or where the code that it completes is complete."""
        if self.complete:
            return
        end = self._closes(self.text) if self._closes is not None else None
        if end is not None:
            self._heard.text = self.text[:end]
        if end is not None or self._heard.ended:
            self.complete = True
            self._cancel.cancel()
