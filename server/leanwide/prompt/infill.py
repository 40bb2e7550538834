"""The fill-in-the-middle prompt: prefix, suffix, middle, from the model's own marker tokens.

Pieces of other files stand in front, each after the model's own token for the start of a file, and
last the path of the current file. A model without that token gets none: code of other files would
read as code of this one.

Layout (design of the project, after EFIM, arXiv 2505.21889): what is typed since the anchor stands
behind the middle marker, so that a keystroke appends to the prompt and changes nothing before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leanwide.context.window import Related, Window
from leanwide.engine.base import FimTokens, Markup, Prompt


def infill_prompt(window: Window, fim: FimTokens) -> Prompt:
    """Lay out the prompt for a window; empty pieces are left out."""
    pieces: Prompt = (
        *prefix_prompt(window.related, window.before, fim),
        fim.suffix,
        window.after,
        fim.middle,
        window.typed,
    )
    return tuple(piece for piece in pieces if piece != "")


def prefix_prompt(related: Related, before: str, fim: FimTokens) -> Prompt:
    """Lay out the beginning that the prompts of several places have in common."""
    return (*_related(related, fim), fim.prefix, before)


def _related(related: Related, fim: FimTokens) -> Iterator[str | int]:
    separator = fim.file_separator
    if separator is None or not related.snippets:
        return
    for snippet in related.snippets:
        yield from (separator, f"{snippet.path}\n{snippet.text}")
    yield from (separator, f"{related.path}\n")


def readable(prompt: Prompt, fim: FimTokens | None = None) -> str:
    """Show a prompt as text, with names in place of the marker tokens."""
    names = _names(fim) if fim is not None else {}
    return "".join(_readable(piece, names) for piece in prompt)


def _names(fim: FimTokens) -> Mapping[int, str]:
    names = {fim.prefix: "<PREFIX>", fim.suffix: "<SUFFIX>", fim.middle: "<MIDDLE>"}
    return names if fim.file_separator is None else {**names, fim.file_separator: "<FILE>"}


def _readable(piece: str | int | Markup, names: Mapping[int, str]) -> str:
    match piece:
        case int():
            return names.get(piece, f"<{piece}>")
        case Markup():
            return piece.text
        case _:
            return piece
