"""Ask a model that writes edits for the next one, where the user has such a model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from attrs import evolve, frozen

from leanwide.context.view import View, with_lf
from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken, Finished, Priority, Prompt, Request
from leanwide.engine.specs import ModelInfo
from leanwide.features.journal import AnswerSource, Generated, model_record, no_cost_record
from leanwide.features.next_edit.candidate import Candidate, CandidateKind
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.formats import LAYOUTS
from leanwide.features.next_edit.formats.layout import (
    EditLayout,
    EditPlace,
    EditPrompt,
)
from leanwide.features.next_edit.gate import why_refused
from leanwide.features.next_edit.search import Found
from leanwide.features.session import Session
from leanwide.modes.router import Signals, Task, route
from leanwide.postprocess.splice import replacements
from leanwide.prompt.chat import Message, chat_prompt
from leanwide.prompt.infill import readable
from leanwide.syntax import language_for

_DEADLINE_MS: Final = 10_000.0
"""Milliseconds for an answer, from the end of prefill."""


@frozen
class EditWriter:
    """A model that writes edits, the lane that runs it, and its layout."""

    model: ModelInfo
    lane: str
    layout: EditLayout


def edit_writer(session: Session) -> EditWriter | None:
    """Return the model that writes edits, once it is loaded; None where the user has none.

    It is the lane's that the settings name, in the format that they name or that its file states.
    """
    preferences = session.preferences
    model = session.backend.engine.model(preferences.next_edit_lane)
    chosen = preferences.next_edit_format or (model.edit_format if model is not None else None)
    if model is None or chosen is None:
        return None
    return EditWriter(model, preferences.next_edit_lane, LAYOUTS[chosen])


async def write_edit(
    view: View,
    events: Sequence[EditEvent],
    writer: EditWriter,
    session: Session,
    cancel: CancelToken,
) -> Found | None:
    """Return the edit that a model writes at a cursor; None where it writes none that may be shown.

    What it was asked and answered is recorded.
    """
    began = time.monotonic()
    decision = route(Task.NEXT_EDIT, Signals(machine=session.backend.machine), session.profiles)
    decision = evolve(decision, lane=writer.lane)
    place, asked = await asyncio.to_thread(_asked, view, events, writer.layout)
    if place is None or asked is None:
        why = "silent: the text is empty, or spells a marker of the model's prompts"
        session.journal.add(no_cost_record(decision, AnswerSource.NONE, why, began))
        return None
    prompt, stops = await _laid_out(asked, writer, session)
    request = Request(
        lane=writer.lane,
        prompt=prompt,
        priority=Priority.BACKGROUND,
        max_tokens=asked.max_tokens,
        deadline_ms=_DEADLINE_MS,
        stops=stops,
        drafts=(asked.draft,),
    )
    text, end = "", None
    try:
        async for event in session.backend.engine.generate(request, cancel):
            if isinstance(event, Finished):
                end = event
            elif not event.thought:
                text += event.text
    except EngineError as error:
        session.journal.add(no_cost_record(decision, AnswerSource.NONE, f"silent: {error}", began))
        return None
    if end is None or cancel.cancelled:
        return None
    found, why = await asyncio.to_thread(_checked, text, view, place, events, writer)
    generated = Generated(
        stats=end.stats,
        prompt=readable(prompt, writer.model.fim),
        answer=text if found is not None else "",
        why_ended=why or end.reason,
    )
    session.journal.add(model_record(decision, generated, began))
    return found


def edit_place(view: View, events: Sequence[EditEvent]) -> EditPlace | None:
    """Return a place as the layouts see it; None in an empty document."""
    lines = tuple(map(with_lf, view.lines))
    if not lines:
        return None
    line = min(view.line, len(lines) - 1)
    column = view.column if line == view.line else len(lines[line])
    named = tuple(evolve(event, path=PurePath(event.path).name) for event in events)
    return EditPlace(
        path=PurePath(view.path).name,
        lines=lines,
        line=line,
        column=min(column, len(lines[line].rstrip("\n"))),
        events=named,
        first_lines=_undone(lines, [event for event in events if event.uri == view.uri]),
    )


def _undone(lines: tuple[str, ...], events: Sequence[EditEvent]) -> tuple[str, ...]:
    """Return a document without its last events, as long as they are what was changed."""
    for event in events:
        end = event.line + len(event.after)
        if lines[event.line : end] != event.after:
            break
        lines = (*lines[: event.line], *event.before, *lines[end:])
    return lines


async def _laid_out(
    asked: EditPrompt, writer: EditWriter, session: Session
) -> tuple[Prompt, tuple[str, ...]]:
    """Return the prompt, and the texts that end an answer."""
    if not asked.question:
        return asked.prompt, asked.stops
    messages = (Message("system", session.texts["next_edit"]), Message("user", asked.question))
    laid_out = await session.templates.lay_out(messages, writer.model, thinking=False)
    return chat_prompt(laid_out.layout, laid_out.messages), (*asked.stops, *laid_out.stops)


def _asked(
    view: View, events: Sequence[EditEvent], layout: EditLayout
) -> tuple[EditPlace | None, EditPrompt | None]:
    """Return the place of an edit and what the model is asked; None where it cannot be."""
    place = edit_place(view, events)
    return place, layout.prompt(place) if place is not None else None


def _checked(
    answer: str,
    view: View,
    place: EditPlace,
    events: Sequence[EditEvent],
    writer: EditWriter,
) -> tuple[Found | None, str]:
    """Return the first edit of an answer from the cursor on, or why there is none."""
    rewrite = writer.layout.parse(answer, place)
    if rewrite is None:
        return None, "nothing is to be edited"
    span = (rewrite.first, rewrite.last)
    edits = replacements(place.lines, span, rewrite.lines, "\n")
    own = [event for event in events if event.uri == view.uri]
    language = language_for(view.language_id, view.path)
    why = "nothing is to be edited"
    for edit in sorted(edits, key=lambda one: (one.end.line < place.line, one.start)):
        why = why_refused(language, place.lines, edit, own)
        if not why:
            replaced = "".join(place.lines[edit.start.line : edit.end.line])
            candidate = Candidate(
                uri=view.uri,
                path=view.path,
                version=view.version,
                edit=edit,
                replaced=replaced,
                kind=CandidateKind.WRITTEN,
                certain=False,
                reason=f"written by {writer.model.name}",
            )
            return Found(candidate, view), ""
    return None, f"refused: {why}"
