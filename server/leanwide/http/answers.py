"""What a handler returns: JSON, or a stream of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import msgspec
from attrs import frozen

DONE: Final = b"data: [DONE]\n\n"
"""The last event of OpenAI's streams."""


@frozen
class JsonAnswer:
    """An answer in JSON."""

    value: Any
    status: int = 200

    @property
    def body(self) -> bytes:
        """The value, without blanks: clients look for ``"content":"``."""
        return msgspec.json.encode(self.value)


@frozen
class EventStream:
    """An answer in server-sent events, which ends with the iterator."""

    events: AsyncGenerator[bytes, None]


def event(value: Any) -> bytes:
    """Return a server-sent event with a JSON value."""
    return b"data: %s\n\n" % msgspec.json.encode(value)


async def begun(events: AsyncGenerator[bytes, None]) -> EventStream:
    """Return a stream once its first event is there: what fails before that has a status.

    Raises:
        HttpError: There is no answer.
    """
    first = await anext(events)

    async def all_events() -> AsyncGenerator[bytes, None]:
        async with aclosing(events):
            yield first
            async for one in events:
                yield one

    return EventStream(all_events())
