"""The chats of a session, by id. They are kept in memory only."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Final

from attrs import define, field

from leanwide.features.journal import Record
from leanwide.prompt.history import Turn

MAX_CHATS: Final = 50
"""Chats that are kept; the one that changed longest ago is dropped first."""
_TITLE_CHARACTERS: Final = 60


class UnknownChat(LookupError):  # noqa: N818  # a fact, not a failure
    """There is no chat with this id; the message says so."""


@define(eq=False)
class StoredChat:
    """One chat, with its turns."""

    id: str
    title: str = ""
    """The beginning of its first message."""
    turns: list[Turn] = field(factory=list)
    first_read: dict[str, int] = field(factory=dict)
    """The first turn that still fits, by lane: a small lane drops turns earlier."""
    record: Record | None = None
    """What its last answer cost."""
    changed: float = field(factory=time.monotonic)
    """When it last changed, in seconds of ``time.monotonic``."""
    busy: asyncio.Lock = field(factory=asyncio.Lock)
    """Held while a message is answered, so that the next one sees the whole history."""

    def remember(self, turn: Turn, message: str) -> None:
        """Add a turn; the user's first message becomes the title."""
        if not self.title:
            line = " ".join(message.split())
            fits = len(line) <= _TITLE_CHARACTERS
            self.title = line if fits else f"{line[: _TITLE_CHARACTERS - 1]}…"
        self.turns.append(turn)
        self.changed = time.monotonic()


class Conversations:
    """The chats of a session, by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredChat] = {}

    def begin(self) -> StoredChat:
        """Begin a chat; drop the oldest that is not being answered if there are too many."""
        oldest = sorted(self._by_id.values(), key=lambda chat: (chat.busy.locked(), chat.changed))
        for old in oldest[: max(0, len(oldest) + 1 - MAX_CHATS)]:
            del self._by_id[old.id]
        chat = StoredChat(secrets.token_hex(8))
        self._by_id[chat.id] = chat
        return chat

    def find(self, chat_id: str) -> StoredChat:
        """Return a chat.

        Raises:
            UnknownChat: It was ended, or never begun.
        """
        if (chat := self._by_id.get(chat_id)) is None:
            raise UnknownChat(f"there is no chat {chat_id!r}: it was ended, or never begun here")
        return chat

    def forget(self, chat: StoredChat) -> None:
        """End a chat; does nothing if it was ended before."""
        self._by_id.pop(chat.id, None)

    def listed(self) -> tuple[StoredChat, ...]:
        """Return all chats, the one that changed last at the end."""
        return tuple(sorted(self._by_id.values(), key=lambda chat: chat.changed))
