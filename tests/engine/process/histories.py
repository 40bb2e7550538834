"""Random histories of a lane, and what a fresh context makes of the same tokens.

A context adds numbers in another order where it evaluates tokens in other chunks, so the chunks of
every sequence are recorded, and the fresh context gets the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

import numpy as np
import pytest
from attrs import define, evolve, field, frozen
from hypothesis import strategies as st

from leanwide.engine.process.lane import Lane
from leanwide.engine.process.llama_context import Context, Decoded
from leanwide.engine.requests import Finished, FinishReason, Priority, SaveRequest
from leanwide.engine.saved_states import SavedFolder
from tests.engine import make

DOCUMENTS = 3
_PLACE = "place"
"""The name of what is saved to disk."""
LONGEST = 460
"""Tokens of the longest prompt."""
TOKENS = 1000
"""Tokens to draw from."""


@frozen
class Chunk:
    """Tokens that were evaluated together, and how many of them were kept."""

    tokens: tuple[int, ...]
    kept: int
    outputs: int
    """Tokens, the last ones, whose logits were computed."""


@define
class Recorder:
    """The chunks in which the sequences of the contexts were evaluated, whatever became of them."""

    chunks: dict[int, list[Chunk]] = field(factory=dict)
    newest: int = 0
    """The sequence that was evaluated last."""
    _states: dict[bytes, list[Chunk]] = field(factory=dict)

    def evaluated(self, sequence: int, tokens: Sequence[int], outputs: int) -> None:
        self.newest = sequence
        self.of(sequence).append(Chunk(tuple(tokens), len(tokens), outputs))

    def cut(self, sequence: int, keep: int) -> None:
        left, kept = max(0, keep), []
        for chunk in self.of(sequence):
            if left:
                kept.append(evolve(chunk, kept=min(left, chunk.kept)))
            left -= min(left, chunk.kept)
        self.chunks[sequence] = kept

    def copied(self, source: int, target: int, tokens: int) -> None:
        self.chunks[target] = list(self.of(source))
        if tokens >= 0:
            self.cut(target, tokens)

    def saved(self, sequence: int, state: memoryview) -> None:
        self._states[bytes(state)] = list(self.of(sequence))

    def restored(self, sequence: int, state: memoryview) -> None:
        self.chunks[sequence] = list(self._states[bytes(state)])

    def of(self, sequence: int) -> list[Chunk]:
        return self.chunks.setdefault(sequence, [])


@contextmanager
def recording(fresh: Context) -> Iterator[Recorder]:
    """Record what every context but the fresh one evaluates."""
    recorder = Recorder()
    original = {name: getattr(Context, name) for name in ("decode", "truncate", "copy", "state")}
    restore = Context.restore

    def decode(self, tokens, position, sequence, outputs=1):
        result = original["decode"](self, tokens, position, sequence, outputs)
        if result is Decoded.DONE and self is not fresh:
            recorder.evaluated(sequence, tokens, outputs)
        return result

    def truncate(self, sequence, keep):
        done = original["truncate"](self, sequence, keep)
        if self is not fresh:
            recorder.cut(sequence, keep if done else 0)
        return done

    def copy(self, source, target, tokens=-1):
        original["copy"](self, source, target, tokens)
        recorder.copied(source, target, tokens)

    def state(self, sequence):
        found = original["state"](self, sequence)
        recorder.saved(sequence, found)
        return found

    def restored(self, sequence, state):
        restore(self, sequence, state)
        recorder.restored(sequence, state)

    with pytest.MonkeyPatch.context() as patch:
        for wrapped in (decode, truncate, copy, state):
            patch.setattr(Context, wrapped.__name__, wrapped)
        patch.setattr(Context, "restore", restored)
        yield recorder


def replay(chunks: Sequence[Chunk], context: Context) -> np.ndarray:
    """Return the logits that a fresh context has after the same chunks.

    Where a part of a chunk was kept, the rest is removed, as llama.cpp can for plain attention.
    """
    context.truncate(0, 0)
    position, cut = 0, 0
    for chunk in chunks:
        assert context.decode(chunk.tokens, position, 0, chunk.outputs) is Decoded.DONE
        position += chunk.kept
        if cut := len(chunk.tokens) - chunk.kept:
            assert context.truncate(0, position), "a recurrent state was cut inside of a chunk"
    assert cut < chunks[-1].outputs, "the last chunk was cut: its logits are gone"
    return context.logits(cut).copy()


@frozen
class Act:
    """What happens to a document, and the request that follows."""

    kind: str
    document: int
    other: int
    """The document that is branched from."""
    back: int
    """Tokens from its end to where it is cut or branched from."""
    tokens: int
    """Tokens that are new."""
    answer: int
    """Most tokens to generate."""
    otherwise: bool
    """The answer must not begin as the document's last one."""
    cancelled_at: int
    """Calls of the abort callback until the request is cancelled; 0: it is not."""
    priority: Priority


