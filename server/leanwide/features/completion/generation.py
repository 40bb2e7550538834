"""A running generation. It outlives the request that started it while its text is still of use.

A user who types what the model is about to say would otherwise cancel it with every key. Later
requests wait for the same generation as long as it agrees with what was typed since; one that was
cancelled is continued by the next generation from where it stopped.
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
from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken, Finished, Piece
from leanwide.features.completion.request import CompletionRequest
from leanwide.features.completion.suggestions import AnswerEnd, KnownAnswer, Suggestion, at_least
from leanwide.postprocess.markup import MarkupStream
from leanwide.postprocess.partial import whole_lines
from leanwide.postprocess.repetition import may_repeat

logger = logging.getLogger(__name__)

FindEnd = Callable[[str], int | None]
"""Returns where a text is complete, in code points; None while it is not."""

_GRACE_SECONDS: Final = 0.3
"""How long a generation for which no request waits goes on after the document changed. Neovim asks
again after 0.2 s. A client that cancels the request ends the generation at once."""


@frozen
class WaitLimit:
    """How long a request waits for an answer that grows."""

    seconds: float | None
    """From its first new text on, twice that while its first line is not whole: half a line, once
    accepted, is finished by hand. None waits for all of it. A request that has waited longer than
    this for its prompt takes the first whole line."""
    began: float
    """When the request came, in seconds of ``time.monotonic``."""
    filtered: Callable[[str], str]
    """Returns what of a text is shown; while that is nothing, the wait goes on."""


class Generation:
    """Collects the text of one generation, in a task of its own."""

    def __init__(
        self,
        request: CompletionRequest,
        events: AsyncIterator[Piece | Finished],
        cancel: CancelToken,
        detector: Callable[[], Awaitable[FindEnd | None]],
        on_finish: Callable[[Generation, Finished], Suggestion | None],
    ) -> None:
        """Start collecting.

        Args:
            request: Where the text belongs, and how it begins.
            events: The engine's stream.
            cancel: The stream's token.
            detector: Returns what is asked after each piece whether the text is complete. It runs
                while the engine works; pieces that come earlier wait for it.
            on_finish: Called when the stream has ended, before waiting requests continue; returns
                the whole answer, if there is one.
        """
        self.view = request.view
        self.shown = request.shown
        """What the user was shown of the answer before its end: it is never taken back."""
        self.complete = False
        """The code is complete: the generation was ended before the model ended it."""
        self.abandoned = False
        """Its document is closed: nothing of it is remembered."""
        self.stopped = False
        self.result: Finished | None = None
        self._decision = request.decision
        self._answer: Suggestion | None = None
        self._stream = MarkupStream(request.view, request.said)
        self._cancel = cancel
        self._find_end: FindEnd | None = None
        self._on_finish = on_finish
        self._waiting_requests = 0
        self._grace: asyncio.TimerHandle | None = None
        self._first_text_at: float | None = None
        """In seconds of ``time.monotonic``."""
        self._grew = asyncio.Event()
        self._error: EngineError | None = None
        self._collecting = asyncio.create_task(self._collect(events))
        self._detecting = asyncio.create_task(self._detect(detector))

    @property
    def text(self) -> str:
        """What the model said so far, with LF endings."""
        return self._stream.text

    @property
    def over(self) -> bool:
        """Whether no more text comes."""
        return self.result is not None or self._error is not None

    @property
    def knows_end(self) -> bool:
        """Whether the end detector is ready."""
        return self._detecting.done()

    def agrees_with(self, now: View) -> bool:
        """Whether the text may still be what a later view wants."""
        typed = typed_since(self.view, now)
        if typed is None or self.stopped:
            return False
        return self.text.startswith(typed) or (not self.over and typed.startswith(self.text))

    async def wait(self, now: View, cancel: CancelToken, limit: WaitLimit) -> KnownAnswer | None:
        """Wait for the whole text, or until enough of it is worth showing, and return it.

        Returns None once it no longer fits the view, or on cancel.

        Raises:
            EngineError: The engine cannot serve the request, or died while it did.
        """
        cancel.on_cancel(self._grew.set)
        self._hold()
        try:
            while self._keeps_waiting(now, limit) and not cancel.cancelled:
                self._grew.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._grew.wait(), self._seconds_left(limit) or None)
        except asyncio.CancelledError:
            self._release(grace=0.0)
            raise
        fits = self.agrees_with(now) and not cancel.cancelled
        self._release(grace=None if fits else _GRACE_SECONDS)
        if self._error is not None:
            raise self._error
        return self._answer_at(now, limit) if fits else None

    def end_unless_taken_up(self) -> None:
        """End it soon, because the document changed, unless a request waits for it by then."""
        if self._waiting_requests == 0 and not self.over:
            self._end_after(_GRACE_SECONDS)

    def stop(self) -> None:
        """End it. What was evaluated stays in the KV cache."""
        self.stopped = True
        if self._grace is not None:
            self._end_grace(self._grace)  # the handle holds this method, and so the text and tree
        self._cancel.cancel()
        self._grew.set()

    def abandon(self) -> None:
        """End it, and remember nothing of it."""
        self.abandoned = True
        self.stop()

    async def finished(self) -> None:
        """Wait until its stream has ended and its text is remembered."""
        await asyncio.wait((self._collecting,))

    def _answer_at(self, now: View, limit: WaitLimit) -> KnownAnswer | None:
        if self.over:
            return self._answer.rest_at(now, limit.filtered) if self._answer is not None else None
        typed = self._typed_at(now)
        if typed is None:
            return None
        text, shown = self._part_after(typed), self._shown_after(typed, limit)
        self.shown = typed + shown
        return KnownAnswer(text, shown, self._decision, AnswerEnd.BROKEN_OFF)

    def _typed_at(self, now: View) -> str | None:
        """Return the beginning of the text that was typed by a view; None where it is not that."""
        typed = typed_since(self.view, now)
        fits = typed is not None and not self.stopped and self.text.startswith(typed)
        return typed if fits else None

    def _part_after(self, typed: str) -> str:
        """Return what of a growing text may be shown: whole lines, or the first's beginning."""
        return whole_lines(self.text)[len(typed) :]

    def _shown_after(self, typed: str, limit: WaitLimit) -> str:
        """Return what of a growing text is shown: no less than before."""
        before = self.shown[len(typed) :] if self.shown.startswith(typed) else ""
        return at_least(limit.filtered(self._part_after(typed)), before)

    def _keeps_waiting(self, now: View, limit: WaitLimit) -> bool:
        if self.over or not self.agrees_with(now):
            return False
        if self._seconds_left(limit) != 0:
            return True
        typed = self._typed_at(now)
        shown = self._shown_after(typed, limit) if typed is not None else ""
        return not shown or may_repeat(shown, now)

    def _seconds_left(self, limit: WaitLimit) -> float | None:
        """Return the seconds until the text is shown as it is; None while that is not known."""
        if limit.seconds is None or self._first_text_at is None:
            return None
        now = time.monotonic()
        left = self._first_text_at + limit.seconds - now
        if left > 0 and now <= limit.began + limit.seconds:
            return left
        if whole_lines(self.text) != self.text:
            return 0.0
        return max(0.0, left + limit.seconds)

    def _hold(self) -> None:
        self._waiting_requests += 1
        if self._grace is not None:
            self._end_grace(self._grace)

    def _release(self, grace: float | None) -> None:
        """Note that a request waits no more; after the last one, end in ``grace`` seconds."""
        self._waiting_requests -= 1
        if self._waiting_requests == 0 and not self.over and grace is not None:
            self._end_after(grace)

    def _end_after(self, grace: float) -> None:
        if self._grace is not None:
            self._end_grace(self._grace)
        self._grace = asyncio.get_running_loop().call_later(grace, self.stop)

    def _end_grace(self, grace: asyncio.TimerHandle) -> None:
        grace.cancel()
        self._grace = None

    async def _collect(self, events: AsyncIterator[Piece | Finished]) -> None:
        try:
            async for event in events:
                if isinstance(event, Finished):
                    await self._detecting
                    self.result = event
                    self._answer = self._on_finish(self, event)
                else:
                    self._take(event)
                self._grew.set()
        except EngineError as error:
            self._error = error
        except Exception:  # waiting requests must get an answer
            logger.exception("a generation failed")
            self._error = EngineError("the suggestion failed: the log says why")
        finally:
            self._grew.set()

    async def _detect(self, detector: Callable[[], Awaitable[FindEnd | None]]) -> None:
        self._find_end = await detector()
        self._end_if_complete()

    def _take(self, piece: Piece) -> None:
        if not self.complete:
            self._first_text_at = self._first_text_at or time.monotonic()
            self._stream.take(piece)
            self._end_if_complete()

    def _end_if_complete(self) -> None:
        """End at a marker, or where the code is complete."""
        if self.complete:
            return
        end = self._find_end(self.text) if self._find_end is not None else None
        if end is not None:
            self._stream.text = self.text[:end]
        if end is not None or self._stream.ended:
            self.complete = True
            self._cancel.cancel()
