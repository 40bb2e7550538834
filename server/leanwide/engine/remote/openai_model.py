"""A model of a server with OpenAI's interface."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from attrs import frozen

from leanwide.engine.remote.errors import LostServerError, UnknownPathError, printable
from leanwide.engine.remote.http import HttpServer

_NAMED: Final = 5
"""Models that a message names."""


@frozen(kw_only=True)
class OpenAiModel:
    """What is asked for with every request."""

    server: HttpServer
    id: str
    """The server's name for it."""
    listed: tuple[str, ...]
    """All models that the server names."""

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a JSON object and return another.

        Raises:
            EngineError: The server refuses, or cannot be asked, or lacks the model.
        """
        try:
            return await self.server.post(path, {"model": self.id, **body})
        except UnknownPathError as error:
            raise self._missing(error) from error

    async def stream(
        self, path: str, body: dict[str, Any], sent: Callable[[], None] = lambda: None
    ) -> AsyncIterator[dict[str, Any]]:
        """Send a JSON object, call ``sent`` when it goes out, and yield the events of its answer.

        Raises:
            EngineError: The server refuses, or cannot be asked, or lacks the model.
        """
        most_s = self.server.timeouts.progress  # it says nothing during prefill
        try:
            stream = self.server.stream(path, {"model": self.id, **body}, most_s, sent)
            async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]  # a generator
                async for event in events:
                    yield event
        except UnknownPathError as error:
            raise self._missing(error) from error

    def _missing(self, error: UnknownPathError) -> LostServerError:
        """Return the error for what a server does not find: a path, or the model."""
        # What follows a colon is a tag, which may be left out.
        if any(self.id in (name, name.partition(":")[0]) for name in self.listed):
            return error
        return LostServerError(
            f"{self.server.name} has no model {printable(self.id)!r}: "
            f"set server_model to one that it has ({names(self.listed)})"
        )


def names(models: tuple[str, ...]) -> str:
    """Return some models' names for a message."""
    more = ", …" if len(models) > _NAMED else ""
    return ", ".join(map(printable, models[:_NAMED])) + more
