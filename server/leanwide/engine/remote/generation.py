"""One generation at a server, as the engine's own process would make it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final

from attrs import field, frozen

from leanwide.engine.base import EngineError
from leanwide.engine.process.output_stream import OutputStream
from leanwide.engine.remote.answer_wait import AnswerWait
from leanwide.engine.remote.events import (
    CompletionInterface,
    GenerationEvent,
    Round,
    Stop,
    Timings,
    followed,
    thinking_tokens,
)
from leanwide.engine.remote.healing import taken_back
from leanwide.engine.remote.vocabulary import RemoteVocabulary
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Piece,
    PrefillProgress,
    Request,
    Stats,
)
from leanwide.models.markup import MARKUP

_MARK_TOKENS: Final = 64
"""Most tokens of the marks around thinking."""
_MAX_ROUNDS: Final = 16
"""Requests to the server for one answer: an end to thinking, and to each mark that ends a turn."""


@frozen(kw_only=True)
class RemotePrompt:
    """A request as token ids."""

    tokens: tuple[int, ...]
    needed: str = ""
    """What token healing removed: the answer must begin with it."""
    marks: Mapping[int, str] = field(factory=dict)
    """The special tokens in the marks of thinking, by their ids."""


async def encode_remotely(vocabulary: RemoteVocabulary, request: Request) -> RemotePrompt:
    """Tokenize a request.

    Raises:
        EngineError: The prompt is empty, or the server cannot be asked.
    """
    piece = request.prompt[-1] if request.heal and request.prompt else ""
    last = piece if isinstance(piece, str) else ""
    tokens, spelt = await asyncio.gather(vocabulary.encode(request.prompt), vocabulary.spelt(last))
    if len(tokens) == int(vocabulary.bos is not None):
        raise EngineError("an empty prompt cannot be continued")
    marks = await _marks(vocabulary, request)
    if not last or len(tokens) < 2:
        return RemotePrompt(tokens=tuple(tokens), marks=marks)
    if last.endswith("  "):  # vocabularies join the last of several blanks to the word that follows
        shorter = await vocabulary.encode((*request.prompt[:-1], last[:-1]))
        return RemotePrompt(tokens=tuple(shorter), needed=" ", marks=marks)
    count, needed = taken_back([token.spelt for token in spelt])
    if not count or [token.id for token in spelt] != tokens[-len(spelt) :]:
        return RemotePrompt(tokens=tuple(tokens), marks=marks)
    return RemotePrompt(tokens=tuple(tokens[:-count]), needed=needed, marks=marks)


async def _marks(vocabulary: RemoteVocabulary, request: Request) -> dict[int, str]:
    """Return the special tokens in the marks of thinking and answer."""
    if request.thinking is None:
        return {}
    texts = request.thinking.marks.texts
    names = list(dict.fromkeys(found[0] for text in texts for found in MARKUP.finditer(text)))
    tokens = await asyncio.gather(*map(vocabulary.marker, names))
    return {token: name for token, name in zip(tokens, names, strict=True) if token is not None}


class RemoteGeneration:
    """The rounds of a generation, and what its answer is so far."""

    def __init__(
        self,
        completion: CompletionInterface,
        vocabulary: RemoteVocabulary,
        request: Request,
        prompt: RemotePrompt,
        wait: AnswerWait,
    ) -> None:
        self._completion = completion
        self._vocabulary = vocabulary
        self._request = request
        self._prompt = prompt
        self._wait = wait
        self._output = OutputStream(request, frozenset(prompt.marks.values()))
        self._needed = prompt.needed
        self._generated = self._thought = self._processed = 0
        self._before = Timings()
        """Those of the rounds that are over."""
        self._timings = Timings()
        self._surplus = 0
        """Tokens beyond the budget, which are dropped."""
        self._silent = False
        """The last token has no text: it is a marker, or the server says next that it ends."""
        self._reason: FinishReason | None = None
        self._answer: list[int | str] = []
        """The answer so far: tokens, and characters of several tokens, whose ids are not told."""
        self._held = 0
        """How many tokens of prompt and answer the server is known to have read."""
        self.predicted = 0
        """Tokens that the server told, in this round."""
        self.slot: int | None = None
        """Where the server runs it; None while that is unknown."""
        self.broken_off = False
        """The server was sent a request, and the connection closed before its last word."""

    async def run(self, cancel: CancelToken) -> AsyncIterator[Piece | PrefillProgress | Finished]:
        """Yield pieces and progress, then the end.

        Raises:
            EngineError: The server refuses, or broke off.
        """
        following: Round | None = await self._round()
        rounds = 0
        while following is not None and rounds < _MAX_ROUNDS:
            if self._concludes:
                for piece in await self._conclude():
                    yield piece
                following = await self._round()
            rounds, last = rounds + 1, GenerationEvent()
            self._before, self.predicted = self._timings, 0
            events = self._completion.events(following, self._request.sampling, self._note_sent)
            async with followed(events, self._completion.name, cancel) as queue:
                while self._reason is None and not self._concludes and last.stop is None:
                    last = await self._next(queue)
                    for step in self._take(last, first=rounds == 1):
                        yield step
                self.broken_off = self.broken_off and last.stop is None
            following = await self._next_round(last, following)
        if self._reason is not FinishReason.CANCELLED:
            for piece in self._output.flush():
                yield piece
        yield Finished(self._reason or FinishReason.END, self._stats())

    def _note_sent(self) -> None:
        self.broken_off = True

    @property
    def _concludes(self) -> bool:
        """Whether thinking is ended in the model's place now."""
        thinking = self._request.thinking
        most_ms = math.inf if thinking is None else thinking.deadline_ms
        if time.monotonic() >= self._wait.prompt_done + most_ms / 1000:
            self._output.thoughts.end_budget()
        return bool(self._output.thoughts.conclusion)

    @property
    def held(self) -> list[int]:
        """The tokens that the server is known to hold; none where it read none."""
        known = takewhile(lambda each: isinstance(each, int), self._answer)
        tokens = [*self._prompt.tokens, *(each for each in known if isinstance(each, int))]
        return tokens[: self._held]

    async def _round(self, *, may_end: bool = True) -> Round:
        """Return the next request: the rest of the answer."""
        rest = self._request.max_tokens - self._generated + self._thought
        if self._request.thinking is not None and rest > 0:
            rest += max(0, thinking_tokens(self._request) - self._thought) + _MARK_TOKENS
        return Round(
            tokens=[*self._prompt.tokens, *await self._vocabulary.tokens_of(self._answer)],
            max_tokens=max(0, rest) if may_end else 1,
            needed=self._needed,
            marks=tuple(self._prompt.marks.values()),
            may_end=may_end,
        )

    async def _next_round(self, last: GenerationEvent, ended: Round) -> Round | None:
        """Return what to ask after a round; None where the answer is whole, with the reason."""
        if self._reason is not None:
            return None
        thoughts = self._output.thoughts
        if self._concludes:
            return await self._round()
        if last.stop is Stop.LIMIT:
            if not ended.may_end:
                return await self._round()
            self._reason = FinishReason.LENGTH
        elif not self._silent and self._answer and self._answer[-1] in self._prompt.marks:
            return await self._round()  # a mark of its thinking, which ends other answers
        elif thoughts.owes_answer and ended.may_end:
            return await self._round(may_end=False)
        else:
            self._reason = FinishReason.END
        return None

    async def _conclude(self) -> list[Piece]:
        """Write the conclusion of the thinking in the model's place."""
        self._answer += await self._vocabulary.tokenize_markup(self._output.thoughts.conclusion)
        return list(self._output.conclude())

    async def _next(
        self, queue: asyncio.Queue[GenerationEvent | Exception | None]
    ) -> GenerationEvent:
        """Return the next event; where time is up or the caller cancels, the reason is set.

        Raises:
            EngineError: The server refuses, broke off, or says nothing for too long.
        """
        try:
            found = await self._wait.next(queue)
        except EngineError:
            self.broken_off = False  # that was its last word
            raise
        if isinstance(found, FinishReason):
            self._reason = found
            return GenerationEvent()
        return found

    def _take(self, event: GenerationEvent, *, first: bool) -> Iterator[Piece | PrefillProgress]:
        """Add an event; yield what may be shown of it."""
        if event.slot is not None:
            self.slot = event.slot
        if event.timings is not None:
            self._timings = self._before.plus(event.timings, first=first)
        if event.progress is not None:
            read = event.progress.tokens
            self._held = max(self._held, read)
            if read > self._processed:
                self._processed = read
                self._wait.progressed()
                if read < event.progress.of:
                    yield event.progress
        elif event.stop is not None:
            self._note_read()
            if self._output.thoughts.unfinished and event.stop is not Stop.LIMIT:
                self._output.thoughts.end_budget()
        elif event.tokens or event.text:
            yield from self._add(event)

    def _note_read(self) -> None:
        """Note that the server has read all that there is."""
        self._held = len(self._prompt.tokens) + len(self._answer)

    def _add(self, event: GenerationEvent) -> Iterator[Piece]:
        """Add the tokens of an event to the answer."""
        self._wait.generated()
        self._note_read()
        if self._silent:  # it went on after a marker, which ends an answer
            self._reason = FinishReason.END
            return
        if self._generated - self._thought >= self._request.max_tokens:
            # A server that only reads a prompt generates a token as well, and then says its end.
            self._reason = FinishReason.LENGTH if self._surplus else None
            self._surplus += 1
            return
        new, self.predicted = event.predicted - self.predicted, event.predicted
        self._silent = not event.text
        if event.text:
            self._generated += max(1, new)
            self._answer += [event.text] if new > len(event.tokens) else event.tokens
            self._note_read()
            yield from self._push(event.tokens, event.text)
        self._thought = self._output.thoughts.tokens
        if self._output.thoughts.ended:
            self._reason = FinishReason.END
        elif self._output.stopped:
            self._reason = FinishReason.STOP

    def _push(self, tokens: Sequence[int], text: str) -> Iterator[Piece]:
        if self._needed:
            if not text.startswith(self._needed) and not self._needed.startswith(text):
                self._reason = FinishReason.END  # the server knows no grammars
                return
            self._needed, text = self._needed[len(text) :], text[len(self._needed) :]
            yield from self._output.push(text.encode())
        elif len(tokens) == 1 and (tokens[0] in self._prompt.marks or MARKUP.fullmatch(text)):
            yield from self._output.push_special(text.encode())
        else:
            yield from self._output.push(text.encode())

    def _stats(self) -> Stats:
        return Stats(
            lane=self._request.lane,
            experts=0,
            tokens_evaluated=self._timings.evaluated,
            tokens_reused=self._timings.reused,
            tokens_generated=self._generated,
            queue_ms=max(0.0, self._wait.prompt_ms - self._timings.prompt_ms),
            prompt_ms=self._timings.prompt_ms,
            decode_ms=self._timings.decode_ms,
        )
