"""textDocument/inlineCompletion."""

from __future__ import annotations

from functools import partial

from lsprotocol import types

from leanwide.context.view import View, with_lf
from leanwide.engine.base import EngineError, NotLoadedError
from leanwide.features.completion.complete import complete
from leanwide.features.completion.request import InlineRequest, decide
from leanwide.lsp import convert
from leanwide.lsp.notebooks import joined_view
from leanwide.lsp.protocol import arrival_version
from leanwide.lsp.requests import RequestKind
from leanwide.lsp.session import Server


async def inline_completion(
    ls: Server, params: types.InlineCompletionParams
) -> types.InlineCompletionList | None:
    """Complete at the cursor, as if the entry selected in the editor's own list were accepted.

    Returns None while the model loads, and for an outdated request.
    """
    await ls.folders.names.settled()  # settings that came before count
    arrived = arrival_version.get()
    if arrived is not None and ls.documents.opened(params.text_document.uri) is None:
        return None  # closed since the request arrived
    # The snapshot comes before any other await: a change edits the document in place.
    cell = convert.view_at(ls.documents, params.text_document.uri, params.position)
    outdated = arrived not in (None, cell.version)
    view = joined_view(ls.documents, cell)
    if outdated or not ls.serves(view.language_id):
        return None
    entry = convert.entry_at(ls.documents, cell, params.context.selected_completion_info)
    engine = ls.session.backend.engine
    if entry is None or ls.session.typing_model is None:
        engine.start()
        return None
    ls.folders.workspace.pause_indexing()
    by_hand = params.context.trigger_kind is types.InlineCompletionTriggerKind.Invoked
    text = await _complete(ls, InlineRequest(entry.accepted_in(view), by_hand))
    if not text:
        return None
    # Editors whose buffers have LF only, such as Neovim and Emacs, insert the text as it is.
    text = with_lf(text)
    argument = {"id": _shown(ls, cell, entry, text)}
    accepted = types.Command(title="", command="leanwide.accepted", arguments=[argument])
    item = convert.inline_item(text, cell, entry, ls.documents, accepted)
    return types.InlineCompletionList(items=[item])


def _shown(ls: Server, cell: View, entry: convert.SelectedEntry, text: str) -> str:
    """Count a suggestion as shown; return the id by which it can be accepted."""
    view = entry.accepted_in(cell)
    document = ls.documents.opened(cell.uri)
    assert document is not None  # noqa: S101  # whose closing cancels its requests
    return ls.acceptance.suggestion_shown(
        view,
        text,
        decide(view, ls.session).mode,
        partial(document.track, cell.line, entry.start),
    )


async def _complete(ls: Server, request: InlineRequest) -> str:
    """Return the text to insert, "" for none; show engine trouble, but not that it restarts."""
    with ls.live.newest(RequestKind.COMPLETION, request.view.uri) as cancel:
        try:
            return await complete(request, ls.completion, cancel)
        except NotLoadedError:
            return ""
        except EngineError as error:
            ls.feedback.tell_trouble(str(error), types.MessageType.Warning)
            return ""
