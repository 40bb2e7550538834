"""textDocument/inlineCompletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from leanwide.engine.base import EngineError, NotLoadedError
from leanwide.features.completion.complete import complete
from leanwide.features.completion.request import InlineRequest
from leanwide.lsp import convert
from leanwide.lsp.notebooks import joined
from leanwide.lsp.protocol import arrival_version

if TYPE_CHECKING:
    from leanwide.lsp.session import Server


async def inline_completion(
    ls: Server, params: types.InlineCompletionParams
) -> types.InlineCompletionList | None:
    """Complete at the cursor, as if the entry selected in the editor's own list were accepted.

    Empty while the model loads, and for a request that is outdated.
    """
    await ls.folders.names.settled()  # settings that came before count
    arrived = arrival_version.get()
    if arrived is not None and ls.documents.opened(params.text_document.uri) is None:
        return None  # closed since the request arrived
    # The snapshot comes before any other await: a change edits the document in place.
    cell = convert.view_at(ls.documents, params.text_document.uri, params.position)
    outdated = arrived not in (None, cell.version)
    view = joined(ls.documents, cell)
    if outdated or not ls.serves(view.language_id):
        return None
    entry = convert.entry_at(ls.documents, cell, params.context.selected_completion_info)
    engine = ls.session.backend.engine
    if entry is None or engine.model is None:
        engine.start()
        return None
    ls.folders.elsewhere.pause_indexing()
    by_hand = params.context.trigger_kind is types.InlineCompletionTriggerKind.Invoked
    text = await _completed(ls, InlineRequest(entry.accepted_in(view), by_hand))
    if not text:
        return None
    accepted = types.Command(title="", command="leanwide.accepted", arguments=[])
    item = convert.inline_item(text, cell, entry, ls.documents, accepted)
    return types.InlineCompletionList(items=[item])


async def _completed(ls: Server, question: InlineRequest) -> str:
    """The text to insert; "" where there is none. Trouble is told, but not that it starts again."""
    with ls.live.newest(question.view.uri) as cancel:
        try:
            return await complete(question, ls.completion, cancel)
        except NotLoadedError:
            return ""
        except EngineError as error:
            ls.feedback.tell_trouble(str(error), types.MessageType.Warning)
            return ""
