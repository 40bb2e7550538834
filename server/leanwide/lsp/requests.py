"""Newest wins: one request alive for a document or chat; every exit stops the work behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from leanwide.engine.base import CancelToken


class LiveRequests:
    """The request that is alive for each key: a document's URI, or a chat's id."""

    def __init__(self) -> None:
        self._by_key: dict[str, CancelToken] = {}

    @contextmanager
    def newest(self, key: str) -> Iterator[CancelToken]:
        """Retire the previous request; cancel this one on any exit.

        Editors need not cancel: Neovim 0.12 never does while somebody types.
        """
        self.retire(key)
        token = self._by_key[key] = CancelToken()
        try:
            yield token
        finally:
            token.cancel()
            if self._by_key.get(key) is token:
                del self._by_key[key]

    def retire(self, key: str) -> None:
        """Cancel what runs for a key, because its document changed, or it was closed or ended."""
        if (previous := self._by_key.pop(key, None)) is not None:
            previous.cancel()
