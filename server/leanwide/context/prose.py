"""Texts that people write for people, and languages in which such text stands."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from leanwide.context.view import View
from leanwide.syntax import language_for

_PROSE: Final = frozenset(
    {
        "asciidoc", "bibtex", "context", "git-commit", "git-rebase", "gitcommit", "latex", "mail",
        "markdown", "mdx", "norg", "org", "pandoc", "plaintex", "plaintext", "quarto",
        "restructuredtext", "rmd", "rst", "tex", "text", "txt2tags", "typst",
    }
)  # fmt: skip
"""LSP's language ids, and Vim's file types, of texts that people write for people."""
_PROSE_SUFFIXES: Final = frozenset(
    {".adoc", ".markdown", ".md", ".mdx", ".org", ".qmd", ".rmd", ".rst", ".tex", ".txt"}
)
_HOLDS_TEXT: Final = frozenset({"html", "markdown", "yaml"})
"""Grammars of languages in which text stands without quotes around it."""
_HOLDS_TEXT_IDS: Final = frozenset(
    {"django-html", "haml", "handlebars", "jinja", "pug", "svg", "xhtml", "xml", "xsl"}
)
"""Ids of such languages without a grammar."""


def is_prose(view: View) -> bool:
    """Whether a document is written for people."""
    named = PurePath(view.path).suffix.lower() in _PROSE_SUFFIXES and not view.language_id
    return named or view.language_id in _PROSE


def holds_text(view: View) -> bool:
    """Whether text for people may stand anywhere in a document, without quotes around it."""
    language = language_for(view.language_id, view.path)
    if language is not None:
        return language.name in _HOLDS_TEXT
    return view.language_id in _HOLDS_TEXT_IDS or is_prose(view)
