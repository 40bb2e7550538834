"""User messages about code: the code in fences, and the request."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from leanwide.context.snippet import Snippet

_BACKTICKS: Final = re.compile("`+")
USUAL_FENCE: Final = "```"


@frozen(kw_only=True)
class CodeContext:
    """The code that a question is about, and what helps to understand it."""

    file: str
    """The file's name."""
    language: str
    """The name after opening fences; "" if it is not known."""
    code: str
    focus: str
    """The selected part of a line; "" if all of the code is meant."""
    around: str
    """Lines of the same file."""
    elsewhere: tuple[Snippet, ...] = ()
    """Definitions in other files of what the code uses."""
    callers: tuple[Snippet, ...] = ()
    """Functions that use the code, folded around the use."""
    example: str = ""
    """Lines of another file, as a model of style."""
    fence: str = USUAL_FENCE
    """The fence around the code, in question and answer; lengthened where the code holds it."""


def explain_question(context: CodeContext) -> str:
    """Ask for an explanation."""
    return question(context, "Explain this code.")


def question(context: CodeContext, request: str) -> str:
    """Ask something about code, which comes last: models attend most to the end."""
    parts = [*_helpful(context), request, fenced(context.code, context.language, context.fence)]
    if context.focus:
        parts += ["The question is about this part of it:", fenced(context.focus, context.language)]
    return "\n\n".join(parts)


def code_shown(context: CodeContext) -> str:
    """Show the code that a chat is about."""
    parts = [*_helpful(context), f"Code of {context.file}:", fenced(context.code, context.language)]
    if context.focus:
        parts += ["This part of it is meant:", fenced(context.focus, context.language)]
    return "\n\n".join(parts)


def _helpful(context: CodeContext) -> list[str]:
    """Return what helps to understand the code, the most distant first."""
    parts = []
    if context.example:
        parts += ["This is the style that is wanted:", fenced(context.example, context.language)]
    parts += [quoted(snippet, context.language) for snippet in context.elsewhere]
    parts += [calling(snippet, context.language) for snippet in context.callers]
    if context.around:
        parts.append(quoted(Snippet(context.file, context.around), context.language))
    return parts


def code_known(file: str) -> str:
    """Refer to code that the conversation already shows."""
    return f"This is about the code of {file} above."


def quoted(snippet: Snippet, language: str) -> str:
    """Show a piece of a file, with the file's name."""
    return f"From the file {snippet.path}:\n\n{fenced(snippet.text, language)}"


def calling(snippet: Snippet, language: str) -> str:
    """Show where the code that is asked about is used."""
    return f"The code is used in {snippet.path}:\n\n{fenced(snippet.text, language)}"


def fenced(code: str, language: str, least: str = USUAL_FENCE) -> str:
    """Return code in a fence that is longer than any in the code."""
    fence = fence_for(code, least)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def fence_for(code: str, least: str = USUAL_FENCE) -> str:
    """Return a fence, longer than any run of backticks in the code."""
    longest = max((len(run) for run in _BACKTICKS.findall(code)), default=0)
    return "`" * max(len(least), longest + 1)


def code_span(text: str) -> str:
    """Return a text on one line as Markdown code, whatever backticks it holds."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    if not longest:
        return f"`{text}`"
    mark = "`" * (longest + 1)
    return f"{mark} {text} {mark}"
