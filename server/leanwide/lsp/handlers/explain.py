"""``leanwide.explain``: Markdown that streams, for a selection or the definition at the cursor."""

from __future__ import annotations

from functools import partial
from typing import Any

from leanwide.features.ask import explain as feature
from leanwide.features.cost import cost
from leanwide.lsp import convert
from leanwide.lsp.arguments import ExplainArguments
from leanwide.lsp.questions import LinkedStream, as_it_arrived, newest, server_cancelled, stream
from leanwide.lsp.requests import RequestKind
from leanwide.lsp.session import Server

_SUPERSEDED = "a newer explanation of this document took its place"


async def explain(ls: Server, given: ExplainArguments) -> dict[str, Any]:
    """Explain; waits for the model while it loads. A newer one for the document supersedes it."""
    selection = as_it_arrived(convert.selection_at(ls.documents, given.uri, given.range))
    linked = LinkedStream(stream(ls, given.stream_token), ls.session.workspace)
    try:
        answer = await newest(
            ls.live,
            RequestKind.EXPLANATION,
            given.uri,
            lambda cancel: feature.explain(selection, ls.session, cancel, linked.show),
            partial(server_cancelled, _SUPERSEDED),
        )
    finally:
        markdown = linked.end()
    if given.show:
        await ls.pages.show("Explanation", markdown)
    return {"markdown": markdown, "stats": convert.camel_case(cost(answer.record))}
