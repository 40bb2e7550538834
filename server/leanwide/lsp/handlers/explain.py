"""``leanwide.explain``: Markdown that streams, for a selection or the definition at the cursor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from leanwide.features.ask import explain as feature
from leanwide.features.cost import cost
from leanwide.lsp import convert
from leanwide.lsp.arguments import target, wanted
from leanwide.lsp.questions import newest, snapshot, stream, superseded

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

_RETIRED = "a newer explanation of this document took its place"


async def explain(ls: Server, *arguments: Any) -> dict[str, Any]:
    """Explain; waits for the model while it loads. A newer one for the document retires it."""
    asked, shows = target(arguments, ls.protocol._converter), wanted(arguments, "show")
    place = snapshot(ls, asked)
    answer = await newest(
        ls.explaining,
        asked.uri,
        lambda cancel: feature.explain(place, ls.session, cancel, stream(ls, asked.token)),
        partial(superseded, _RETIRED),
    )
    if shows:
        await ls.pages.show("Explanation", answer.markdown)
    return {"markdown": answer.markdown, "stats": convert.camel_case(cost(answer.record))}
