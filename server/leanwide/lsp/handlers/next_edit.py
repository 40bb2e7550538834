"""The next edit: its requests, what the client says became of one, and the switch for a session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from lsprotocol import types

from leanwide.context.view import Snapshot
from leanwide.features.next_edit.propose import propose
from leanwide.features.next_edit.search import NextEditRequest
from leanwide.features.next_edit.state import NextEdit
from leanwide.lsp import convert
from leanwide.lsp.arguments import NextEditArguments, NextEditSwitch
from leanwide.lsp.edits import text_edits
from leanwide.lsp.next_edit_params import FocusParams, InlineEditParams, ShownEditParams
from leanwide.lsp.protocol import arrival_version
from leanwide.lsp.requests import RequestKind
from leanwide.lsp.session import Server

ACCEPTED: Final = "leanwide.nextEditAccepted"
REJECTED: Final = "leanwide.nextEditRejected"


async def copilot_inline_edit(ls: Server, params: InlineEditParams) -> dict[str, Any]:
    """``textDocument/copilotInlineEdit``: return the next edit, or none."""
    return {"edits": [_edit(found, ls) for found in await _proposed(ls, params)]}


async def next_edit(ls: Server, params: InlineEditParams) -> dict[str, Any]:
    """``leanwide/nextEdit``: the same, and why it is proposed."""
    return {
        "edits": [
            {**_edit(found, ls), "reason": found.candidate.reason, "kind": found.candidate.kind}
            for found in await _proposed(ls, params)
        ]
    }


def did_show(ls: Server, params: ShownEditParams) -> None:
    """``textDocument/didShowInlineEdit``: count an edit that is shown."""
    command = params.item.command
    if command is not None and command.command == ACCEPTED:
        for argument in command.arguments or ():
            if isinstance(argument, dict):
                ls.next_edits.shown(str(argument.get("id")))


def did_focus(ls: Server, params: FocusParams) -> None:
    """``textDocument/didFocus``: remember which document the user looks at."""
    ls.next_edits.focus(params.text_document.uri)


async def accepted(ls: Server, given: NextEditArguments) -> None:
    """``leanwide.nextEditAccepted``: count an accepted edit, on this machine only."""
    ls.next_edits.accept(given.id)


async def rejected(ls: Server, given: NextEditArguments) -> None:
    """``leanwide.nextEditRejected``: propose an edit no more until the text there changes."""
    ls.next_edits.reject(given.id)


async def switch(ls: Server, given: NextEditSwitch) -> dict[str, Any]:
    """``leanwide.setNextEdit``: switch next edits on or off for this session."""
    ls.next_edits.switched = given.enabled
    return {"enabled": ls.next_edits.enabled}


async def _proposed(ls: Server, params: InlineEditParams) -> list[NextEdit]:
    """Return the next edit in a list; an empty one where the request is outdated.

    Raises:
        JsonRpcInvalidParams: The document is not open, or has no such line.
    """
    await ls.folders.names.settled()  # settings that came before count
    uri, asked_for = params.text_document.uri, params.text_document.version
    document, arrived = ls.documents.opened(uri), arrival_version.get()
    if document is None and arrived is not None:
        return []  # closed since the request arrived
    if document is not None and document.version != asked_for:
        return []
    view = convert.view_at(ls.documents, uri, params.position)
    if not ls.serves(view.language_id):
        return []
    asked = NextEditRequest(view=view, others=lambda: _others(ls, uri))
    # One for all documents: a key anywhere ends it.
    with ls.live.newest(RequestKind.NEXT_EDIT, "") as cancel:
        work = asyncio.ensure_future(propose(asked, ls.next_edits, cancel))
        cancel.on_cancel(lambda: _cancel(work))
        try:
            found = await work
        except asyncio.CancelledError:
            if not cancel.cancelled:
                raise  # the client cancelled: the protocol answers it
            return []
    return [found] if found is not None else []


def _cancel(work: asyncio.Future[NextEdit | None]) -> None:
    work.cancel()


def _others(ls: Server, uri: str) -> Iterator[Snapshot]:
    """Yield the other open documents in languages that are served, the last focused first."""
    last = ls.next_edits.focused
    opened = [document.uri for document in ls.documents.text_documents.values()]
    for other in sorted(opened, key=lambda name: last.index(name) if name in last else len(last)):
        if other != uri and ls.documents.opened(other) is not None:
            document = convert.snapshot(ls.documents, other)
            if ls.serves(document.language_id):
                yield document


def _edit(found: NextEdit, ls: Server) -> dict[str, Any]:
    """Return a next edit as it is sent."""
    candidate, document = found.candidate, found.document
    codec = ls.documents.position_codec
    (edit,) = text_edits((candidate.edit,), document.lines, codec)
    return {
        "text": edit.new_text.replace("\n", document.newline),
        "range": edit.range,
        "command": types.Command(title="", command=ACCEPTED, arguments=[{"id": found.id}]),
        "textDocument": {"uri": candidate.uri, "version": candidate.version},
    }
