"""How servers turn texts into token ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from attrs import frozen

from leanwide.engine.remote.errors import nonsense
from leanwide.engine.remote.events import ids


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


def first_of(plain: list[int], whole: list[int]) -> int | None:
    """Return the token that stands before those of a text."""
    begins = len(whole) > len(plain) and whole[1 : 1 + len(plain)] == plain
    return whole[0] if begins else None
