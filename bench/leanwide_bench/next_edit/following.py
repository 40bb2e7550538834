"""The rule that says whether what an author did next follows from what they did before.

It compares tokens, knows no language, and shares no code with what proposes next edits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain
from typing import Final

from attrs import frozen

from leanwide_bench.next_edit.cases import Expectation
from leanwide_bench.next_edit.hunks import Hunk

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
"""A word, or one other character that is no white space."""
_TELLING: Final = re.compile(r"\w*[^\W\d_]\w*")
"""A word with a letter in it: a number alone says nothing about another place."""
_MOST_TOKENS: Final = 2_000
"""Of one side of a hunk: what is longer is a rewrite."""


@frozen
class TokenChange:
    """Tokens of a hunk that are removed and added at one place."""

    removed: tuple[str, ...]
    added: tuple[str, ...]
    around: frozenset[str]
    """Telling words of the same lines that stay."""

    @property
    def words(self) -> int:
        """The number of telling words that change."""
        return sum(map(_is_telling, (*self.removed, *self.added)))

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is removed and added, without punctuation around it, unless that is all."""
        if not self.words:
            return self.removed, self.added
        return _inner(self.removed), _inner(self.added)

    def is_repeated_by(self, other: TokenChange) -> bool:
        """Whether another change is this one once more.

        The same words are replaced by the same words. Where words are only added, or only removed,
        there are two of them or the lines share a word: one word alone comes up by chance.
        """
        if not self.words or self.key != other.key:
            return False
        if all(self.key) or self.words > 1:
            return True
        return not self.around.isdisjoint(other.around)

    def resembles(self, other: TokenChange) -> bool:
        """Whether both remove the same tokens, or add the same ones."""
        (removed, added), (other_removed, other_added) = self.key, other.key
        return bool((removed and removed == other_removed) or (added and added == other_added))


def expectation(history: Sequence[Hunk], remaining: Sequence[Hunk]) -> Expectation:
    """Return whether any remaining hunk follows from the history by the tokens that change."""
    done = tuple(chain.from_iterable(map(token_changes, history)))
    left = tuple(chain.from_iterable(map(token_changes, remaining)))
    if any(one.is_repeated_by(other) for one in done for other in left):
        return Expectation.FOLLOWS
    if any(one.resembles(other) for one in done for other in left):
        return Expectation.UNCLEAR
    return Expectation.QUIET


def token_changes(hunk: Hunk) -> Iterator[TokenChange]:
    """Yield what changes in a hunk, token by token; nothing for a rewrite or for white space."""
    old, new = list(_tokens(hunk.before)), list(_tokens(hunk.after))
    if max(len(old), len(new)) > _MOST_TOKENS:
        return
    matcher = SequenceMatcher(
        None, [text for _, text in old], [text for _, text in new], autojunk=False
    )
    matches = matcher.get_matching_blocks()
    kept_old = [token for match in matches for token in old[match.a : match.a + match.size]]
    kept_new = [token for match in matches for token in new[match.b : match.b + match.size]]
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            removed, added = old[i1:i2], new[j1:j2]
            yield TokenChange(
                removed=tuple(text for _, text in removed),
                added=tuple(text for _, text in added),
                around=_words_beside(removed, kept_old) | _words_beside(added, kept_new),
            )


def tokens(lines: Sequence[str]) -> list[str]:
    """Return the tokens of lines."""
    return [text for _, text in _tokens(lines)]


def _tokens(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield tokens with the numbers of their lines."""
    return ((number, text) for number, line in enumerate(lines) for text in _TOKEN.findall(line))


def _words_beside(
    changed: Sequence[tuple[int, str]], kept: Sequence[tuple[int, str]]
) -> frozenset[str]:
    lines = {number for number, _ in changed}
    return frozenset(text for number, text in kept if number in lines and _is_telling(text))


def _inner(found: tuple[str, ...]) -> tuple[str, ...]:
    """Return tokens from the first word or number up to the last one."""
    words = [at for at, text in enumerate(found) if text.isidentifier() or text[0].isalnum()]
    return found[words[0] : words[-1] + 1] if words else ()


def _is_telling(text: str) -> bool:
    return _TELLING.fullmatch(text) is not None
