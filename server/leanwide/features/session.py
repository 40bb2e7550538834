"""The state of one client's session: what outlives every request and every engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from attrs import define, field, frozen

from leanwide.engine.base import Engine
from leanwide.engine.requests import Stats
from leanwide.engine.specs import ModelInfo
from leanwide.features.chat_template import ChatTemplateCache
from leanwide.features.exclusion import DocumentNames
from leanwide.features.journal import Journal
from leanwide.features.question_stages import NoStages, QuestionStages
from leanwide.features.syntax_trees import SyntaxTrees
from leanwide.features.token_counter import TokenCounter
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.models.edit_format import EditFormat
from leanwide.modes.machine import UNKNOWN, MachineState, learn
from leanwide.modes.profile import LEAN, Mode, Profile
from leanwide.prompt.texts import built_in_texts


@frozen(kw_only=True)
class Preferences:
    """User settings for when to suggest and how much of the machine to use."""

    in_comments: bool = True
    in_strings: bool = True
    look_ahead: bool = True
    """The suggestion after the shown one is prefetched."""
    follow_cursor: bool = True
    """Prompts are prefilled where the cursor rests, before the first key."""
    adapt: bool = True
    """Budgets are narrowed to what the machine manages."""
    close_after_minutes: float = 0.0
    """Idle time after which a lane that only questions use is closed; 0: never."""
    keep_prompts: bool = False
    """KV caches of prompts are saved on disk."""
    next_edit: bool = True
    """The next edit is proposed."""
    next_edit_nats: float = 1.0
    """By how much more likely a changed text has to be than the present one, in nats."""
    next_edit_lane: str = LEAN
    """The lane whose model may write next edits."""
    next_edit_format: EditFormat | None = None
    """How it is asked; None: as its file states, and not at all where it states nothing."""

    @property
    def everywhere(self) -> bool:
        """Whether suggestions are wanted at every place of the code."""
        return self.in_comments and self.in_strings


@define(kw_only=True)
class Backend:
    """The engine in use, and what was learned of it. Another engine has another backend."""

    engine: Engine
    last_used: dict[str, float] = field(factory=dict)
    """When each lane was last asked or answered, in seconds of ``time.monotonic``."""
    _machine: MachineState = field(default=UNKNOWN, alias="machine")
    _models: dict[str, ModelInfo] = field(factory=dict, init=False)
    """Whose token counts and speed are known of each lane."""
    _counters: dict[str, TokenCounter] = field(factory=dict, init=False)

    def counter(self, lane: str) -> TokenCounter:
        """Return what counts the tokens of the model that a lane has now."""
        self._forget_other_model(lane)
        if lane not in self._counters:
            self._counters[lane] = TokenCounter(self.engine, lane)
        return self._counters[lane]

    @property
    def machine(self) -> MachineState:
        """How fast the lanes run with the models they have now, the battery, and the memory."""
        for lane in tuple(self._machine.lane_speeds):
            self._forget_other_model(lane)
        return self._machine

    @machine.setter
    def machine(self, machine: MachineState) -> None:
        self._machine = machine

    def learn(self, stats: Stats) -> None:
        """Update a lane's speed with a finished request."""
        self._forget_other_model(stats.lane)
        self._machine = learn(self._machine, stats)

    def _forget_other_model(self, lane: str) -> None:
        """Forget what was learned of a lane that has another model than then, here or at a server.

        While it has none, what was learned is kept: it may come back.
        """
        model = self.engine.model(lane)
        if model is None or self._models.setdefault(lane, model) is model:
            return
        self._models[lane] = model
        self._counters.pop(lane, None)
        self._machine = self._machine.without_speed(lane)


def ignore(_: object) -> None:
    """Notify nobody."""


@define(kw_only=True)
class Session:
    """What one client's requests share. Used by the asyncio loop only."""

    backend: Backend
    profiles: Mapping[Mode, Profile]
    preferences: Preferences = field(factory=Preferences)
    texts: Mapping[str, str] = field(factory=built_in_texts)
    """System prompts, by the command's name."""
    pinned: Mode | None = None
    """The mode that the user chose for everything; None lets the router choose."""
    journal: Journal = field(factory=Journal)
    trees: SyntaxTrees = field(factory=SyntaxTrees)
    templates: ChatTemplateCache = field(factory=ChatTemplateCache)
    workspace: WorkspaceContext = field(factory=WorkspaceContext)
    names: DocumentNames = field(factory=DocumentNames)
    notify: Callable[[str], None] = ignore
    """Shows the user a sentence, once."""
    stages: Callable[[], QuestionStages] = NoStages
    """Returns what is told about the progress of a question."""

    @property
    def typing_lane(self) -> str:
        """The lane of completions."""
        return self.profiles[Mode.CODE].lane

    @property
    def typing_model(self) -> ModelInfo | None:
        """The model of completions, if it is loaded."""
        return self.backend.engine.model(self.profiles[Mode.CODE].lane)

    def learn(self, stats: Stats) -> None:
        """Update the machine's speed with a finished request."""
        self.backend.last_used[stats.lane] = time.monotonic()
        if self.preferences.adapt:
            self.backend.learn(stats)
