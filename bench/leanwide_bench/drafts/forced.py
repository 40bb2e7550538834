"""Speed of an answer by the share of its drafts that is right, with any model, in this process.

The answer is a fixed row of random tokens, whatever the model would say, so that the share is what
it is meant to be; a model of random weights soon repeats itself, and would agree with any draft.
Every row of logits is computed and sampled as in a generation.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.process.draft_length import DraftLength
from leanwide.engine.process.drafting import DraftIndex
from leanwide.engine.process.job import Job, Meter
from leanwide.engine.process.lane import Lane
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.llama_context import Sampler
from leanwide.engine.process.lookahead import Drafting, Lookahead
from leanwide.engine.process.sequence_cache import CachedSequence
from leanwide.engine.requests import GREEDY, Priority, Request
from leanwide.engine.specs import LaneSpec, ModelSpec

_PROMPT_TOKENS: Final = 256
_STEPS: Final = (1, 2, 4, 8, 16, 32, 64)
"""Tokens of the steps that are timed."""
_STEP_ROUNDS: Final = 5
_ANSWERED: Final = 32
"""Tokens that are generated without drafts first, for the choice of threads."""

Tokens = tuple[int, ...]
Progress = Callable[[str], None]


@frozen(kw_only=True)
class ForcedAnswer:
    """One answer."""

    experts: int
    draft: str
    """What the draft was."""
    tokens_per_s: float
    tokens_drafted: int
    tokens_accepted: int
    steps: int
    """Calls of ``llama_decode``."""


@frozen(kw_only=True)
class StepTime:
    """A step of a number of tokens, with the logits after each."""

    experts: int
    tokens: int
    ms: float


@frozen(kw_only=True)
class ForcedReport:
    """All answers, and what steps cost."""

    steps: tuple[StepTime, ...]
    answers: tuple[ForcedAnswer, ...]


def measure_forced(
    spec: ModelSpec, counts: Sequence[int], tokens: int, progress: Progress
) -> ForcedReport:
    """Measure answers of ``tokens`` tokens with each expert count.

    Raises:
        EngineError: The model cannot be loaded.
    """
    steps: list[StepTime] = []
    answers: list[ForcedAnswer] = []
    for count in counts:
        progress(f"{count} experts")
        context = _PROMPT_TOKENS + max(tokens, _STEPS[-1]) + 1
        one = LaneSpec(name="drafts", experts=count, context_tokens=context, sequences=1)
        lanes = Lanes(evolve(spec, lanes=(one,), saving=None), lambda _: None)
        lane = lanes.lane(one.name)[0]
        stage = _Stage(lane)
        stage.answer(stage.drawn[:_ANSWERED], ())
        steps += [StepTime(experts=count, tokens=n, ms=stage.step_ms(n)) for n in _STEPS]
        for name, draft in _DRAFTS.items():
            progress(f"{count} experts, {name}")
            answer = stage.drawn[:tokens]
            seconds, meter, calls = stage.answer(answer, draft(answer))
            answers.append(
                ForcedAnswer(
                    experts=count,
                    draft=name,
                    tokens_per_s=len(answer) / seconds,
                    tokens_drafted=meter.drafted,
                    tokens_accepted=meter.accepted,
                    steps=calls,
                )
            )
        lanes.close(one.name)
    return ForcedReport(steps=tuple(steps), answers=tuple(answers))


class _Stage:
    """A lane with an evaluated prompt."""

    def __init__(self, lane: Lane) -> None:
        self._kv, self._model = lane.kv, lane.model
        draw = random.Random(0)  # noqa: S311  # no secret
        plain = [token for token in range(self._model.vocabulary_size) if self._is_plain(token)]
        self.drawn: Tokens = tuple(draw.choices(plain, k=10_000))
        """Random tokens that are no markers."""
        self._request = Request(
            lane="drafts",
            prompt=tuple(draw.choices(plain, k=_PROMPT_TOKENS)),
            priority=Priority.COMMAND,
            max_tokens=0,
            deadline_ms=1.0,
        )
        for _ in lane.run(self._job()):
            pass
        self._sequence: CachedSequence = self._kv.sequences[0]
        self._prompt = len(self._sequence.tokens)

    def answer(self, answer: Tokens, draft: Tokens) -> tuple[float, Meter, int]:
        """Return the seconds of an answer, what was drafted, and the calls of llama.cpp."""
        meter, calls = Meter(), 0
        drafting = Drafting(DraftIndex((draft,)), DraftLength(self._kv.step_costs))
        lookahead = Lookahead(self._kv, self._sequence, self._job(), meter, drafting)
        sampler = Sampler(GREEDY, self._model.vocabulary_size)
        began = time.perf_counter()
        for number, token in enumerate(answer, 1):
            self._kv.sample(sampler)
            lookahead.generated(token)
            if lookahead.take(token):
                continue
            lookahead.cut()
            lookahead.evaluate(token, len(answer) - number)
            calls += 1
        lookahead.cut()
        seconds = time.perf_counter() - began
        sampler.close()
        self._kv.cut(self._sequence, self._prompt)
        return seconds, meter, calls

    def step_ms(self, tokens: int) -> float:
        """Return the median milliseconds of a step of ``tokens`` tokens."""
        times = []
        for number in range(_STEP_ROUNDS):
            start = number * tokens
            part = list(self.drawn[start : start + tokens])
            began = time.perf_counter()
            self._kv.append_draft(self._sequence, part, self._job())
            times.append(1000 * (time.perf_counter() - began))
            self._kv.cut(self._sequence, self._prompt)
        return median(times)

    def _job(self) -> Job:
        return Job(request=self._request, arrived=time.monotonic(), cancelled=lambda: False)

    def _is_plain(self, token: int) -> bool:
        return not self._model.is_end(token) and not self._model.is_special(token)


def _none(_: Tokens) -> Tokens:
    return ()


def _same(answer: Tokens) -> Tokens:
    return answer


def _other(token: int) -> int:
    return token - 1 if token else 1


def _tenth_in_runs(answer: Tokens) -> Tokens:
    """Return a draft in which runs of 9 of 90 tokens differ, about a line of eight or nine."""
    return tuple(_other(token) if at % 90 >= 81 else token for at, token in enumerate(answer))


def _tenth_scattered(answer: Tokens) -> Tokens:
    draw = random.Random(1)  # noqa: S311  # no secret
    return tuple(_other(token) if draw.random() < 0.1 else token for token in answer)


def _one_of_61(answer: Tokens) -> Tokens:
    """Return a draft with a wrong token in every 61: most drafts hold one, and much is accepted."""
    return tuple(_other(token) if at % 61 == 60 else token for at, token in enumerate(answer))


def _always_wrong(answer: Tokens) -> Tokens:
    """Return a draft that is proposed again and again, and never right.

    After a difference three tokens have to agree; the one after these differs.
    """
    return tuple(_other(token) if at % 4 == 3 else token for at, token in enumerate(answer))


_DRAFTS: Final[dict[str, Callable[[Tokens], Tokens]]] = {
    "none": _none,
    "proposed and never right": _always_wrong,
    "all right": _same,
    "one token of 61 wrong": _one_of_61,
    "90 % right, the rest in runs": _tenth_in_runs,
    "90 % right, the rest scattered": _tenth_scattered,
}
"""What may slow an answer is measured right after the answer without a draft: machines vary."""
