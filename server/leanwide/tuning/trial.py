"""What trials share: settings, engines and workbenches for them, and what comes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import attrs
from attrs import field, frozen

from leanwide.context.view import View
from leanwide.engine.base import (
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
from leanwide.features.ask.chat_template import ChatTemplateCache
from leanwide.features.session import Preferences, Workbench, workbench
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.modes.machine import UNKNOWN, MachineState
from leanwide.modes.profile import LEAN, Mode, Profile
from leanwide.tuning.engines import Engines
from leanwide.tuning.visits import VisitMoment

MAX_TRUTH_TOKENS: Final = 256
"""Most tokens of a truth, with what stands before it on its line."""
_TRUTH_ROOM_TOKENS: Final = MAX_TRUTH_TOKENS + 16
"""Room in a lane beside the prompt: for the truth and for markers."""
_NO_DEADLINE_MS: Final = 600_000.0
"""How likely a text is does not depend on the clock."""
_FILLER_LINES: Final = 8
"""Lines of what takes a prompt's place: with fewer, it would be taken for its beginning."""
ON_REQUEST_ONLY: Final = Preferences(look_ahead=False, follow_cursor=False, adapt=False)
"""Nothing is done that nobody asked for, and the machine's speed changes nothing."""


@frozen(kw_only=True)
class TrialSetting:
    """How the code mode runs."""

    experts: int
    """Active experts per token; 0 for a dense model."""
    context_tokens: int
    """Most prompt tokens."""


@frozen(kw_only=True)
class RequestOutcome:
    """One request, and how likely the truth was with the prompt that was there."""

    place: str
    """Its hole's id."""
    when: VisitMoment
    tokens: int
    """Tokens of the truth that was still to be typed."""
    nats: float
    """Their negative log probability, summed."""
    prompt_tokens: int
    """Tokens of the prompt."""
    evaluated: int = 0
    """Tokens that were evaluated for this request before its first new one."""
    ms: float = 0.0
    """From the request to the suggestion."""
    exact: bool = False
    """The first line of what was suggested is the true one, white space at the end left out."""
    similarity: float = 0.0
    """Edit similarity of the first lines, 0 to 1."""


@frozen(kw_only=True)
class TrialOutcome:
    """What one visit, or one question, gave at one setting."""

    subject: str
    """Its id."""
    setting: TrialSetting
    asked: tuple[RequestOutcome, ...]
    """Empty where leanwide keeps quiet."""
    joules: float | None = None
    """Energy of the processor for a request, idle work included, whoever used it; None where
    nobody tells."""


@frozen(kw_only=True)
class Trial:
    """Something that is measured at several settings: a visit, or a question."""

    id: str
    """Tells it from every other one, also in a later run."""
    places: int
    run: Callable[[TrialSetting, TrialBench], Awaitable[TrialOutcome]]


Prepare = Callable[[View, Workbench], Awaitable[None]]
"""Makes a workbench ready for a request at a new place."""


async def no_preparation(view: View, work: Workbench) -> None:
    """Leave everything to leanwide."""


@frozen(kw_only=True)
class TrialBench:
    """What all trials share."""

    engines: Engines
    spec: EngineSpec
    """The engine as it is set up; trials change its lanes."""
    profiles: Mapping[Mode, Profile]
    preferences: Preferences
    workspace: WorkspaceContext
    longest: int
    """Most prompt tokens of any setting: lanes have room for them."""
    prepare: Prepare = no_preparation
    energy: Callable[[], float | None] = field(default=lambda: None)
    """Gives the joules that the processor has used since some moment."""
    tell: Callable[[str], None] = field(default=lambda _: None)
    """Passes on what leanwide tells its user."""
    machines: dict[TrialSetting, MachineState] = field(factory=dict)
    """What requests taught of the machine's speed: it outlives a file that is closed."""
    layouts: ChatTemplateCache = field(factory=ChatTemplateCache)

    def engine_spec(self, experts: int) -> EngineSpec:
        """Give the engine that runs so many experts."""
        lane = attrs.evolve(
            self._lean, experts=experts, context_tokens=self.longest + _TRUTH_ROOM_TOKENS
        )
        return attrs.evolve(self.spec, lanes=(lane,))

    @property
    def _lean(self) -> LaneSpec:
        """The lane that completions run on, as it is set up."""
        return next(lane for lane in self.spec.lanes if lane.name == LEAN)

    @property
    def sequences(self) -> int:
        """Prompts that the lane keeps."""
        return self._lean.sequences

    def workbench(self, engine: Engine, setting: TrialSetting) -> Workbench:
        """Give a workbench that knows no document yet, with the setting's budget or what fits."""
        room = [
            lane.context_tokens - _TRUTH_ROOM_TOKENS for lane in engine.lanes if lane.name == LEAN
        ]
        context = min([setting.context_tokens, *room])
        code = attrs.evolve(self.profiles[Mode.CODE], lane=LEAN, context_tokens=context)
        work = workbench(engine, {**self.profiles, Mode.CODE: code}, self.preferences)
        work.elsewhere, work.tell = self.workspace, self.tell
        work.machine = self.machines.get(setting, UNKNOWN)
        return work


async def with_engine(
    setting: TrialSetting, bench: TrialBench, work: Callable[[Engine], Awaitable[TrialOutcome]]
) -> TrialOutcome:
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


async def evict_prompts(engine: Engine, bench: TrialBench) -> None:
    """Put something else in the place of every prompt that the lane keeps.

    Raises:
        EngineError: The engine is gone.
    """
    for number in range(bench.sequences):
        await evaluate(engine, (f"{number}\n" * _FILLER_LINES,))


async def evaluate(engine: Engine, prompt: Prompt, truth: str = "") -> Stats:
    """Evaluate a prompt, and how likely its truth is; nothing is generated.

    Raises:
        EngineError: The engine is gone, or the prompt does not fit.
    """
    request = Request(
        lane=LEAN,
        prompt=prompt,
        priority=Priority.COMMAND,
        max_tokens=0,
        deadline_ms=_NO_DEADLINE_MS,
        truth=truth,
    )
    return (await finish(engine, request)).stats
