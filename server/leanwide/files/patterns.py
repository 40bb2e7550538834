"""The lines of ignore files, matched against paths as git does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final

from attrs import frozen

from leanwide.files.wildmatch import MalformedError, literal_length, wildmatch

MAX_PATTERNS: Final = 5_000
"""Patterns that may decide about one path."""
MAX_PATTERN_BYTES: Final = 1_000
"""Bytes of one pattern."""


@frozen
class Rule:
    """One line of an ignore file."""

    ignores: bool
    """False where the line begins with ``!``."""
    folders_only: bool
    by_name: bool
    """Whether it matches names in every folder instead of paths."""
    start: bytes
    """The text before the first wildcard."""
    rest: bytes
    """The pattern from the first wildcard on."""
    ignore_case: bool

    def matches(self, path: bytes, name: bytes) -> bool:
        """Whether the line matches a path, relative to the ignore file's folder."""
        subject = name if self.by_name else path
        if not subject.startswith(self.start):
            return False
        tail = subject[len(self.start) :]
        return self._match_rest(tail) if self.rest else not tail

    @cached_property
    def _match_rest(self) -> Callable[[bytes], bool]:
        """The compiled pattern. Few names begin with ``start``, so few patterns are compiled."""
        try:
            return wildmatch(self.rest, ignore_case=self.ignore_case)
        except MalformedError:
            return lambda _: False


@frozen
class Rules:
    """The lines of one ignore file."""

    source: str
    """Its name for the user."""
    base: str
    """The folder that its lines are relative to, with a slash at the end."""
    ignore_case: bool
    rules: tuple[Rule, ...]
    """The last line first: it takes precedence."""

    def verdict(self, path: str) -> bool | None:
        """Whether ``path`` is ignored; None where no line matches it.

        A folder's path ends with a slash. The folders around a path need a call of their own.
        """
        is_folder = path.endswith("/")
        inner = encoded(path[len(self.base) :].rstrip("/"))
        if self.ignore_case:
            inner = inner.lower()
        name = inner.rpartition(b"/")[2]
        for rule in self.rules:
            if (is_folder or not rule.folders_only) and rule.matches(inner, name):
                return rule.ignores
        return None


def encoded(text: str) -> bytes:
    """Return the bytes of a path in the file system."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def read_rules(lines: Iterable[bytes], most: int, *, ignore_case: bool) -> tuple[Rule, ...]:
    """Return the first ``most`` patterns compiled, the last one first."""
    found: list[Rule] = []
    for pattern in _patterns(lines):
        if len(found) == most:
            break
        if len(pattern) <= MAX_PATTERN_BYTES:
            found.append(_rule(pattern, ignore_case=ignore_case))
    return tuple(reversed(found))


def unused_patterns(lines: Iterable[bytes], most: int) -> str:
    """Return why patterns do not count, as they are too many or too long; "" if all do."""
    patterns = list(_patterns(lines))
    if len(patterns) > most:
        return f"has {len(patterns):,} patterns: only the first {most:,} count"
    if long := sum(len(pattern) > MAX_PATTERN_BYTES for pattern in patterns):
        return f"has {long:,} patterns of more than {MAX_PATTERN_BYTES:,} bytes, which do not count"
    return ""


def _patterns(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines that are patterns, trimmed as git does."""
    for line in lines:
        text = line.partition(b"\0")[0].removesuffix(b"\r")
        bare = text.rstrip(b" ")
        escapes = len(bare) - len(bare.rstrip(b"\\"))
        pattern = text[: len(bare) + 1] if escapes % 2 else bare  # an escaped space stays
        if pattern and not pattern.startswith(b"#"):
            yield pattern


def _rule(pattern: bytes, *, ignore_case: bool) -> Rule:
    ignores = not pattern.startswith(b"!")
    pattern = pattern.removeprefix(b"!")
    folders_only = pattern.endswith(b"/")
    pattern = pattern.removesuffix(b"/")
    by_name = b"/" not in pattern
    pattern = pattern.removeprefix(b"/")
    length = literal_length(pattern)
    start = pattern[:length].lower() if ignore_case else pattern[:length]
    # Git, too, treats the text from the first wildcard on as a pattern of its own.
    return Rule(ignores, folders_only, by_name, start, pattern[length:], ignore_case)
