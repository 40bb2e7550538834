"""The ``/tokenize`` and ``/detokenize`` that vLLM and SGLang have beside OpenAI's interface."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from leanwide.engine.remote.errors import nonsense
from leanwide.engine.remote.openai_model import OpenAiModel
from leanwide.engine.remote.tokenizer import SpeltToken, first_of, tokens_in

_SPELT: Final = 2
"""Tokens at the end of a text whose bytes are asked for: token healing takes back no more."""


class OpenAiTokenizer:
    """A :class:`~leanwide.engine.remote.tokenizer.Tokenizer` of such a server.

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
        return first_of(plain, tokens_in(whole, self._model.server.name))

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
        return tokens_in(await self._model.post("tokenize", body), self._model.server.name)
