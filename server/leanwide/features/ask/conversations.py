"""The conversations there are: begun, found by id, listed, ended. They live in memory only."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Final

from attrs import define, field

from leanwide.features.journal import Record
from leanwide.prompt.history import Turn

MAX_CHATS: Final = 50
"""Conversations kept; the one that was quiet longest goes first."""
_TITLE_CHARACTERS: Final = 60


class UnknownChat(LookupError):  # noqa: N818  # a fact, not a failure
    """There is no conversation of this id; the message says so."""


@define(eq=False)
class StoredChat:
    """One conversation."""

    id: str
    title: str = ""
    """The beginning of its first message."""
    turns: list[Turn] = field(factory=list)
    first: dict[str, int] = field(factory=dict)
    """The first turn that is still read, by lane: a small one forgets earlier."""
    record: Record | None = None
    """What its last answer cost."""
    touched: float = field(factory=time.monotonic)
    """When it last changed, in seconds of ``time.monotonic``."""
    busy: asyncio.Lock = field(factory=asyncio.Lock)
    """Held while a message is answered: the next one sees the whole history."""

    def remember(self, turn: Turn, message: str) -> None:
        """Add a turn; the first message that the user wrote names the conversation."""
        self.title = self.title or _title(message)
        self.turns.append(turn)
        self.touched = time.monotonic()


class Conversations:
    """Conversations by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredChat] = {}

    def begin(self) -> StoredChat:
        """Begin a conversation."""
        quiet = sorted(self._by_id.values(), key=lambda chat: (chat.busy.locked(), chat.touched))
        for old in quiet[: max(0, len(quiet) + 1 - MAX_CHATS)]:
            del self._by_id[old.id]
        chat = StoredChat(secrets.token_hex(8))
        self._by_id[chat.id] = chat
        return chat

    def find(self, chat_id: str) -> StoredChat:
        """Give a conversation.

        Raises:
            UnknownChat: It was ended, or never begun.
        """
        if (chat := self._by_id.get(chat_id)) is None:
            raise UnknownChat(f"there is no chat {chat_id!r}: it was ended, or never begun here")
        return chat

    def forget(self, chat: StoredChat) -> None:
        """End a conversation; one that was ended already stays so."""
        self._by_id.pop(chat.id, None)

    def listed(self) -> tuple[StoredChat, ...]:
        """Give all of them, the one that changed last at the end."""
        return tuple(sorted(self._by_id.values(), key=lambda chat: chat.touched))


def _title(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _TITLE_CHARACTERS else f"{line[: _TITLE_CHARACTERS - 1]}…"
