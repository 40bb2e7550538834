"""Coming back to a place: its window is found again, and only what may be shown is kept."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import attrs
import pytest

from leanwide.context.snippet import Snippet
from leanwide.context.window import Related
from leanwide.engine.base import EngineError, EngineState, EngineStatus, Request, SaveRequest
from leanwide.engine.saved_states import SavedFolder, StateOrigin, default_folder, make_header
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.features.completion.saved_places import (
    keep_in_quiet,
    keep_place,
    keep_places,
    saved_window,
)
from leanwide.features.document_names import DocumentNames
from leanwide.features.session import Preferences, Workbench, workbench
from leanwide.files.area import WorkspaceFolders
from tests.features.editor import MARK, PROFILES, Editor, settled
from tests.index.folders import area_of, write

KEEPING = Preferences(look_ahead=False, keep_prompts=True)
LONG = "".join(f"def f{number}(x):\n    return x + {number}\n\n\n" for number in range(120))
"""Longer than a prompt: where its window begins depends on what was typed meanwhile."""
TYPED = "total = 0\nfor value in values:\n    total += value\n" * 4


class KeepingEngine(ScriptedEngine):
    """A scripted engine that writes what it is to keep; of an empty prompt nothing stays."""

    async def generate(self, request: Request, cancel: Any):
        if (keep := request.save) is not None:
            _write(keep) if request.prompt else SavedFolder(default_folder()).delete(keep.name)
        async for event in super().generate(request, cancel):
            yield event

    @property
    def asked(self) -> list[tuple[SaveRequest, bool]]:
        """What was to be kept, True, and what was to be dropped, False."""
        return [(one.save, one.prompt != ()) for one in self.requests if one.save is not None]


def _write(keep: SaveRequest) -> None:
    state = bytearray(8)
    head = make_header(StateOrigin("m", 1, 1, 2, "1", "f16"), [1, 2], 1.0, keep.note, state)
    SavedFolder(default_folder()).write(keep.name, head, state, 10**6)


def bench_on(
    engine: ScriptedEngine, manners: Preferences = KEEPING, area: WorkspaceFolders | None = None
) -> Workbench:
    bench = workbench(engine, PROFILES, manners)
    bench.names = DocumentNames(area or WorkspaceFolders())
    return bench


async def left(marked: str, typed: str = "", **more: Any) -> tuple[Workbench, KeepingEngine]:
    """A session in which somebody asked, typed on and asked again, until the file was closed."""
    engine = KeepingEngine()
    bench = bench_on(engine, **more)
    editor = Editor(bench, marked, "python", "a.py")
    await editor.ask(by_hand=True)
    for line in typed.splitlines(keepends=True):
        editor.type(line)
        await editor.ask(by_hand=True)
    await settled(bench)
    window = bench.windows[editor.uri]
    bench.forget(editor.uri)
    await keep_place(editor.uri, window, bench)
    return bench, engine


async def returned(marked: str, **more: Any) -> Request:
    """What a new session asks the model at a place."""
    engine = KeepingEngine()
    await Editor(bench_on(engine, **more), marked, "python", "a.py").ask(by_hand=True)
    return engine.requests[0]


async def test_a_later_session_asks_with_the_same_beginning_also_behind_what_was_typed():
    _, engine = await left(f"{LONG}{MARK}\n", TYPED)
    last = [one for one in engine.requests if one.save is None][-1]
    anew = await returned(f"{LONG}{TYPED}{MARK}\n", manners=Preferences(look_ahead=False))
    assert anew.prompt[:5] != last.prompt[:5], "this file would not need its window"
    again = await returned(f"{LONG}{TYPED}{MARK}\n")
    assert again.prompt == last.prompt


@pytest.mark.parametrize(
    "marked",
    [f"#{LONG}{TYPED}{MARK}\n", f"{LONG}{TYPED}{MARK}\n1\n"],
    ids=["changed above", "changed below"],
)
async def test_a_file_that_reads_otherwise_is_read_anew(marked: str):
    """The window is chosen as if nothing had been kept."""
    await left(f"{LONG}{MARK}\n", TYPED)
    anew = await returned(marked, manners=Preferences(look_ahead=False))
    assert (await returned(marked)).prompt == anew.prompt


async def test_a_window_whose_tokens_another_model_counted_is_not_used(monkeypatch):
    await left(f"{LONG}{MARK}\n", TYPED)
    other = attrs.evolve(SCRIPTED_MODEL, path=Path("other.gguf"))
    monkeypatch.setattr(KeepingEngine, "model", property(lambda _: other))
    anew = await returned(f"{LONG}{TYPED}{MARK}\n", manners=Preferences(look_ahead=False))
    assert (await returned(f"{LONG}{TYPED}{MARK}\n")).prompt == anew.prompt


async def test_places_are_kept_in_quiet_moments_and_once():
    engine = KeepingEngine()
    bench = bench_on(engine)
    await Editor(bench, f"a = {MARK}\n", "python").ask(by_hand=True)
    await settled(bench)
    now = bench.used["lean"]
    await keep_in_quiet(bench, now + 9)
    assert engine.asked == []
    await keep_in_quiet(bench, now + 11)
    await keep_in_quiet(bench, now + 50)
    assert [kept for _, kept in engine.asked] == [True]


async def test_while_the_engine_works_nothing_is_kept():
    class Busy(KeepingEngine):
        status = EngineStatus(state=EngineState.BUSY)  # type: ignore[assignment]  # a property

    bench = bench_on(engine := Busy())
    await Editor(bench, f"a = {MARK}\n", "python").ask(by_hand=True)
    await keep_in_quiet(bench, bench.used.get("lean", 0.0) + 50)
    assert engine.asked == []


async def test_where_memory_is_short_or_it_is_switched_off_nothing_is_kept():
    _, off = await left(f"a = {MARK}\n", manners=Preferences(look_ahead=False))
    assert off.asked == []
    engine = KeepingEngine()
    bench = bench_on(engine)
    await Editor(bench, f"a = {MARK}\n", "python").ask(by_hand=True)
    bench.machine = attrs.evolve(bench.machine, memory_short=True)
    await keep_places(bench)
    assert engine.asked == []


async def test_what_is_left_alone_by_now_is_not_kept(tmp_path: Path):
    engine = KeepingEngine()
    bench = bench_on(engine, area=area_of(tmp_path))
    editor = Editor(bench, f"a = {MARK}\n", "python")
    editor.uri = (tmp_path / "a.py").as_uri()
    await editor.ask(by_hand=True)
    bench.names.use(area_of(tmp_path, "a.py"))
    await keep_places(bench)
    assert engine.asked == []


async def test_with_a_snippet_of_a_file_that_is_left_alone_by_now_nothing_is_kept_or_found(
    tmp_path: Path,
):
    write(tmp_path, {"other.py": "def g():\n    return 1\n"})
    engine = KeepingEngine()
    bench = bench_on(engine, area=area_of(tmp_path))
    editor = Editor(bench, f"{LONG}{MARK}\n", "python")
    editor.uri = (tmp_path / "a.py").as_uri()
    await editor.ask(by_hand=True)
    related = Related("a.py", (Snippet("other.py", "def g():\n    return 1\n"),), 9)
    window = attrs.evolve(bench.windows[editor.uri], related=related)
    bench.names.use(area_of(tmp_path, "other.py"))
    await keep_place(editor.uri, window, bench)
    assert engine.asked == []
    bench.names.use(area_of(tmp_path))
    await keep_place(editor.uri, window, bench)
    assert [kept for _, kept in engine.asked] == [True]
    bench.windows.clear()
    found = await saved_window(editor.view, bench)
    assert found is not None
    assert found.related == window.related
    bench.names.use(area_of(tmp_path, "other.py"))
    assert await saved_window(editor.view, bench) is None


async def test_what_was_kept_goes_when_it_is_left_alone_also_of_closed_files(tmp_path: Path):
    engine = KeepingEngine()
    bench = bench_on(engine, area=area_of(tmp_path))
    for name in ("a.py", "b.py"):
        editor = Editor(bench, f"a = {MARK}\n", "python")
        editor.uri = (tmp_path / name).as_uri()
        await editor.ask(by_hand=True)
    await keep_places(bench)
    bench.forget((tmp_path / "a.py").as_uri())
    bench.names.use(area_of(tmp_path, "a.py"))
    bench.forget_windows()
    await keep_places(bench)
    first, _, dropped = engine.asked
    assert dropped == (SaveRequest(name=first[0].name), False)
    assert len(SavedFolder(default_folder()).states()) == 1


async def test_why_nothing_is_kept_is_logged_once_and_without_text(caplog):
    class Full(KeepingEngine):
        async def generate(self, request: Request, cancel: Any):
            if request.save is not None:
                raise EngineError("places are not kept on disk: it is full")
            async for event in super().generate(request, cancel):
                yield event

    bench = bench_on(Full())
    with caplog.at_level(logging.WARNING):
        for name in ("a", "b"):
            await Editor(bench, f"a = {MARK}\n", "python", name).ask(by_hand=True)
            await keep_places(bench)
    assert [one.message for one in caplog.records] == ["places are not kept on disk: it is full"]
