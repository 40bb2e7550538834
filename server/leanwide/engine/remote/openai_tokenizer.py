"""The ``/tokenize`` and ``/detokenize`` that vLLM and SGLang have beside OpenAI's interface."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

from leanwide.engine.remote.errors import RefusedRequestError, nonsense
from leanwide.engine.remote.openai_model import OpenAiModel
from leanwide.engine.remote.tokenizer import (
    SpeltToken,
    divided,
    few_at_once,
    first_of,
    tokens_in,
)

_DIVIDERS: Final = ("<|endoftext|>", "</s>", "<|im_end|>", "<|end_of_text|>", "<|fim_suffix|>")
"""Special tokens of which a vocabulary may have one."""
_PROBES: Final = ("(x ", " y\n", "\tz", "w")
"""Some vocabularies drop or add a blank next to a special token."""
_BATCH: Final = 4_000
"""Characters of texts that one request has tokenized: it takes the server a few milliseconds."""
_SPELT: Final = 2
"""Tokens at the end of a text whose bytes are asked for: token healing takes back no more."""


class OpenAiTokenizer:
    """A :class:`~leanwide.engine.remote.tokenizer.Tokenizer` of such a server.

    Special tokens are recognised in every text.
    """

    def __init__(self, model: OpenAiModel) -> None:
        self._model = model
        self._divider: tuple[str, int] | None = None
        """A special token by its name, which divides texts that are tokenized at once."""

    async def learn_divider(self) -> None:
        """Find a special token that divides texts.

        Raises:
            EngineError: The server cannot be asked.
        """
        for name in _DIVIDERS:
            tokens = await self._ask(name)
            if len(tokens) == 1:
                apart = await self.tokenize(_PROBES, special=False)
                self._divider = (name, tokens[0])
                if await self.tokenize(_PROBES, special=False) == apart:
                    return
                self._divider = None

    async def tokenize(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:  # noqa: ARG002  # it has no choice
        """Return the tokens of each text.

        Raises:
            EngineError: The server cannot be asked.
        """
        found = await few_at_once(self._ask_at_once, list(self._batches(texts)))
        return [tokens for batch in found for tokens in batch]

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

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Yield texts in order, as many at a time as are tokenized by one request."""
        batch: list[str] = []
        size = 0
        for text in texts:
            alone = self._divider is None or self._divider[0] in text
            if batch and (alone or size + len(text) > _BATCH):
                yield batch
                batch, size = [], 0
            if alone:
                yield [text]
            else:
                batch.append(text)
                size += len(text) + 1
        if batch:
            yield batch

    async def _ask_at_once(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, by one request if they can be divided."""
        if self._divider is None or len(texts) == 1:
            return [await self._ask(text) for text in texts]
        name, token = self._divider
        found: list[list[int]] = []
        with contextlib.suppress(RefusedRequestError):  # together they may be longer than a prompt
            found = divided(await self._ask("".join(text + name for text in texts)), token)
        if len(found) != len(texts) + 1:
            return [await self._ask(text) for text in texts]
        return found[:-1]

    async def _ask(self, text: str) -> list[int]:
        body = {"prompt": text, "add_special_tokens": False}
        return tokens_in(await self._model.post("tokenize", body), self._model.server.name)
