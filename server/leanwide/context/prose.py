"""Documents in a natural language, and languages that may contain such text unquoted."""

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
"""LSP language ids and Vim file types of natural-language texts."""
_PROSE_SUFFIXES: Final = frozenset(
    {".adoc", ".markdown", ".md", ".mdx", ".org", ".qmd", ".rmd", ".rst", ".tex", ".txt"}
)
_HOLDS_TEXT: Final = frozenset({"html", "markdown", "yaml"})
"""Names of languages with a grammar that contain natural-language text without quotes."""
_HOLDS_TEXT_IDS: Final = frozenset(
    {"django-html", "haml", "handlebars", "jinja", "pug", "svg", "xhtml", "xml", "xsl"}
)
"""Language ids of such languages without a grammar."""


def is_prose(view: View) -> bool:
    """Whether a document is written in a natural language."""
    named = PurePath(view.path).suffix.lower() in _PROSE_SUFFIXES and not view.language_id
    return named or view.language_id in _PROSE


def holds_text(view: View) -> bool:
    """Whether natural-language text may stand anywhere in a document, without quotes."""
    language = language_for(view.language_id, view.path)
    if language is not None:
        return language.name in _HOLDS_TEXT
    return view.language_id in _HOLDS_TEXT_IDS or is_prose(view)
