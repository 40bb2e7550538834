"""What completions remember between requests. It belongs to one engine and its KV cache."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache, partial
from typing import Any, Final

from attrs import define, field

from leanwide.context.view import View
from leanwide.context.window import Related, Window
from leanwide.engine.specs import ModelInfo
from leanwide.features.completion.generation import Generation
from leanwide.features.completion.saved_places import SavedPlaces
from leanwide.features.completion.suggestions import KnownAnswer, SuggestionCache
from leanwide.features.session import Session, ignore
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.filters import filtered

_MAX_PREFILLED: Final = 4
"""Texts of a document whose pages may still be in the KV cache."""


@define(kw_only=True)
class CompletionState:
    """Windows, suggestions and generations. Used by the asyncio loop only."""

    session: Session
    windows: dict[str, Window] = field(factory=dict)
    """The window of each open document that is in the KV cache, by URI."""
    related: dict[str, Related] = field(factory=dict)
    """The related snippets in front of each document's pages, by URI."""
    densities: dict[str, float] = field(factory=dict)
    """Characters per token of each document, without its indentation, by URI."""
    prefilled: dict[str, tuple[tuple[str, ...], ...]] = field(factory=dict)
    """Texts of each document whose pages were prefilled, as lines, the newest first, by URI."""
    suggestions: SuggestionCache = field(factory=SuggestionCache)
    saved: SavedPlaces = field(init=False)
    running: Generation | None = None
    """The generation of the newest request."""
    prefetched: Generation | None = None
    """The generation of what may be asked for next."""
    request_serial: int = 0
    """Number of the newest interactive request: older ones must not start to generate."""
    newest_began: float = 0.0
    """When that request came, in seconds of ``time.monotonic``."""
    last_asked: View | None = None
    """Where a suggestion was asked for last."""
    idle_work: asyncio.Task[None] | None = None
    """Prefill and prefetch, until the next request."""
    pause_seconds: float = 5.0
    """Idle time after an edit until the pages around the cursor are prefilled again."""
    notify_more: Callable[[View], None] = ignore
    """Tells the client that more of the suggestion at a view's cursor is ready."""

    _counted_for: ModelInfo | None = field(default=None, init=False)
    """The model whose tokens the windows and related snippets count."""

    @saved.default
    def _saved(self) -> SavedPlaces:
        return SavedPlaces(session=self.session)

    def filter_context(self, view: View) -> FilterContext:
        """Return what the filters know about a view."""
        window, model = self.windows.get(view.uri), self.session.typing_model
        snippets = window.related.snippets if window is not None else ()
        markers = model.spelt_markers if model is not None else ()
        return FilterContext(view, tuple([snippet.text for snippet in snippets]), markers)

    def filter_at(self, view: View) -> Callable[[str], str]:
        """Return the filters for answers at a view; they run once for each text.

        They take and return text with LF endings; "" where nothing is left to show.
        """
        return cache(partial(filtered, context=self.filter_context(view)))

    def known(self, view: View) -> KnownAnswer | None:
        """Return what earlier answers say about a view."""
        return self.suggestions.find(view, self.filter_at(view))

    def under_way(self, view: View) -> Generation | None:
        """Return the generation whose text may still be what a view wants."""
        for generation in (self.running, self.prefetched):
            if generation is not None and not generation.over and generation.agrees_with(view):
                return generation
        return None

    def document_changed(self, uri: str) -> None:
        """End the document's generation soon, unless a request takes it up."""
        if self.running is not None and self.running.view.uri == uri:
            self.running.end_unless_taken_up()

    def note_prefilled(self, view: View) -> None:
        """Remember a text whose pages are being prefilled."""
        others = (lines for lines in self.prefilled.get(view.uri, ()) if lines != view.lines)
        self.prefilled[view.uri] = (view.lines, *others)[:_MAX_PREFILLED]

    def start_idle_work(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something while no request waits, in place of the idle work before."""
        self.cancel_idle_work()
        self.idle_work = asyncio.create_task(work)

    def cancel_idle_work(self) -> None:
        """Cancel prefill and prefetch that have not started to generate."""
        if self.idle_work is not None:
            self.idle_work.cancel()

    def cancel_prefetch(self) -> None:
        """Cancel the generation of what may be asked for next."""
        if self.prefetched is not None:
            self.prefetched.stop()

    def cancel_all(self) -> None:
        """Cancel every generation and all idle work."""
        self.cancel_prefetch()
        if self.running is not None:
            self.running.stop()
        self.cancel_idle_work()

    def forget_windows_of_other_models(self, model: ModelInfo | None) -> None:
        """Forget windows whose tokens were counted for another model than the lane has now."""
        if model is None or model is self._counted_for:
            return
        if self._counted_for is not None:
            self._forget_prompts()
        self._counted_for = model

    def _forget_prompts(self) -> None:
        self.windows.clear()
        self.related.clear()
        self.prefilled.clear()
        self.densities.clear()

    def forget_all(self) -> None:
        """Forget all windows and suggestions: files in them may be excluded by now.

        What is under way is not remembered, and no request that came before starts to generate.
        """
        self.request_serial += 1
        self.cancel_idle_work()
        for generation in (self.running, self.prefetched):
            if generation is not None:
                generation.abandon()
        self.suggestions = SuggestionCache()
        self._forget_prompts()

    def forget(self, uri: str) -> None:
        """Forget a closed document, and end what runs for it."""
        self.cancel_idle_work()
        self.windows.pop(uri, None)
        self.related.pop(uri, None)
        self.prefilled.pop(uri, None)
        self.densities.pop(uri, None)
        self.suggestions.forget(uri)
        if self.last_asked is not None and self.last_asked.uri == uri:
            self.last_asked = None
        self.running = _unless_about(uri, self.running)
        self.prefetched = _unless_about(uri, self.prefetched)


def _unless_about(uri: str, generation: Generation | None) -> Generation | None:
    """Return a generation; if it is about a document, abandon it and return None."""
    if generation is None or generation.view.uri != uri:
        return generation
    generation.abandon()
    return None
