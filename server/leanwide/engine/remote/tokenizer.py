"""How servers turn texts into token ids."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol, TypeVar

from attrs import frozen

from leanwide.engine.remote.errors import nonsense
from leanwide.engine.remote.events import ids

_AT_ONCE: Final = 4
"""Questions that one caller asks at a time: a key's own are not behind a thousand others."""
_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


@frozen
class SpeltToken:
    """A token and its bytes."""

    id: int
    spelt: bytes


class Tokenizer(Protocol):
    """Asks a server for tokens."""

    async def tokenize(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        """Return the tokens of each text.

        Args:
            texts: No text is empty.
            special: What looks like a special token becomes one. Where it is false it may do so
                all the same: markers are cut before.

        Raises:
            EngineError: The server cannot be asked.
        """

    async def first_token(self) -> int | None:
        """Return the token that every prompt begins with; None: there is none.

        Raises:
            EngineError: The server cannot be asked.
        """

    async def spelt(self, text: str) -> list[SpeltToken]:
        """Return the tokens of a plain text, and the bytes of the last two.

        Raises:
            EngineError: The server cannot be asked.
        """


def tokens_in(answer: dict[str, Any], server: str) -> list[int]:
    """Return the token ids of an answer to ``/tokenize``.

    Raises:
        LostServerError: It holds none.
    """
    tokens = answer.get("tokens")
    found = ids(tokens)
    if not isinstance(tokens, list) or len(found) != len(tokens):
        raise nonsense(server)
    return found


async def few_at_once(
    ask: Callable[[_Asked], Awaitable[_Answer]], questions: Sequence[_Asked]
) -> list[_Answer]:
    """Return the answers to many questions, of which a few are asked at a time.

    Raises:
        EngineError: The server cannot be asked.
    """
    answers: list[_Answer] = []
    for start in range(0, len(questions), _AT_ONCE):
        answers += await asyncio.gather(*map(ask, questions[start : start + _AT_ONCE]))
    return answers


def divided(tokens: Sequence[int], separator: int) -> list[list[int]]:
    """Return the tokens before, between and after the places of a separator."""
    found: list[list[int]] = [[]]
    for token in tokens:
        if token == separator:
            found.append([])
        else:
            found[-1].append(token)
    return found


def first_of(plain: list[int], whole: list[int]) -> int | None:
    """Return the token that stands before those of a text."""
    begins = len(whole) > len(plain) and whole[1 : 1 + len(plain)] == plain
    return whole[0] if begins else None
