"""The ``/tokenize`` of a llama-server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from leanwide.engine.remote.errors import nonsense
from leanwide.engine.remote.events import ids
from leanwide.engine.remote.http import HttpServer
from leanwide.engine.remote.tokenizer import (
    SpeltToken,
    divided,
    few_at_once,
    first_of,
    tokens_in,
)


class LlamaTokenizer:
    """A :class:`~leanwide.engine.remote.tokenizer.Tokenizer` of a llama-server."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._separator: int | None = None
        """A special token, which no text contains: texts that it divides are tokenized at once."""

    async def learn_separator(self, eos_name: str) -> None:
        """Find out whether the token that ends a text can divide texts.

        Raises:
            EngineError: The server cannot be asked.
        """
        if eos_name:
            as_text, named = await asyncio.gather(
                self._ask(eos_name, special=False), self._ask(eos_name, special=True)
            )
            self._separator = named[0] if len(named) == 1 and as_text != named else None

    async def tokenize(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        """Return the tokens of each text.

        Raises:
            EngineError: The server cannot be asked.
        """
        separator = self._separator
        if special or separator is None:
            return await few_at_once(partial(self._ask, special=special), texts)
        if not texts:
            return []
        # One request for all texts; the separator ends each of them.
        content: list[str | int] = [each for text in texts for each in (text, separator)]
        found = divided(await self._ask(content, special=False), separator)
        if len(found) != len(texts) + 1:
            raise nonsense(self._server.name)
        return found[:-1]

    async def first_token(self) -> int | None:
        """Return the token that every prompt begins with; None: there is none.

        Raises:
            EngineError: The server cannot be asked.
        """
        body = {"content": "a", "parse_special": False}
        plain, whole = await asyncio.gather(
            self._server.post("tokenize", {**body, "add_special": False}),
            self._server.post("tokenize", {**body, "add_special": True}),
        )
        return first_of(tokens_in(plain, self._server.name), tokens_in(whole, self._server.name))

    async def spelt(self, text: str) -> list[SpeltToken]:
        """Return the tokens of a plain text with their bytes.

        Raises:
            EngineError: The server cannot be asked.
        """
        body = {"content": text, "parse_special": False, "with_pieces": True}
        answer = await self._server.post("tokenize", body)
        try:
            return [SpeltToken(int(one["id"]), _bytes(one["piece"])) for one in answer["tokens"]]
        except (KeyError, TypeError, ValueError):
            raise nonsense(self._server.name) from None

    async def _ask(self, content: str | list[str | int], *, special: bool) -> list[int]:
        body = {"content": content, "parse_special": special, "add_special": False}
        return tokens_in(await self._server.post("tokenize", body), self._server.name)


def _bytes(piece: Any) -> bytes:
    """Return a token's bytes, which JSON has as a text or, where they are none, as numbers.

    Raises:
        ValueError: A number is no byte.
    """
    return piece.encode() if isinstance(piece, str) else bytes(ids(piece))
