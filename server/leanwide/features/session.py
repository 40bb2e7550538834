"""What requests share: the engine, the user's choices, and what earlier requests taught."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from attrs import define, field, frozen

from leanwide.context.view import View
from leanwide.context.window import Related, Window
from leanwide.engine.base import Engine, Stats
from leanwide.engine.saved_states import SavedFolder, default_folder
from leanwide.features.ask.chat_template import ChatTemplateCache
from leanwide.features.ask.stages import NoStages, QuestionStages
from leanwide.features.completion.generation import Generation
from leanwide.features.completion.suggestions import KnownAnswer, SuggestionCache
from leanwide.features.document_names import DocumentNames
from leanwide.features.journal import Journal
from leanwide.features.syntax_trees import SyntaxTrees
from leanwide.features.token_counter import TokenCounter
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.files.area import WorkspaceFolders
from leanwide.modes.machine import UNKNOWN, MachineState, learn
from leanwide.modes.profile import Mode, Profile
from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.filters import shape
from leanwide.prompt.texts import built_in_texts


@frozen(kw_only=True)
class Preferences:
    """What the user wants of leanwide: when to be left alone, what the machine is spared."""

    in_comments: bool = True
    in_strings: bool = True
    look_ahead: bool = True
    follow_cursor: bool = True
    adapt: bool = True
    """Budgets are narrowed to what the machine manages."""
    close_after_minutes: float = 0.0
    """A lane that only questions use is closed after so long without one; 0: never."""
    keep_prompts: bool = False
    """Places are kept on disk, to be returned to."""


@frozen(kw_only=True)
class SavedPlace:
    """What of a document the engine was asked to keep on disk."""

    note: bytes
    """How its window is found again."""
    path: str
    """The document."""
    others: tuple[str, ...]
    """Keys of the files whose snippets stand in front of it."""


def _nobody(_: Any) -> None:
    """Nobody is there to be told."""


@define(kw_only=True)
class Workbench:
    """One engine and everything that belongs to it. Used by the asyncio loop only."""

    engine: Engine
    profiles: Mapping[Mode, Profile]
    manners: Preferences
    counter: TokenCounter
    journal: Journal = field(factory=Journal)
    suggestions: SuggestionCache = field(factory=SuggestionCache)
    trees: SyntaxTrees = field(factory=SyntaxTrees)
    layouts: ChatTemplateCache = field(factory=ChatTemplateCache)
    elsewhere: WorkspaceContext = field(factory=WorkspaceContext)
    names: DocumentNames = field(factory=DocumentNames)
    texts: Mapping[str, str] = field(factory=built_in_texts)
    """What the model is told about its work, by the command's name."""
    pinned: Mode | None = None
    """The mode that the user holds everything to; None lets the router choose."""
    machine: MachineState = UNKNOWN
    """What requests taught of the machine's speed, and what it says of battery and memory."""
    used: dict[str, float] = field(factory=dict)
    """When each lane was last asked or gave an answer, in seconds of ``time.monotonic``."""
    windows: dict[str, Window] = field(factory=dict)
    """The window that is in the KV cache for every open document, by URI."""
    related: dict[str, Related] = field(factory=dict)
    """What of other files stands in front of a document's pages, by URI."""
    saved: SavedFolder = field(factory=lambda: SavedFolder(default_folder()))
    """What is on disk; it knows what it has read of it."""
    kept: dict[str, SavedPlace] = field(factory=dict)
    """What of each document is on disk, by URI, also of closed ones."""
    not_kept: str = ""
    """Why places were last not kept: it is logged once."""
    kept_by: WorkspaceFolders | None = None
    """By what that was last judged."""
    running: Generation | None = None
    """The completion that decodes: there is one at most."""
    ahead: Generation | None = None
    """The suggestion after the one that is shown, generated while nobody waits."""
    pause_seconds: float = 5.0
    """Without a key for so long, the pages around the cursor are read again after an edit."""
    questions: int = 0
    """Generations that were asked for while somebody waits: only the newest may start."""
    idle_work: asyncio.Task[None] | None = None
    """Prepares ``ahead``, and a new anchor."""
    beside: set[asyncio.Task[None]] = field(factory=set)
    """What goes on whatever comes: places of closed documents are kept."""
    asked_at: View | None = None
    """Where a suggestion was asked for last."""
    tell_more: Callable[[View], None] = _nobody
    """Says that there is more of the suggestion at a view's cursor than what is shown."""
    stages: Callable[[], QuestionStages] = NoStages
    """Makes somebody who sees where a question is."""
    tell: Callable[[str], None] = _nobody
    """Shows the user a sentence, the same one once."""

    def setting(self, view: View) -> FilterContext:
        """What the filters may know of a view."""
        window = self.windows.get(view.uri)
        snippets = window.related.snippets if window is not None else ()
        model = self.engine.model
        markers = model.spelt_markers if model is not None else ()
        return FilterContext(view, tuple(snippet.text for snippet in snippets), markers)

    def known(self, view: View) -> KnownAnswer | None:
        """What earlier answers say about a view."""
        setting = self.setting(view)
        return self.suggestions.find(view, lambda text: bool(shape(text, setting)))

    def under_way(self, view: View) -> Generation | None:
        """The generation whose text may still be what a view wants."""
        for generation in (self.running, self.ahead):
            if generation is not None and not generation.over and generation.agrees_with(view):
                return generation
        return None

    def doubt(self, uri: str) -> None:
        """Note that a document changed: what is generated for it may be of no use any more."""
        if self.running is not None and self.running.view.uri == uri:
            self.running.doubt()

    def work_idle(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something while nobody waits, in place of what was being done so."""
        self.end_idle_work()
        self.idle_work = asyncio.create_task(work)

    def work_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something whatever comes."""
        task = asyncio.create_task(work)
        self.beside.add(task)
        task.add_done_callback(self.beside.discard)

    def end_idle_work(self) -> None:
        """End what is done while nobody waits."""
        if self.idle_work is not None:
            self.idle_work.cancel()

    def end_ahead(self) -> None:
        """End the suggestion that is generated while nobody waits."""
        if self.ahead is not None:
            self.ahead.stop()

    def end_all(self) -> None:
        """End every completion and what is prepared for the next one: none of it is of use."""
        self.end_ahead()
        if self.running is not None:
            self.running.stop()
        self.end_idle_work()

    def learn(self, stats: Stats) -> None:
        """Take in what a finished request says of the machine's speed."""
        self.used[stats.lane] = time.monotonic()
        if self.manners.adapt:
            self.machine = learn(self.machine, stats)

    def forget_windows(self) -> None:
        """Choose every window anew: what stands in front of it may be left alone by now."""
        self.end_all()
        self.windows.clear()
        self.related.clear()

    def forget(self, uri: str) -> None:
        """Forget a closed document and end what runs for it."""
        self.end_idle_work()
        self.windows.pop(uri, None)
        self.related.pop(uri, None)
        self.suggestions.forget(uri)
        self.trees.forget(uri)
        for generation in (self.running, self.ahead):
            if generation is not None and generation.view.uri == uri:
                generation.abandon()


def workbench(
    engine: Engine, profiles: Mapping[Mode, Profile], manners: Preferences = Preferences()
) -> Workbench:
    """Set up an empty workbench."""
    return Workbench(
        engine=engine, profiles=profiles, manners=manners, counter=TokenCounter(engine)
    )
