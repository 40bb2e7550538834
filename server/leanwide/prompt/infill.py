"""The fill-in-the-middle prompt: prefix, suffix, middle, with the model's own FIM tokens.

Related snippets of other files come first, each after the model's token for the start of a file,
and last the path of the current file. A model without that token gets no snippets: it would read
them as part of the current file.

Layout (designed for this project, after EFIM, arXiv 2505.21889): text that is typed after the
anchor follows the middle token, so that a keystroke only appends to the prompt.
"""

from __future__ import annotations

from leanwide.context.window import Related, Window
from leanwide.engine.requests import Markup, Prompt
from leanwide.engine.specs import FimTokens


def infill_prompt(window: Window, fim: FimTokens) -> Prompt:
    """Return the prompt for a window; empty pieces are left out."""
    pieces: Prompt = (
        *prefix_prompt(window.related, window.before, fim),
        fim.suffix,
        window.after,
        fim.middle,
        window.typed,
    )
    return tuple([piece for piece in pieces if piece != ""])


def prefix_prompt(related: Related, before: str, fim: FimTokens) -> Prompt:
    """Return the beginning that the prompts of several places share."""
    files: list[str | int] = []
    separator = fim.file_separator
    if separator is not None and related.snippets:
        for snippet in related.snippets:
            files += (separator, f"{snippet.path}\n{snippet.text}")
        files += (separator, f"{related.path}\n")
    return (*files, fim.prefix, before)


def readable(prompt: Prompt, fim: FimTokens | None = None) -> str:
    """Return a prompt as text, with names in place of the FIM tokens."""
    names: dict[int | None, str] = {}
    if fim is not None:
        names = {fim.prefix: "<PREFIX>", fim.suffix: "<SUFFIX>", fim.middle: "<MIDDLE>"}
        names.setdefault(fim.file_separator, "<FILE>")
    parts = []
    for piece in prompt:
        if isinstance(piece, int):
            parts.append(names.get(piece, f"<{piece}>"))
        else:
            parts.append(piece.text if isinstance(piece, Markup) else piece)
    return "".join(parts)
