"""Documentation that is begun for the model: how it begins, where it ends, and what it says. Pure.

Its lines are laid out anew by the language's convention, so that whatever margin, star or blank
line a model leaves out is there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import dedent
from typing import Final

from attrs import frozen

from leanwide.postprocess.code import AnswerCode
from leanwide.postprocess.markdown import missing_fence
from leanwide.syntax import DocumentationConvention

_WORD: Final = re.compile(r"\w")
_OPENING_TAG: Final = re.compile(r"<(\w+)>")
_CLOSING_TAG: Final = re.compile(r"</\w+>")
_ESCAPED: Final = re.compile(r'\\["\\]')
"""Where a backslash of a docstring is no text but escapes what follows."""
_FENCE_LINE: Final = re.compile(r"^ {0,3}(?:```|~~~)[^\n]*$", re.MULTILINE)
"""Ends the block that the answer is in."""


@frozen
class BegunDocumentation:
    """A definition's documentation, of which the model does not write the beginning."""

    convention: DocumentationConvention
    name: str
    """What is documented."""
    below: str
    """The next line of code, with its margin; "" if there is none."""

    @property
    def _lead(self) -> str:
        """The first word, where the convention says which."""
        return f" {self.name}" if self.convention.names_first else ""

    def beginning(self, margin: str) -> str:
        """Return how it begins, its lines behind a margin."""
        opening = f"{self.convention.opening}{self._lead}"
        return "\n".join(f"{margin}{line}" for line in opening.split("\n"))

    def read(self, written: str) -> AnswerCode:
        """Return the whole documentation, without margin, of what follows its beginning so far.

        It is "" where it says nothing. What the model leaves open is closed.
        """
        text, ended = self._until_its_end(f"{self._lead}{written}")
        said = _with_closed_fence(_without_blank_ends(text))
        words = "".join(said).removeprefix(self._lead)
        if not _WORD.search(_CLOSING_TAG.sub("", words)):
            return AnswerCode("", closed=ended, ended=ended)
        return AnswerCode("\n".join(self._laid_out(said)), closed=ended, ended=ended)

    def _until_its_end(self, text: str) -> tuple[list[str], bool]:
        """Return the lines of what a comment says, without marks, and whether they are all."""
        if not self.convention.closing:
            return self._comment_lines(text.split("\n"))
        inside, ended = self._inside(text)
        first, *rest = inside.split("\n")
        if self.convention.inside:
            return [first.strip(), *_aligned(rest)], ended
        return [first, *(line.lstrip().removeprefix("*") for line in rest)], ended

    def _inside(self, text: str) -> tuple[str, bool]:
        """Return what stands in front of the mark that closes a comment, and whether that is all.

        A model that forgets the mark goes on with the code, or ends the answer's block.
        """
        closed = self._up_to_closing.match(f"{self._begun_closing}{text}")
        if closed is not None:
            inside = closed["said"].removeprefix(self._begun_closing)
        else:
            inside = _FENCE_LINE.split(text, maxsplit=1)[0]
        code = self._code_line.search(inside) if self.below else None
        if code is None:
            return inside, closed is not None
        return inside[: code.start()], closed is not None or "\n" in text[code.end() :]

    @property
    def _code_line(self) -> re.Pattern[str]:
        return re.compile(rf"\n{re.escape(self.below.rstrip())}[ \t]*(?=\n|\Z)")

    @property
    def _up_to_closing(self) -> re.Pattern[str]:
        """All up to what closes it: a backslash escapes in a string, and nothing in a comment."""
        character = r"(?:[^\\]|\\.)" if self.convention.inside else "."
        closing = re.escape(self.convention.closing)
        return re.compile(f"(?P<said>{character}*?){closing}", re.DOTALL)

    @property
    def _begun_closing(self) -> str:
        """The star of the opening, with which a slash closes the comment."""
        return "" if self.convention.inside else self.convention.opening[-1]

    def _comment_lines(self, lines: Sequence[str]) -> tuple[list[str], bool]:
        first, *rest = lines
        said = [first]
        mark = self._line_mark
        for at, line in enumerate(map(str.strip, rest)):
            unfinished = at == len(rest) - 1 and mark.startswith(line)
            follows = line.removeprefix(self._mark_of(line))
            is_text = self.convention.distinct or not follows or follows[0].isspace()
            if unfinished:
                break
            if not (line.startswith(mark) and is_text):
                return said, True
            said.append(follows)
        return said, False

    def _mark_of(self, line: str) -> str:
        """Return the mark of a further line, which some models begin as they do the first."""
        first = self.convention.marks[0]
        return first if line.startswith(first) else self._line_mark

    @property
    def _line_mark(self) -> str:
        return self.convention.further or self.convention.marks[0]

    def _laid_out(self, said: Sequence[str]) -> list[str]:
        """Return the comment that says these lines."""
        convention = self.convention
        if convention.inside:
            return _as_docstring(said, convention)
        said = _with_closed_tag(said, convention.opening)
        *above, first = convention.opening.split("\n")
        mark = first if convention.closing else self._line_mark
        marks = [first, *[mark] * (len(said) - 1)]
        rows = [_behind(mark, line) for mark, line in zip(marks, said, strict=True)]
        return [*above, *rows, *([f" {convention.closing}"] if convention.closing else [])]


def _aligned(lines: Sequence[str]) -> list[str]:
    return [line.rstrip() for line in dedent("\n".join(lines)).split("\n")]


def _without_blank_ends(lines: Sequence[str]) -> list[str]:
    filled = [at for at, line in enumerate(lines) if line.strip()]
    return [line.rstrip() for line in lines[filled[0] : filled[-1] + 1]] if filled else []


def _with_closed_fence(said: list[str]) -> list[str]:
    """Return lines whose last example ends in a fence: a comment may end before its own does."""
    fence = missing_fence("\n".join(line.removeprefix(" ") for line in said)).strip()
    return [*said, f" {fence}"] if fence else said


def _with_closed_tag(said: Sequence[str], opening: str) -> Sequence[str]:
    """Return lines that close the tag which a comment opens with, in front of the next tag."""
    tag = _OPENING_TAG.search(opening)
    if tag is None or any(f"</{tag[1]}>" in line for line in said):
        return said
    at = next((at for at, line in enumerate(said) if line.lstrip().startswith("<")), len(said))
    return [*said[:at], f" </{tag[1]}>", *said[at:]]


def _as_docstring(said: Sequence[str], convention: DocumentationConvention) -> list[str]:
    """Return the docstring, a raw one where its text holds backslashes, as PEP 257 has it."""
    is_raw = "\\" in _ESCAPED.sub("", "\n".join(said))
    opening, closing = f"{'r' if is_raw else ''}{convention.opening}", convention.closing
    if len(said) > 1:
        return [f"{opening}{said[0]}", *said[1:], closing]
    gap = " " if said[0].endswith((closing[0], "\\")) else ""
    return [f"{opening}{said[0]}{gap}{closing}"]


def _behind(mark: str, line: str) -> str:
    """Return a line of a comment, with the space that belongs behind its mark."""
    return f"{mark}{'' if not line or line[0].isspace() else ' '}{line}".rstrip()
