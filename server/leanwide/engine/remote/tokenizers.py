"""How servers turn texts into token ids: llama-server's ``/tokenize``, and that of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

from attrs import frozen

from leanwide.engine.remote.events import ids
from leanwide.engine.remote.http import HttpServer, nonsense
from leanwide.engine.remote.openai_model import OpenAiModel

_SPELT: Final = 2
"""Tokens at the end of a text whose bytes are asked for: token healing takes back no more."""


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


class LlamaTokenizer:
    """The ``/tokenize`` of a llama-server."""

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
        if special or self._separator is None:
            return await asyncio.gather(*(self._ask(text, special=special) for text in texts))
        return await self._ask_at_once(texts, self._separator)

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
        return _first(_tokens(plain, self._server), _tokens(whole, self._server))

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
        return _tokens(await self._server.post("tokenize", body), self._server)

    async def _ask_at_once(self, texts: Sequence[str], separator: int) -> list[list[int]]:
        """Return the tokens of texts by one request; the separator ends each of them."""
        if not texts:
            return []
        content: list[str | int] = [each for text in texts for each in (text, separator)]
        found: list[list[int]] = [[]]
        for token in await self._ask(content, special=False):
            if token == separator:
                found.append([])
            else:
                found[-1].append(token)
        if len(found) != len(texts) + 1:
            raise nonsense(self._server.name)
        return found[:-1]


class OpenAiTokenizer:
    """The ``/tokenize`` and ``/detokenize`` that vLLM and SGLang have beside OpenAI's interface.

    Special tokens are recognised in every text.
    """

    def __init__(self, model: OpenAiModel) -> None:
        self._model = model

    async def tokenize(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:  # noqa: ARG002  # it has no choice
        """Return the tokens of each text.

        Raises:
            EngineError: The server cannot be asked.
        """
        return await asyncio.gather(*(self._ask(text) for text in texts))

    async def first_token(self) -> int | None:
        """Return the token that every prompt begins with; None: there is none.

        Raises:
            EngineError: The server cannot be asked.
        """
        body = {"prompt": "a", "add_special_tokens": True}
        plain, whole = await asyncio.gather(self._ask("a"), self._model.post("tokenize", body))
        return _first(plain, _tokens(whole, self._model.server))

    async def spelt(self, text: str) -> list[SpeltToken]:
        """Return the tokens of a plain text, and the bytes of the last two.

        Empty where these are no whole characters.

        Raises:
            EngineError: The server cannot be asked.
        """
        tokens = await self._ask(text)
        both, last = await asyncio.gather(self.text_of(tokens[-_SPELT:]), self.text_of(tokens[-1:]))
        if not text.endswith(both) or not both.endswith(last):
            return []
        ends = (both.removesuffix(last), last) if len(tokens) >= _SPELT else (last,)
        pieces = ["" for _ in tokens[:-_SPELT]] + list(ends)
        return [SpeltToken(*found) for found in zip(tokens, map(str.encode, pieces), strict=True)]

    async def text_of(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens.

        Raises:
            EngineError: The server cannot be asked.
        """
        body = {"tokens": list(tokens), "skip_special_tokens": False}
        answer = await self._model.post("detokenize", body)
        found = answer.get("prompt", answer.get("text"))  # vLLM's name for it, and SGLang's
        if not isinstance(found, str):
            raise nonsense(self._model.server.name)
        return found

    async def _ask(self, text: str) -> list[int]:
        body = {"prompt": text, "add_special_tokens": False}
        return _tokens(await self._model.post("tokenize", body), self._model.server)


def _tokens(answer: dict[str, Any], server: HttpServer) -> list[int]:
    tokens = answer.get("tokens")
    found = ids(tokens)
    if not isinstance(tokens, list) or len(found) != len(tokens):
        raise nonsense(server.name)
    return found


def _first(plain: list[int], whole: list[int]) -> int | None:
    """Return the token that stands before those of a text."""
    begins = len(whole) > len(plain) and whole[1 : 1 + len(plain)] == plain
    return whole[0] if begins else None


def _bytes(piece: Any) -> bytes:
    """Return a token's bytes, which JSON has as a text or, where they are none, as numbers."""
    return piece.encode() if isinstance(piece, str) else bytes(piece)
