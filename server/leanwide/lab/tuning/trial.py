"""One hole at one setting, on the way of every completion: window, router, lane, filters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import attrs
from attrs import field, frozen

from leanwide.engine.base import (
    CancelToken,
    Engine,
    EngineError,
    EngineSpec,
    LaneSpec,
    Priority,
    Prompt,
    Request,
    Stats,
    finish,
)
from leanwide.features.complete import Question, complete, fim_tokens
from leanwide.features.counting import TokenCounter
from leanwide.features.elsewhere import Elsewhere
from leanwide.features.journal import Journal, Record
from leanwide.features.layouts import Layouts
from leanwide.features.trees import Trees
from leanwide.features.workbench import Manners, Workbench
from leanwide.lab.tuning.engines import Engines
from leanwide.lab.tuning.holes import Hole
from leanwide.lab.tuning.quality import quality
from leanwide.modes.profile import LEAN, Mode, Profile
from leanwide.prompt.infill import infill_prompt

TRUTH_TOKENS: Final = 256
"""Most tokens of a truth, with what stands before it on its line."""
_BESIDE: Final = TRUTH_TOKENS + 16
"""Room in a lane beside the prompt: for the truth and for markers."""
_PATIENT_MS: Final = 600_000.0
"""Quality does not depend on how busy the machine is: no answer is cut short by the clock."""
_MANNERS: Final = Manners(look_ahead=False, adapt=False)


@frozen(kw_only=True)
class Setting:
    """How the code mode runs."""

    experts: int
    """Active experts per token; 0 for a dense model."""
    context_tokens: int
    """Most prompt tokens."""


@frozen(kw_only=True)
class Outcome:
    """What one hole at one setting gave."""

    hole: str
    """Its id."""
    kind: str
    setting: Setting
    tokens: int
    """Tokens of the truth."""
    nats: float
    """Their negative log probability, summed."""
    prompt_tokens: int
    """Tokens that were evaluated for the completion, or for a question."""
    prompt_ms: float
    exact: bool = False
    similarity: float = 0.0
    parses: bool = False
    generated_tokens: int = 0
    """None are for a question."""
    decode_ms: float = 0.0
    total_ms: float = 0.0
    """From the question to the suggestion, at a place where nothing was evaluated before."""
    joules: float | None = None
    """Energy of the processor meanwhile, whoever used it; None where nobody tells."""


@frozen(kw_only=True)
class Bench:
    """What all trials share."""

    engines: Engines
    spec: EngineSpec
    """The engine as it is set up; trials change its lanes."""
    profiles: Mapping[Mode, Profile]
    elsewhere: Elsewhere
    longest: int
    """Most prompt tokens of any setting: lanes have room for them."""
    energy: Callable[[], float | None] = field(default=lambda: None)
    """Gives the joules that the processor has used since some moment."""
    trees: Trees = field(factory=Trees)
    layouts: Layouts = field(factory=Layouts)

    def engine_spec(self, experts: int) -> EngineSpec:
        """Give the engine that runs so many experts."""
        lane = LaneSpec(
            name=LEAN,
            experts=experts,
            context_tokens=self.longest + _BESIDE,
            sequences=1,
        )
        return attrs.evolve(self.spec, lanes=(lane,))

    def workbench(self, engine: Engine, context_tokens: int) -> Workbench:
        """Give an empty workbench with such a budget: no trial knows the window of another."""
        code = attrs.evolve(
            self.profiles[Mode.CODE],
            lane=LEAN,
            context_tokens=context_tokens,
            deadline_ms=_PATIENT_MS,
        )
        return Workbench(
            engine=engine,
            profiles={**self.profiles, Mode.CODE: code},
            manners=_MANNERS,
            counter=TokenCounter(engine),
            trees=self.trees,
            elsewhere=self.elsewhere,
        )


Prepare = Callable[[Hole, Workbench], Awaitable[None]]
"""Makes a workbench ready for a hole."""


async def as_it_is(hole: Hole, work: Workbench) -> None:
    """Leave everything to leanwide."""


async def run_trial(
    hole: Hole, setting: Setting, bench: Bench, prepare: Prepare = as_it_is
) -> Outcome | None:
    """Complete a hole and measure how likely its truth is; None where nothing is completed there.

    Raises:
        EngineError: The model cannot be loaded, or has no FIM tokens.
    """
    return await with_engine(
        setting, bench, lambda engine: _trial(hole, setting, bench, prepare, engine)
    )


async def with_engine(
    setting: Setting, bench: Bench, work: Callable[[Engine], Awaitable[Outcome | None]]
) -> Outcome | None:
    """Work with the engine of a setting, and once more with another one where it dies.

    Raises:
        EngineError: The model cannot be loaded, or cannot do what is asked.
    """
    spec = bench.engine_spec(setting.experts)
    engine = await bench.engines.get(spec)
    try:
        return await work(engine)
    except EngineError:
        if engine.model is not None:
            raise
    # The engine died in the middle of it; a long run is not lost for that.
    await bench.engines.drop(spec)
    return await work(await bench.engines.get(spec))


async def _trial(
    hole: Hole, setting: Setting, bench: Bench, prepare: Prepare, engine: Engine
) -> Outcome | None:
    work = bench.workbench(engine, setting.context_tokens)
    fim = fim_tokens(work)
    (length,) = await engine.count([hole.view.line_before + hole.truth])
    if length > TRUTH_TOKENS:
        return None
    await prepare(hole, work)
    before = bench.energy()
    text, record = await complete_cold(hole, work)
    after = bench.energy()
    window = work.windows.get(hole.view.uri)
    if window is None or not record.prompt:
        return None
    score = await silent(engine, infill_prompt(window, fim), hole.truth)
    judged = quality(hole, text)
    return Outcome(
        hole=hole.id,
        kind=hole.kind,
        setting=setting,
        tokens=score.truth_tokens,
        nats=score.truth_nats,
        exact=judged.exact,
        similarity=judged.similarity,
        parses=judged.parses,
        prompt_tokens=record.tokens_evaluated,
        prompt_ms=record.ms["prompt"],
        generated_tokens=record.tokens_generated,
        decode_ms=record.ms["decode"],
        total_ms=record.ms["total"],
        joules=None if before is None or after is None else after - before,
    )


async def complete_cold(hole: Hole, work: Workbench) -> tuple[str, Record]:
    """Complete a hole with nothing of its prompt evaluated yet; give what that cost as well."""
    # The lane keeps one prompt: with this one, nothing is left of the one before.
    await silent(work.engine, ("\n",))
    work.journal = Journal()
    text = await complete(Question(hole.view, by_hand=True), work, CancelToken())
    parts = work.journal.records  # several where the answer was cut and went on
    first = parts[0]
    return text, attrs.evolve(
        first,
        tokens_generated=sum(part.tokens_generated for part in parts),
        ms={stage: sum(part.ms[stage] for part in parts) for stage in first.ms},
    )


async def silent(engine: Engine, prompt: Prompt, truth: str = "") -> Stats:
    """Evaluate a prompt, and how likely its truth is; nothing is generated."""
    request = Request(
        lane=LEAN,
        prompt=prompt,
        priority=Priority.COMMAND,
        max_tokens=0,
        deadline_ms=_PATIENT_MS,
        truth=truth,
    )
    return (await finish(engine, request)).stats
