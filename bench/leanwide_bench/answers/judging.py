"""The rule by which an explanation counts as good.

It is *on topic* where it mentions at least two names of the code, or all where there are fewer. It
*repeats itself* where eight words follow each other twice outside of code. It is *good* where it is
on topic, does not repeat itself, ends by itself, and has 15 to 250 words outside of code.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from attrs import frozen

_RUN: Final = 8
_WORDS: Final = range(15, 251)
_MENTIONED: Final = 2
_CODE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_WORD: Final = re.compile(r"[\w']+")


@frozen(kw_only=True)
class AnswerVerdict:
    """What an explanation is like."""

    on_topic: bool
    repeats: bool
    ends: bool
    words: int

    @property
    def good(self) -> bool:
        """Whether the rule of this module's docstring is kept."""
        return self.on_topic and not self.repeats and self.ends and self.words in _WORDS


def judge(answer: str, names: Collection[str], *, ends: bool) -> AnswerVerdict:
    """Judge an explanation.

    Args:
        answer: Markdown, as the model wrote it.
        names: The names in the code.
        ends: The model ended it, not a limit.
    """
    prose = _without_code(answer)
    words = _WORD.findall(prose.lower())
    runs = [tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)]
    said = set(_WORD.findall(prose))
    mentioned = sum(name in said for name in set(names))
    return AnswerVerdict(
        on_topic=mentioned >= min(_MENTIONED, len(set(names))),
        repeats=len(set(runs)) < len(runs),
        ends=ends,
        words=len(words),
    )


def _without_code(markdown: str) -> str:
    """Return Markdown without its code blocks; one that is never closed goes to the end."""
    return re.sub(
        r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", "", markdown, flags=re.MULTILINE | re.DOTALL
    )
