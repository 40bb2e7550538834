"""Places that somebody comes back to: their windows outlive the server, and so does the KV cache.

The engine keeps the KV cache of a window's prompt in a file, and the window stands in its head. A
later session finds the same window by it, so that its prompt begins with the same tokens. What is
left alone by now is not kept, and what was kept of it goes.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from typing import Final

import msgspec
from attrs import evolve

from leanwide.context.view import View
from leanwide.context.window import Window, tail_of
from leanwide.engine.base import (
    EngineError,
    EngineState,
    ModelInfo,
    Priority,
    Prompt,
    Request,
    SaveRequest,
    finish,
)
from leanwide.engine.saved_states import SavedFolder
from leanwide.features.document_names import DocumentNames
from leanwide.features.session import SavedPlace, Workbench
from leanwide.files.area import WorkspaceFolders
from leanwide.modes.profile import Mode
from leanwide.prompt.infill import infill_prompt

logger = logging.getLogger(__name__)

_QUIET_S: Final = 10.0
"""Seconds without a new answer after which the places may be kept."""


class _Note(msgspec.Struct, frozen=True):
    """A window for a later session, without the text that the document still has."""

    model: str
    """The file that its tokens were counted with, and its bytes."""
    model_bytes: int
    window: Window
    """With nothing typed, and without the lines around."""
    head: bytes
    tail: bytes
    """Digests of the lines around, which have to be there again."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Note)


async def keep_in_quiet(bench: Workbench, now: float) -> None:
    """Have the places of open documents kept on disk, when nobody has asked for a while."""
    lane = bench.profiles[Mode.CODE].lane
    quiet = now - bench.used.get(lane, now) >= _QUIET_S
    if quiet and bench.engine.status.state is EngineState.IDLE:
        await keep_places(bench)


async def keep_places(bench: Workbench) -> None:
    """Have all places kept on disk, and drop what is left alone by now."""
    await asyncio.gather(*bench.beside)
    for uri, window in list(bench.windows.items()):
        await keep_place(uri, window, bench)
    if bench.kept_by is not (area := bench.names.area):
        bench.kept_by = area
        for uri, kept in list(bench.kept.items()):
            if not await _may_be_shown(kept.path, kept.others, bench.names):
                del bench.kept[uri]
                await _ask(SaveRequest(name=_name(uri)), (), bench)


async def keep_place(uri: str, window: Window, bench: Workbench) -> None:
    """Have a document's window kept on disk, unless it is already, or is not to be."""
    model, lanes = bench.engine.model, bench.engine.lanes
    ready = any(one.name == bench.profiles[Mode.CODE].lane for one in lanes)
    spared = bench.machine.memory_short or not bench.manners.keep_prompts
    if spared or not ready or model is None or model.fim is None:
        return
    note = await asyncio.to_thread(_note, window, model)
    others = tuple(snippet.path for snippet in window.related.snippets)
    kept = SavedPlace(note=note, path=window.path, others=others)
    if kept == bench.kept.get(uri):
        return
    if await _may_be_shown(kept.path, kept.others, bench.names):
        bench.kept[uri] = kept
        prompt = infill_prompt(evolve(window, typed=""), model.fim)
        await _ask(SaveRequest(name=_name(uri), note=note), prompt, bench)


async def saved_window(view: View, bench: Workbench) -> Window | None:
    """Give the window that an earlier session had at a view's cursor; None where there is none."""
    model = bench.engine.model
    if model is None or not bench.manners.keep_prompts:
        return None
    window = await asyncio.to_thread(_find, view, model, bench.saved)
    if window is None:
        return None
    others = [snippet.path for snippet in window.related.snippets]
    return window if await _may_be_shown(view.path, others, bench.names) else None


async def _ask(keep: SaveRequest, prompt: Prompt, bench: Workbench) -> None:
    request = Request(
        lane=bench.profiles[Mode.CODE].lane,
        prompt=prompt,
        priority=Priority.BACKGROUND,
        max_tokens=0,
        deadline_ms=0.0,
        save=keep,
    )
    try:
        await finish(bench.engine, request)
    except EngineError as error:
        if bench.engine.model is not None and str(error) != bench.not_kept:
            bench.not_kept = str(error)
            logger.warning("%s", error)


async def _may_be_shown(path: str, others: Iterable[str], names: DocumentNames) -> bool:
    """Whether neither a document is left alone nor any of the files whose snippets are with it."""
    if (await names.judge(path)).reason is not None:
        return False
    return await asyncio.to_thread(_drawn_in, others, names.area)


def _drawn_in(keys: Iterable[str], area: WorkspaceFolders) -> bool:
    files = map(area.file, keys)
    return all(file is not None and area.draws_in(str(file)) for file in files)


def _name(uri: str) -> str:
    """What the engine calls the place of a document."""
    return hashlib.sha256(uri.encode("utf-8", "replace")).hexdigest()[:24]


def _note(window: Window, model: ModelInfo) -> bytes:
    """Describe a window, so that it is found again."""
    bare = evolve(window, typed="", head=(), tail=())
    head, tail = _digest(window.head), _digest(window.tail)
    return _ENCODER.encode(_Note(str(model.path), model.size_bytes, bare, head, tail))


def _find(view: View, model: ModelInfo, saved: SavedFolder) -> Window | None:
    """Read the window that was kept at a view's cursor."""
    tail = tail_of(view)
    for state in saved.states(_name(view.uri)):
        try:
            note = _DECODER.decode(state.header.note)
        except (ValueError, msgspec.MsgspecError):
            continue
        head = view.lines[: note.window.anchor_line]
        same = (note.model, note.model_bytes) == (str(model.path), model.size_bytes)
        if same and (note.head, note.tail) == (_digest(head), _digest(tail)):
            return evolve(note.window, head=head, tail=tail)
    return None


def _digest(lines: Iterable[str]) -> bytes:
    return hashlib.sha256("".join(lines).encode("utf-8", "replace")).digest()
