"""``leanwide.explain``: Markdown that streams, for a selection or the definition at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanwide.features import explain as feature
from leanwide.features.cost import cost
from leanwide.lsp import convert
from leanwide.lsp.answering import as_it_arrived, newest, stream
from leanwide.lsp.arguments import place_at, target

if TYPE_CHECKING:
    from leanwide.server import Server

_RETIRED = "a newer explanation of this document took its place"


async def explain(ls: Server, *arguments: Any) -> dict[str, Any]:
    """Explain; waits for the model while it loads. A newer one for the document retires it."""
    asked = target(arguments, ls.protocol._converter)
    # The snapshot comes before the first await: a change edits the document in place.
    place = place_at(ls.documents, asked.uri, asked.range)
    as_it_arrived(place)
    show = stream(ls, asked.token)
    answer = await newest(
        ls.explaining,
        place.view.uri,
        lambda cancel: feature.explain(place, ls.bench, cancel, show),
        _RETIRED,
    )
    return {"markdown": answer.markdown, "stats": convert.camel_case(cost(answer.record))}
