"""Converts between the protocol's types and ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
from attrs import frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.workspace import ServerTextPosition

from leanwide.context.view import Snapshot, View
from leanwide.engine.base import EngineStatus
from leanwide.engine.specs import LaneInfo
from leanwide.features.ask.selection import Selection
from leanwide.features.edit.fix import Diagnostic
from leanwide.features.journal import Record
from leanwide.lsp.documents import DocumentWorkspace, OpenDocument, PositionError
from leanwide.modes.profile import Mode
from leanwide.syntax import Position


def snapshot(workspace: DocumentWorkspace, uri: str) -> Snapshot:
    """Return a snapshot of a document.

    Raises:
        JsonRpcInvalidParams: The document is not open.
    """
    document = _opened(workspace, uri)
    return Snapshot(
        uri=uri,
        path=document.path or uri,
        language_id=document.language_id or "",
        version=document.version or 0,
        lines=tuple(document.lines),
    )


def view_at(workspace: DocumentWorkspace, uri: str, position: types.Position) -> View:
    """Return a snapshot of a document with the cursor at ``position``.

    Raises:
        JsonRpcInvalidParams: The document is not open, or has no such line.
    """
    line, column = locate(workspace, uri, position)
    deleting = _opened(workspace, uri).deleting_at(line, column)
    return attrs.evolve(snapshot(workspace, uri).at(line, column), deleting=deleting)


def selection_at(workspace: DocumentWorkspace, uri: str, span: types.Range) -> Selection:
    """Return a snapshot of a document with a range selected.

    Raises:
        JsonRpcInvalidParams: The document is not open, or has no such range.
    """
    start, end = sorted((span.start, span.end), key=lambda at: (at.line, at.character))
    view = view_at(workspace, uri, start)
    return Selection(view=view, end=Position(*locate(workspace, uri, end)))


def locate(workspace: DocumentWorkspace, uri: str, position: types.Position) -> tuple[int, int]:
    """Return line and column, in code points, of a position in an open document.

    Raises:
        JsonRpcInvalidParams: The document is not open, or has no such line.
    """
    try:
        return _opened(workspace, uri).locate(position)
    except PositionError as error:
        raise JsonRpcInvalidParams(message=str(error)) from error


def _opened(workspace: DocumentWorkspace, uri: str) -> OpenDocument:
    document = workspace.opened(uri)
    if document is None:
        raise JsonRpcInvalidParams(message=f"{uri} is not open")
    return document


@frozen
class SelectedEntry:
    """The entry that is selected in the editor's own list of completions; "" where there is none.

    It replaces a part of the cursor's line, given by columns in code points.
    """

    start: int
    end: int
    text: str

    def accepted_in(self, view: View) -> View:
        """Return the document as it is after the entry is accepted, with the cursor after it."""
        if not self.text:
            return view
        accepted = view.with_replaced(self.start, self.end, self.text)
        return attrs.evolve(accepted, deleting=view.deleting)


def entry_at(
    workspace: DocumentWorkspace, view: View, selected: types.SelectedCompletionInfo | None
) -> SelectedEntry | None:
    """Return the selected entry; None where it does not replace the text at the cursor.

    Raises:
        JsonRpcInvalidParams: The document has no such line.
    """
    if selected is None or not selected.text:
        return SelectedEntry(view.column, view.column, "")
    first, start = locate(workspace, view.uri, selected.range.start)
    last, end = locate(workspace, view.uri, selected.range.end)
    if not first == view.line == last or not start <= view.column <= end:
        return None
    return SelectedEntry(start, end, selected.text)


def inline_item(
    text: str, view: View, entry: SelectedEntry, workspace: DocumentWorkspace, report: types.Command
) -> types.InlineCompletionItem:
    """Return the item: the typed part of the line and the entry, followed by the new text."""
    typed = view.current_line[: entry.start].lstrip()
    start = attrs.evolve(view, column=entry.start - len(typed))
    end = attrs.evolve(view, column=entry.end)
    return types.InlineCompletionItem(
        insert_text=typed + entry.text + text,
        range=types.Range(position_of(start, workspace), position_of(end, workspace)),
        command=report,
    )


def position_of(view: View, workspace: DocumentWorkspace) -> types.Position:
    """Return a view's cursor, in the units of the client's position encoding."""
    at = ServerTextPosition(0, view.column)
    units = workspace.position_codec.position_to_client_units((view.current_line,), at)
    return types.Position(view.line, units.character)


def diagnostics_of(diagnostics: Iterable[types.Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the lines and messages of diagnostics."""
    return tuple(
        Diagnostic(
            first=found.range.start.line,
            last=found.range.end.line,
            message=found.message if isinstance(found.message, str) else found.message.value,
        )
        for found in diagnostics
    )


def camel_case(value: Any) -> Any:
    """Unstructure attrs classes, with names in camelCase as in LSP."""
    if attrs.has(type(value)):
        return {
            camel_case_name(field.name): camel_case(getattr(value, field.name))
            for field in attrs.fields(type(value))
        }
    if isinstance(value, dict):
        return {key: camel_case(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [camel_case(item) for item in value]
    return value


def camel_case_name(name: str) -> str:
    """Return a snake_case name in camelCase."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def status_params(
    status: EngineStatus, lanes: tuple[LaneInfo, ...], last: Record | None, pinned: Mode | None
) -> dict[str, Any]:
    """Return the parameters of ``leanwide/status``."""
    lane = lanes[0] if lanes else None
    steps = last.tokens_generated - 1 if last else 0  # the first token comes with the prompt
    decode_ms = last.ms["decode"] if last else 0.0
    speed = 1000 * steps / decode_ms if steps > 0 and decode_ms > 0 else 0.0
    return {
        "mode": pinned or (last.mode if last else "code"),
        "lane": last.lane if last else (lane.name if lane else ""),
        "state": status.state.value,
        "experts": last.experts if last else (lane.experts if lane else 0),
        "tokensPerSecond": round(speed, 1),
        "reason": status.reason,
    }
