"""The vocabulary of a server's model: texts become token ids there, and stay known here."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from itertools import chain
from typing import Final

from leanwide.engine.process.markers import spelt_markers, without_marker_tokens
from leanwide.engine.remote.tokenizer import SpeltToken, Tokenizer
from leanwide.engine.requests import Markup, Prompt
from leanwide.engine.specs import FimTokens
from leanwide.models.markup import MARKUP

_KNOWN_TEXTS: Final = 2_000
"""Texts, and markers in texts, whose tokens are kept: of the pieces of the prompts in use, few
change at a time."""
_FIM_NAMES: Final = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    ("<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"),
    ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
    ("<PRE>", "<SUF>", "<MID>"),
)
"""Markers of the hole, as llama.cpp knows them by name (``llama-vocab.cpp``)."""
_SEPARATOR: Final = "<|file_sep|>"


class RemoteVocabulary:
    """Tokenizes through a server."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: OrderedDict[tuple[str, bool], list[int]] = OrderedDict()
        self.bos: int | None = None
        """The token that every prompt begins with; None: there is none."""

    async def learn(self) -> None:
        """Find out what prompts begin with.

        Raises:
            EngineError: The server cannot be asked.
        """
        self.bos = await self._tokenizer.first_token()

    async def fim(self) -> FimTokens | None:
        """Return the markers of the hole; None where the vocabulary has none of the known ones.

        Raises:
            EngineError: The server cannot be asked.
        """
        for names in _FIM_NAMES:
            found = await asyncio.gather(*map(self.marker, names))
            prefix, suffix, middle = found
            if prefix is not None and suffix is not None and middle is not None:
                separator = await self.marker(_SEPARATOR)
                return FimTokens(
                    prefix=prefix, suffix=suffix, middle=middle, file_separator=separator
                )
        return None

    async def marker(self, name: str) -> int | None:
        """Return the special token that a marker is; None where it is none.

        Raises:
            EngineError: The server cannot be asked.
        """
        tokens = await self.tokenize_markup(name)
        return tokens[0] if len(tokens) == 1 else None

    async def spelt_markers(self, template: str) -> tuple[str, ...]:
        """Return the markers of a chat template that are no tokens.

        Raises:
            EngineError: The server cannot be asked.
        """
        written = spelt_markers(template, lambda _: False)
        tokens = await asyncio.gather(*map(self.marker, written))
        return tuple(name for name, token in zip(written, tokens, strict=True) if token is None)

    async def encode(self, prompt: Prompt) -> list[int]:
        """Return a prompt's tokens, piece by piece: a piece keeps its tokens when others change.

        Raises:
            EngineError: The server cannot be asked.
        """
        tokens = await self.tokens_of(prompt)
        if self.bos is None or tokens[:1] == [self.bos]:  # chat templates write it as well
            return tokens
        return [self.bos, *tokens]

    async def tokens_of(self, pieces: Sequence[str | int | Markup]) -> list[int]:
        """Return the tokens of pieces, and nothing before them.

        Raises:
            EngineError: The server cannot be asked.
        """
        texts = iter(await self.tokenize_all([each for each in pieces if isinstance(each, str)]))
        tokens: list[int] = []
        for piece in pieces:
            match piece:
                case int():
                    tokens.append(piece)
                case Markup():
                    tokens += await self.tokenize_markup(piece.text)
                case _:
                    tokens += next(texts)
        return tokens

    async def tokenize_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text; what looks like a special token stays text.

        Raises:
            EngineError: The server cannot be asked.
        """
        markers = dict.fromkeys(found[0] for text in texts for found in MARKUP.finditer(text))
        tokens = await self._tokenize(tuple(markers), special=False)
        # Those that become one token, even in plain text.
        special = {marker for marker, ids in zip(markers, tokens, strict=True) if len(ids) == 1}
        parts = [list(without_marker_tokens(text, special.__contains__)) for text in texts]
        flat = iter(await self._tokenize(tuple(chain(*parts)), special=False))
        return [[token for _ in each for token in next(flat)] for each in parts]

    async def tokenize_markup(self, text: str) -> list[int]:
        """Return the tokens of a text; what looks like a special token becomes one.

        Raises:
            EngineError: The server cannot be asked.
        """
        return (await self._tokenize((text,), special=True))[0]

    async def spelt(self, text: str) -> list[SpeltToken]:
        """Return the tokens of a plain text, and the bytes of the last two.

        Raises:
            EngineError: The server cannot be asked.
        """
        return await self._tokenizer.spelt(text) if text else []

    async def _tokenize(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        found: dict[str, list[int]] = {"": []}
        for text in texts:
            if (known := self._known.get((text, special))) is not None:
                self._known.move_to_end((text, special))
                found[text] = known
        new = [text for text in dict.fromkeys(texts) if text not in found]
        tokens = await self._tokenizer.tokenize(new, special=special)
        for text, ids in zip(new, tokens, strict=True):
            found[text] = self._known[text, special] = ids
        while len(self._known) > _KNOWN_TEXTS:
            self._known.popitem(last=False)
        return [found[text] for text in texts]