KINDS = ("new", "type", "type", "erase", "branch", "page", "again", "reopen")
ACTS = st.builds(
    Act,
    kind=st.sampled_from(KINDS),
    document=st.integers(0, DOCUMENTS - 1),
    other=st.integers(0, DOCUMENTS - 1),
    back=st.sampled_from([1, 2, 5, 20, 33, 60, 120]),
    tokens=st.sampled_from([1, 2, 3, 9, 60, 180, 400]),
    answer=st.sampled_from([0, 0, 1, 5, 16]),
    otherwise=st.sampled_from([False, False, True]),
    cancelled_at=st.sampled_from([0, 0, 0, 0, 1, 40, 90, 150, 300]),
    priority=st.sampled_from(list(Priority)),
)


@define
class Author:
    """Turns acts into prompts of random tokens."""

    _random: random.Random
    prompts: dict[int, list[int]] = field(factory=dict)

    def prompt(self, act: Act) -> list[int]:
        """Return the prompt of an act's document from now on."""
        own = self.prompts.get(act.document, [])
        new = [self._random.randrange(TOKENS) for _ in range(act.tokens)]
        other = self.prompts.get(act.other, [])
        match act.kind:
            case "type":
                own = own + new[:3]
            case "erase" | "reopen":
                own = own[: -act.back] + new[:1]
            case "branch":
                own = other[: -act.back] + new
            case "again":
                own = own or new
            case _:
                own = new
        self.prompts[act.document] = own = own[:LONGEST] or [0]
        return own


@define
class Stage:
    """A lane on which histories are played, and a context that evaluates on its own."""

    fresh: Context
    saved: SavedFolder
    open_lane: Callable[[], Lane]
    """Opens the lane as a new engine does; what was saved to disk is still there."""
    lane: Lane = field(init=False)
    _answers: dict[int, tuple[int, ...]] = field(factory=dict, init=False)
    """The newest answer about each document: the next one may repeat it."""

    def play(self, acts: Sequence[Act], seed: int) -> None:
        """Check the logits after every request that comes to its end."""
        self.saved.delete(_PLACE)
        self._answers.clear()
        author, self.lane = Author(random.Random(seed)), self.open_lane()
        try:
            with recording(self.fresh) as recorder:
                for act in acts:
                    if act.kind == "reopen" and (held := author.prompts.get(act.document)):
                        self._reopen(held, recorder)
                    prompt = author.prompt(act)
                    if self._run(act, prompt):
                        self._check(recorder, prompt)
                        answer = self.lane.kv.sequences[recorder.newest].tokens[len(prompt) :]
                        self._answers[act.document] = tuple(answer)
        finally:
            self.lane.close()

    def _reopen(self, prompt: list[int], recorder: Recorder) -> None:
        """Save what holds a prompt to disk, and go on in another engine."""
        save = SaveRequest(name=_PLACE)
        list(self.lane.run(make.job(make.request(*prompt, save=save))))
        self.lane.close()
        recorder.chunks.clear()
        self.lane = self.open_lane()

    def _run(self, act: Act, prompt: list[int]) -> bool:
        """Run the request of an act; return whether it came to its end, and left its logits.

        What is avoided is evaluated behind the prompt: without another token after that, the
        logits are those of what was cut.
        """
        page, calls = act.kind == "page", count(1)
        last = b"".join(map(self.lane.model.piece, self._answers.get(act.document, ())))
        request = make.request(
            *prompt,
            max_tokens=0 if page else act.answer,
            avoided=last.decode("utf-8", "replace") if act.otherwise else "",
            priority=act.priority,
            shared_prefix=page,
            drafts=((*self._answers.get(act.document, ()), *prompt[:4]),),
        )
        cancelled = (lambda: next(calls) > act.cancelled_at) if act.cancelled_at else lambda: False
        *_, end = self.lane.run(make.job(request, cancelled))
        assert isinstance(end, Finished)
        claimed = max(self.lane.kv.sequences, key=lambda sequence: sequence.used)
        goes_on = len(claimed.tokens) > len(prompt) or not request.avoided
        return end.reason is not FinishReason.CANCELLED and goes_on

    def _check(self, recorder: Recorder, prompt: list[int]) -> None:
        logits = self.lane.kv.logits().copy()
        sequence = self.lane.kv.sequences[recorder.newest]
        assert sequence.tokens[: len(prompt)] == prompt
        chunks = list(recorder.of(sequence.number))
        evaluated = [token for chunk in chunks for token in chunk.tokens[: chunk.kept]]
        assert evaluated == sequence.tokens
        np.testing.assert_array_equal(logits, replay(chunks, self.fresh))
