"""An editor and a scripted engine, for use cases without a protocol and without a model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import inf

from attrs import evolve

from leanwide.context.view import View
from leanwide.engine.base import Engine
from leanwide.engine.requests import CancelToken, Priority, Prompt, Request
from leanwide.engine.scripted import SCRIPTED_MODEL, Answer, ScriptedEngine
from leanwide.engine.specs import ModelInfo
from leanwide.features.completion.complete import complete
from leanwide.features.completion.request import InlineRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.journal import AnswerSource
from leanwide.features.session import Backend, Preferences, Session
from leanwide.options import parse
from tests.marked import MARK, split_at_mark, view_at

PROFILES = parse()[0].profiles
QUIET = Preferences(look_ahead=False)


def state_saying(
    *answers: Answer, preferences: Preferences = QUIET
) -> tuple[CompletionState, SteppedEngine]:
    """Return the state of a session whose engine answers so; it prefetches only if told."""
    engine = SteppedEngine()
    engine.enqueue(*answers)
    return state_of(engine, preferences), engine


def state_of(engine: Engine, preferences: Preferences = QUIET) -> CompletionState:
    """Return the state of a new session over an engine."""
    session = Session(backend=Backend(engine=engine), profiles=PROFILES, preferences=preferences)
    return CompletionState(session=session, pause_seconds=0.0)


class SteppedEngine(ScriptedEngine):
    """A scripted engine that says one piece at a time when it is told to."""

    def __init__(self, model: ModelInfo = SCRIPTED_MODEL) -> None:
        super().__init__(model)
        self._steps = inf
        self._turns: set[asyncio.Event] = set()

    def pause(self) -> None:
        self._steps = 0

    def resume(self) -> None:
        self.step(inf)

    def step(self, steps: float = 1) -> None:
        """Let ``steps`` more pieces come."""
        self._steps += steps
        for turn in self._turns:
            turn.set()

    async def _turn(self, cancel: CancelToken) -> None:
        await asyncio.sleep(0)
        turn = asyncio.Event()
        self._turns.add(turn)
        cancel.on_cancel(turn.set)
        while self._steps < 1 and not cancel.cancelled:
            turn.clear()
            await turn.wait()
        self._turns.discard(turn)
        self._steps -= not cancel.cancelled


class CharacterEngine(SteppedEngine):
    """An engine whose model has a token for each character."""

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        del lane
        return [len(text) for text in texts]

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        return [4 * tokens for tokens in await super().unread(lane, prompts)]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that has to happen."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def settled(state: CompletionState) -> None:
    """Wait until nothing happens any more."""

    def quiet() -> bool:
        working = state.idle_work is not None and not state.idle_work.done()
        generations = (state.running, state.prefetched)
        return not working and all(item is None or item.over for item in generations)

    await until(quiet)


def interactive(engine: ScriptedEngine) -> list[Request]:
    """Return the requests for which a client waited."""
    return [item for item in engine.requests if item.priority is Priority.INTERACTIVE]


def sources(state: CompletionState) -> list[AnswerSource]:
    """Where the answers came from so far."""
    return [record.source for record in state.session.journal.records]


class Editor:
    """One document with a cursor; every change takes the last request back, as the server does."""

    def __init__(
        self, state: CompletionState, marked: str, language: str = "", name: str = "a"
    ) -> None:
        self.state = state
        self.text_before, self.text_after = split_at_mark(marked)
        self.language, self.uri = language, f"file:///project/{name}"
        self.deleting = False
        self.version = 1
        self.cancel = CancelToken()

    @property
    def view(self) -> View:
        path = self.uri.removeprefix("file://")
        view = view_at(self.text_before, self.text_after, self.language, path)
        return evolve(view, version=self.version, deleting=self.deleting)

    def type(self, text: str) -> None:
        self._change(self.text_before + text, self.text_after)

    def backspace(self, times: int = 1) -> None:
        self._change(self.text_before[:-times], self.text_after)
        self.deleting = True

    def change_after(self, text: str) -> None:
        """Change the text right of the cursor."""
        self._change(self.text_before, text)

    def _change(self, before: str, after: str) -> None:
        self.text_before, self.text_after = before, after
        self.deleting = False
        self.version += 1
        self.cancel.cancel()

    async def ask(self, by_hand: bool = False) -> str:
        """Complete at the cursor; the request before is taken back."""
        self.cancel.cancel()
        self.cancel = token = CancelToken()
        return await complete(InlineRequest(self.view, by_hand), self.state, token)

    def asking(self) -> asyncio.Task[str]:
        """Ask and do not wait."""
        return asyncio.create_task(self.ask())

    async def answers(self, text: str, by_hand: bool = False) -> list[str]:
        """Type a text, asking after each key."""
        shown = []
        for key in text:
            self.type(key)
            shown.append(await self.ask(by_hand))
        return shown

    def close(self) -> None:
        self.cancel.cancel()
        self.state.forget(self.uri)

    def at(self, text_before: str) -> View:
        """The document with another text left of the cursor."""
        other = Editor(self.state, text_before + MARK + self.text_after, self.language)
        return evolve(other.view, uri=self.uri)
