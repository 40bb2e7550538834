"""Lines of ignore files: what they say of a path, as git reads them."""

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
    """It speaks of names in every folder, not of paths."""
    start: bytes
    """What comes before the first wildcard."""
    rest: bytes
    """What follows, a pattern."""
    ignore_case: bool

    def meets(self, path: bytes, name: bytes) -> bool:
        """Whether the line speaks of a path, seen from the ignore file's folder."""
        subject = name if self.by_name else path
        if not subject.startswith(self.start):
            return False
        tail = subject[len(self.start) :]
        return self._matches(tail) if self.rest else not tail

    @cached_property
    def _matches(self) -> Callable[[bytes], bool]:
        """What follows, compiled with the first name that begins as it must: few do."""
        try:
            return wildmatch(self.rest, ignore_case=self.ignore_case)
        except MalformedError:
            return lambda _: False


@frozen
class Rules:
    """The lines of one ignore file."""

    source: str
    """What the user calls it."""
    base: str
    """The folder that its lines are relative to, with a slash at the end."""
    ignore_case: bool
    rules: tuple[Rule, ...]
    """The last line first: it decides."""

    def says(self, path: str) -> bool | None:
        """Whether ``path`` is ignored; None where no line speaks of it.

        A folder's path ends with a slash. What the path is in has to be asked for separately.
        """
        is_folder = path.endswith("/")
        inner = encoded(path[len(self.base) :].rstrip("/"))
        if self.ignore_case:
            inner = inner.lower()
        name = inner.rpartition(b"/")[2]
        for rule in self.rules:
            if (is_folder or not rule.folders_only) and rule.meets(inner, name):
                return rule.ignores
        return None


def encoded(text: str) -> bytes:
    """Return a path as the bytes that the file system has for it."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def read_rules(lines: Iterable[bytes], most: int, *, ignore_case: bool) -> tuple[Rule, ...]:
    """Compile the first ``most`` lines that say anything, the last one first."""
    found: list[Rule] = []
    for pattern in _patterns(lines):
        if len(found) == most:
            break
        if len(pattern) <= MAX_PATTERN_BYTES:
            found.append(_rule(pattern, ignore_case))
    return tuple(reversed(found))


def unused_patterns(lines: Iterable[bytes], most: int) -> str:
    """Say which of the lines do not count because they are too many or too long; "" if none."""
    patterns = list(_patterns(lines))
    if len(patterns) > most:
        return f"has {len(patterns):,} patterns: only the first {most:,} count"
    if long := sum(len(pattern) > MAX_PATTERN_BYTES for pattern in patterns):
        return f"has {long:,} patterns of more than {MAX_PATTERN_BYTES:,} bytes, which do not count"
    return ""


def _patterns(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that are patterns, without what git cuts off them."""
    for line in lines:
        pattern = _trimmed(line.partition(b"\0")[0].removesuffix(b"\r"))
        if pattern and not pattern.startswith(b"#"):
            yield pattern


def _trimmed(line: bytes) -> bytes:
    """Cut blanks off the end; one that is escaped stays."""
    bare = line.rstrip(b" ")
    escapes = len(bare) - len(bare.rstrip(b"\\"))
    return line[: len(bare) + 1] if escapes % 2 else bare


def _rule(pattern: bytes, ignore_case: bool) -> Rule:
    ignores = not pattern.startswith(b"!")
    pattern = pattern.removeprefix(b"!")
    folders_only = pattern.endswith(b"/")
    pattern = pattern.removesuffix(b"/")
    by_name = b"/" not in pattern
    pattern = pattern.removeprefix(b"/")
    length = literal_length(pattern)
    start = pattern[:length].lower() if ignore_case else pattern[:length]
    # Git, too, reads what follows the literal beginning as a pattern of its own.
    return Rule(ignores, folders_only, by_name, start, pattern[length:], ignore_case)
