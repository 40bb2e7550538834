"""User messages that ask for code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.prompt.question import USUAL_FENCE, CodeContext, code_span, question

_MAX_LINE_CHARACTERS: Final = 160
"""Characters that are quoted of a line: enough to know it by, in any style guide's line length."""


@frozen
class Finding:
    """A tool's message about a line of code."""

    line: int
    """In the code of the question, from 1."""
    text: str
    """The line itself: models read better than they count."""
    message: str

    @property
    def quoted(self) -> str:
        """The line as Markdown code, cut where it is very long; its number if it is blank."""
        text = self.text.strip()
        cut = "…" if len(text) > _MAX_LINE_CHARACTERS else ""
        return code_span(f"{text[:_MAX_LINE_CHARACTERS]}{cut}") if text else f"line {self.line}"

    @property
    def place(self) -> str:
        """The line's number and text."""
        return f"line {self.line}, {self.quoted}" if self.text.strip() else self.quoted

    @property
    def said(self) -> str:
        """The message on one line."""
        return " ".join(self.message.split())


@frozen(kw_only=True)
class RequestedTest:
    """Which test is asked for, and where it goes."""

    definition: str
    """The name of what is tested; "" if it has none."""
    code_path: str
    """The code's file, relative to the project's root."""
    test_path: str
    """The test's file, relative to the project's root."""
    framework: str
    """The usual test framework of the language."""
    exists: bool
    """The test file exists: the test is added to its end."""


def refactor_question(context: CodeContext, instruction: str) -> str:
    """Ask for the code, changed as the user says."""
    return question(context, f"Change this code: {instruction.strip()}{_fence_request(context)}")


def pieces_question(context: CodeContext, request: str) -> str:
    """Ask for the pieces of long code that a request changes."""
    return (
        question(context, "This code is to be changed:") + f"\n\nThe change: {request.strip()}\n\n"
        "Answer with blocks of a line `<<<<<<< SEARCH`, the lines of this code that change, a line "
        "`=======`, the changed lines, and a line `>>>>>>> REPLACE`."
    )


def findings_request(findings: Sequence[Finding]) -> str:
    """Return the request to correct what the tools found, with the lines that they found it in."""
    listed = "\n".join(f"- {finding.quoted}: {finding.said}" for finding in findings)
    return f"fix what the tools say of these lines:\n{listed}"


def insert_question(context: CodeContext, instruction: str, mark: str) -> str:
    """Ask for new code in the place of a mark."""
    fence = "" if context.fence == USUAL_FENCE else f", between two lines of {context.fence}"
    return question(
        context,
        f"Write what belongs at the line `{mark}`: {instruction.strip()}\n\n"
        f"Answer with the new lines only{fence}.",
    )


def document_question(context: CodeContext, convention: str) -> str:
    """Ask for the code with documentation in the language's convention."""
    return question(context, f"Document this code: add {convention}, and change nothing else.")


def fix_question(context: CodeContext, findings: Sequence[Finding]) -> str:
    """Ask for the code without what the tools found."""
    listed = "\n".join(f"- {finding.place}: {finding.said}" for finding in findings)
    return question(
        context, f"Fix this code. The tools say of it:\n{listed}{_fence_request(context)}"
    )


def testing_question(context: CodeContext, request: RequestedTest) -> str:
    """Ask for a test in the project's style."""
    place = (
        f"It is added to the end of {request.test_path}: write only what is missing there."
        if request.exists
        else f"It is the whole new file {request.test_path}."
    )
    named = f"`{request.definition}`" if request.definition else "this code"
    return question(
        context,
        f"Write a test with {request.framework} for {named} from {request.code_path}. {place}",
    )


def retry_question(problem: str) -> str:
    """Ask again after an answer that cannot be used; ``problem`` is a sentence."""
    return f"That cannot be used. {problem} Give the whole answer again, without this mistake."


def again_question(hint: str) -> str:
    """Ask again after an answer that the user does not want; ``hint`` may be empty."""
    wish = hint.strip() or "Do it in another way."
    return f"That is not yet what is wanted. {wish}\n\nGive the whole answer again, changed so."


def with_hint(question_text: str, hint: str) -> str:
    """Return a question that asks for what the user says besides."""
    return f"{question_text}\n\nMind this: {hint.strip()}"


def _fence_request(context: CodeContext) -> str:
    """Return the request for a longer fence, where the code itself may hold the usual one."""
    if context.fence == USUAL_FENCE:
        return ""
    return (
        f"\n\nAnswer with the whole text, also what stays as it is, between two lines of "
        f"{context.fence}, because it may hold code blocks of its own."
    )
