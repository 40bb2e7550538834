"""Saves what a user comes back to: the KV cache of a document's prompt, and its window.

The engine writes the KV cache to a file, and the window stands in the file's header. A later
session finds the same window by it, so that its prompt begins with the same tokens. What is
excluded is not saved, and what was saved of it is deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, Final

import msgspec
from attrs import define, evolve, field, frozen

from leanwide.context.view import View
from leanwide.context.window import Window, tail_of
from leanwide.engine.base import EngineError, finish
from leanwide.engine.requests import Priority, Prompt, Request, SaveRequest
from leanwide.engine.saved_states import SavedFolder, default_folder
from leanwide.engine.specs import ModelInfo
from leanwide.features.exclusion import DocumentNames
from leanwide.features.session import Session
from leanwide.files.area import WorkspaceFolders
from leanwide.prompt.infill import infill_prompt

logger = logging.getLogger(__name__)

_IDLE_S: Final = 10.0
"""Seconds without a new answer after which open documents may be saved."""


@frozen(kw_only=True)
class SavedPlace:
    """What the engine was asked to save of a document."""

    note: bytes
    """Digest of the note by which its window is found again: a note has kilobytes."""
    path: str
    """The document."""
    others: tuple[str, ...]
    """Keys of the files whose snippets stand in its prompt."""


@define(kw_only=True)
class SavedPlaces:
    """What one engine was asked to save, and what is on disk."""

    session: Session
    folder: SavedFolder = field(factory=lambda: SavedFolder(default_folder()))
    """It remembers the headers that it has read."""
    places: dict[str, SavedPlace] = field(factory=dict)
    """By URI, also of closed documents."""
    saving: set[asyncio.Task[None]] = field(factory=set)
    """Documents that were just closed."""
    last_error: str = ""
    """The same error is logged once."""
    checked_with: WorkspaceFolders | None = None
    """The exclusions that the places were last checked with."""

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that must not be cancelled by the next request."""
        task = asyncio.create_task(work)
        self.saving.add(task)
        task.add_done_callback(self.saving.discard)


class _Note(msgspec.Struct, frozen=True):
    """A window for a later session, without the text that the document still has."""

    model: str
    """The file that its tokens were counted with, and its bytes."""
    model_bytes: int
    window: Window
    """With nothing typed, and without the lines around."""
    head: bytes
    tail: bytes
    """Digests of the lines around, which have to be the same again."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Note)


def save_when_idle(windows: Mapping[str, Window], saved: SavedPlaces, now: float) -> None:
    """Begin to save open documents when no request came for a while.

    The engine may be busy with background work, which lasts for minutes on a slow machine.

    Args:
        windows: The windows of the open documents, by URI.
        saved: What is on disk.
        now: Seconds of ``time.monotonic``.
    """
    idle_s = now - saved.session.backend.last_used.get(saved.session.typing_lane, now)
    if idle_s >= _IDLE_S and not saved.saving:
        saved.start(_save_all(windows, saved))


async def save_places(windows: Mapping[str, Window], saved: SavedPlaces) -> None:
    """Save all documents, and delete what is excluded by now."""
    await asyncio.gather(*saved.saving)
    await _save_all(windows, saved)


async def _save_all(windows: Mapping[str, Window], saved: SavedPlaces) -> None:
    for uri, window in list(windows.items()):
        await save_place(uri, window, saved)
    names = saved.session.names
    if saved.checked_with is names.folders:
        return
    saved.checked_with = names.folders
    for uri, place in list(saved.places.items()):
        if not await _may_be_shown(place.path, place.others, names):
            del saved.places[uri]
            await _request(SaveRequest(name=_name(uri)), (), saved)


async def save_place(uri: str, window: Window, saved: SavedPlaces) -> None:
    """Save a document's window and its KV cache, unless that is done already or not allowed."""
    session, backend = saved.session, saved.session.backend
    model, lane = session.typing_model, session.typing_lane
    ready = any(info.name == lane for info in backend.engine.lanes)
    off = backend.machine.memory_short or not session.preferences.keep_prompts
    if off or not ready or model is None or model.fim is None:
        return
    note = await asyncio.to_thread(_note, window, model)
    others = tuple(snippet.path for snippet in window.related.snippets)
    place = SavedPlace(note=hashlib.sha256(note).digest(), path=window.path, others=others)
    if place == saved.places.get(uri):
        return
    if await _may_be_shown(place.path, place.others, session.names):
        saved.places[uri] = place
        prompt = infill_prompt(evolve(window, typed=""), model.fim)
        await _request(SaveRequest(name=_name(uri), note=note), prompt, saved)


async def saved_window(view: View, saved: SavedPlaces) -> Window | None:
    """Return the window that an earlier session had at a view's cursor, or None."""
    session, model = saved.session, saved.session.typing_model
    if model is None or not session.preferences.keep_prompts:
        return None
    window = await asyncio.to_thread(_find, view, model, saved.folder)
    if window is None:
        return None
    others = [snippet.path for snippet in window.related.snippets]
    return window if await _may_be_shown(view.path, others, session.names) else None


async def _request(save: SaveRequest, prompt: Prompt, saved: SavedPlaces) -> None:
    session = saved.session
    request = Request(
        lane=session.typing_lane,
        prompt=prompt,
        priority=Priority.SAVE,
        max_tokens=0,
        deadline_ms=0.0,
        save=save,
    )
    engine = session.backend.engine
    try:
        await finish(engine, request)
    except EngineError as error:
        if session.typing_model is not None and str(error) != saved.last_error:
            saved.last_error = str(error)
            logger.warning("%s", error)


async def _may_be_shown(path: str, others: Iterable[str], names: DocumentNames) -> bool:
    """Whether neither a document nor a file whose snippet is in its prompt is excluded."""
    if (await names.judge(path)).reason is not None:
        return False
    return await asyncio.to_thread(_may_be_snippets, others, names.folders)


def _may_be_snippets(keys: Iterable[str], folders: WorkspaceFolders) -> bool:
    files = map(folders.file, keys)
    return all(file is not None and folders.allows_as_context(str(file)) for file in files)


def _name(uri: str) -> str:
    """Return the engine's name for a document's state."""
    return hashlib.sha256(uri.encode("utf-8", "replace")).hexdigest()[:24]


def _note(window: Window, model: ModelInfo) -> bytes:
    """Describe a window, so that it is found again."""
    bare = evolve(window, typed="", head=(), tail=())
    head, tail = _digest(window.head), _digest(window.tail)
    return _ENCODER.encode(_Note(str(model.path), model.size_bytes, bare, head, tail))


def _find(view: View, model: ModelInfo, folder: SavedFolder) -> Window | None:
    """Read the window that was saved at a view's cursor."""
    tail = tail_of(view)
    for state in folder.states(_name(view.uri)):
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
