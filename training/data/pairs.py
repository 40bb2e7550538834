"""Instruction pairs: a request about a function, and its answer, in any language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_CODE: Final = 1400
"""Characters of a function that may stand in a request."""
NAMES: Final = {
    "python": "Python", "javascript": "JavaScript", "typescript": "TypeScript", "tsx": "TypeScript",
    "go": "Go", "rust": "Rust", "c": "C", "cpp": "C++", "java": "Java", "bash": "shell",
}  # fmt: skip
"""Languages as a request names them, by the name that the server puts on a fence."""
EXPLAIN: Final = (
    "Explain this code.",
    "Explain this function.",
    "What does this code do?",
    "Explain what this {language} code does.",
    "Explain this code in one or two sentences.",
    "Explain the following code.",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One request about code, and its answer."""

    kind: str
    request: str
    answer: str


def asked(request: str, code: str, language: str) -> str:
    """Return a request with the code in a fence; ``{language}`` in it stands for the language."""
    return f"{request.format(language=NAMES[language])}\n\n{fenced(code, language)}"


def fenced(code: str, language: str) -> str:
    """Return code in a Markdown fence."""
    return f"```{language}\n{code}\n```"


def headed(name: str, text: str) -> str:
    """Return a description with the function's name in front.

    A model that has copied the name sees the words to explain right before its explanation.
    """
    return f"`{name}`: {text}"


def summary(documentation: str) -> str:
    """Return the first paragraph of a documentation as one line of prose."""
    first = re.split(r"\n\s*\n", documentation.strip())[0]
    prose = " ".join(first.split())
    return prose if prose.endswith((".", "!", "?")) else f"{prose}."


def sentence(documentation: str) -> str:
    """Return the first sentence of a documentation."""
    return re.split(r"(?<=[a-z)`'\"][.!?])\s+(?=[A-Z])", summary(documentation))[0]


def is_prose(text: str) -> bool:
    """Whether a text is a descriptive sentence, not markup, a signature or a placeholder."""
    words = text.split()
    plain = sum(word.strip(".,;:'\"()`").isalpha() for word in words)
    odd = re.search(r"^[:.>]|>>>|TODO|deprecated|^See |::|Args:|\.\. ", text)
    return 4 <= len(words) <= 60 and plain >= 0.6 * len(words) and not odd
