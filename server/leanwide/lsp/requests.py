"""The newest request wins: one is alive for each document or chat; its end cancels its work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from leanwide.engine.requests import CancelToken


class RequestKind(Enum):
    """Requests of different kinds do not supersede each other."""

    COMPLETION = auto()
    EXPLANATION = auto()
    CHAT = auto()
    EDIT = auto()
    NEXT_EDIT = auto()


class LiveRequests:
    """The request that is alive for each kind and key: a document's URI, or a chat's id."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[RequestKind, str], CancelToken] = {}

    @contextmanager
    def newest(self, kind: RequestKind, key: str) -> Iterator[CancelToken]:
        """Cancel the previous request; cancel this one on any exit.

        Editors need not cancel: Neovim 0.12 never does while the user types.
        """
        self.cancel(kind, key)
        token = self._tokens[kind, key] = CancelToken()
        try:
            yield token
        finally:
            token.cancel()
            if self._tokens.get((kind, key)) is token:
                del self._tokens[kind, key]

    def cancel(self, kind: RequestKind, key: str) -> None:
        """Cancel the request for a key, because its document changed, or it was closed or ended."""
        if (previous := self._tokens.pop((kind, key), None)) is not None:
            previous.cancel()
