"""Newest wins: one completion alive for a document, and every exit stops the work behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from leanwide.engine.base import CancelToken


class LiveRequests:
    """The request that is alive for each document."""

    def __init__(self) -> None:
        self._by_uri: dict[str, CancelToken] = {}

    @contextmanager
    def newest(self, uri: str) -> Iterator[CancelToken]:
        """Retire the document's previous request; cancel this one on any exit.

        Editors need not cancel: Neovim 0.12 never does while somebody types.
        """
        self.retire(uri)
        token = self._by_uri[uri] = CancelToken()
        try:
            yield token
        finally:
            token.cancel()
            if self._by_uri.get(uri) is token:
                del self._by_uri[uri]

    def retire(self, uri: str) -> None:
        """Cancel what runs for a document, because it changed or was closed."""
        if (previous := self._by_uri.pop(uri, None)) is not None:
            previous.cancel()
