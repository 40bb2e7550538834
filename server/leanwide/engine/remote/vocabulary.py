"""The vocabulary of a server's model: texts become token ids there, and stay known here."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

from attrs import frozen

from leanwide.engine.process.markers import spelt_markers, without_marker_tokens
from leanwide.engine.remote.http import HttpServer, LostServerError
from leanwide.engine.requests import Markup, Prompt
from leanwide.engine.specs import FimTokens
from leanwide.models.markup import MARKUP

_KNOWN_TEXTS: Final = 2_000
"""Texts whose tokens are kept: of the pieces of the prompts in use, few change at a time."""
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


@frozen
class SpeltToken:
    """A token and its bytes."""

    id: int
    spelt: bytes


class RemoteVocabulary:
    """Tokenizes through a server."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._known: OrderedDict[tuple[str, bool], list[int]] = OrderedDict()
        self._marker_tokens: dict[str, bool] = {}
        """Whether a marker in a text becomes one token of its own."""
        self._separator: int | None = None
        """A special token, which no text contains: texts that it divides are tokenized at once."""
        self.bos: int | None = None
        """The token that every prompt begins with; None: there is none."""

    async def learn(self, eos_name: str) -> None:
        """Find out what prompts begin with, and what divides texts.

        Args:
            eos_name: The name of the token that ends a text; "" where it is not known.

        Raises:
            EngineError: The server cannot be asked.
        """
        body = {"content": "a", "parse_special": False}
        plain, whole = await asyncio.gather(
            self._server.post("tokenize", {**body, "add_special": False}),
            self._server.post("tokenize", {**body, "add_special": True}),
        )
        bare, added = self._ids(plain), self._ids(whole)
        begins = len(added) > len(bare) and added[1 : 1 + len(bare)] == bare
        self.bos = added[0] if begins else None
        (as_text,) = await self._tokenize((eos_name,), special=False)
        named = await self.marker(eos_name)
        self._separator = None if as_text == [named] else named

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
        await self.tokenize_all([piece for piece in pieces if isinstance(piece, str)])
        found = [await self._encode(piece) for piece in pieces]
        return [token for piece in found for token in piece]

    async def _encode(self, piece: str | int | Markup) -> Sequence[int]:
        match piece:
            case int():
                return (piece,)
            case Markup():
                return await self.tokenize_markup(piece.text)
            case _:
                return (await self.tokenize_all((piece,)))[0]

    async def tokenize_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text; what looks like a special token stays text.

        Raises:
            EngineError: The server cannot be asked.
        """
        await self._learn_markers(found[0] for text in texts for found in MARKUP.finditer(text))
        parts = [
            list(without_marker_tokens(text, self._marker_tokens.__getitem__)) for text in texts
        ]
        flat = iter(await self._tokenize(tuple(chain(*parts)), special=False))
        return [[token for _ in each for token in next(flat)] for each in parts]

    async def tokenize_markup(self, text: str) -> list[int]:
        """Return the tokens of a text; what looks like a special token becomes one.

        Raises:
            EngineError: The server cannot be asked.
        """
        return (await self._tokenize((text,), special=True))[0]

    async def spelt(self, text: str) -> list[SpeltToken]:
        """Return the tokens of a plain text with their bytes.

        Raises:
            EngineError: The server cannot be asked.
        """
        if not text:
            return []
        body = {"content": text, "parse_special": False, "with_pieces": True}
        answer = await self._server.post("tokenize", body)
        try:
            return [SpeltToken(int(one["id"]), _bytes(one["piece"])) for one in answer["tokens"]]
        except (KeyError, TypeError, ValueError):
            raise self._nonsense() from None

    async def _learn_markers(self, markers: Iterable[str]) -> None:
        """Find out which markers become one token, even in plain text."""
        new = [marker for marker in dict.fromkeys(markers) if marker not in self._marker_tokens]
        tokens = await self._tokenize(tuple(new), special=False)
        for marker, found in zip(new, tokens, strict=True):
            self._marker_tokens[marker] = len(found) == 1

    async def _tokenize(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        found: dict[str, list[int]] = {"": []}
        for text in texts:
            if (known := self._known.get((text, special))) is not None:
                self._known.move_to_end((text, special))
                found[text] = known
        new = [text for text in dict.fromkeys(texts) if text not in found]
        if special or self._separator is None:
            tokens = await asyncio.gather(*(self._ask(text, special=special) for text in new))
        else:
            tokens = await self._ask_at_once(new, self._separator)
        for text, ids in zip(new, tokens, strict=True):
            found[text] = self._known[text, special] = ids
        while len(self._known) > _KNOWN_TEXTS:
            self._known.popitem(last=False)
        return [found[text] for text in texts]

    async def _ask(self, content: str | list[str | int], *, special: bool) -> list[int]:
        body = {"content": content, "parse_special": special, "add_special": False}
        return self._ids(await self._server.post("tokenize", body))

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
            raise self._nonsense()
        return found[:-1]

    def _ids(self, answer: dict[str, Any]) -> list[int]:
        tokens = answer.get("tokens")
        if isinstance(tokens, list) and all(type(token) is int for token in tokens):
            return tokens
        raise self._nonsense()

    def _nonsense(self) -> LostServerError:
        return LostServerError(
            f"what {self._server.name} answers makes no sense: is it a llama-server?"
        )


def _bytes(piece: Any) -> bytes:
    """Return a token's bytes, which JSON has as a text or, where they are none, as numbers."""
    return piece.encode() if isinstance(piece, str) else bytes(piece)
