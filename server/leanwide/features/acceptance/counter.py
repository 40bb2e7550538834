"""Counts what a session shows, what of it is accepted, and what is kept for half a minute."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Final

from leanwide.context.view import Snapshot, View
from leanwide.features.acceptance.counts import (
    ACCEPTED,
    KEPT,
    SHOWN,
    AcceptanceCounts,
    AcceptanceGroup,
    ShownKind,
    Tally,
    group,
    today,
    total,
)
from leanwide.features.acceptance.counts_file import CountsFile
from leanwide.features.acceptance.shown import ShownSuggestion, ShownSuggestions
from leanwide.features.acceptance.standing import still_stands
from leanwide.modes.profile import Mode

logger = logging.getLogger(__name__)

KEPT_AFTER_S: Final = 30.0
"""Seconds after which an accepted suggestion is judged."""
_WRITE_AFTER_S: Final = 10.0
"""Seconds in which counts are gathered, so that they are written once."""
_MAX_EDITS: Final = 8
"""Edits that can still be accepted."""

Cancel = Callable[[], object]
Later = Callable[[float, Callable[[], object]], Cancel]
"""Runs a function after some seconds; returns a function that cancels that."""


def on_loop(seconds: float, run: Callable[[], object]) -> Cancel:
    """Run a function on the running loop after some seconds."""
    return asyncio.get_running_loop().call_later(seconds, run).cancel


class AcceptanceCounter:
    """The counts of one session. Used by the asyncio loop only.

    Args:
        file: Where they are added up with those of other sessions.
        wanted: Whether the user wants them counted.
        later: Runs a function after some seconds.
    """

    def __init__(
        self, file: CountsFile, wanted: Callable[[], bool], later: Later = on_loop
    ) -> None:
        self.file = file
        self._wanted, self._later = wanted, later
        self.accepted_suggestions = 0
        """Number of accepted suggestions in this session."""
        self._tally: Tally = {}
        """What is not written yet."""
        self._shown = ShownSuggestions()
        self._edits: dict[str, AcceptanceGroup] = {}
        self._accepted: dict[ShownSuggestion, Cancel] = {}
        """Those that wait to be judged, and what cancels that."""
        self._writing = asyncio.Lock()
        self._cancel_writing: Cancel | None = None
        self._judging: set[asyncio.Task[None]] = set()
        self._last_write: asyncio.Task[None] | None = None
        """Referred to, because the loop itself does not keep tasks."""
        self._complained = False

    def suggestion_shown(
        self, view: View, text: str, mode: Mode, track: Callable[[], Callable[[], str]]
    ) -> str:
        """Count a suggestion, unless it is what is left of one that was counted; return its id.

        Args:
            view: Where it was asked for.
            text: What was sent, with LF endings.
            mode: The mode of the request.
            track: Begins to follow its place; returns a function that returns what stands there.
        """
        if (shown := self._shown.again(view, text)) is None:
            suggestion = group(ShownKind.SUGGESTION, view, mode)
            shown = ShownSuggestion(
                id=secrets.token_hex(4), group=suggestion, view=view, text=text, place=track()
            )
            self._shown.add(shown)
            self._count(suggestion, SHOWN)
        return shown.id

    def edit_shown(self, attempt: str, document: Snapshot, mode: Mode) -> None:
        """Count an edit, by its attempt's id."""
        self._edits[attempt] = group(ShownKind.EDIT, document, mode)
        for old in list(self._edits)[:-_MAX_EDITS]:
            del self._edits[old]
        self._count(self._edits[attempt], SHOWN)

    def accepted(self, accepted_id: str | None) -> None:
        """Count that a suggestion or an edit was accepted: the newest suggestion without an id."""
        if accepted_id is not None and (edit := self._edits.pop(accepted_id, None)) is not None:
            self._count(edit, ACCEPTED)
            return
        self.accepted_suggestions += 1
        if (shown := self._shown.take(accepted_id)) is not None:
            self._count(shown.group, ACCEPTED)
            self._accepted[shown] = self._later(KEPT_AFTER_S, lambda: self._start_judging(shown))

    def document_closed(self, uri: str) -> None:
        """Judge what was accepted in a document now: its text is not known any more."""
        self._shown.forget(uri)
        for shown in [each for each in self._accepted if each.view.uri == uri]:
            self._start_judging(shown)

    async def written(self) -> None:
        """Write all counts; where that fails they wait for the next time."""
        await asyncio.gather(*self._judging)
        async with self._writing:
            tally, self._tally = self._tally, {}
            if not tally:
                return
            try:
                await asyncio.to_thread(self.file.add, tally, today())
            except OSError as error:
                self._tally = total((tally, self._tally))
                if not self._complained:
                    self._complained = True
                    logger.warning("counts of suggestions cannot be written: %s", error.strerror)

    async def close(self) -> None:
        """Judge everything that was accepted, and write the counts."""
        for shown in tuple(self._accepted):
            self._start_judging(shown)
        await self.written()
        if self._cancel_writing is not None:
            self._cancel_writing()

    def _start_judging(self, shown: ShownSuggestion) -> None:
        """Judge an accepted suggestion by what stands in its place now."""
        cancel_timer = self._accepted.pop(shown)
        cancel_timer()
        judging = asyncio.create_task(self._judge(shown, shown.place()))
        self._judging.add(judging)
        judging.add_done_callback(self._judging.discard)

    async def _judge(self, shown: ShownSuggestion, place: str) -> None:
        if await asyncio.to_thread(still_stands, shown.text, place):
            self._count(shown.group, KEPT)

    def _count(self, counted: AcceptanceGroup, counts: AcceptanceCounts) -> None:
        if not self._wanted():
            return
        self._tally = total((self._tally, {counted: counts}))
        if self._cancel_writing is None:
            self._cancel_writing = self._later(_WRITE_AFTER_S, self._start_writing)

    def _start_writing(self) -> None:
        self._cancel_writing = None
        self._last_write = asyncio.create_task(self.written())
