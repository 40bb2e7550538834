"""Coming back to a place: its window is found again, and only what may be shown is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from leanwide.context.snippet import Snippet
from leanwide.context.window import Related
from leanwide.engine.base import EngineError, EngineState, EngineStatus
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    Piece,
    Priority,
    ProgressCallback,
    Request,
    SaveRequest,
    ignore_progress,
)
from leanwide.engine.saved_states import SavedFolder, StateOrigin, default_folder, make_header
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.features.completion.saved_places import (
    save_place,
    save_places,
    save_when_idle,
    saved_window,
)
from leanwide.features.completion.state import CompletionState
from leanwide.features.exclusion import DocumentNames
from leanwide.features.session import Preferences
from leanwide.files.area import WorkspaceFolders
from tests.features.editor import Editor, settled, state_of
from tests.index.folders import area_of, write
from tests.marked import MARK

KEEPING = Preferences(look_ahead=False, keep_prompts=True)
LONG = "".join(f"def f{number}(x):\n    return x + {number}\n\n\n" for number in range(120))
"""Longer than a prompt: where its window begins depends on what was typed meanwhile."""
TYPED = "total = 0\nfor value in values:\n    total += value\n" * 4


class KeepingEngine(ScriptedEngine):
    """A scripted engine that saves what it is asked to; for an empty prompt it deletes."""

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        if (save := request.save) is not None:
            _write(save) if request.prompt else SavedFolder(default_folder()).delete(save.name)
        async for event in super().generate(request, cancel, watch):
            yield event

    @property
    def asked(self) -> list[tuple[SaveRequest, bool]]:
        """Return what was to be saved, True, and what was to be deleted, False."""
        return [
            (request.save, request.prompt != ())
            for request in self.requests
            if request.save is not None
        ]


def _write(keep: SaveRequest) -> None:
    state = bytearray(8)
    head = make_header(StateOrigin("m", 1, 1, 2, "1", "f16"), [1, 2], 1.0, keep.note, state)
    SavedFolder(default_folder()).write(keep.name, head, state, 10**6)


def state_on(
    engine: ScriptedEngine, preferences: Preferences = KEEPING, area: WorkspaceFolders | None = None
) -> CompletionState:
    state = state_of(engine, preferences)
    state.session.names = DocumentNames(area or WorkspaceFolders())
    return state


async def left(marked: str, typed: str = "", **more: Any) -> tuple[CompletionState, KeepingEngine]:
    """Return a session that asked, typed on and asked again, until the file was closed."""
    engine = KeepingEngine()
    state = state_on(engine, **more)
    editor = Editor(state, marked, "python", "a.py")
    await editor.ask(by_hand=True)
    for line in typed.splitlines(keepends=True):
        editor.type(line)
        await editor.ask(by_hand=True)
    await settled(state)
    window = state.windows[editor.uri]
    state.forget(editor.uri)
    await save_place(editor.uri, window, state.saved)
    return state, engine


async def returned(marked: str, **more: Any) -> Request:
    """Return the request of a new session at a place."""
    engine = KeepingEngine()
    await Editor(state_on(engine, **more), marked, "python", "a.py").ask(by_hand=True)
    return engine.requests[0]


async def test_a_later_session_sends_the_same_prompt_with_what_was_typed():
    _, engine = await left(f"{LONG}{MARK}\n", TYPED)
    last = [request for request in engine.requests if request.save is None][-1]
    new = await returned(f"{LONG}{TYPED}{MARK}\n", preferences=Preferences(look_ahead=False))
    assert new.prompt[:5] != last.prompt[:5], "this file would not need its window"
    again = await returned(f"{LONG}{TYPED}{MARK}\n")
    assert again.prompt == last.prompt


@pytest.mark.parametrize(
    "marked",
    [f"#{LONG}{TYPED}{MARK}\n", f"{LONG}{TYPED}{MARK}\n1\n"],
    ids=["changed above", "changed below"],
)
async def test_a_changed_file_gets_a_new_window(marked: str):
    """The window is chosen as if nothing had been kept."""
    await left(f"{LONG}{MARK}\n", TYPED)
    new = await returned(marked, preferences=Preferences(look_ahead=False))
    assert (await returned(marked)).prompt == new.prompt


async def test_a_window_whose_tokens_another_model_counted_is_not_used(monkeypatch):
    await left(f"{LONG}{MARK}\n", TYPED)
    other = attrs.evolve(SCRIPTED_MODEL, path=Path("other.gguf"))
    monkeypatch.setattr(KeepingEngine, "model", lambda _, __: other)
    new = await returned(f"{LONG}{TYPED}{MARK}\n", preferences=Preferences(look_ahead=False))
    assert (await returned(f"{LONG}{TYPED}{MARK}\n")).prompt == new.prompt


async def test_places_are_saved_when_idle_and_once():
    engine = KeepingEngine()
    state = state_on(engine)
    await Editor(state, f"a = {MARK}\n", "python").ask(by_hand=True)
    await settled(state)
    now = state.session.backend.last_used["lean"]
    for seconds in (9, 11, 50):
        save_when_idle(state.windows, state.saved, now + seconds)
        await asyncio.gather(*state.saved.saving)
        assert [kept for _, kept in engine.asked] == [True] * (seconds > 9)


async def test_places_are_saved_while_the_engine_works_in_the_background():
    class Busy(KeepingEngine):
        status = EngineStatus(state=EngineState.BUSY)

    state = state_on(engine := Busy())
    await Editor(state, f"a = {MARK}\n", "python").ask(by_hand=True)
    save_when_idle(state.windows, state.saved, state.session.backend.last_used["lean"] + 50)
    await asyncio.gather(*state.saved.saving)
    assert engine.requests[-1].priority is Priority.SAVE


async def test_nothing_is_saved_when_memory_is_short_or_it_is_switched_off():
    _, off = await left(f"a = {MARK}\n", preferences=Preferences(look_ahead=False))
    assert off.asked == []
    engine = KeepingEngine()
    state = state_on(engine)
    await Editor(state, f"a = {MARK}\n", "python").ask(by_hand=True)
    state.session.backend.machine = attrs.evolve(state.session.backend.machine, memory_short=True)
    await save_places(state.windows, state.saved)
    assert engine.asked == []


async def test_an_excluded_document_is_not_saved(tmp_path: Path):
    engine = KeepingEngine()
    state = state_on(engine, area=area_of(tmp_path))
    editor = Editor(state, f"a = {MARK}\n", "python")
    editor.uri = (tmp_path / "a.py").as_uri()
    await editor.ask(by_hand=True)
    state.session.names.use(area_of(tmp_path, "a.py"))
    await save_places(state.windows, state.saved)
    assert engine.asked == []


async def test_a_prompt_with_a_snippet_of_an_excluded_file_is_neither_saved_nor_found(
    tmp_path: Path,
):
    write(tmp_path, {"other.py": "def g():\n    return 1\n"})
    engine = KeepingEngine()
    state = state_on(engine, area=area_of(tmp_path))
    editor = Editor(state, f"{LONG}{MARK}\n", "python")
    editor.uri = (tmp_path / "a.py").as_uri()
    await editor.ask(by_hand=True)
    related = Related("a.py", (Snippet("other.py", "def g():\n    return 1\n"),), 9)
    window = attrs.evolve(state.windows[editor.uri], related=related)
    state.session.names.use(area_of(tmp_path, "other.py"))
    await save_place(editor.uri, window, state.saved)
    assert engine.asked == []
    state.session.names.use(area_of(tmp_path))
    await save_place(editor.uri, window, state.saved)
    assert [kept for _, kept in engine.asked] == [True]
    state.windows.clear()
    found = await saved_window(editor.view, state.saved)
    assert found is not None
    assert found.related == window.related
    state.session.names.use(area_of(tmp_path, "other.py"))
    assert await saved_window(editor.view, state.saved) is None


async def test_a_saved_place_is_deleted_when_its_file_becomes_excluded(tmp_path: Path):
    engine = KeepingEngine()
    state = state_on(engine, area=area_of(tmp_path))
    for name in ("a.py", "b.py"):
        editor = Editor(state, f"a = {MARK}\n", "python")
        editor.uri = (tmp_path / name).as_uri()
        await editor.ask(by_hand=True)
    await save_places(state.windows, state.saved)
    state.forget((tmp_path / "a.py").as_uri())
    state.session.names.use(area_of(tmp_path, "a.py"))
    state.forget_all()
    await save_places(state.windows, state.saved)
    first, _, dropped = engine.asked
    assert dropped == (SaveRequest(name=first[0].name), False)
    assert len(SavedFolder(default_folder()).states()) == 1


async def test_a_failed_save_is_logged_once_and_without_text(caplog):
    class Full(KeepingEngine):
        async def generate(
            self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
        ) -> AsyncIterator[Piece | Finished]:
            if request.save is not None:
                raise EngineError("places are not kept on disk: it is full")
            async for event in super().generate(request, cancel, watch):
                yield event

    state = state_on(Full())
    with caplog.at_level(logging.WARNING):
        for name in ("a", "b"):
            await Editor(state, f"a = {MARK}\n", "python", name).ask(by_hand=True)
            await save_places(state.windows, state.saved)
    assert [record.message for record in caplog.records] == [
        "places are not kept on disk: it is full"
    ]
