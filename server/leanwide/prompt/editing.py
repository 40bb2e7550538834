"""What a user message says where code is wanted back."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from leanwide.prompt.question import USUAL_FENCE, CodeContext, question


@frozen
class Finding:
    """What a tool says is wrong with code."""

    line: int
    """In the code that is shown, from 1."""
    message: str


@frozen(kw_only=True)
class RequestedTest:
    """Which test is wanted, and where it goes."""

    definition: str
    """What is to be tested: its name; "" where it has none."""
    code_path: str
    """The code's file, as seen from the project's root."""
    test_path: str
    """The test's file, likewise."""
    framework: str
    """What the language's tests are usually written with."""
    exists: bool
    """The test file is there already: the test is added to its end."""


def refactor_question(about: CodeContext, instruction: str) -> str:
    """Ask for the code, changed as the user says."""
    return question(about, f"Change this code: {instruction.strip()}{_fence_wanted(about)}")


def document_question(about: CodeContext, convention: str) -> str:
    """Ask for the code with documentation in the language's convention."""
    return question(about, f"Document this code: add {convention}, and change nothing else.")


def fix_question(about: CodeContext, findings: Sequence[Finding]) -> str:
    """Ask for the code without what tools complain about."""
    listed = "\n".join(f"- line {one.line}: {_one_line(one.message)}" for one in findings)
    return question(about, f"Fix this code. The tools say of it:\n{listed}{_fence_wanted(about)}")


def testing_question(about: CodeContext, wish: RequestedTest) -> str:
    """Ask for a test in the project's style."""
    place = (
        f"It is added to the end of {wish.test_path}: write only what is missing there."
        if wish.exists
        else f"It is the whole new file {wish.test_path}."
    )
    named = f"`{wish.definition}`" if wish.definition else "this code"
    return question(
        about, f"Write a test with {wish.framework} for {named} from {wish.code_path}. {place}"
    )


def retry_question(problem: str) -> str:
    """Ask once more after an answer that cannot be used; ``problem`` is a sentence."""
    return f"That cannot be used. {problem} Give the whole code again, without this mistake."


def _fence_wanted(about: CodeContext) -> str:
    """What is said where the usual fence could be taken for one of the text's own."""
    if about.fence == USUAL_FENCE:
        return ""
    return (
        f"\n\nAnswer with the whole text, also what stays as it is, between two lines of "
        f"{about.fence}, because it may hold code blocks of its own."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
