"""The state of one client's session: what outlives every request and every engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from weakref import WeakMethod

from attrs import define, field, frozen

from leanwide.context.view import Snapshot
from leanwide.engine.base import Engine, EngineStatus
from leanwide.engine.requests import Stats
from leanwide.engine.specs import ModelInfo
from leanwide.features.chat_template import ChatTemplateCache
from leanwide.features.exclusion import DocumentNames, why_untrained
from leanwide.features.journal import Journal
from leanwide.features.question_stages import NoStages, QuestionStages
from leanwide.features.syntax_trees import SyntaxTrees
from leanwide.features.token_counter import TokenCounter
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.models.edit_format import EditFormat
from leanwide.modes.machine import UNKNOWN, MachineState, learn
from leanwide.modes.profile import LEAN, Mode, Profile
from leanwide.prompt.texts import built_in_texts
from leanwide.syntax import language_for


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
    machine: MachineState = UNKNOWN
    """How fast the lanes run with the models they have now, the battery, and the memory."""
    _models: dict[str, ModelInfo] = field(factory=dict, init=False)
    """Whose token counts and speed are known of each lane."""
    _counters: dict[str, TokenCounter] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        forget = WeakMethod(self._forget_other_models)  # the engine may live longer

        def forget_while_used(status: EngineStatus) -> None:
            if (method := forget()) is not None:
                method(status)

        self.engine.observe(forget_while_used)

    def counter(self, lane: str) -> TokenCounter:
        """Return what counts the tokens of the model that a lane has now."""
        if lane not in self._counters:
            self._counters[lane] = TokenCounter(self.engine, lane)
            self._knows_model_of(lane)
        return self._counters[lane]

    def learn(self, stats: Stats) -> None:
        """Update a lane's speed with a finished request."""
        self.machine = learn(self.machine, stats)
        self._knows_model_of(stats.lane)

    def _forget_other_models(self, _: EngineStatus) -> None:
        """Forget what was learned of a lane that has another model by now, here or at a server.

        While it has none, what was learned is kept: it may come back.
        """
        for lane in (*self._counters, *self.machine.lane_speeds):
            if not self._knows_model_of(lane):
                del self._models[lane]
                self._counters.pop(lane, None)
                self.machine = self.machine.without_speed(lane)

    def _knows_model_of(self, lane: str) -> bool:
        """Whether what was learned of a lane is of its model; the first one is remembered."""
        model = self.engine.model(lane)
        return model is None or self._models.setdefault(lane, model) is model


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

    def notify_untrained(self, document: Snapshot, lane: str) -> str | None:
        """Return why a lane's model is of no use in a document, and tell the user what to do."""
        model = self.backend.engine.model(lane)
        reason = why_untrained(document, model) if model is not None else None
        if reason is not None:
            grammar = language_for(document.language_id, document.path)
            name = grammar.name if grammar is not None else document.language_id
            self.notify(
                f"{reason}: it suggests nothing in {name or 'this kind of file'} unless you ask. "
                "`leanwide models list` shows models that know more."
            )
        return reason
