"""The languages that the model learns, and the one that a file is in."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

SUFFIXES: Final = {
    "python": (".py",),
    "javascript": (".js", ".jsx", ".mjs", ".cjs"),
    "typescript": (".ts", ".tsx", ".mts", ".cts"),
    "go": (".go",),
    "rust": (".rs",),
    "c": (".c", ".h"),
    "cpp": (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp"),
    "java": (".java",),
    "bash": (".sh", ".bash"),
    "markdown": (".md", ".markdown"),
    "restructuredtext": (".rst",),
}
"""File name suffixes by language; a language has the name that the server's grammar has."""
LANGUAGES: Final = tuple(SUFFIXES)
PROSE: Final = frozenset({"markdown", "restructuredtext"})
_BY_SUFFIX: Final = {suffix: name for name, suffixes in SUFFIXES.items() for suffix in suffixes}
_DECLARATION: Final = re.compile(r"\.d\.[mc]?ts$")
_CPP_HEADER: Final = re.compile(
    r"^\s*(?:namespace\b|template\s*<|class\s+\w|using\s+\w|(?:public|private|protected):)"
    r"|\bstd::",
    re.MULTILINE,
)
_SHELL: Final = re.compile(r"#!\s*(?:/usr)?/bin/(?:env\s+)?(?:ba|da|z|k)?sh\b")


def may_be_learned(path: str) -> bool:
    """Whether a file's name is that of a source text, or of a script without a suffix."""
    if _DECLARATION.search(path):
        return False
    suffix = PurePosixPath(path).suffix
    return suffix.lower() in _BY_SUFFIX or (not suffix and "/bin/" in f"/{path}")


def language_of(path: str, text: str) -> str | None:
    """Return a file's language by its name, else by its ``#!`` line; None if it is no source."""
    if _DECLARATION.search(path):
        return None
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".h" and _CPP_HEADER.search(text):
        return "cpp"
    if not suffix:
        return "bash" if _SHELL.match(text) else None
    return _BY_SUFFIX.get(suffix)
