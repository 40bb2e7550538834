"""What a user message says: code in fences, and what is wanted of it."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

_BACKTICKS: Final = re.compile("`+")


@frozen(kw_only=True)
class About:
    """Code that is asked about."""

    file: str
    """The file's name."""
    language: str
    """For the fences; "" where it is not known."""
    code: str
    focus: str
    """The part of a line that is meant; "" for all of the code."""
    around: str
    """Lines of the file that help to understand the code."""
    example: str = ""
    """Lines of another file whose style is wanted."""


def explain_question(about: About) -> str:
    """Ask for an explanation."""
    return question(about, "Explain this code.")


def question(about: About, wish: str) -> str:
    """Ask something about code, which comes last, where a model attends most."""
    parts = []
    if about.example:
        parts += ["This is the style that is wanted:", fenced(about.example, about.language)]
    if about.around:
        parts += [f"From the file {about.file}:", fenced(about.around, about.language)]
    parts += [wish, fenced(about.code, about.language)]
    if about.focus:
        parts += ["The question is about this part of it:", fenced(about.focus, about.language)]
    return "\n\n".join(parts)


def fenced(code: str, language: str) -> str:
    """Put code into a fence that it cannot close itself."""
    longest = max((len(run) for run in _BACKTICKS.findall(code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"
