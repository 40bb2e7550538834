"""textDocument/codeAction: the commands that make sense at a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lsprotocol import types

from leanwide.features.explain import explainable
from leanwide.lsp.arguments import place_at
from leanwide.lsp.protocol import arrival_version

if TYPE_CHECKING:
    from leanwide.server import Server

EXPLAIN: Final = "source.leanwide.explain"
"""A kind of ``source``, not of ``refactor``: it changes no text."""


async def code_actions(
    ls: Server, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command]:
    """Offer an explanation of what is selected, or of the definition at the cursor."""
    arrived, uri = arrival_version.get(), params.text_document.uri
    place = place_at(ls.documents, uri, params.range)
    only = params.context.only
    wanted = only is None or any(kind == EXPLAIN or EXPLAIN.startswith(f"{kind}.") for kind in only)
    if not wanted or arrived not in (None, place.view.version):
        return []
    if not await explainable(place, ls.bench):
        return []
    command = types.Command(
        title="Explain with leanwide",
        command="leanwide.explain",
        arguments=[{"uri": uri, "range": params.range}],
    )
    if not _takes_actions(ls.client_capabilities):
        return [command]
    return [types.CodeAction(title=command.title, kind=EXPLAIN, command=command)]


def _takes_actions(client: types.ClientCapabilities) -> bool:
    """Whether the client knows more than bare commands."""
    document = client.text_document
    actions = document.code_action if document is not None else None
    return actions is not None and actions.code_action_literal_support is not None
