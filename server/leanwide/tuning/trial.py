"""What all trials share: settings, engines, sessions and outcomes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import attrs
from attrs import field, frozen

from leanwide.context.view import View
from leanwide.engine.base import Engine, EngineError, finish
from leanwide.engine.requests import Priority, Prompt, Request, Stats
from leanwide.engine.specs import LaneSpec, ModelSpec
from leanwide.features.chat_template import ChatTemplateCache
from leanwide.features.completion.state import CompletionState
from leanwide.features.session import Backend, Preferences, Session
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.modes.machine import UNKNOWN, MachineState
from leanwide.modes.profile import LEAN, Mode, Profile
from leanwide.tuning.engines import Engines
from leanwide.tuning.visits import VisitMoment

MAX_TRUTH_TOKENS: Final = 256
"""Most tokens of a true text, with what precedes it on its line."""
_TRUTH_ROOM_TOKENS: Final = MAX_TRUTH_TOKENS + 16
"""Tokens of a lane that a prompt leaves free, for the true text and for markers."""
_NO_DEADLINE_MS: Final = 600_000.0
"""Milliseconds: long enough that no request of a trial ends early."""
_FILLER_LINES: Final = 8
"""Lines of the text that replaces a prompt; with fewer it could be a prefix of that prompt."""
ON_REQUEST_ONLY: Final = Preferences(look_ahead=False, follow_cursor=False, adapt=False)
"""No idle work, and budgets that do not follow the machine's speed."""


@frozen(kw_only=True)
class TrialSetting:
    """How the code mode runs in a trial."""

    experts: int
    """Active experts per token; 0 for a dense model."""
    context_tokens: int
    """Most prompt tokens."""


@frozen(kw_only=True)
class RequestOutcome:
    """One request, and how likely the true text was behind its prompt."""

    place: str
    """The id of its hole."""
    when: VisitMoment
    tokens: int
    """Tokens of the true text that was still to be typed."""
    nats: float
    """Their negative log probability, summed."""
    prompt_tokens: int
    """Tokens of the prompt."""
    evaluated: int = 0
    """Prompt tokens that were evaluated for this request."""
    ms: float = 0.0
    """From the request to the suggestion."""
    exact: bool = False
    """Whether the suggestion's first line is the true one, trailing white space ignored."""
    similarity: float = 0.0
    """Edit similarity of the first lines, 0 to 1."""


@frozen(kw_only=True)
class TrialOutcome:
    """The outcome of one visit or one question at one setting."""

    subject: str
    """The id of the visit or question."""
    setting: TrialSetting
    asked: tuple[RequestOutcome, ...]
    """Its requests; empty where leanwide makes no suggestion."""
    joules: float | None = None
    """Energy of the processor for each request, idle work and other processes included; None where
    the machine has no counter."""


@frozen(kw_only=True)
class Trial:
    """A visit or a question that is measured at several settings."""

    id: str
    """Unique, and the same in a later run."""
    places: int
    run: Callable[[TrialSetting, TrialBench], Awaitable[TrialOutcome]]


Prepare = Callable[[View, CompletionState], Awaitable[None]]
"""Prepares a state for a request at a new place."""


async def no_preparation(view: View, state: CompletionState) -> None:
    """Prepare nothing: leanwide chooses the window."""


@frozen(kw_only=True)
class TrialBench:
    """What all trials share."""

    engines: Engines
    spec: ModelSpec
    """The engine as configured; trials replace its lanes."""
    profiles: Mapping[Mode, Profile]
    preferences: Preferences
    workspace: WorkspaceContext
    longest: int
    """Most prompt tokens of any setting; lanes have room for them."""
    prepare: Prepare = no_preparation
    energy: Callable[[], float | None] = field(default=lambda: None)
    """Returns the joules that the processor has used since a fixed moment; None without a
    counter."""
    notify: Callable[[str], None] = field(default=lambda _: None)
    """Shows a message of leanwide to the user."""
    machines: dict[TrialSetting, MachineState] = field(factory=dict)
    """The speed learned at each setting, which is kept from visit to visit."""
    layouts: ChatTemplateCache = field(factory=ChatTemplateCache)

    def model_spec(self, experts: int) -> ModelSpec:
        """Return the specification of an engine with this expert count."""
        lane = attrs.evolve(
            self._lean, experts=experts, context_tokens=self.longest + _TRUTH_ROOM_TOKENS
        )
        return attrs.evolve(self.spec, lanes=(lane,))

    @property
    def _lean(self) -> LaneSpec:
        """The lane of completions, as configured."""
        return next(lane for lane in self.spec.lanes if lane.name == LEAN)

    @property
    def sequences(self) -> int:
        """Number of prompts that the lane keeps in its KV cache."""
        return self._lean.sequences

    def new_state(self, engine: Engine, setting: TrialSetting) -> CompletionState:
        """Return a state without documents; its prompts have the setting's budget, or less.

        Less where the lane that was opened is smaller.
        """
        room = [
            lane.context_tokens - _TRUTH_ROOM_TOKENS for lane in engine.lanes if lane.name == LEAN
        ]
        context = min([setting.context_tokens, *room])
        code = attrs.evolve(self.profiles[Mode.CODE], lane=LEAN, context_tokens=context)
        session = Session(
            backend=Backend(engine=engine, machine=self.machines.get(setting, UNKNOWN)),
            profiles={**self.profiles, Mode.CODE: code},
            preferences=self.preferences,
            workspace=self.workspace,
            notify=self.notify,
        )
        return CompletionState(session=session)


async def with_engine(
    setting: TrialSetting, bench: TrialBench, work: Callable[[Engine], Awaitable[TrialOutcome]]
) -> TrialOutcome:
    """Run a trial with the engine of a setting; if the engine dies, run it again with a new one.

    Raises:
        EngineError: The model cannot be loaded, or cannot run the trial.
    """
    spec = bench.model_spec(setting.experts)
    engine = await bench.engines.get(spec)
    try:
        return await work(engine)
    except EngineError:
        if engine.model(LEAN) is not None:
            raise
    # The engine died in the middle of the trial, which must not end a long run.
    await bench.engines.drop(spec)
    return await work(await bench.engines.get(spec))


def scored(place: str, when: VisitMoment, score: Stats) -> RequestOutcome:
    """Return the outcome of a request from what :func:`evaluate` returned for its prompt."""
    return RequestOutcome(
        place=place,
        when=when,
        tokens=score.truth_tokens,
        nats=score.truth_nats,
        prompt_tokens=score.tokens_evaluated + score.tokens_reused,
    )


async def evict_prompts(engine: Engine, bench: TrialBench) -> None:
    """Replace every prompt in the lane's KV cache by another text.

    Raises:
        EngineError: The engine has ended.
    """
    for number in range(bench.sequences):
        await evaluate(engine, (f"{number}\n" * _FILLER_LINES,))


async def evaluate(engine: Engine, prompt: Prompt, truth: str = "") -> Stats:
    """Evaluate a prompt and score the true text behind it; nothing is generated.

    Raises:
        EngineError: The engine has ended, or the prompt does not fit.
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
