"""What a user message says: code in fences, and what is wanted of it."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from leanwide.context.snippet import Snippet

_BACKTICKS: Final = re.compile("`+")
USUAL_FENCE: Final = "```"


@frozen(kw_only=True)
class CodeContext:
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
    elsewhere: tuple[Snippet, ...] = ()
    """Definitions in other files of what the code uses."""
    callers: tuple[Snippet, ...] = ()
    """Functions that use the code, folded to where they do."""
    example: str = ""
    """Lines of another file whose style is wanted."""
    fence: str = USUAL_FENCE
    """What the code stands in, and is to stand in when it comes back; a longer one if need be."""


def explain_question(about: CodeContext) -> str:
    """Ask for an explanation."""
    return question(about, "Explain this code.")


def question(about: CodeContext, wish: str) -> str:
    """Ask something about code, which comes last, where a model attends most."""
    parts = [*_context(about), wish, fenced(about.code, about.language, about.fence)]
    if about.focus:
        parts += ["The question is about this part of it:", fenced(about.focus, about.language)]
    return "\n\n".join(parts)


def code_shown(about: CodeContext) -> str:
    """Show code to talk about."""
    parts = [*_context(about), f"Code of {about.file}:", fenced(about.code, about.language)]
    if about.focus:
        parts += ["This part of it is meant:", fenced(about.focus, about.language)]
    return "\n\n".join(parts)


def _context(about: CodeContext) -> list[str]:
    """What helps to understand the code, the farthest first."""
    parts = []
    if about.example:
        parts += ["This is the style that is wanted:", fenced(about.example, about.language)]
    parts += [quoted(one, about.language) for one in about.elsewhere]
    parts += [calling(one, about.language) for one in about.callers]
    if about.around:
        parts.append(quoted(Snippet(about.file, about.around), about.language))
    return parts


def code_known(file: str) -> str:
    """Point at code that the conversation shows already."""
    return f"This is about the code of {file} above."


def quoted(snippet: Snippet, language: str) -> str:
    """Show a piece of a file, and say which."""
    return f"From the file {snippet.path}:\n\n{fenced(snippet.text, language)}"


def calling(snippet: Snippet, language: str) -> str:
    """Show where the code that is asked about is used."""
    return f"The code is used in {snippet.path}:\n\n{fenced(snippet.text, language)}"


def fenced(code: str, language: str, least: str = USUAL_FENCE) -> str:
    """Put code into a fence that it cannot close itself."""
    fence = fence_for(code, least)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def fence_for(code: str, least: str = USUAL_FENCE) -> str:
    """Return backticks, more of them than stand together anywhere in the code."""
    longest = max((len(run) for run in _BACKTICKS.findall(code)), default=0)
    return "`" * max(len(least), longest + 1)
