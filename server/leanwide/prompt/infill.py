"""The fill-in-the-middle prompt: prefix, suffix, middle, from the model's own marker tokens.

Layout (design of the project, after EFIM, arXiv 2505.21889): what is typed since the anchor stands
behind the middle marker, so that a keystroke appends to the prompt and changes nothing before.
"""

from __future__ import annotations

from collections.abc import Mapping

from leanwide.context.window import Window
from leanwide.engine.base import FimTokens, Markup, Prompt


def infill_prompt(window: Window, fim: FimTokens) -> Prompt:
    """Lay out the prompt for a window; empty pieces are left out."""
    pieces: Prompt = (
        fim.prefix,
        window.before,
        fim.suffix,
        window.after,
        fim.middle,
        window.typed,
    )
    return tuple(piece for piece in pieces if piece != "")


def readable(prompt: Prompt, fim: FimTokens | None = None) -> str:
    """Show a prompt as text, with names in place of the marker tokens."""
    names = {fim.prefix: "<PREFIX>", fim.suffix: "<SUFFIX>", fim.middle: "<MIDDLE>"} if fim else {}
    return "".join(_readable(piece, names) for piece in prompt)


def _readable(piece: str | int | Markup, names: Mapping[int, str]) -> str:
    match piece:
        case int():
            return names.get(piece, f"<{piece}>")
        case Markup():
            return piece.text
        case _:
            return piece
